"""The ledger's chains at a terminal: ``second-opinion audit``: verified, exported for others to verify."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App
from rich.markup import escape

from cli.house import BAD_INPUT, DONE, NOT_AVAILABLE, REFUSED
from cli.options import Flag, Json
from cli.screen import as_json, complain, console, errors, now
from policy.chaincheck import Kind
from records import chain, queries
from records.database import open_records
from wiring.anchoring import Anchorage, open_anchors
from wiring.auditing import Report, audited, export
from wiring.settings import read_settings

WHAT_TO_DO = (
    "Keep the records and the anchor as they are: they are evidence. Make copies of both first.",
    "Compare with a backup from before; what was written since is in Temporal's histories and the filed packets.",
    "docs/audit.md says what each of them means.",
)
EVERY = 500  # cases, between two movements of the progress line

app = App(name="audit")


@app.command
def verify(case: str = "", *, json: Json = False) -> int:
    """Verify that the ledger is what was recorded: every line against its chain, every chain against the anchor.

    Parameters
    ----------
    case
        A case number, or the external reference of its request. Default: all cases, and those that the anchor knows.
    """
    settings = read_settings()
    engine, anchors = open_records(settings.records_url), open_anchors(settings)
    numbers = [queries.find_number(engine, case) or case.strip().upper()] if case else None
    report = audited(engine, anchors, now(), numbers, _progress)
    _progress(0)
    if numbers and not report.lines and not report.differences:
        complain(f"There is no case {case}. List them with: second-opinion list")
        return REFUSED
    if json:
        as_json(report)
    else:
        _print(report)
    return REFUSED if report.differences else DONE


@app.command(name="export")
def export_(case: str = "", *, to: Path, all: Annotated[bool, Flag] = False) -> int:  # noqa: A002 - the word one types
    """Write a case's ledger, or all, with chain and anchor, as a ZIP that others can verify without this program.

    It holds the texts of the ledger, and is confidential as they are. A file that is there is never overwritten.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    to
        The file to write.
    all
        Every case.
    """
    if bool(case) is all:
        complain("Name a case, or give --all.")
        return BAD_INPUT
    settings = read_settings()
    engine = open_records(settings.records_url)
    number = queries.find_number(engine, case) if case else None
    if case and number is None:
        complain(f"There is no case {case}. List them with: second-opinion list")
        return REFUSED
    try:
        lines = export(engine, open_anchors(settings), to, [number] if number else None)
    except FileExistsError:
        complain(f"{to} is there already, and is not overwritten; name another file.")
        return BAD_INPUT
    except OSError as trouble:
        complain(f"{to} cannot be written: {trouble.strerror}.")
        return NOT_AVAILABLE
    console.print(f"{lines:,} lines in {escape(str(to))}")
    return DONE


@app.command
def adopt(case: str, *, json: Json = False) -> int:
    """Take lines into a case's chain that a worker of an older version wrote; they stay known as adopted.

    Only when you know who wrote them: an upgrade, with old workers still at work, is the one good reason.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    """
    settings = read_settings()
    engine, anchorage = open_records(settings.records_url), Anchorage(open_anchors(settings))
    number = queries.find_number(engine, case) or case.strip().upper()
    count = chain.adopt(engine, number, anchorage.hear)
    anchorage.flush()
    as_json({"case_number": number, "adopted": count}) if json else console.print(f"{number}: {count} lines adopted.")
    return DONE


def _print(report: Report) -> None:
    for difference in report.differences:
        console.print(f"[bold red]{difference.kind}[/] {escape(difference.sentence)}", soft_wrap=True)
    looked = f"{report.lines:,} lines of {report.cases:,} cases"
    if report.differences:
        console.print(f"{looked}: {len(report.differences)} differences.")
        for sentence in WHAT_TO_DO if {one.kind for one in report.differences} != {Kind.NOT_ANCHORED} else ():
            console.print(f"  {sentence}", soft_wrap=True)
    else:
        console.print(f"{looked}: unbroken, each since its first line.")
    if report.later:
        console.print(f"{report.later:,} lines were chained after they were written, by an upgrade or by audit adopt.")
    if report.anchored_at:
        console.print(f"Anchored until {report.anchored_at:%Y-%m-%d %H:%M:%S} UTC; seal {report.seal[:16]}.")
    if report.waiting:
        console.print(f"{report.waiting:,} cases have lines that are not anchored yet.")


def _progress(cases: int) -> None:
    """A line that moves, on a terminal; 0 takes it away."""
    if sys.stderr.isatty() and cases % EVERY == 0:
        errors.file.write(f"\r{cases:,} cases" if cases else "\r\x1b[K")
        errors.file.flush()
