"""``second-opinion reconcile``: the records held against Temporal, and mended."""

import sys
from collections.abc import Sequence

from rich.markup import escape
from temporalio.service import RPCError

from cli.house import quiet_logs, server_address
from cli.options import DONE, REFUSED
from cli.screen import as_json, complain, console
from policy.committee.order import is_report_number
from records import committees, queries
from records.delegated import find_number as find_delegated
from wiring.reconciling import Reconciled, Reconciler, Settled
from wiring.settings import Settings
from wiring.temporal import TemporalError, connect
from wiring.world import World, open_world


async def reconcile(settings: Settings, cases: Sequence[str], *, dry_run: bool, json: bool) -> int:
    """The exit code is 0 when nothing is left that differs. Raises TemporalError or RecordsError."""
    quiet_logs(settings)
    world = open_world(settings)
    numbers = [_number(world, case) for case in cases]
    if None in numbers:
        complain(
            f"There is no case {cases[numbers.index(None)]}; list them with: second-opinion list. "
            "For reports: second-opinion committee list"
        )
        return REFUSED
    client = await connect(settings, server_address(settings), records=world.records)
    try:
        found = await Reconciler(client, world).run(
            [number for number in numbers if number], dry_run=dry_run, progress=_progress
        )
    except RPCError as trouble:
        raise TemporalError(f"Temporal does not answer ({trouble.status.name}); reconcile again.") from trouble
    finally:
        world.anchorage.flush()
    if json:
        as_json({**found.model_dump(mode="json"), "mended": found.mended, "left": found.left})
    else:
        _page(found, dry_run=dry_run)
    return REFUSED if found.left else DONE


def _number(world: World, case: str) -> str | None:
    if is_report_number(case) and committees.one(world.records, case):
        return case
    return queries.find_number(world.records, case) or find_delegated(world.records, case)


def _page(found: Reconciled, *, dry_run: bool) -> None:
    for one in found.settled:
        console.print(_line(one, dry_run=dry_run), soft_wrap=True)
    looked = "one case" if found.cases == 1 else f"{found.cases} cases"
    if not found.settled:
        console.print(f"[green]Nothing differs[/] in {looked}.")
        return
    done = "" if dry_run else f" {found.mended} mended,"
    console.print(f"{looked} looked at: {len(found.settled)} differences,{done} {found.left} left.")
    if found.left and not dry_run:
        console.print("What is left is before the supervisor: second-opinion supervise", soft_wrap=True)


def _line(one: Settled, *, dry_run: bool) -> str:
    what = escape(" ".join(filter(None, (one.sentence, one.done))))
    if dry_run:
        return f"[yellow]differs[/] {what}"
    if one.is_left:
        return f"[red]left[/] {what}"
    lost = " A supervisor is told of what is lost." if one.is_lost else ""
    return f"[green]mended[/] {what}{lost}"


def _progress(done: int, all_of_them: int) -> None:
    """One line that moves, for people only."""
    if sys.stderr.isatty():
        end = "\n" if done >= all_of_them else ""
        sys.stderr.write(f"\r{done} of {all_of_them} open cases looked at{end}")
        sys.stderr.flush()
