"""The filing cabinet at a terminal: ``second-opinion cabinet``: compared, searched, its register printed (P9).

Nothing here writes into the cabinet. What names a member is shown only where it is asked for, or is the register.
"""

import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape

from adapters.inventory import Finding, Inventory, Recorded, take
from adapters.registersheet import register_sheet
from cli.drawer import between, register_pages, span_of
from cli.house import BAD_INPUT, DONE, REFUSED
from cli.options import Flag, Json
from cli.retaining import hold, release, retention
from cli.screen import as_json, complain, console, now, table
from policy.calendar import local_day
from policy.lifecycle import Stage
from records import delegated, filings, queries
from records.filings import CasePaper
from wiring.settings import read_settings
from wiring.world import World, open_world
from workflows.inspection import words

OWNER_ONLY = 0o600
WHAT_TO_DO = (
    "Bring back what is missing or altered from a backup of the cabinet, byte for byte, after putting an altered file "
    "aside: it is evidence.",
    "Put what lies there without a row outside the cabinet, unless its case is being filed just now.",
    "Then verify again. Never change the records to fit.",
)
WHICH = "Which they are says: second-opinion cabinet verify"

app = App(name="cabinet")
app.command(hold)
app.command(release)
app.command(retention)


@app.command
def verify(*, names: Annotated[bool, Flag] = False, json: Json = False) -> int:
    """Compare every filed packet with the records and the register: digest, pages, and what lies there besides.

    Says also which case waits to be filed, because one of its letters or documents is not there.

    Parameters
    ----------
    names
        Show the files' names, which are the members'; otherwise their folders only.
    """
    world = open_world(read_settings())
    found = take(world.cabinet, lambda: list(_all_recorded(world)))
    waiting = _waiting(world)
    if json:
        shown = {
            "packets": found.packets,
            "findings": [_finding(finding, names=names) for finding in found.findings],
            "incomplete": [_finding(finding, names=names) for finding in found.incomplete],
            "waiting": [{"case_number": number, "missing": gone} for number, gone in waiting],
        }
        as_json(shown)
    else:
        _print_inventory(found, names=names)
        _print_waiting(waiting)
    return REFUSED if found.findings or waiting else DONE


@app.command
def find(text: str, *, names: Annotated[bool, Flag] = False, json: Json = False) -> int:
    """Say where a packet lies.

    Parameters
    ----------
    text
        A case number, the external reference of its request, or how the member's family name begins.
    names
        Show members' names and the files' names; a file's name ends with its case number.
    """
    world = open_world(read_settings())
    papers = filings.find(world.records, text)
    if json:
        as_json([_paper(world, paper, names=names) for paper in papers])
    elif papers:
        _print_papers(world, papers, names=names)
    if not papers:
        complain("No case has that number or reference, and no member a family name that begins so.")
    elif not any(paper.path for paper in papers):
        complain("No packet of it is filed yet: a packet is filed when its case ends.")
    return DONE if any(paper.path for paper in papers) else REFUSED


@app.command(name="print")
def print_(
    *,
    from_: Annotated[date | None, Parameter(name="--from")] = None,
    to: date | None = None,
    day: date | None = None,
    month: str = "",
    pdf: Path | None = None,
) -> int:
    """Print the register, by date and alphabet: plain text that fits 80 columns, or a PDF. It names the members.

    Parameters
    ----------
    from_
        The first day of filing, as 2026-11-02.
    to
        The last day of filing.
    day
        One day of filing, instead of a first and a last.
    month
        One month of filing, as 2026-11.
    pdf
        Write an accessible PDF with numbered pages to this file, which must not be there yet.
    """
    try:
        first, last = span_of(from_, to, day, month)
    except ValueError as wrong:
        complain(str(wrong))
        return BAD_INPUT
    entries = open_world(read_settings()).cabinet.entries().values()
    lines = [line for line in entries if line and (first or date.min) <= line.filed_on <= (last or date.max)]
    lines.sort(key=lambda line: line.order)
    if pdf is None:
        sys.stdout.write("\n".join(register_pages(lines, first, last)) + "\n")
    elif not _written(pdf, register_sheet(lines, between(first, last), local_day(now())).pdf):
        return BAD_INPUT
    if damaged := sum(line is None for line in entries):
        complain(f"Lines of the register that are damaged, and lack above: {damaged}.", WHICH)
    return REFUSED if damaged else DONE


