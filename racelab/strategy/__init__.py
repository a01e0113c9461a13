"""The race model, the simulator and what follows from it."""
