"""The feed to MHC at a terminal: ``second-opinion mhc list`` and ``second-opinion mhc export``. Procedure 11.

They read the daily files and need neither server nor records.
"""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from adapters.mhc import MhcFolder
from adapters.mhcexport import DailyFile, Export, daily_files, export, save
from cli.options import BAD_INPUT, DONE, REFUSED, Json
from cli.screen import as_json, complain, console, now, table
from policy.calendar import local_day
from wiring.settings import read_settings

app = App(name="mhc")

Day = Annotated[str, Parameter(show_default=False)]
Target = Annotated[str, Parameter(name="--to", allow_leading_hyphen=True)]
STREAM = "-"


@app.command(name="list")
def list_(*, json: Json = False) -> int:
    """List the daily files with their rows, and whether each holds what was given to the feed."""
    feed = MhcFolder(read_settings().mhc_folder)
    files = daily_files(feed)
    if json:
        as_json({"folder": str(feed.folder), "files": [_described(file) for file in files]})
    else:
        table(
            f"Feed to MHC in {feed.folder}",
            ("day", "rows", "corrections", "categories", "totals"),
            ((f.day.isoformat(), str(f.rows), str(f.corrections), _counts(f.categories), _verdict(f)) for f in files),
            empty=f"There is no daily file in {feed.folder} yet: the first one comes with the first coded case.",
        )
    return DONE if all(file.agrees for file in files) else REFUSED


@app.command(name="export")
def export_(*, since: Day, until: Day = "", to: Target = STREAM, json: Json = False) -> int:
    """Write the rows of some days again, as one CSV with control totals; the same days give the same bytes.

    Parameters
    ----------
    since
        The first day of decision, or of a correction, as 2026-11-02.
    until
        The last one; default: today.
    to
        The file; its totals lie beside it in FILE.totals.json. - is standard output, the totals go to standard error.
    """
    first, last = _day(since), _day(until) if until else local_day(now())
    feed = MhcFolder(read_settings().mhc_folder)
    trouble = _trouble(since, until, first, last) or _in_the_way(feed, to)
    if trouble or first is None or last is None:
        complain(trouble)
        return BAD_INPUT
    made = export(feed, first, last)
    return _to_stream(made, json=json) if to == STREAM else _to_file(made, Path(to), json=json)


def _to_stream(made: Export, *, json: bool) -> int:
    if json:
        as_json({"totals": made.totals, "content": made.content.decode()})
        return DONE
    sys.stdout.buffer.write(made.content)  # the very bytes whose digest the totals give
    sys.stdout.flush()
    sys.stderr.write(_sentence(made) + "\n")
    return DONE


def _to_file(made: Export, file: Path, *, json: bool) -> int:
    beside = save(made, file)
    if json:
        as_json({"file": str(file), "totals_file": str(beside), "totals": made.totals})
    else:
        console.print(f"{_sentence(made)}\nWritten to {file}, the totals to {beside}.", soft_wrap=True, markup=False)
    return DONE


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _trouble(since: str, until: str, first: date | None, last: date | None) -> str:
    """What is wrong with the days, or nothing."""
    if first is None:
        return f"--since {since} is not a day: write it as 2026-11-02."
    if last is None:
        return f"--until {until} is not a day: write it as 2026-11-02."
    return f"The last day, {last}, is before the first, {first}." if last < first else ""


def _in_the_way(feed: MhcFolder, to: str) -> str:
    """Whether the export would lie among the daily files, where it could take the place of one."""
    if to == STREAM or not Path(to).resolve().is_relative_to(feed.folder.resolve()):
        return ""
    return f"An export cannot lie in {feed.folder}: that is the place of the daily files. Name a file elsewhere."


def _sentence(made: Export) -> str:
    totals = made.totals
    counted = f" ({_counts(totals.categories)})" if totals.rows else ""
    rows = "1 row" if totals.rows == 1 else f"{totals.rows} rows"
    corrections = f", {totals.corrections} of them corrections," if totals.corrections else ""
    return f"{rows}{counted}{corrections} from {totals.since} to {totals.until}, SHA-256 {totals.sha256}."


def _counts(categories: dict[str, int]) -> str:
    return ", ".join(f"{category} {count}" for category, count in categories.items()) or "-"


def _verdict(file: DailyFile) -> str:
    if file.agrees:
        return "[green]agree[/]"
    wrong = {"missing": file.missing, "too many or unknown": file.unknown}
    return f"[red]{', '.join(f'{count} {what}' for what, count in wrong.items() if count)}[/]"


def _described(file: DailyFile) -> dict[str, object]:
    return {**file.model_dump(mode="json"), "agrees": file.agrees}
