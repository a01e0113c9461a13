"""The finishing order before the race: how it ends for each car, as a distribution."""
