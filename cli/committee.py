"""Reports before the committees at a terminal: ``second-opinion committee``. Policy 90.2.17, Procedure 12."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import uuid4

from cyclopts import App, Parameter

from cli.house import BAD_INPUT, DONE, REFUSED, server_address, staff
from cli.options import Count, Data, Json, Who, records
from cli.screen import as_json, complain, console, now, table
from policy.committee.time import Lateness
from policy.contents import Committee
from policy.particulars import Receipt
from policy.report.period import parsed
from policy.request import LineOfBusiness
from policy.tasks import TaskState
from policy.timeframes import spoken
from records import committees
from records.committees import ActionRow, ReportRow
from wiring.committees import CommitteeDesk, order_of
from wiring.sending import ActionError
from wiring.settings import read_settings
from wiring.temporal import connect
from wiring.world import World, open_world
from workflows.inspection import words

app = App(name="committee")

NO_SUCH = "There is no report {}. List them with: second-opinion committee list"
LISTED = ("Report", "Stands", "Cases", "Flags", "Open actions", "Due")
DECIDED = ("Report", "Action", "What", "Owner", "Last day", "Stands", "Letter")
COLOURS = {Lateness.OVERDUE: "red", Lateness.SOON: "yellow"}
NOBODY = "There is nobody {} in the staff file. List the staff with: second-opinion staff"
Line = Annotated[
    tuple[LineOfBusiness, ...], Parameter(name="--line", negative="", help="Only this line of business; repeatable.")
]
OneOf = Annotated[Committee, Parameter(help="The committee.")]


@app.command
async def start(period: str, *, actor: Who, line: Line = (), corrects: str = "", json: Json = False) -> int:
    """Begin the report of a period that is over. One that is there stays as it is.

    Parameters
    ----------
    period
        2026-Q3, 2026, 2026-10 or 2026-07-01..2026-09-30.
    corrects
        Why the finished report is corrected: a new edition is made, which names every figure that differs.
    """
    settings = read_settings()
    if actor not in staff(settings):
        return _bad(NOBODY.format(actor))
    world = open_world(settings)
    try:
        order = order_of(world, parsed(period), line, asked_by=actor, corrects=corrects)
    except (ValueError, ActionError) as unfit:
        return _bad(str(unfit))
    client = await connect(settings, server_address(settings), records=world.records)
    asked = await CommitteeDesk(client, world).start(order)
    if json:
        as_json(asked)
    else:
        said = "is begun" if asked.is_new else "is there, and stays as it is; correct it with --corrects"
        console.print(f"The report {asked.number} {said}.")
    return DONE


@app.command(name="list")
def list_(*, limit: Count = 50, json: Json = False) -> int:
    """List the reports, the latest period first."""
    rows = committees.listed(records(), limit=limit)
    if json:
        as_json(rows)
        return DONE
    table("Reports", LISTED, (_listed(row) for row in rows), empty="There is no report yet.")
    return DONE


@app.command
def show(number: str, *, json: Json = False) -> int:
    """Show one report's way: how far it is, what was decided, the story."""
    found = committees.one(records(), number)
    if found is None:
        complain(NO_SUCH.format(number))
        return REFUSED
    if json:
        as_json(found)
        return DONE
    row = found.report
    console.print(f"Report {row.number}: {words(row.state)}, {row.cases:,} cases, {row.flags} flags.")
    if row.difference:
        console.print(row.difference, markup=False)
    if found.actions:
        _print_actions(found.actions)
    for line in found.ledger:
        console.print(f"{spoken(line.at)}  {line.event}  {line.actor}  {line.text}", markup=False)
    return DONE


@app.command
def work(*, owner: str = "", json: Json = False) -> int:
    """What committees decided and is open, what is due soonest first.

    Parameters
    ----------
    owner
        Only what this person of the staff file does.
    """
    rows = committees.work(records(), owner=owner)
    if json:
        as_json(rows)
    else:
        _print_actions(rows)
    return DONE


@app.command
async def present(
    number: str, committee: OneOf, met_on: date, *, actor: Who, despite: str = "", action_id: str = "",
    json: Json = False,
) -> int:  # fmt: skip
    """Present a report to a committee, at its meeting on a day.

    Parameters
    ----------
    despite
        Why, where the second count differs.
    """
    body = {"committee": committee, "met_on": met_on, "despite": despite}
    return await _act(number, "present_report", actor, body, action_id, json=json)


@app.command
async def discuss(
    number: str, committee: OneOf, *, actor: Who, notes: str, action_id: str = "", json: Json = False
) -> int:
    """Keep what a committee said about a report."""
    body = {"committee": committee, "notes": notes}
    return await _act(number, "discuss_report", actor, body, action_id, json=json)


@app.command
async def accept(
    number: str, committee: OneOf, *, actor: Who, remarks: str = "", action_id: str = "", json: Json = False
) -> int:
    """Accept a report for a committee."""
    body = {"committee": committee, "remarks": remarks}
    return await _act(number, "accept_report", actor, body, action_id, json=json)


