"""How long packets and records are kept, and legal holds: ``cabinet retention``, ``hold``, ``release`` (P9).

The dry run lists; nothing here, and no other command, deletes a packet or a record.
"""

from datetime import date
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape
from sqlalchemy import Engine

from cli.acting import no_case, person
from cli.house import BAD_INPUT, DONE, REFUSED
from cli.options import Json, Who, records
from cli.screen import as_json, complain, console, now, table
from policy.calendar import local_day
from policy.edition import edition_on
from policy.retention import ClosedCase, Judgement, KeepUntil, Standing, judge, may_hold, may_release
from policy.timeframes import spoken
from policy.verdict import Verdict
from records import filings, queries
from records.filings import CasePaper
from records.holds import LegalHold, LegalHolds
from wiring.settings import read_settings
from workflows.inspection import words

LONGEST_REASON = 400  # characters
NOTHING_IS_DELETED = "Nothing was deleted: this is a dry run, and no command here deletes a packet or a record."

Why = Annotated[str, Parameter(name="--reason", help="Why: the matter and who asked. No health information.")]


def hold(case: str, *, actor: Who, reason: Why) -> int:
    """Place a legal hold: the case's packet and records are kept until it is released. One for each matter.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    who, why = person(read_settings(), actor), _reason(reason)
    if not why or not _is_allowed(may_hold(who)):
        return REFUSED if why else BAD_INPUT
    engine = records()
    holds, number = LegalHolds(engine), _number(engine, case)
    if number is None:
        return REFUSED
    placed = holds.place(number, at=now(), by=who.id, reason=why)
    console.print(f"[green]Hold {placed.number} is on {number}[/]: it goes nowhere before it is released.")
    return DONE


def release(
    case: str,
    *,
    actor: Who,
    reason: Why,
    hold: Annotated[int | None, Parameter(help="Which hold, where there are several.")] = None,
) -> int:
    """Lift a legal hold; that it stood stays in the records.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    who, why = person(read_settings(), actor), _reason(reason)
    if not why or not _is_allowed(may_release(who)):
        return REFUSED if why else BAD_INPUT
    engine = records()
    holds, number = LegalHolds(engine), _number(engine, case)
    if number is None:
        return REFUSED
    standing = [placed for placed in holds.of(number) if placed.lifted_at is None]
    chosen = [placed.number for placed in standing if hold in (None, placed.number)]
    if len(chosen) != 1:
        complain(_which(number, standing, hold))
        return REFUSED
    if not holds.lift(number, chosen[0], at=now(), by=who.id, because=why):
        complain(f"Hold {chosen[0]} on {number} was lifted by somebody else just now.")
        return REFUSED
    left = len(standing) - 1
    more = f"; {left} more keep it" if left else ", and no other is on it"
    console.print(f"[green]Hold {chosen[0]} on {number} is lifted[/]{more}.")
    return DONE


def retention(*, on: date | None = None, json: Json = False) -> int:
    """List what could go on a day, what is held and why: a dry run. Nothing is ever deleted by it.

    Parameters
    ----------
    on
        The day, as 2036-12-31 (Los Angeles). Default: today.
    """
    engine = records()
    day = on or local_day(now())
    edition, papers = edition_on(day), filings.all_cases(engine)
    held = LegalHolds(engine).standing()  # after the cases: a hold that is placed meanwhile counts
    judged = [(paper, judge(_closed(paper), edition, day, held=paper.number in held)) for paper in papers]
    if json:
        rows = [_row(paper, found, held.get(paper.number, [])) for paper, found in judged]
        as_json({"on": day.isoformat(), "edition": edition.id, "deleted": 0, "cases": rows})
    else:
        _print(day, judged, held)
    return DONE


def _reason(reason: str) -> str:
    """The reason as one line; empty, with a sentence said, for none or for an endless one."""
    text = " ".join(reason.split())
    if not text or len(text) > LONGEST_REASON or not text.isprintable():
        complain(f"Give a --reason of 1 to {LONGEST_REASON} characters, without health information.")
        return ""
    return text


def _is_allowed(verdict: Verdict) -> bool:
    if not verdict:
        complain(f"Refused: {verdict.reason}.")
    return bool(verdict)


def _number(engine: Engine, case: str) -> str | None:
    number = queries.find_number(engine, case)
    if number is None:
        complain(no_case(case))
    return number


def _which(number: str, standing: list[LegalHold], asked: int | None) -> str:
    there = "; ".join(f"{placed.number} ({placed.reason})" for placed in standing)
    if asked is not None:
        return f"No hold {asked} stands on {number}." + (f" There are: {there}." if there else "")
    return f"Several holds stand on {number}; say which with --hold: {there}." if there else f"{number} is not held."


def _closed(paper: CasePaper) -> ClosedCase:
    return ClosedCase(line=paper.line, closed_at=paper.closed_at)


def _row(paper: CasePaper, found: Judgement, holds: list[LegalHold]) -> dict[str, Any]:
    return {
        "case": paper.number,
        "line": paper.line,
        "filed": bool(paper.path),
        "standing": found.standing,
        "keep_until": found.keep,
        "holds": [placed.model_dump(mode="json", exclude={"case_number"}) for placed in holds],
    }


def _print(day: date, judged: list[tuple[CasePaper, Judgement]], held: dict[str, list[LegalHold]]) -> None:
    console.print(f"[bold]Retention on {day}[/]")
    table(
        "Could go",
        ("case", "line", "packet", "kept until", "rule", "why"),
        (
            (
                paper.number,
                words(paper.line),
                "filed" if paper.path else "none",
                str(found.keep.day),
                found.keep.rule,
                _why(found),
            )
            for paper, found in judged
            if found.standing is Standing.COULD_GO and found.keep
        ),
        empty="Nothing could go.",
    )
    for keep in _to_be_confirmed(judged):
        console.print(f"{keep.rule}: confirm its source before anything goes ({escape(keep.source)}).", soft_wrap=True)
    table(
        "Held",
        ("case", "kept until, without the hold", "hold", "placed", "by", "why"),
        (
            (
                paper.number,
                str(found.keep.day) if found.keep else "open",
                str(placed.number),
                spoken(placed.placed_at),
                placed.placed_by,
                escape(placed.reason),
            )
            for paper, found in judged
            for placed in held.get(paper.number, [])
        ),
        empty="Nothing is held.",
    )
    count = {standing: sum(found.standing is standing for _, found in judged) for standing in Standing}
    console.print(f"{count[Standing.KEPT]} more are kept by rule, {count[Standing.OPEN]} are open.")
    console.print(f"[bold]{NOTHING_IS_DELETED}[/]", soft_wrap=True)


def _why(found: Judgement) -> str:
    if found.keep is None:
        return "-"
    return escape(f"{found.keep.reason}: {found.keep.citation}")


def _to_be_confirmed(judged: list[tuple[CasePaper, Judgement]]) -> list[KeepUntil]:
    """Of each rule by which something could go, and whose source is not sure, one example."""
    going = (found.keep for _, found in judged if found.standing is Standing.COULD_GO and found.keep)
    return list({keep.rule: keep for keep in going if keep.status != "found"}.values())
