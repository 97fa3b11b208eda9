"""The staff as a file that people fill in: read row by row with every error, compared, written for a spreadsheet."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ValidationError

from policy.complaints import field_errors
from policy.people import Actor, Role
from policy.verdict import Value
from wiring.staff import StaffEntry, as_listed, field_in_file, read_entry

COLUMNS = (
    "id",
    "name",
    "roles",
    "npi",
    "licence",
    "licence_expires",
    "specialty",
    "board_certified",
    "certified_until",
    "capacity",
)
LARGEST = 2_000_000  # bytes; a department has some hundred people
MOST = 5_000
EXAMPLE = ("md.sample", "Dr. Sam Sample", "consultant", "1992999999", "SYN-A9999", "2029-12-31", "cardiology", "yes")
HINTS = {
    "id": "Letters, digits and . _ @ - only, with a letter or digit first; at most 80.",
    "name": "At most 120 characters.",
    "roles": f"One or more of: {', '.join(Role)}; several with a semicolon between them.",
    "npi": "Ten digits, or nothing.",
    "licence": "At most 40 characters.",
    "licence_expires": "A day as 2029-12-31, or nothing.",
    "specialty": "At most 100 characters.",
    "board_certified": "yes or no.",
    "certified_until": "A day as 2029-12-31, or nothing.",
    "capacity": "A whole number; 0 or nothing for no limit.",
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula
YES_NO = {"yes": True, "y": True, "true": True, "1": True, "no": False, "n": False, "false": False, "0": False}


class RosterError(Exception):
    """A file that cannot be read as a roster at all; the message says why."""


class RowError(Value):
    """What is wrong in one row: its number in the file, and the field."""

    row: int
    who: str = ""
    field: str
    problem: str


class Roster(Value):
    """What a file holds: the rows that are right, and what is wrong with the others (by id, where it has one)."""

    entries: tuple[StaffEntry, ...]
    errors: tuple[RowError, ...] = ()


class Change(Value):
    """A person who is changed: the fields, each before and after."""

    id: str
    fields: tuple[tuple[str, str, str], ...]


class Changes(Value):
    """What a new staff file would change."""

    added: tuple[StaffEntry, ...]
    changed: tuple[Change, ...]
    removed: tuple[StaffEntry, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class _Row(NamedTuple):
    number: int
    given: Any


def read_roster(content: bytes) -> Roster:
    """A CSV with the columns of the template, or the JSON of a staff file. Raises RosterError."""
    if len(content) > LARGEST:
        raise RosterError("The file is too large for a roster; it may have 2 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RosterError("The file is not text in UTF-8. In Excel, save it as “CSV UTF-8”.") from None
    if not text.strip():
        raise RosterError("The file is empty. Choose one with a row for each person; the template shows how.")
    rows = _json_rows(text) if text.lstrip().startswith(("[", "{")) else _csv_rows(text)
    if not rows:
        raise RosterError("The file has a heading, but nobody in it.")
    if len(rows) > MOST:
        raise RosterError(f"The file has {len(rows)} rows; a roster may have {MOST}.")
    return _checked(rows)


def without_wrong(roster: Roster, current: Mapping[str, StaffEntry]) -> tuple[StaffEntry, ...]:
    """The right rows; whoever is on the staff already and has a wrong row stays as the staff file has it now."""
    taken = {entry.actor.id for entry in roster.entries}
    wrong = {error.who for error in roster.errors} - taken
    return (*roster.entries, *(entry for who, entry in current.items() if who in wrong))


def compare(current: Mapping[str, StaffEntry], after: Iterable[StaffEntry]) -> Changes:
    """What changes from one staff to another."""
    new = {entry.actor.id: entry for entry in after}
    both = ((who, current[who], entry) for who, entry in new.items() if who in current and current[who] != entry)
    return Changes(
        added=tuple(entry for who, entry in new.items() if who not in current),
        changed=tuple(Change(id=who, fields=tuple(_differences(old, entry))) for who, old, entry in both),
        removed=tuple(entry for who, entry in current.items() if who not in new),
    )


def objection(by: Actor, current: Mapping[str, StaffEntry], after: Iterable[StaffEntry]) -> str:
    """Why this staff must not come into force at this person's hands; empty when nothing is against it."""
    new = {entry.actor.id: entry.actor for entry in after}
    if by.id not in new or set(new[by.id].roles) != set(by.roles):
        return f"{by.id} is you: another supervisor or administrator must change your roles or take you off the staff."
    before = {who for who, entry in current.items() if entry.actor.has(Role.ADMINISTRATOR)}
    then = {who for who, actor in new.items() if actor.has(Role.ADMINISTRATOR)}
    if before != then and not by.has(Role.ADMINISTRATOR):
        named = ", ".join(sorted(before ^ then))
        return f"Only an administrator makes or unmakes administrators: {named}."
    return ""


def as_csv(staff: Iterable[StaffEntry]) -> str:
    """The staff for a spreadsheet; what would be a formula there begins with an apostrophe."""
    return _csv([_cells(entry)[name] for name in COLUMNS] for entry in staff)


