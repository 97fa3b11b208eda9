"""``second-opinion report``: the committees' report of a period, and its counts derived a second time. P12.

What is written is one value in several forms: a page, a PDF, a spreadsheet, the charts, and the data as JSON.
"""

import asyncio
import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter, validators
from rich.markup import escape
from rich.progress import Progress

from adapters.committee.reading import DATA, PAGE, PAPER, SPREADSHEET
from adapters.committee.rendering import files_of
from cli.house import BAD_INPUT, DONE, NOT_AVAILABLE, REFUSED, desk_of
from cli.options import Flag, Json
from cli.screen import as_json, complain, console, errors, now, table
from policy.report.period import Period, parsed, quarter_of
from policy.report.shape import CommitteeReport, Reconciliation
from policy.request import LineOfBusiness
from records.database import open_records
from reporting.synthetic import Made
from wiring.reports import compiled
from wiring.reporttemporal import AskedOfTemporal, ask_temporal
from wiring.reportverify import numbers, reconciled
from wiring.settings import Settings, read_settings
from wiring.staff import npis
from wiring.synthetic import put_synthetic
from wiring.world import open_world

app = App(name="report")

Each = Annotated[int, Parameter(validator=validators.Number(gte=0, lte=100_000))]
Lines = Annotated[
    tuple[LineOfBusiness, ...], Parameter(name="--line", negative="", show_default=False, help="Only these lines.")
]


@app.default
def write(period: str, *, to: Path, line: Lines = (), json: Json = False) -> int:
    """Compile the report of a period, hold it against the ledger, and write it into a folder.

    A file that is there is never overwritten by another one: a finished report does not change.

    Parameters
    ----------
    period
        2026-Q3, 2026, 2026-10 or 2026-07-01..2026-09-30, in days of Los Angeles.
    to
        The folder; it is made. report.html, report.pdf, report.xlsx, report.json and charts/ are written there.
    """
    asked = _asked(period)
    if asked is None:
        return BAD_INPUT
    settings = read_settings()
    tell = _silently if json else _tell
    engine = open_records(settings.records_url)
    tell("the figures")
    report = compiled(engine, asked, now(), line)
    tell("the same from the ledger")
    report = reconciled(engine, report, now(), staff=npis(settings))
    files = files_of(report, tell)
    try:
        _written(to, files)
    except FileExistsError as there:
        complain(f"{there.filename} is there already, and is not overwritten; name another folder.")
        return BAD_INPUT
    except OSError as trouble:
        complain(f"{to} cannot be written to: {trouble.strerror}.")
        return NOT_AVAILABLE
    if json:
        names = [str(to / name) for name in sorted(files)]
        as_json({"report": report.id, "files": names, "flags": [flag.id for flag in report.flags]})
    else:
        _print(report)
        console.print(escape(f"Written to {to}: {PAGE}, {PAPER}, {SPREADSHEET}, {DATA}, charts."), soft_wrap=True)
    return DONE if report.reconciliation and report.reconciliation.agrees else REFUSED


@app.command
async def verify(period: str, *, line: Lines = (), temporal: Annotated[bool, Flag] = False, json: Json = False) -> int:
    """Derive the counts of a period a second time, from the ledger, and print every difference.

    Parameters
    ----------
    period
        As for the report.
    temporal
        Also ask Temporal for each case that it still retains; a worker must be running.
    """
    if (asked := _asked(period)) is None:
        return BAD_INPUT
    settings = read_settings()
    engine = open_records(settings.records_url)
    of_temporal = await _of_temporal(settings, asked, line, silent=json) if temporal else None
    report = compiled(engine, asked, now(), line)
    report = reconciled(engine, report, now(), asked=of_temporal, staff=npis(settings))
    as_json(report.reconciliation) if json else _print(report)
    return DONE if report.reconciliation and report.reconciliation.agrees else REFUSED


