"""Tyre compounds."""

from enum import StrEnum


class Compound(StrEnum):
    """A compound as the series names it; an unknown one is null, never a guess."""

    SOFT = "soft"
    MEDIUM = "medium"
    HARD = "hard"
    INTERMEDIATE = "intermediate"
    WET = "wet"
    HYPERSOFT = "hypersoft"
    ULTRASOFT = "ultrasoft"
    SUPERSOFT = "supersoft"

    @property
    def letter(self) -> str:
        """The letter in the ring: S M H I W, and HS US SS for the compounds of 2018."""
        return {"hypersoft": "HS", "ultrasoft": "US", "supersoft": "SS"}.get(self.value, self.value[0].upper())


def read_compound(text: object) -> Compound | None:
    """The compound a source writes, or None for UNKNOWN, TEST_UNKNOWN, 'nan', 'None' and blanks."""
    wanted = str(text).strip().lower()
    return Compound(wanted) if wanted in Compound._value2member_map_ else None
