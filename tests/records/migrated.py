"""Records whose tables are there already: migrated once for all tests of a process, and copied for each."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from records.database import open_records


def migrated_at(file: Path) -> None:
    """Makes the file of migrated, empty SQLite records, which nothing has written to yet."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_pattern(), file)


@cache
def _pattern() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="so-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_records(f"sqlite:///{folder / 'records.db'}").dispose()
    return folder / "records.db"