def _written(path: Path, data: bytes) -> bool:
    """Write a new file that only its owner can read; False, with a sentence said, when that cannot be."""
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, OWNER_ONLY)) as file:
            file.write(data)
    except OSError as trouble:
        complain(
            f"{path} cannot be written: {os.strerror(trouble.errno or 0)}. Name a new file in a folder that is there."
        )
        return False
    console.print(f"The register is in {escape(str(path))}; it names the members.", soft_wrap=True)
    return True


def _waiting(world: World) -> list[tuple[str, list[str]]]:
    """The cases that are about to be filed and cannot be: by number, with the digests of what is not there."""
    found = []
    for paper in filings.all_cases(world.records):
        file = queries.case(world.records, paper.number) if paper.stage is Stage.FILING and not paper.path else None
        if file is not None:
            letters = {notice.document: notice.sha256 for notice in file.notices if notice.document}
            gone = world.cabinet.gone(letters, (document.sha256 for document in file.documents))
            found += [(paper.number, gone)] if gone else []
    return found


def _all_recorded(world: World) -> Iterator[Recorded]:
    """Of the plan's own cases, then of what delegates decided (P10)."""
    yield from (_recorded(paper) for paper in filings.filed(world.records))
    yield from (Recorded(*row) for row in delegated.filed(world.records))


def _recorded(paper: CasePaper) -> Recorded:
    return Recorded(case_number=paper.number, path=paper.path, sha256=paper.sha256)


def _finding(finding: Finding, *, names: bool) -> dict[str, Any]:
    row = finding.model_dump(mode="json", exclude={"path"})
    return {**row, "folder": _folder(finding.path), **({"path": finding.path} if names else {})}


def _print_waiting(waiting: list[tuple[str, list[str]]]) -> None:
    for number, gone in waiting:
        them = ", ".join(digest[:12] for digest in gone)
        complain(f"{number} cannot be filed. Of its letters and documents are missing: {len(gone)} ({them}).")
    if waiting:
        complain("Bring them back from a backup; each case is then filed by itself.")


def _print_inventory(found: Inventory, *, names: bool) -> None:
    compared = f"{found.packets} packet{'' if found.packets == 1 else 's'} compared"
    if not found.packets and not found.findings:
        console.print("[dim]No packet is filed yet, and nothing lies in the cabinet.[/]")
        return
    for finding in found.incomplete:
        console.print(f"{finding.case_number} was {finding.says}.", soft_wrap=True)
    if not found.findings:
        console.print(f"[green]{compared}:[/] every one lies where it was filed, unchanged, and nothing lies besides.")
        return
    table(
        "What differs",
        ("case", "what", "file" if names else "folder"),
        (
            (
                finding.case_number or "-",
                finding.says,
                escape(_printable(finding.path if names else _folder(finding.path))),
            )
            for finding in found.findings
        ),
        empty="",
    )
    complain(f"{compared}, and {len(found.findings)} of what was found is not as it should be.", *WHAT_TO_DO)


def _paper(world: World, paper: CasePaper, *, names: bool) -> dict[str, Any]:
    row = {
        "case": paper.number,
        "external_reference": paper.external_reference,
        "stage": paper.stage,
        "filed": bool(paper.path),
        "folder": _folder(paper.path),
    }
    if not names:
        return row
    path = f"{world.cabinet.place}/{paper.path}" if paper.path else ""
    return {**row, "member": f"{paper.family}, {paper.given}", "path": path}


def _print_papers(world: World, papers: list[CasePaper], *, names: bool) -> None:
    console.print(f"The cabinet is {escape(world.cabinet.place)}", soft_wrap=True)
    table(
        "Packets",
        ("case", *(("member",) if names else ()), "reference", "stage", "file" if names else "folder"),
        (
            (
                paper.number,
                *((escape(_printable(f"{paper.family}, {paper.given}")),) if names else ()),
                escape(_printable(paper.external_reference)),
                words(paper.stage),
                escape(_printable(paper.path if names else _folder(paper.path))) or "not filed yet",
            )
            for paper in papers
        ),
        empty="",
    )


def _folder(path: str) -> str:
    return str(PurePosixPath(path).parent) if path else ""


def _printable(text: str) -> str:
    """A terminal takes what cannot be printed as orders."""
    return "".join(c if c.isprintable() else "_" for c in text)
