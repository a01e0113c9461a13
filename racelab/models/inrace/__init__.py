"""The finishing order predicted during the race, from the state at a moment and the races before."""
