"""`python -m racelab` is the `racelab` command."""

from racelab.cli import main

main()
