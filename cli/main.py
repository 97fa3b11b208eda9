"""``second-opinion``: every command of the terminal."""

import asyncio
import sys
from typing import Annotated, Literal

from cyclopts import App, CycloptsError

from cli.housecommands import (
    backup,
    demo,
    doctor,
    health,
    migrate,
    namespace,
    portal,
    reconcile,
    restore,
    server,
    worker,
)
from cli.options import (
    BAD_INPUT,
    DONE,
    INTERRUPTED,
    REFUSED,
    Attached,
    Count,
    Data,
    File,
    Flag,
    Json,
    ViewName,
    Who,
    records,
)
from policy.lifecycle import Outcome, Stage
from policy.request import LineOfBusiness

# What a command needs is imported when it runs: the rules alone start in a third of the time that everything takes.

app = App(
    name="second-opinion",
    help="Second-opinion requests of a health plan's utilization management (P&P 90.2.17).",
    version="0.1.0",
    help_format="plaintext",
)


@app.command(name="open")
async def open_(file: File, *, partial: Annotated[bool, Flag] = False, json: Json = False) -> int:
    """Open the requests of a JSON, JSON lines or CSV file, or of standard input.

    Parameters
    ----------
    file
        The intake file; - for standard input.
    partial
        Open the good rows, and write the bad ones with their errors beside the file.
    """
    from cli.opening import open_requests
    from wiring.settings import read_settings

    return await open_requests(read_settings(), file, partial=partial, json=json)


@app.command(name="list")
def list_(
    *,
    stage: Stage | None = None,
    outcome: Outcome | None = None,
    line: LineOfBusiness | None = None,
    open: Annotated[bool, Flag] = False,  # noqa: A002 - the word a person types
    overdue: Annotated[bool, Flag] = False,
    view: ViewName | None = None,
    ppg: str = "",
    views: Annotated[bool, Flag] = False,
    names: Annotated[bool, Flag] = False,
    limit: Count = 50,
    json: Json = False,
) -> int:
    """List cases, due soonest first. Members' names only with --names.

    Parameters
    ----------
    view
        A saved view: the same cases as behind its link into the Temporal UI.
    ppg
        Only of that physician organization: its name, as requests have it.
    views
        List the views: what each shows, and its link into the Temporal UI as of now (with --ppg also of that PPG).
    """
    from cli.listing import list_cases, list_views
    from records.worklists import CaseFilter

    if views:
        return list_views(ppg, json=json)
    asked = CaseFilter(stage=stage, outcome=outcome, line=line, is_open=True if open else None, ppg=ppg)
    return list_cases(asked, view, overdue=overdue, names=names, limit=limit, json=json)


app.command("cli.worklists:app", name="tasks", help="List what waits for people; give many tasks to another at once.")
app.command(
    "cli.taskcommands:app",
    name="task",
    help="Work on one task: claim, delegate, suspend, complete and so on.\n\nCASE is a case number, or the external "
    "reference of its request. TASK, as T2, may be left out where only one task of the case fits.",
)
app.command("cli.staff:app", name="staff", help="List the staff: roles, open tasks, and who is away.")
app.command("cli.keys:app", name="keys", help="The keys that sign actions and encrypt cases: listed, made, destroyed.")
app.command(
    "cli.cabinet:app",
    name="cabinet",
    help="The filing cabinet: verify it, find a packet, print its register; legal holds and how long all is kept.",
)
app.command(
    "cli.mhc:app", name="mhc", help="The feed to MHC: the daily files, and the rows of some days again as one CSV."
)
app.command(
    "cli.audit:app", name="audit", help="The ledger's chains: verified against the anchor, exported for others."
)
app.command("cli.mail:app", name="mail", help="Print and mail: letters that wait, batches, the day of posting.")
app.command(
    "cli.directory:app",
    name="directory",
    help="The directory of physicians: import a version, list the versions, find and show physicians.",
)
app.command(
    "cli.delegated:app",
    name="delegated",
    help="What IPAs and PPGs decided: take packets in, see what was found, settle it, and score each of them.",
)
app.command(
    "cli.committee:app",
    name="committee",
    help="The quarterly report before the committees: begun, presented, accepted; what they decide, to its end.",
)
app.command(
    "cli.supervising:app",
    name="supervise",
    help="What is wrong with cases as such: stuck ones, and who sees to it.",
)
app.command(
    "cli.reports:app",
    name="report",
    help="The committees' report of a period: a page, a PDF, a spreadsheet, charts; its counts derived a second time.",
)
app.command("cli.tokens:app", name="tokens", help="The tokens with which programs come to the portal's API.")


@app.command
def show(case: str, *, names: Annotated[bool, Flag] = False, json: Json = False) -> int:
    """Show one case: whose turn it is, until when and under which rule, which letters the member wants, and the story.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    names
        Show who the member is, and where the member is reached: a confidential contact in the place of all others.
    """
    from cli.screen import as_json, case_page, complain
    from records import queries
    from records.intake import IntakeRegister

    engine = records()
    number = queries.find_number(engine, case)
    found = queries.case(engine, number) if number else None
    if number is None or found is None:
        waits = " Its request is registered; no worker has recorded it yet." if number else ""
        complain(f"There is no case {case}.{waits} List them with: second-opinion list")
        return REFUSED
    if json:
        as_json(found)
        return DONE
    request = IntakeRegister(engine).request_of(number)
    case_page(found, request.member if request else None, with_names=names)
    return DONE


