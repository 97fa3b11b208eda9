"""``second-opinion doctor``: looks at everything that is needed, and says how to mend what is wrong."""

from datetime import UTC, datetime

from rich.markup import escape
from rich.table import Table

from cli.options import DONE, REFUSED
from cli.screen import as_json, console
from wiring.checks import Check, Health, run_checks
from wiring.checktemporal import THERE
from wiring.checkworld import HERE
from wiring.settings import Settings

STYLE = {Health.OK: "green", Health.WARNING: "yellow", Health.FAILED: "bold red"}


async def examine(settings: Settings, *, json: bool) -> int:
    """Looks, prints, and says by the exit code whether anything failed."""
    checks = await run_checks(settings, datetime.now(UTC), HERE, THERE)
    failures = sum(check.health is Health.FAILED for check in checks)
    if json:
        as_json(checks)
    else:
        _print(checks)
        warnings = sum(check.health is Health.WARNING for check in checks)
        console.print(f"{len(checks)} checks: {failures} failed, {warnings} warnings.")
    return REFUSED if failures else DONE


def _print(checks: tuple[Check, ...]) -> None:
    drawn = Table(header_style="bold")
    for column in ("what", "", "seen", "how to mend"):
        drawn.add_column(column, overflow="fold", no_wrap=column == "")
    for check in checks:
        health = f"[{STYLE[check.health]}]{check.health}[/]"
        drawn.add_row(escape(check.name), health, escape(check.seen), escape(check.mend))
    console.print(drawn)
