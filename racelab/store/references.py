"""What people call a session by: its id, or a name such as f1/2025/1/R."""

from racelab.domain.sessions import SessionKey
from racelab.errors import NotFound


def read_reference(reference: str | int) -> SessionKey:
    """The session that an id or a name stands for; whether a store has it is not asked.

    Raises:
        NotFound: no session can have this name or id.
    """
    text = str(reference).strip()
    try:
        return SessionKey.of_id(int(text)) if text.isdecimal() else SessionKey.read(text)
    except ValueError as error:
        raise NotFound(str(error)) from error


def not_stored(key: SessionKey, store: str) -> NotFound:
    """The error for a session that a store (named without its password) lacks."""
    return NotFound(f"the store {store} has no session {key}: `racelab sessions` lists what is there")
