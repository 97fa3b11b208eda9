"""The staff file: a JSON list of who acts, and how many tasks each can have."""

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from pydantic import Field, ValidationError

from policy.calendar import LOS_ANGELES
from policy.complaints import field_errors
from policy.people import Actor
from policy.verdict import Value
from wiring.settings import Settings, SettingsError


class StaffEntry(Value):
    """A member of the staff; ``capacity`` is how many open tasks at most (0: no limit)."""

    actor: Actor
    capacity: int = Field(0, ge=0)


def staff_path(settings: Settings) -> Path:
    """The staff file in force: the one that is set; without a setting the one that was imported, if any was."""
    imported = import_path(settings)
    return imported if imported.exists() else settings.staff_file


def import_path(settings: Settings) -> Path:
    """Where an imported staff file goes. The demonstration's cast, a part of the product, is not written over."""
    is_ours = settings.staff_file == Settings.model_fields["staff_file"].default
    return settings.home / "staff.json" if is_ours else settings.staff_file


def write_staff(path: Path, staff: Iterable[StaffEntry], at: datetime) -> Path | None:
    """Replaces a staff file at one stroke; gives back where the former is kept: beside it, with the time in its name.

    Raises SettingsError when the file cannot be written.
    """
    text = json.dumps([as_listed(entry) for entry in staff], ensure_ascii=False, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        former = _keep(path, at)
        with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", encoding="utf-8", delete=False) as made:
            made.write(text)
            made.flush()
            os.fsync(made.fileno())
        if former:
            Path(made.name).chmod(former.stat().st_mode & 0o777)
        Path(made.name).replace(path)
    except OSError as trouble:
        reason = (trouble.strerror or type(trouble).__name__).lower()
        raise SettingsError(f"The staff file {path} cannot be written: {reason}.") from trouble
    return former


def as_listed(entry: StaffEntry) -> dict[str, Any]:
    """An entry as it stands in a staff file."""
    actor = entry.actor.model_dump(mode="json", exclude_defaults=True)
    return {**actor, **({"capacity": entry.capacity} if entry.capacity else {})}


def read_entry(given: Any) -> StaffEntry:  # noqa: ANN401 - whatever stands in the file
    """One entry of a staff file. Raises ValidationError."""
    if not isinstance(given, dict):
        return StaffEntry.model_validate({"actor": given})
    beside = {name: given[name] for name in ("capacity",) if name in given}
    actor = {name: value for name, value in given.items() if name not in beside}
    return StaffEntry.model_validate({"actor": actor, **beside})


def field_in_file(path: str) -> str:
    """A field as it stands in the file, where an actor's fields lie side by side with the others."""
    return "(whole)" if path == "actor" else path.removeprefix("actor.")


def npis(settings: Settings) -> dict[str, str]:
    """The NPI of each account, the account itself where it has none; of a staff file that cannot be used, nobody's."""
    try:
        staff = read_staff(staff_path(settings))
    except SettingsError:
        return {}
    return {account: entry.actor.npi or account for account, entry in staff.items()}


def read_staff(path: Path) -> dict[str, StaffEntry]:
    """The staff of a file by id, in its order. An entry is an actor, with an optional ``capacity`` beside the fields.

    Raises SettingsError, naming the entries and fields that are wrong, without what stands in them.
    """
    staff: dict[str, StaffEntry] = {}
    wrong: list[str] = []
    for place, given in enumerate(_listed(path), 1):
        try:
            entry = read_entry(given)
        except ValidationError as error:
            wrong.extend(f"entry {place}, {field_in_file(e.field)}: {e.problem}" for e in field_errors(error))
            continue
        if entry.actor.id in staff:
            wrong.append(f"entry {place}, id: an earlier entry has it")
        staff.setdefault(entry.actor.id, entry)
    if wrong:
        raise SettingsError(f"The staff file {path} cannot be used: {'; '.join(wrong)}.")
    return staff


def _listed(path: Path) -> list[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as trouble:
        reason = (trouble.strerror or type(trouble).__name__).lower()
        raise SettingsError(f"The staff file {path} cannot be read: {reason}.") from trouble
    except (ValueError, RecursionError):
        raise SettingsError(f"The staff file {path} cannot be used: it is not JSON.") from None
    if not isinstance(found, list):
        raise SettingsError(f"The staff file {path} cannot be used: it must hold a JSON list.")
    return found


def _keep(path: Path, at: datetime) -> Path | None:
    """A copy of the file as it is, under a name that nobody has yet; a file is never lost to an import."""
    if not path.exists():
        return None
    stamp = f"{at.astimezone(LOS_ANGELES):%Y-%m-%d-%H%M%S}"
    for place in range(1, 1_000):
        kept = path.with_name(f"{path.stem}-{stamp}{f'-{place}' if place > 1 else ''}{path.suffix}")
        try:
            with kept.open("xb") as copy:
                copy.write(path.read_bytes())
        except FileExistsError:
            continue
        return kept
    raise FileExistsError("too many former files")