@app.command
async def decide(number: str, *, actor: Who, data: Data = None, action_id: str = "", json: Json = False) -> int:
    """Decide an action: --data has its fields; its owner is an id of the staff file."""
    return await _act(number, "decide_action", actor, _fields(data), action_id, json=json)


@app.command
async def note(number: str, action: str, *, actor: Who, text: str, action_id: str = "", json: Json = False) -> int:
    """Note what came of an action so far."""
    return await _act(number, "note_follow_up", actor, {"action": action, "text": text}, action_id, json=json)


@app.command
async def complete(
    number: str, action: str, *, actor: Who, outcome: str, action_id: str = "", json: Json = False
) -> int:
    """Complete an action, with what came of it."""
    body = {"action": action, "outcome": outcome}
    return await _act(number, "complete_action", actor, body, action_id, json=json)


@app.command(name="hand-over")
async def hand_over(
    number: str, action: str, *, actor: Who, to: str, reason: str, action_id: str = "", json: Json = False
) -> int:
    """Give an action to another owner."""
    body = {"action": action, "to": to, "reason": reason}
    return await _act(number, "hand_over_action", actor, body, action_id, json=json)


@app.command
async def postpone(
    number: str, action: str, due: date, *, actor: Who, reason: str, action_id: str = "", json: Json = False
) -> int:
    """Give an action more time."""
    body = {"action": action, "due": due, "reason": reason}
    return await _act(number, "postpone_action", actor, body, action_id, json=json)


@app.command
async def withdraw(
    number: str, action: str, *, actor: Who, reason: str, action_id: str = "", json: Json = False
) -> int:
    """Withdraw an action that the committee no longer wants."""
    body = {"action": action, "reason": reason}
    return await _act(number, "withdraw_action", actor, body, action_id, json=json)


# -- how


async def _act(number: str, signal: str, actor: str, body: Mapping[str, Any], action_id: str, *, json: bool) -> int:
    settings = read_settings()
    people = staff(settings)
    given = {**body, "actor": actor, "action_id": action_id or str(uuid4())}
    for field in ("actor", "owner", "to"):
        if isinstance(named := given.get(field), str):
            if named not in people:
                return _bad(NOBODY.format(named))
            given[field] = people[named].model_dump(mode="json")
    world: World = open_world(settings)
    if committees.one(world.records, number) is None:
        complain(NO_SUCH.format(number))
        return REFUSED
    client = await connect(settings, server_address(settings), records=world.records)
    receipt = await CommitteeDesk(client, world).act(number, signal, given)
    if json:
        as_json(receipt)
    elif receipt.accepted:
        console.print(f"{number}: {words(receipt.action)}: done.")
    else:
        complain(f"{number}: refused: {_why(receipt)}")
    return DONE if receipt.accepted else REFUSED


def _why(receipt: Receipt) -> str:
    """The field that is meant, what is wrong with it, and the clause."""
    field = receipt.fields[0].field if receipt.fields else ""
    told = f"{field}: {receipt.reason}" if field else receipt.reason
    return f"{told} ({receipt.clause})" if receipt.clause else told


def _fields(data: str | None) -> Mapping[str, Any]:
    import json as jsonlib
    from pathlib import Path

    try:
        text = Path(data[1:]).read_text(encoding="utf-8") if data and data.startswith("@") else data or "{}"
        found = jsonlib.loads(text)
    except OSError as trouble:
        raise ActionError(f"The file of --data cannot be read ({trouble.strerror}); check its name.") from None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ActionError("--data is no JSON object; give the fields as one, or @FILE.")
    return found


def _print_actions(rows: Sequence[ActionRow]) -> None:
    table("Decided", DECIDED, (_decided(row) for row in rows), empty="Nothing that a committee decided is open.")


def _listed(row: ReportRow) -> tuple[str, ...]:
    due = spoken(row.next_due) if row.next_due else ""
    stands = words(row.state) if row.ready_at else row.making.value
    counted = f"{row.cases:,}", str(row.flags), str(row.open_actions)
    return row.number, stands, *counted, _marked(due, row.lateness(now()))


def _decided(row: ActionRow) -> tuple[str, ...]:
    late = row.lateness(now())
    stands = _marked("", late) if late else _state(row.state)
    return row.number, row.id, words(row.kind), row.owner, str(row.due or ""), stands, row.told


def _marked(due: str, late: Lateness) -> str:
    """A last day with how it stands to it, in words and, beside them, in colour."""
    said = ", ".join(filter(None, (due, late)))
    return f"[{COLOURS[late]}]{said}[/]" if late else said


def _state(state: TaskState) -> str:
    return "open" if state is TaskState.RESERVED else words(state)


def _bad(text: str) -> int:
    complain(text)
    return BAD_INPUT
