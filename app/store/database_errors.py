"""What an error of SQLite or PostgreSQL means: a lost race, a lock, a lost connection, or our own mistake."""

import sqlite3

from sqlalchemy import exc

from app.errors import UnavailableError

# PostgreSQL SQLSTATEs after which the same transaction may simply be tried again.
_RETRY = {"40001", "40P01"}
_LOCKED = "55P03"
# SQLSTATE classes that tell of the server's state, not of our statement: connection, resources, object not
# in the needed state (locks), operator intervention (shutdown, timeouts), system errors.
_STATE_CLASSES = {"08", "53", "55", "57", "58"}
# The same of SQLite's primary result codes; its OperationalError alone may also mean a wrong statement.
_SQLITE_STATES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-letter error code, if there is one."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def may_retry(error: BaseException) -> bool:
    """Whether the transaction lost a race and would likely succeed if run again."""
    return sqlstate(error) in _RETRY


def is_locked(error: BaseException) -> bool:
    """Whether somebody else held a lock for longer than we wait."""
    return sqlstate(error) == _LOCKED or _sqlite_code(error) == sqlite3.SQLITE_BUSY


def is_disconnect(error: BaseException) -> bool:
    """Whether the connection died under the statement."""
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def translate_error(error: BaseException) -> BaseException:
    """Turn what the database says about its own state into `UnavailableError`; leave the rest alone."""
    if isinstance(error, exc.TimeoutError):
        return UnavailableError("The database is busy.", headers={"Retry-After": "1"})
    if is_disconnect(error) or _is_state(error):
        return UnavailableError("The database cannot answer now.", headers={"Retry-After": "1"})
    return error


def _is_state(error: BaseException) -> bool:
    if (code := _sqlite_code(error)) is not None:
        return code in _SQLITE_STATES
    if (state := sqlstate(error)) is not None:
        return state in _RETRY or state[:2] in _STATE_CLASSES
    return isinstance(error, exc.OperationalError | exc.InterfaceError)  # no answer from the server at all


def _sqlite_code(error: BaseException) -> int | None:
    """SQLite's primary result code; also of the driver's own errors, which the writer may meet."""
    original = error.orig if isinstance(error, exc.DBAPIError) else error
    code = getattr(original, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
