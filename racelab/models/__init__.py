"""What is learned from laps, and how it is scored."""
