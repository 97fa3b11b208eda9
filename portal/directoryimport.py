"""A directory comes in through the browser: files are read, what they would change is shown, once confirmed it counts.

Between the two the files lie in a folder of the house for a day, named by their digest; the confirmation names that. To
confirm twice does no harm: the same content is the same version. No member's data is in these files.
"""

import asyncio
import logging
import shutil
import time
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from policy.calendar import local_day
from policy.directory import DirectoryVersion
from policy.verdict import Value
from portal.access import Room
from portal.documents import clean
from portal.pages import go, now, page
from portal.session import Visit, entering
from records.directory import DirectoryRecords, Imported
from wiring.directories import DirectoryFileError, Format, Reading, import_directory, read_directory

router = APIRouter(include_in_schema=False)
log = logging.getLogger(__name__)
Importing = Annotated[Visit, entering(Room.IMPORTING)]

KEPT_HOURS = 24  # how long files wait for their confirmation
REFUSALS_SHOWN = 200
LONGEST_LABEL = 100
NO_FILE = "Choose a file first: a CSV in the layout of NPPES, or a FHIR Plan-Net bundle."
TOO_LATE = "These files are not kept any more. Choose them again."
WRONG_DAY = "Give the day from which it is in force, as 2026-11-23."


class Staged(Value):
    """Files that wait for their confirmation: the folder's name, the physicians' file, the roster beside it."""

    key: str
    file: Path
    roster: Path | None


class Changes(Value):
    """What a version would change of the one in force: how many physicians come, go, and are listed otherwise."""

    added: int
    changed: int
    removed: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


@router.get("/directory/import")
def form(visit: Importing) -> Response:
    """The form: which files, how they are made."""
    return page(visit, "directory_import.html", formats=Format, wrong="")


@router.post("/directory/import")
async def bring_in(visit: Importing, request: Request) -> Response:
    """Files are read and what they would change is shown; once that is confirmed they become a version."""
    async with request.form() as sent:
        folder = visit.house.settings.home / "directory-files"
        key = _text(sent, "staged")
        staged = _waiting(folder, key) if key else await _staged(folder, sent)
        if staged is None:
            return _sorry(visit, TOO_LATE if key else NO_FILE)
        given = {name: _text(sent, name) for name in ("format", "label", "since")}
    try:
        reading = await asyncio.to_thread(_read, staged, given["format"])
    except DirectoryFileError as why:
        return _sorry(visit, str(why).replace(f"{staged.file.parent}/", ""))
    since = _day(given["since"] or str(local_day(now())))
    if key and since and reading.sound:
        return await _import(visit, reading, given["label"], since)
    return await _preview(visit, staged, reading, given, WRONG_DAY if since is None else "")


async def _import(visit: Visit, reading: Reading, label: str, since: date) -> Response:
    directory = visit.house.world.directory
    done: Imported = await asyncio.to_thread(
        import_directory, directory, reading, label=label[:LONGEST_LABEL], in_force_from=since, at=now()
    )
    version = done.version
    log.info("directory.imported", extra={"staff": visit.actor.id, "version": version.id, "count": version.count})
    said = (
        f"Directory {version.id} is imported: {version.count:,} physicians, in force from {version.in_force_from} on."
    )
    same = f"Directory {version.id} holds the same already; nothing was changed."
    return go(visit.request, f"/directory/versions/{version.id}", said if done.is_new else same)


async def _preview(visit: Visit, staged: Staged, reading: Reading, given: dict[str, str], wrong: str) -> Response:
    directory, today = visit.house.world.directory, local_day(now())
    in_force, changes = await asyncio.to_thread(_compared, directory, reading, today)
    report = reading.report
    return page(
        visit,
        "directory_confirm.html",
        status=422 if wrong or not reading.sound else 200,
        staged=staged,
        reading=reading,
        given={**given, "since": given["since"] or str(today)},
        places=len({one.place for one in report.refused}),
        shown=report.refused[:REFUSALS_SHOWN],
        left_out=sorted(report.left_out.items()),
        in_force=in_force,
        changes=changes,
        wrong=wrong,
        longest=LONGEST_LABEL,
    )


def _read(staged: Staged, format_: str) -> Reading:
    chosen = Format(format_) if format_ in tuple(Format) else None
    return read_directory(staged.file, roster=staged.roster, format_=chosen)


def _compared(directory: DirectoryRecords, reading: Reading, today: date) -> tuple[DirectoryVersion | None, Changes]:
    """The version in force and what would change of it."""
    in_force = directory.in_force_on(today)
    before = {p.npi: p.model_dump_json(exclude_defaults=True) for p in directory.find(in_force.id)} if in_force else {}
    after = reading.prepared.rows
    both = before.keys() & after.keys()
    return in_force, Changes(
        added=len(after) - len(both),
        removed=len(before) - len(both),
        changed=sum(before[npi] != after[npi] for npi in both),
    )


async def _staged(folder: Path, sent: FormData) -> Staged | None:
    """The files that a form sent, in a folder of their own; None where none was chosen."""
    files = [(part, value) for part in ("file", "roster") if isinstance(value := sent.get(part), UploadFile)]
    content = {part: (clean(upload.filename or ""), await upload.read()) for part, upload in files if upload.filename}
    if not content.get("file", ("", b""))[1]:
        return None
    return await asyncio.to_thread(_put, folder, content)


def _put(folder: Path, content: dict[str, tuple[str, bytes]]) -> Staged:
    digest = sha256()
    for part, (name, data) in sorted(content.items()):
        digest.update(f"{part}/{name}/{len(data)}/".encode() + data)
    own = folder / digest.hexdigest()
    _forget_old(folder)
    for part, (name, data) in content.items():
        (own / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        (own / part / name).write_bytes(data)
    own.touch()
    found = _waiting(folder, own.name)
    assert found is not None
    return found


def _waiting(folder: Path, key: str) -> Staged | None:
    """The files of that name; None where there are none (any more)."""
    if len(key) != 64 or not key.isalnum():
        return None
    file, roster = (next(iter(sorted((folder / key / part).glob("*"))), None) for part in ("file", "roster"))
    return Staged(key=key, file=file, roster=roster) if file else None


def _forget_old(folder: Path) -> None:
    long_ago = time.time() - KEPT_HOURS * 3600
    for own in folder.glob("*"):
        if own.is_dir() and own.stat().st_mtime < long_ago:
            shutil.rmtree(own, ignore_errors=True)


def _sorry(visit: Visit, wrong: str) -> Response:
    return page(visit, "directory_import.html", status=422, formats=Format, wrong=wrong)


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name)
    return value.strip() if isinstance(value, str) else ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