@app.command
def synthetic(*, seed: int = 1, cases: Each = 750, delegated: Each = 300, last: str = "2026-Q3") -> int:
    """Put two years of made-up cases with three planted effects into records that are still empty.

    Parameters
    ----------
    seed
        Another seed, other cases; the same seed, the same.
    cases
        Cases of each quarter.
    delegated
        Delegated decisions of each quarter.
    last
        The last of the eight quarters.
    """
    if (asked := _asked(last)) is None:
        return BAD_INPUT
    made = Made(seed=seed, last=quarter_of(asked.last), cases=cases, delegated=delegated)
    count, packets = put_synthetic(open_records(read_settings().records_url), made)
    planted = made.planted
    console.print(f"{count:,} synthetic cases and {packets:,} delegated decisions, up to {made.last}. Planted:")
    console.print(f"  physician NPI {planted.physician} denies too much", soft_wrap=True)
    console.print(escape(f"  the copies of {planted.delegate} come late"), soft_wrap=True)
    console.print(f"  opinions in {planted.specialty} disagree", soft_wrap=True)
    return DONE


def _written(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes the files, or none of them when another one stands in the place of any. Raises OSError."""
    for name, data in files.items():
        place = folder / name
        if place.exists() and place.read_bytes() != data:
            raise FileExistsError(errno.EEXIST, "another file", str(place))
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            place.write_bytes(data)


def _tell(what: str) -> None:
    errors.print(f"[dim]{escape(what[:1].upper() + what[1:])} …[/]")


def _silently(what: str) -> None:
    """For programs, which read the answer alone."""


def _asked(period: str) -> Period | None:
    try:
        return parsed(period)
    except ValueError as trouble:
        complain(f"{str(trouble)[:1].upper()}{str(trouble)[1:]}.")
        return None


async def _of_temporal(
    settings: Settings, period: Period, lines: tuple[LineOfBusiness, ...], *, silent: bool
) -> AskedOfTemporal:
    """What Temporal says of the period's cases, with a bar that shows how far one has come. Raises TemporalError."""
    world = open_world(settings)
    desk = await desk_of(settings, world)  # before anything is counted: a server that is away is said at once
    wanted = await asyncio.to_thread(numbers, world.records, period, lines)
    with Progress(console=errors, transient=True, disable=silent) as progress:
        bar = progress.add_task("Asking Temporal", total=len(wanted))
        return await ask_temporal(desk, world.records, wanted, lambda seen: progress.update(bar, completed=seen))


def _print(report: CommitteeReport) -> None:
    if report.synthetic:
        console.print("[bold]SYNTHETIC: these cases are made up.[/]")
    for sentence in report.summary:
        console.print(escape(sentence), soft_wrap=True)
    for flag in report.flags:
        console.print(f"[bold]Flag[/] {escape(flag.sentence)}", soft_wrap=True)
    if report.reconciliation is not None:
        _print_result(report.period, report.reconciliation)


def _print_result(period: Period, found: Reconciliation) -> None:
    """What the second derivation said: each difference, what was compared, and what was counted once only."""
    if found.differences:
        table(
            "Differences",
            ("case", "figure", "what", "the report says", "source", "it says"),
            (
                (
                    one.case_number or "-",
                    *map(escape, (one.figure or "-", one.field, one.report_says or "nothing", one.source)),
                    escape(one.source_says or "nothing"),
                )
                for one in found.differences
            ),
            empty="",
        )
        if (more := found.difference_count - len(found.differences)) > 0:
            console.print(f"… and {more:,} more.")
    for what in found.not_derived:
        console.print(f"[dim]not derived a second time:[/] {escape(what)}", soft_wrap=True)
    if not found.cases and not found.delegated:
        console.print(f"{period.name} is empty: no case and no delegated decision counts in it.")
    if found.asked_of_temporal:
        console.print(escape(found.asked_of_temporal).rstrip(".") + ".", soft_wrap=True)
    looked = (
        f"{found.cases:,} cases, {found.delegated:,} delegated decisions and {found.counts_compared:,} counts held "
        "against the ledgers"
    )
    how = "nothing differs" if found.agrees else _many(found.difference_count)
    console.print(f"{looked}: {how}.", soft_wrap=True)


def _many(count: int) -> str:
    return "1 difference" if count == 1 else f"{count:,} differences"
