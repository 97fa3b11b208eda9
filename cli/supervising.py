"""``second-opinion supervise``: what is wrong with cases as such, looked after by who is in charge."""

from typing import Annotated

from cyclopts import App, Parameter
from rich.markup import escape

from cli.acting import person
from cli.options import DONE, REFUSED, Count, Flag, Json, Who, records
from cli.screen import as_json, complain, console, now, table
from policy.timeframes import spoken
from policy.verdict import Refused, Verdict
from records import queries
from records.troubles import Trouble, TroubleKind, Troubles
from wiring.settings import read_settings

app = App(name="supervise")

Note = Annotated[str, Parameter(show_default=False, help="What is done about it. No health information.")]
Kind = Annotated[TroubleKind, Parameter(help="Which trouble of the case.")]


@app.default
def list_troubles(*, all: Annotated[bool, Flag] = False, limit: Count = 50, json: Json = False) -> int:  # noqa: A002
    """List the troubles that are open, oldest first: stuck cases, and who looks after them. --all: ended ones, too."""
    troubles = Troubles(records())
    found = troubles.history(limit) if all else troubles.open(limit=limit)
    if json:
        as_json([{**trouble.model_dump(mode="json"), "state": trouble.state} for trouble in found])
        return DONE
    table(
        "Troubles, newest first" if all else "Troubles, oldest first",
        ("case", "what", "code", "since", "state", "note"),
        (
            (
                trouble.case_number,
                f"{trouble.kind}: {trouble.text}",
                trouble.code,
                spoken(trouble.found_at),
                _state(trouble),
                escape(trouble.note) or "-",
            )
            for trouble in found
        ),
        empty="There is no trouble.",
    )
    return DONE


@app.command
def acknowledge(case: str, *, actor: Who, note: Note = "", kind: Kind = TroubleKind.STUCK) -> int:
    """Say that you look after a case's trouble.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    engine = records()
    number = queries.find_number(engine, case) or case
    who = person(read_settings(), actor)
    return _told(Troubles(engine).acknowledge(kind, number, who, now(), note), f"{who.id} looks after {number}")


@app.command
def end(case: str, *, actor: Who, note: Note = "", kind: Kind = TroubleKind.STUCK) -> int:
    """Say that a case's trouble is over. One that is not over is found again within a minute.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    engine = records()
    number = queries.find_number(engine, case) or case
    who = person(read_settings(), actor)
    return _told(Troubles(engine).end(kind, number, who, now(), note), f"the trouble of {number} has ended")


def _told(verdict: Verdict, done: str) -> int:
    if isinstance(verdict, Refused):
        complain(f"Refused: {verdict.reason}.")
        return REFUSED
    console.print(f"[green]Done:[/] {escape(done)}", soft_wrap=True)
    return DONE


def _state(trouble: Trouble) -> str:
    if trouble.ended_at:
        return f"ended {spoken(trouble.ended_at)} {f'by {trouble.ended_by}' if trouble.ended_by else 'by itself'}"
    return f"{trouble.acknowledged_by} looks after it" if trouble.acknowledged_at else "open"
