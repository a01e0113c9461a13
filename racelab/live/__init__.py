"""The live road: clock, feeds, recorder, race state and replay."""
