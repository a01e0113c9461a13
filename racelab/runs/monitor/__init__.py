"""The race monitor: from the calendar to the report of a race, without a person at the keyboard."""
