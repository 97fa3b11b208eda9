"""Delegated decisions at a terminal: ``second-opinion delegated``. Policy 90.2.17, Procedure 10.

Packets come as a file; what was found is listed, settled and scored.
"""

import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

from cyclopts import App, Parameter

from cli.delegatedview import conflicting, print_entered, print_file, print_rows, print_scores, scored
from cli.house import BAD_INPUT, DONE, REFUSED, exit_code, server_address, staff
from cli.opening import report_errors
from cli.options import Attached, Count, Data, File, Flag, Json, Who
from cli.screen import as_json, complain, console
from policy.calendar import LOS_ANGELES
from policy.delegated import DelegatedPacket, may_be_taken
from policy.delegatefindings import Check
from policy.delegatescore import Period, scores
from policy.particulars import Receipt
from records import delegated
from records.database import open_records
from wiring.delegated import DelegationDesk, take_in
from wiring.intake import IntakeError, Reading, Wanted, read_intake_file, read_intake_stream, with_documents
from wiring.settings import Settings, read_settings
from wiring.storage import documents_of
from wiring.temporal import TemporalError, connect
from wiring.world import World, open_world
from workflows.inspection import words

app = App(name="delegated")

STANDARD_INPUT = "-"
PACKETS = Wanted(model=DelegatedPacket, judge=may_be_taken)
Delegate = Annotated[str, Parameter(show_default=False, help="Only those of this IPA or PPG, by its name.")]
Day = Annotated[date | None, Parameter(show_default=False, help="The first day of decision, as 2026-11-02.")]
NO_SUCH = "There is no delegated decision {}. List them with: second-opinion delegated list"


@app.command(name="import")
async def import_(file: File, *, json: Json = False) -> int:
    """Take in delegates' packets from a JSON, JSON lines or CSV file, or from standard input: all of them, or none.

    Parameters
    ----------
    file
        The file; docs/delegated-packets.md describes it. - for standard input.
    """
    settings = read_settings()
    reading = _read(settings, file)
    if reading.errors:
        report_errors(reading, json=json)
        if json:
            as_json({"taken_in": (), "errors": reading.errors})
        else:
            complain("Nothing was taken in. Mend the rows, and import the file again.")
        return BAD_INPUT
    world = open_world(settings)
    packets = [s.request for s in reading.submissions if isinstance(s.request, DelegatedPacket)]
    entered = take_in(world, packets, datetime.now(UTC))
    if conflicts := [one for one in entered if not one.same_content]:
        return conflicting(conflicts, json=json)
    trouble = await _start(settings, world)
    as_json({"taken_in": entered, "errors": ()}) if json else print_entered(entered)
    if trouble:
        complain(f"{trouble} What stands above is registered, and starts when a worker does.")
        return exit_code(trouble)
    return DONE


@app.command(name="list")
def list_(
    *,
    delegate: Delegate = "",
    findings: Annotated[bool, Flag] = False,
    open: Annotated[bool, Flag] = False,  # noqa: A002 - the word a person types
    since: Day = None,
    names: Annotated[bool, Flag] = False,
    limit: Count = 50,
    json: Json = False,
) -> int:
    """List delegated decisions, the latest decided first. Members' names only with --names.

    Parameters
    ----------
    findings
        Only those with findings that count against the delegate.
    open
        Only those that are not closed.
    """
    rows = delegated.listed(
        _records(),
        delegate=delegate,
        with_findings=findings,
        open_only=open,
        since=_begin(since),
        limit=limit,
        with_names=names,
    )
    as_json(rows) if json else print_rows(rows, names=names)
    return DONE


@app.command
def show(ref: str, *, json: Json = False) -> int:
    """Show one delegated decision: every check with its dates and rule, and the story.

    Parameters
    ----------
    ref
        Its number, as DD-2026-000001, or the delegate's own reference.
    """
    engine = _records()
    number = delegated.find_number(engine, ref)
    found = delegated.one(engine, number) if number else None
    if found is None:
        complain(NO_SUCH.format(ref))
        return REFUSED
    as_json(found) if json else print_file(found)
    return DONE


@app.command
def score(*, delegate: Delegate = "", by: Period | None = None, since: Day = None, json: Json = False) -> int:
    """The score of each delegate with its parts, and over time with --by.

    What counts is how the copy came: also what was mended later, but nothing that was waived.
    """
    found = scores(delegated.counted(_records(), delegate=delegate, since=_begin(since)), by)
    as_json([scored(score) for score in found]) if json else print_scores(found)
    return DONE


