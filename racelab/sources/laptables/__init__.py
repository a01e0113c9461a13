"""Lap tables in FastF1's columns, as CSV (gzip or not) or Parquet: one file, many sessions."""

from racelab.sources.laptables.file import SUFFIXES, sniff
from racelab.sources.laptables.session import FoundTable, find_sessions

__all__ = ["SUFFIXES", "FoundTable", "find_sessions", "sniff"]
