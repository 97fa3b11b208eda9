"""What can be wrong with the records, each as one sentence for a person."""

from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

SQLITE_REASONS = {
    "SQLITE_BUSY": "another program has kept them locked for too long",
    "SQLITE_CANTOPEN": "the file cannot be opened: its folder is missing, or may not be used by this account",
    "SQLITE_CORRUPT": "the file is damaged; restore it from a backup",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk reports an error, or is full",
    "SQLITE_LOCKED": "another program has kept them locked for too long",
    "SQLITE_NOTADB": "the file is not a SQLite database",
    "SQLITE_READONLY": "the file or its folder may only be read by this account",
}


class RecordsError(Exception):
    """The records cannot be used as asked. The message is one sentence, without a password or anyone's data."""


def place(url: URL) -> str:
    """Where the records are, as staff can be told: never with a user or a password."""
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database).absolute()) if url.database and url.database != ":memory:" else "memory"
    host = url.host or url.query.get("host") or "the local socket"
    return f"PostgreSQL at {host}{f':{url.port}' if url.port else ''}, database {url.database or 'of the same name'}"


def explained(error: SQLAlchemyError, url: URL) -> RecordsError:
    """The error as a sentence, with neither the statement nor its parameters."""
    reason = _reason(error)
    if url.password:
        reason = reason.replace(str(url.password), "***")
    return RecordsError(f"The records ({place(url)}) cannot be used: {reason}.")


def _reason(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    name = getattr(cause, "sqlite_errorname", "")
    for prefix, reason in SQLITE_REASONS.items():
        if name.startswith(prefix):
            return reason
    # PostgreSQL's primary message names tables and constraints; only its DETAIL, left out here, quotes the values.
    primary = getattr(getattr(cause, "diag", None), "message_primary", None)
    text = (primary or str(cause)).strip()
    return text.splitlines()[0].rstrip(" .:") if text else type(cause).__name__
