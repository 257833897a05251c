"""What went wrong in a database, in the house's words."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from ymera_service.sdk.errors import StorageUnavailable

_ROW_STATES = ("22", "23")
"""PostgreSQL's classes "data exception" and "integrity constraint violation"."""


def is_of_a_row(error: Exception) -> bool:
    """Whether a value in a row is at fault, so that other rows can still be written."""
    cause = _driver_error(error)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_ROW_STATES)
    # What a driver can't encode it reports as ValueError, TypeError or OverflowError, asyncpg with a
    # type that is also its own.
    return isinstance(error, IntegrityError | DataError) or isinstance(cause, ValueError | TypeError | ArithmeticError)


def _driver_error(error: BaseException) -> BaseException:
    return error.driver_exception if isinstance(error, DBAPIError) else error


def refusal(action: str, error: BaseException, remedy: str = "") -> StorageUnavailable:
    """Returns the error that says that `action` could not be done, and why.

    The words are the driver's own; SQLAlchemy would add the statement and the rows.
    """
    cause = _driver_error(error)
    reason = str(cause).strip() or type(cause).__name__
    message = f"cannot {action}: {reason}" + (f"; {remedy}" if remedy else "")
    return StorageUnavailable(message, metadata={"action": action, "cause": reason})


@contextmanager
def unavailable(action: str, remedy: str = "") -> Iterator[None]:
    """Turns whatever a database raises into `StorageUnavailable`.

    Args:
        action: What could not be done, such as "read an execution".
        remedy: What people can do about it.

    Raises:
        StorageUnavailable: The block failed.
    """
    try:
        yield
    except (SQLAlchemyError, OSError, ValueError, TypeError, ArithmeticError) as error:
        raise refusal(action, error, remedy) from error
