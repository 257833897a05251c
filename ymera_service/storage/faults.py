"""Errors of a database: summarised for callers, with the driver's message for the log and for operators."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from ymera_service.sdk.errors import StorageUnavailable

_ROW_STATES = ("22", "23")
"""PostgreSQL's classes "data exception" and "integrity constraint violation"."""
_DAMAGE_STATES = ("XX001", "XX002")
"""PostgreSQL's "data corrupted" and "index corrupted"."""
_DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_ROW_ERRORS = (IntegrityError, DataError, sqlite3.IntegrityError, sqlite3.DataError)
ERRORS = (SQLAlchemyError, sqlite3.Error, OSError, ValueError, TypeError, ArithmeticError)
"""What a database, or the conversion of values for it, may raise."""

_log = structlog.get_logger(__name__)


def is_of_a_row(error: BaseException) -> bool:
    """Whether a value in a row caused the error, so that other rows can still be written."""
    cause = _driver_error(error)
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(_ROW_STATES)
    # A driver reports a value that it can't encode as ValueError, TypeError or OverflowError; asyncpg's own type
    # for it is a subclass of ValueError.
    return isinstance(error, _ROW_ERRORS) or isinstance(cause, ValueError | TypeError | ArithmeticError)


def is_damage(error: BaseException) -> bool:
    """Whether the database is damaged, so that waiting does not help."""
    cause = _driver_error(error)
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _DAMAGE_CODES  # the rest of an extended code says where
    return getattr(cause, "sqlstate", None) in _DAMAGE_STATES


def damaged(finding: str) -> str:
    """Returns a message for operators."""
    return f"the database is damaged ({finding}); restore it from a backup"


def _driver_error(error: BaseException) -> BaseException:
    return error.driver_exception if isinstance(error, DBAPIError) else error


def explanation(action: str, error: BaseException) -> str:
    """Returns a message for operators: that `action` failed, and the driver's message.

    SQLAlchemy's message would add the statement and the rows.
    """
    cause = _driver_error(error)
    message = str(cause).strip() or type(cause).__name__
    return f"cannot {action}: {damaged(message) if is_damage(error) else message}"


def refusal(action: str, error: BaseException) -> StorageUnavailable:
    """Returns the error for callers: that `action` failed. The driver's message is only logged."""
    _log.error("storage_failed", message=explanation(action, error))
    reason = "the database does not accept a value" if is_of_a_row(error) else "the database is not available"
    if is_damage(error):
        reason = "the database is damaged"
    return StorageUnavailable(f"cannot {action}: {reason}", metadata={"action": action})


@contextmanager
def unavailable(action: str) -> Iterator[None]:
    """Turns errors of a database into the error that callers get.

    Args:
        action: What failed, such as "read an execution".

    Raises:
        StorageUnavailable: The block failed.
    """
    try:
        yield
    except ERRORS as error:
        raise refusal(action, error) from error


@contextmanager
def explained(action: str, remedy: str = "") -> Iterator[None]:
    """Turns errors of a database into an error for operators, with the driver's message.

    Args:
        action: What failed, such as "reach the database".
        remedy: What the operator can do about it.

    Raises:
        StorageUnavailable: The block failed.
    """
    try:
        yield
    except ERRORS as error:
        message = explanation(action, error) + (f"; {remedy}" if remedy else "")
        raise StorageUnavailable(message, metadata={"action": action}) from error