def template() -> str:
    """The columns, and one row as an example."""
    return _csv([(*EXAMPLE, "2029-12-31", "3")])


def as_text(staff: Iterable[StaffEntry]) -> str:
    """The staff as the JSON of a staff file."""
    return json.dumps([as_listed(entry) for entry in staff], ensure_ascii=False)


def fingerprint(staff: Iterable[StaffEntry]) -> str:
    """Tells two staffs apart: whether somebody changed it while another was looking at the changes."""
    return sha256(as_text(staff).encode()).hexdigest()


def _json_rows(text: str) -> list[_Row]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise RosterError("The file looks like JSON, but is not.") from None
    if not isinstance(found, list):
        raise RosterError("The JSON must be a list of people, as in the staff file.")
    return [_Row(number, given) for number, given in enumerate(found, 1)]


def _csv_rows(text: str) -> list[_Row]:
    heading = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)  # a spreadsheet of another country writes semicolons
    reader = csv.reader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    try:
        names = [name.strip().lower() for name in next(reader)]
        _check_heading(names)
        return [
            _Row(reader.line_num, _from_cells(names, cells)) for cells in reader if any(cell.strip() for cell in cells)
        ]
    except csv.Error:
        raise RosterError(f"The CSV cannot be read at line {reader.line_num}: a quotation mark is open.") from None


def _check_heading(names: list[str]) -> None:
    unknown = [name for name in names if name not in COLUMNS]
    lacking = [name for name in ("id", "roles") if name not in names]
    if lacking:
        raise RosterError(f"The first line must name the columns; lacking: {', '.join(lacking)}. See the template.")
    if unknown:
        raise RosterError(f"{len(unknown)} of the columns are not known. The columns are: {', '.join(COLUMNS)}.")
    if len(set(names)) != len(names):
        raise RosterError("A column comes twice in the first line.")


def _from_cells(names: list[str], cells: list[str]) -> dict[str, Any]:
    """A row as an entry of the staff file; what is empty is left out."""
    given: dict[str, Any] = {name: _unquoted(cell) for name, cell in zip(names, cells, strict=False)}
    if len(cells) > len(names):
        given["(more cells than columns)"] = ""
    given = {name: value for name, value in given.items() if value or name not in COLUMNS}
    if "roles" in given:
        roles = (role.strip() for role in re.split(r"[;,|]", given["roles"]))
        given["roles"] = [re.sub(r"[ -]", "_", role.lower()) for role in roles if role]
    if "board_certified" in given:
        given["board_certified"] = YES_NO.get(given["board_certified"].lower(), given["board_certified"])
    return given


def _unquoted(cell: str) -> str:
    """A cell without the apostrophe that our own export put before it."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _checked(rows: list[_Row]) -> Roster:
    entries: dict[str, StaffEntry] = {}
    errors: list[RowError] = []
    for row in rows:
        who = str(row.given.get("id", ""))[:80] if isinstance(row.given, dict) else ""
        try:
            entry = read_entry(row.given)
        except ValidationError as trouble:
            errors += _row_errors(row.number, who, trouble)
            continue
        if (key := who.casefold()) in entries:
            errors.append(RowError(row=row.number, field="id", problem="An earlier row has this id."))
        entries.setdefault(key, entry)
    return Roster(entries=tuple(entries.values()), errors=tuple(errors))


def _row_errors(number: int, who: str, trouble: ValidationError) -> list[RowError]:
    """One error a field, in our words; an unknown name may be anything and is not repeated."""
    found: dict[str, str] = {}
    for error in field_errors(trouble):
        field = field_in_file(error.field).split(".")[0]
        if error.problem == "Field required" or (field == "roles" and error.field.endswith("roles")):
            found.setdefault(field, f"This is needed. {HINTS.get(field, '')}".strip())
        elif field in HINTS:
            found.setdefault(field, HINTS[field])
        else:
            found.setdefault("(whole row)", "It has a field that is not known, or is no person's row.")
    return [RowError(row=number, who=who, field=field, problem=problem) for field, problem in found.items()]


def _differences(old: StaffEntry, new: StaffEntry) -> Iterable[tuple[str, str, str]]:
    before, after = _cells(old), _cells(new)
    return ((name, before[name], after[name]) for name in COLUMNS if before[name] != after[name])


def _cells(entry: StaffEntry) -> dict[str, str]:
    actor = entry.actor
    return {
        **{name: str(getattr(actor, name) or "") for name in ("id", "name", "npi", "licence", "specialty")},
        "roles": "; ".join(actor.roles),
        "licence_expires": str(actor.licence_expires or ""),
        "board_certified": "yes" if actor.board_certified else "no",
        "certified_until": str(actor.certified_until or ""),
        "capacity": str(entry.capacity or ""),
    }


def _csv(rows: Iterable[Iterable[str]]) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(COLUMNS)
    writer.writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows)
    return made.getvalue()
