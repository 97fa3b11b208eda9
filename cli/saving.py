"""``second-opinion backup`` and ``restore``."""

from datetime import UTC, datetime
from pathlib import Path

from cli.options import DONE
from cli.screen import as_json, console
from wiring.backup import Manifest, make_backup, read_backup, restore_backup
from wiring.settings import Settings


def backup(settings: Settings, to: Path, keys: Path | None, *, json: bool) -> int:
    """Makes a backup. Raises BackupError."""
    made = make_backup(settings, to, keys, datetime.now(UTC))
    if not json:
        console.print(f"Backed up to {to}: {_told(made)}; the records stood still for {made.held_ms} ms.")
        console.print(f"The keys lie in {keys}." if keys else "Without the keys: --keys FOLDER saves them, apart.")
    return _done(made, json=json)


def restore(settings: Settings, source: Path, keys: Path | None, *, dry_run: bool, json: bool) -> int:
    """Puts a backup back, or only verifies it. Raises BackupError."""
    made = read_backup(source) if dry_run else restore_backup(settings, source, keys)
    if dry_run and keys:
        read_backup(keys)
    if not json:
        console.print(f"{'Whole' if dry_run else 'Restored'}: {_told(made)}, of {made.made_at:%Y-%m-%d %H:%M:%S} UTC.")
        if not dry_run:
            console.print("Now: second-opinion doctor; start server and worker; second-opinion audit verify.")
    return _done(made, json=json)


def _done(made: Manifest, *, json: bool) -> int:
    if json:
        as_json(made)
    else:
        for missing in made.elsewhere:
            console.print(f"Not in it: {missing}")
    return DONE


def _told(made: Manifest) -> str:
    return f"{len(made.files)} files, {sum(item.size for item in made.files) / 1e6:.1f} MB"
