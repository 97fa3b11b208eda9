"""How delegated decisions and their scores look at a terminal."""

from typing import Any

from rich.markup import escape

from cli.options import BAD_INPUT
from cli.screen import as_json, complain, console, errors, table
from policy.delegatefindings import Part, Result
from policy.delegatescore import Rate, Score
from policy.edition import EDITIONS
from policy.timeframes import spoken
from records.delegated import DelegatedFile, DelegatedRow, FindingRow
from records.delegatedledger import Registered
from workflows.inspection import words


def conflicting(conflicts: list[Registered], *, json: bool) -> int:
    """Says which packets were sent before with other content; nothing was taken in."""
    told = [
        f"{c.external_reference} of {c.delegate} is {c.number}, which was sent with other content" for c in conflicts
    ]
    if json:
        as_json({"taken_in": (), "errors": told})
    else:
        for sentence in told:
            errors.print(sentence, markup=False, soft_wrap=True)
        complain("Nothing was taken in. Give a new reference, or send what is missing as a supplement.")
    return BAD_INPUT


def print_entered(entered: tuple[Registered, ...]) -> None:
    """Prints what became of the packets of a file."""
    new = sum(one.is_new for one in entered)
    console.print(f"{new} taken in, {len(entered) - new} were here before.")
    if len(entered) <= 20:
        table(
            "Taken in",
            ("number", "delegate", "reference", "member", ""),
            (
                (e.number, escape(e.delegate), escape(e.external_reference), words(e.match), "new" if e.is_new else "")
                for e in entered
            ),
            empty="",
        )
    console.print("What was found says: second-opinion delegated list --findings")


def print_rows(rows: list[DelegatedRow], *, names: bool) -> None:
    """Prints a list of delegated decisions."""
    named = ("member",) if names else ()
    table(
        "Delegated decisions, the latest first",
        ("number", *named, "delegate", "reference", "decided", "outcome", "state", "faults", "open", "pulled up as"),
        (
            (
                row.number,
                *((escape(f"{row.member_family}, {row.member_given}"),) if names else ()),
                escape(row.delegate),
                escape(row.external_reference),
                spoken(row.decided_at),
                row.outcome,
                words(row.compliance or row.state) + (" [red]escalated[/]" if row.escalated else ""),
                str(row.faults or "-"),
                str(row.open_findings or "-"),
                row.pulled_up_as or "-",
            )
            for row in rows
        ),
        empty="None. Take packets in with: second-opinion delegated import FILE",
    )


def print_file(file: DelegatedFile) -> None:
    """Prints one delegated decision: its checks, then its story."""
    row = file.case
    console.print(f"[bold]{row.number}[/]  {words(row.state)}  {row.outcome} by {escape(row.delegate)}")
    about = f"{words(row.line)}, {words(row.priority)}, {row.specialty}, reference {row.external_reference}"
    console.print(escape(f"{about}, decided {spoken(row.decided_at)}, received {spoken(row.received_at)}"))
    table(
        "Checks",
        ("check", "result", "what", "rule", "settled"),
        (
            (words(f.code), _result(f), escape(f.sentence), f.rule or f.citation or "-", _settled(f))
            for f in file.findings
        ),
        empty="Not checked yet; a worker does.",
    )
    table(
        "Story",
        ("#", "when", "what", "who"),
        ((str(e.seq), spoken(e.at), escape(e.text), e.actor or "-") for e in file.ledger),
        empty="Nothing has been recorded yet.",
    )


def _result(finding: FindingRow) -> str:
    style = {Result.PASSED: "green", Result.FAILED: "red", Result.NOT_ASKED: "dim"}[finding.result]
    return f"[{style}]{words(finding.result)}[/]"


def _settled(finding: FindingRow) -> str:
    if finding.settled is None:
        return "-"
    by = f" by {finding.settled_by}" if finding.settled_by else ""
    return escape(f"{words(finding.settled)}{by}{f': {finding.settled_why}' if finding.settled_why else ''}")


def print_scores(found: tuple[Score, ...]) -> None:
    """Prints scores with their parts."""
    terms = EDITIONS[-1].delegation
    table(
        f"Scores (pass mark {terms.pass_mark:.0%}, sanctions possible under {terms.sanction_mark:.0%})",
        ("delegate", "period", "faultless", "95 % interval", *map(words, Part), "standing"),
        (
            (
                escape(score.delegate),
                score.period or "all",
                _rate(score.packets),
                "–".join(f"{edge:.0%}" for edge in score.packets.interval or ()) or "-",
                *(_rate(score.parts[part]) for part in Part),
                score.standing(terms),
            )
            for score in found
        ),
        empty="Nothing has been decided by a delegate.",
    )


def _rate(rate: Rate) -> str:
    return "-" if rate.rate is None else f"{rate.rate:.1%} ({rate.passed}/{rate.n})"


def scored(score: Score) -> dict[str, Any]:
    """A score as JSON."""
    terms = EDITIONS[-1].delegation
    return {
        "delegate": score.delegate,
        "period": score.period,
        "packets": _rated(score.packets),
        "parts": {part: _rated(rate) for part, rate in score.parts.items()},
        "standing": score.standing(terms),
        "pass_mark": terms.pass_mark,
        "sanction_mark": terms.sanction_mark,
    }


def _rated(rate: Rate) -> dict[str, Any]:
    return {"n": rate.n, "passed": rate.passed, "rate": rate.rate, "interval": rate.interval}