@app.command
def refused(case: str = "", *, limit: Count = 50, json: Json = False) -> int:
    """List the actions that were refused, in one case or in all, newest first, and why.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    from cli.screen import as_json, complain, refusals_table
    from records import queries

    engine = records()
    number = queries.find_number(engine, case) if case else None
    if case and number is None:
        complain(f"There is no case {case}. List them with: second-opinion list")
        return REFUSED
    rows = queries.refusals(engine, number, limit=limit)
    title = f"Refused in {number}, newest first" if number else "Refused, newest first"
    as_json(rows) if json else refusals_table(rows, title, with_case=number is None)
    return DONE


@app.command
async def candidates(case: str, *, version: str = "", limit: Count = 10, pick: str = "", json: Json = False) -> int:
    """Show whom the ladder proposes for a case's opinion, rung by rung, each with the tests passed and failed.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    version
        Which version of the directory. Default: the one in force today.
    pick
        The NPI of a candidate: prints the fields of the placement as JSON, for `task complete CASE place_opinion`.
    """
    from cli.candidates import propose_for
    from wiring.settings import read_settings

    return await propose_for(read_settings(), case, version=version, limit=limit, pick=pick, json=json)


@app.command
async def act(
    case: str,
    signal: str,
    *,
    actor: Who,
    data: Data = None,
    attach: Attached = (),
    action_id: str = "",
    json: Json = False,
) -> int:
    """Act on a case, through the signal of that name. Without --data a form asks for the fields, at a terminal.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    signal
        The action; second-opinion actions lists them.
    action_id
        Your own id for it; the same one twice is applied once. Default: a new one.
    """
    from cli.acting import act_on
    from wiring.settings import read_settings

    return await act_on(
        read_settings(), case, signal, actor=actor, data=data, attach=attach, action_id=action_id, json=json
    )


@app.command
async def reopen(
    case: str,
    *,
    because: Literal["grievance", "appeal", "imr", "state-hearing", "correction", "letter-returned"],
    actor: Who,
    outcome: Literal["approved", "denied"] = "approved",
    rationale: str = "",
    criteria: str = "",
    reference: str = "",
    letter: str = "",
    reason: str = "",
    action_id: str = "",
    json: Json = False,
) -> int:
    """Reopen a closed case: its denial is changed, or a letter came back. What was filed stays as it is.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    because
        What changes the denial; or letter-returned.
    outcome
        The decision that takes the place of the denial; only a correction can leave it a denial.
    rationale
        Its reasons; the letters say them.
    criteria
        The criteria of a denial that is corrected.
    reference
        The outside body's own number, after an IMR or a state hearing.
    letter
        The key of the letter that came back; second-opinion show lists them.
    reason
        Why the letter came back, as it stands on it.
    action_id
        Your own id for it; the same one twice is applied once. Default: a new one.
    """
    from cli.reopening import reopen_case
    from wiring.settings import read_settings

    changes = {"outcome": outcome, "rationale": rationale, "criteria": criteria, "reference": reference}
    back = {"letter_key": letter, "reason": reason}
    return await reopen_case(read_settings(), case, because, changes, back, actor=actor, action_id=action_id, json=json)


@app.command
def actions(signal: str = "", *, json: Json = False) -> int:
    """List the actions that can be done to a case; with a name, show its fields and an example."""
    import json as jsonlib

    from cli.screen import as_json, table
    from policy.actions import ACTIONS
    from wiring.desk import read_action

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
def clocks(file: File, *, json: Json = False) -> int:
    """Say which clocks run in the situations of a JSON file, by the rules alone, and why.

    Parameters
    ----------
    file
        A JSON list of situations; - for standard input. docs/rules.md describes them.
    """
    from cli.clocks import SituationsError
    from cli.clocks import run as run_clocks

    try:
        return run_clocks(file, as_json_text=json)
    except SituationsError as trouble:
        sys.stderr.write(f"{trouble}\n")
        return BAD_INPUT


for command in (worker, server, migrate, namespace, health, backup, restore, doctor, reconcile, portal, demo):
    app.command(command)


def main() -> None:
    """The console script."""
    from wiring.uncaught import tell_uncaught

    tell_uncaught()
    code = run(sys.argv[1:])
    if "temporalio" in sys.modules:
        from cli.house import leave

        leave(code)
    sys.exit(code)


def run(words: list[str]) -> int:
    """Runs a command; the exit code is explained in ``cli/house.py``."""
    try:
        result = app(words, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        return BAD_INPUT
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except Exception as trouble:
        from cli.house import EXPECTED, exit_code
        from cli.screen import complain

        if not isinstance(trouble, EXPECTED):
            raise
        complain(str(trouble))
        return exit_code(trouble)
    return result if isinstance(result, int) else DONE
