"""Why a store did not take rows: because it could not, or because it would not."""

from sqlalchemy.exc import DataError, IntegrityError

from racelab.errors import StoreError

_OF_ROWS = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError)


def is_refusal(error: StoreError) -> bool:
    """Whether the rows themselves are at fault: the same ones will be refused again, however long one waits."""
    return isinstance(error.__cause__, _OF_ROWS)
