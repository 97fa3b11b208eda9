"""Opening requests from an intake file or standard input, for ``starter.py`` and ``second-opinion open``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

from cli.house import BAD_INPUT, DONE, exit_code, quiet_logs, server_address
from cli.screen import as_json, complain, console, errors, table
from policy.timeframes import spoken
from wiring.correlation import at_a_door, bound
from wiring.desk import FrontDesk, Opened, register
from wiring.intake import Reading, read_intake_file, read_intake_stream, write_rejected
from wiring.settings import Settings
from wiring.storage import documents_of
from wiring.temporal import TemporalError, connect
from wiring.world import open_world

STANDARD_INPUT = "-"


async def open_requests(settings: Settings, source: str, *, partial: bool, json: bool) -> int:
    """Opens every request of a file, or none when a row has an error (``partial``: the good ones). The exit code."""
    reading = read(settings, source)
    if reading.errors:
        report_errors(reading, json=json)
        if not partial or not reading.submissions:
            if not json:
                complain("Nothing was opened. Mend the rows, or open the good ones with --partial.")
            return BAD_INPUT
    opened, trouble = await _open_all(settings, reading, quiet=json)
    rejected = write_rejected(reading, _beside(settings, source)) if reading.errors else None
    if json:
        written = str(rejected) if rejected else None
        as_json({"opened": opened, "errors": reading.errors, "hints": reading.hints, "rejected": written})
    else:
        _report_hints(reading)
        _report(opened, rejected)
    if trouble:
        complain(f"{trouble} What stands above is registered, its clocks run, and it starts when a worker does.")
        return exit_code(trouble)
    return BAD_INPUT if reading.errors else DONE


def read(settings: Settings, source: str) -> Reading:
    """The requests of a file or of standard input. Raises IntakeError."""
    documents = documents_of(settings)
    now = datetime.now(UTC)
    if source == STANDARD_INPUT:
        return read_intake_stream(sys.stdin.buffer, received_at=now, store=documents.put)
    return read_intake_file(Path(source), received_at=now, store=documents.put)


def report_errors(reading: Reading, *, json: bool) -> None:
    """Every error, by row and field."""
    if json:
        return
    for error in reading.errors:
        errors.print(f"row {error.row}  [bold]{error.field}[/]: {error.problem}", markup=True, soft_wrap=True)


def _report_hints(reading: Reading) -> None:
    """What somebody should look at in the requests that were opened, by row and field; to standard error."""
    for hint in reading.hints:
        errors.print(f"row {hint.row}  [yellow]hint[/] {hint.field}: {hint.problem}", markup=True, soft_wrap=True)


async def _open_all(settings: Settings, reading: Reading, *, quiet: bool) -> tuple[list[Opened], TemporalError | None]:
    """Registers every request, then starts them; a server that is away loses none of them."""
    quiet_logs(settings)
    world = open_world(settings)
    with bound(at_a_door()), Progress(console=errors, transient=True, disable=quiet) as progress:
        submissions = progress.track(reading.submissions, description="Registering")
        opened = [register(world, submission.request, datetime.now(UTC)) for submission in submissions]
        progress.add_task("Starting", total=None)
        try:
            client = await connect(settings, server_address(settings), records=world.records)
            await FrontDesk(client, world).open_unstarted()
        except TemporalError as trouble:
            return opened, trouble
    return opened, None


def _report(opened: list[Opened], rejected: Path | None) -> None:
    table(
        "Opened",
        ("case", "reference", "received", ""),
        ((o.case_number, o.external_reference, spoken(o.received_at), _remark(o)) for o in opened),
        empty="Nothing to open.",
    )
    if rejected:
        console.print(f"[yellow]The rows with errors are in {rejected}; mend them there and open that file.[/]")


def _remark(opened: Opened) -> str:
    if opened.is_new:
        return "new"
    return (
        "was open already"
        if opened.same_content
        else "[yellow]was open already, with other content: nothing changed[/]"
    )


def _beside(settings: Settings, source: str) -> Path:
    return settings.home / "standard-input.json" if source == STANDARD_INPUT else Path(source)
