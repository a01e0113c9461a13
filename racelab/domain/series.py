"""The series that racelab holds."""

from enum import StrEnum


class Series(StrEnum):
    """A championship; the value is its code in names, folders and the store.

    Local holds the sessions that people make themselves (`get_db().create_session`); no source has them.
    """

    F1 = "f1"
    WEC = "wec"
    IMSA = "imsa"
    GRCUP = "grcup"
    LOCAL = "local"

    @property
    def label(self) -> str:
        """The name that people and exports use."""
        return _LABELS[self]

    @property
    def digit(self) -> int:
        """The leading digit of the ids of the series' events and sessions."""
        return list(Series).index(self) + 1

    @classmethod
    def read(cls, text: str) -> "Series":
        """The series for its code or label, in any case.

        Raises:
            ValueError: there is no such series.
        """
        wanted = text.strip().lower()
        for series in cls:
            if wanted in (series.value, series.label.lower()):
                return series
        raise ValueError(f"no series {text!r}: use one of {', '.join(cls)}")


_LABELS = {Series.F1: "F1", Series.WEC: "WEC", Series.IMSA: "IMSA", Series.GRCUP: "GR Cup", Series.LOCAL: "Local"}
