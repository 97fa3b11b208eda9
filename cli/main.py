"""``second-opinion``: every command of the terminal."""

import asyncio
import json as jsonlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import uuid4

from cyclopts import App, CycloptsError, Parameter

from cli import demo as demonstration
from cli.house import BAD_INPUT, DONE, EXPECTED, INTERRUPTED, REFUSED, at_the_desk, exit_code, leave, staff
from cli.opening import open_requests
from cli.screen import as_json, case_page, cases_table, complain, console, table, tasks_table
from cli.serving import run_server, run_worker
from policy.actions import ACTIONS
from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import LineOfBusiness
from records import queries
from records.database import open_records
from wiring.desk import ActionError, read_action
from wiring.settings import Settings, read_settings

Json = Annotated[bool, Parameter(name="--json", negative="", help="Answer in JSON.")]
Count = Annotated[int, Parameter(help="At most so many rows.")]

app = App(
    name="second-opinion",
    help="Second-opinion requests of a health plan's utilization management (P&P 90.2.17).",
    version="0.1.0",
    help_format="plaintext",
)


@app.command(name="open")
async def open_(file: str, *, partial: Annotated[bool, Parameter(negative="")] = False, json: Json = False) -> int:
    """Open the requests of a JSON, JSON lines or CSV file, or of standard input.

    Parameters
    ----------
    file
        The intake file; - for standard input.
    partial
        Open the good rows, and write the bad ones with their errors beside the file.
    """
    return await open_requests(read_settings(), file, partial=partial, json=json)


@app.command(name="list")
def list_(
    *,
    stage: Stage | None = None,
    outcome: Outcome | None = None,
    line: LineOfBusiness | None = None,
    open: Annotated[bool, Parameter(negative="")] = False,  # noqa: A002 - the word a person types
    overdue: Annotated[bool, Parameter(negative="")] = False,
    names: Annotated[bool, Parameter(negative="")] = False,
    limit: Count = 50,
    json: Json = False,
) -> int:
    """List cases, due soonest first. Members' names only with --names."""
    rows = queries.cases(
        _records(),
        stage=stage,
        outcome=outcome,
        line=line,
        open_only=open,
        overdue_at=datetime.now(UTC) if overdue else None,
        limit=limit,
        with_names=names,
    )
    as_json(rows) if json else cases_table(rows, with_names=names)
    return DONE


@app.command
def tasks(
    *,
    role: Role | None = None,
    owner: str | None = None,
    case: str | None = None,
    limit: Count = 50,
    json: Json = False,
) -> int:
    """List what waits for people, due soonest first."""
    rows = queries.tasks(_records(), roles=[role] if role else None, owner=owner, case_number=case, limit=limit)
    as_json(rows) if json else tasks_table(rows)
    return DONE


@app.command
def show(case: str, *, json: Json = False) -> int:
    """Show one case: whose turn it is, until when and under which rule, and the story so far.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    records = _records()
    number = queries.find_number(records, case)
    found = queries.case(records, number) if number else None
    if found is None:
        waits = " Its request is registered; no worker has recorded it yet." if number else ""
        complain(f"There is no case {case}.{waits} List them with: second-opinion list")
        return REFUSED
    as_json(found) if json else case_page(found)
    return DONE


@app.command
async def act(
    case: str,
    signal: str,
    *,
    actor: Annotated[str, Parameter(name=["--as", "--actor"])],
    data: str = "{}",
    attach: tuple[Path, ...] = (),
    action_id: str = "",
    json: Json = False,
) -> int:
    """Act on a case, through the signal of that name.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    signal
        The action; second-opinion actions lists them.
    actor
        Who acts: an id of the staff file.
    data
        The action's fields as JSON; @FILE reads them from a file.
    attach
        PDF files that go with the action (reports).
    action_id
        Your own id for it; the same one twice is applied once. Default: a new one.
    """
    settings = read_settings()
    body = _body(settings, actor, data, action_id)
    async with at_the_desk(settings) as (desk, world):
        number = queries.find_number(world.records, case) or case
        if attach:
            stored = [world.documents.put(path.name, _bytes(path)) for path in attach]
            body["attachments"] = [a.model_dump(mode="json") for a in stored]
        receipt = await desk.act(number, signal, body)
    if json:
        as_json(receipt)
    elif receipt.accepted:
        console.print(f"[green]Done:[/] {signal} on {number}")
    else:
        clause = f" ({receipt.clause})" if receipt.clause else ""
        complain(f"Refused: {receipt.reason}{clause}. The refusal is part of the case's story.")
    return DONE if receipt.accepted else REFUSED


@app.command
def actions(signal: str = "", *, json: Json = False) -> int:
    """List the actions that can be done to a case; with a name, show its fields and an example."""
    if signal:
        model = ACTIONS.get(signal)
        if model is None:
            read_action(signal, {})  # says which there are
            return BAD_INPUT
        as_json({"signal": signal, "about": model.ABOUT, "example": model.EXAMPLE, "schema": model.model_json_schema()})
        return DONE
    if json:
        as_json(
            {name: {"about": m.ABOUT, "clause": str(m.CLAUSE), "example": m.EXAMPLE} for name, m in ACTIONS.items()}
        )
        return DONE
    rows = ((name, m.ABOUT, str(m.CLAUSE), jsonlib.dumps(m.EXAMPLE)) for name, m in ACTIONS.items())
    table("Actions", ("signal", "what it does", "clause", "example of --data"), rows, empty="")
    return DONE


@app.command
async def worker(*, queue: Literal["all", "cases", "letters"] = "all") -> int:
    """Host the workflows and activities, until Ctrl-C."""
    return await run_worker(read_settings(), queue)


@app.command
async def server() -> int:
    """Run the embedded Temporal server with its UI, until Ctrl-C."""
    return await run_server(read_settings())


@app.command
async def demo(*, once: Annotated[bool, Parameter(negative="")] = False, examples: Path | None = None) -> int:
    """Play the demonstration: a server, a worker, the example requests and a cast who complete their tasks.

    Parameters
    ----------
    once
        Check every case against what its intake file says it should be, and end.
    examples
        The folder of the intake files.
    """
    return await demonstration.play(read_settings(), once=once, examples=examples)


def _records() -> Any:  # noqa: ANN401 - an engine, which this door only hands on
    return open_records(read_settings().records_url)


def _body(settings: Settings, actor: str, data: str, action_id: str) -> dict[str, Any]:
    cast = staff(settings)
    if actor not in cast:
        raise ActionError(f"{actor} is not in {settings.staff_file}. Known: {', '.join(cast)}.")
    text = _bytes(Path(data[1:])).decode() if data.startswith("@") else data
    try:
        fields = jsonlib.loads(text)
    except ValueError as trouble:
        raise ActionError(f"--data is not JSON: {trouble}") from trouble
    if not isinstance(fields, dict):
        raise ActionError("--data must be a JSON object")
    return {**fields, "actor": cast[actor].model_dump(mode="json"), "action_id": action_id or str(uuid4())}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise ActionError(f"{path} cannot be read: {trouble.strerror}.") from trouble


def main() -> None:
    """The console script."""
    leave(run(sys.argv[1:]))


def run(words: list[str]) -> int:
    """Runs a command; the exit code is explained in ``cli/house.py``."""
    try:
        result = app(words, exit_on_error=False, print_error=True, result_action="return_value")
        return result if isinstance(result, int) else DONE
    except CycloptsError:
        return BAD_INPUT
    except EXPECTED as trouble:
        complain(str(trouble))
        return exit_code(trouble)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