@app.command
async def note(
    ref: str, *, actor: Who, text: str, check: tuple[Check, ...] = (), action_id: str = "", json: Json = False
) -> int:
    """Note what the delegate will do otherwise; the findings that it answers are settled.

    Parameters
    ----------
    check
        A finding that the note answers; may be given several times.
    """
    body = {"text": text, "checks": list(check)}
    return await _act(ref, "note_corrective_action", actor, body, action_id, json=json)


@app.command
async def waive(ref: str, check: Check, *, actor: Who, reason: str, action_id: str = "", json: Json = False) -> int:
    """Waive a finding, with the reason; it then lowers no score."""
    return await _act(ref, "waive_finding", actor, {"check": check, "reason": reason}, action_id, json=json)


@app.command(name="pull-up")
async def pull_up(ref: str, *, actor: Who, reason: str, action_id: str = "", json: Json = False) -> int:
    """Pull a case up for the plan's own review: its request becomes a case here, with the delegate's receipt."""
    return await _act(ref, "pull_up_case", actor, {"reason": reason}, action_id, json=json)


@app.command
async def supplement(
    ref: str,
    *,
    actor: Who,
    data: Data = None,
    record: Attached = (),
    letter: Attached = (),
    action_id: str = "",
    json: Json = False,
) -> int:
    """Take in what the delegate sent later; the checks are made again.

    Parameters
    ----------
    record
        The medical record, a PDF.
    letter
        The letter to the member, a PDF.
    """
    settings = read_settings()
    body = dict(_fields(settings, data))
    store = documents_of(settings)
    for field, files in (("record_attachment", record), ("letter_attachment", letter)):
        for file in files:
            body[field] = store.put(file.name, _bytes(file)).model_dump(mode="json")
    return await _act(ref, "supplement_copy", actor, body, action_id, json=json)


# -- how


def _read(settings: Settings, source: str) -> Reading:
    documents, now = documents_of(settings), datetime.now(UTC)
    if source == STANDARD_INPUT:
        return read_intake_stream(sys.stdin.buffer, received_at=now, store=documents.put, wanted=PACKETS)
    return read_intake_file(Path(source), received_at=now, store=documents.put, wanted=PACKETS)


async def _start(settings: Settings, world: World) -> TemporalError | None:
    try:
        client = await connect(settings, server_address(settings), records=world.records)
        await DelegationDesk(client, world).open_unstarted()
    except TemporalError as trouble:
        return trouble
    return None


async def _act(ref: str, signal: str, actor: str, body: Mapping[str, Any], action_id: str, *, json: bool) -> int:
    settings = read_settings()
    who = staff(settings).get(actor)
    if who is None:
        complain(f"There is nobody {actor} in the staff file. List the staff with: second-opinion staff")
        return BAD_INPUT
    world = open_world(settings)
    number = delegated.find_number(world.records, ref)
    if number is None:
        complain(NO_SUCH.format(ref))
        return REFUSED
    client = await connect(settings, server_address(settings), records=world.records)
    given = {**body, "actor": who.model_dump(mode="json"), "action_id": action_id or str(uuid4())}
    return _answer(number, await DelegationDesk(client, world).act(number, signal, given), json=json)


def _answer(number: str, receipt: Receipt, *, json: bool) -> int:
    if json:
        as_json(receipt)
    elif receipt.accepted:
        console.print(f"{number}: {words(receipt.action)}: done.")
    else:
        complain(f"{number}: refused: {receipt.reason}{f' ({receipt.clause})' if receipt.clause else ''}")
    return DONE if receipt.accepted else REFUSED


def _fields(settings: Settings, data: str | None) -> Mapping[str, Any]:
    import json as jsonlib

    text = _bytes(Path(data[1:])).decode() if data and data.startswith("@") else data or "{}"
    try:
        found = jsonlib.loads(text)
    except ValueError:
        raise IntakeError("--data is no JSON; give an object with the fields, or @FILE.") from None
    if not isinstance(found, dict):
        raise IntakeError("--data is no object; give the fields as one JSON object.")
    store = documents_of(settings)
    with_files: dict[str, Any] = with_documents(found, folder=Path.cwd(), store=store.put)
    return with_files


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as trouble:
        raise IntakeError(f"The file {file} cannot be read ({trouble.strerror}); check its name.") from None


def _records() -> Any:  # noqa: ANN401 - an Engine
    return open_records(read_settings().records_url)


def _begin(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), LOS_ANGELES) if day else None
