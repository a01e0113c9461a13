"""The errors that racelab raises on purpose.

Every message says what is wrong, where, and what to do about it; the command line prints it
on one line and exits with status 1.
"""


class RacelabError(Exception):
    """Root of every error that a user can cause or repair."""


class BadInput(RacelabError):
    """A file, folder, frame or parameter that cannot be read as what it should be."""


class NotFound(RacelabError):
    """A session, table, car or notebook that the store or the house does not have."""


class StoreError(RacelabError):
    """The database cannot be opened, is locked, full, read-only or of another version."""


class SourceUnavailable(RacelabError):
    """A provider cannot be reached, or lacks what was asked for."""


class SessionMissing(SourceUnavailable):
    """The source's schedule does not have the session: reported as missing, not as a failure."""


class MissingExtra(RacelabError):
    """An optional dependency or program is not installed."""


class RunFailed(RacelabError):
    """A notebook run that ended with an error; its notebook is kept."""
