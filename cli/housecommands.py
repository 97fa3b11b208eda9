"""The commands that run, look after and save the house: worker, server, portal, demonstration, doctor, backup."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from cli.options import Flag, Json

# What a command needs is imported when it runs, as in ``main``.


async def worker(*, queue: Literal["all", "cases", "letters"] = "all") -> int:
    """Host the workflows and activities, until Ctrl-C."""
    from cli.serving import run_worker
    from wiring.settings import read_settings

    return await run_worker(read_settings(), queue)


async def server() -> int:
    """Run the embedded Temporal server with its UI, until Ctrl-C."""
    from cli.serving import run_server
    from wiring.settings import read_settings

    return await run_server(read_settings())


def migrate(*, json: Json = False) -> int:
    """Bring the records' tables to what this version knows. Every door does so when it starts."""
    from cli.installing import migrate as migrate_records
    from wiring.settings import read_settings

    return migrate_records(read_settings(), json=json)


async def namespace(*, within: float = 60.0, json: Json = False) -> int:
    """Set up the namespace of the cluster that is named: made if need be, its retention, its search attributes.

    Parameters
    ----------
    within
        Seconds that the cluster has to answer.
    """
    from cli.installing import namespace as set_up
    from wiring.settings import read_settings

    return await set_up(read_settings(), within=within, json=json)


def health(part: Literal["portal", "worker"]) -> int:
    """Say whether the portal, or the worker, of this machine and these settings lives (exit code 1 when it does not).

    Parameters
    ----------
    part
        The portal answers at its address; the worker at that of its numbers, with a heartbeat of the last 90 seconds.
    """
    from cli.installing import health as ask
    from wiring.settings import read_settings

    return ask(read_settings(), part)


def backup(*, to: Path, keys: Path | None = None, json: Json = False) -> int:
    """Save everything to a new folder, while everything runs: databases, letters, documents, packets, feed, anchors.

    Parameters
    ----------
    to
        The new folder.
    keys
        Another new folder, for the keys: who has both folders can read everything.
    """
    from cli.saving import backup as save
    from wiring.settings import read_settings

    return save(read_settings(), to, keys, json=json)


def restore(
    *,
    source: Annotated[Path, Parameter(name="--from")],
    keys: Path | None = None,
    dry_run: Annotated[bool, Flag] = False,
    json: Json = False,
) -> int:
    """Put a backup back, verified file by file, where nothing is yet; nothing is ever overwritten.

    Parameters
    ----------
    source
        The folder of the backup.
    keys
        The folder of its keys, where they are gone, too.
    dry_run
        Only verify it.
    """
    from cli.saving import restore as put_back
    from wiring.settings import read_settings

    return put_back(read_settings(), source, keys, dry_run=dry_run, json=json)


async def doctor(*, json: Json = False) -> int:
    """Look at everything that is needed: server, keys, database, queues, calendars, disk; say how to mend each."""
    from cli.doctor import examine
    from wiring.settings import read_settings

    return await examine(read_settings(), json=json)


async def reconcile(*cases: str, dry_run: Annotated[bool, Flag] = False, json: Json = False) -> int:
    """Hold the records against Temporal: name what differs, mend it, tell a supervisor of the rest.

    The exit code is 1 when something is left.

    Parameters
    ----------
    cases
        Case numbers, external references or numbers of committees' reports; all of them, where none is given.
    dry_run
        Only name what differs.
    """
    from cli.reconciling import reconcile as hold_against
    from wiring.settings import read_settings

    return await hold_against(read_settings(), cases, dry_run=dry_run, json=json)


async def portal() -> int:
    """Serve the portal, where staff do their work in a browser, until Ctrl-C."""
    from cli.browsing import run_portal
    from wiring.settings import read_settings

    return await run_portal(read_settings())


async def demo(*, once: Annotated[bool, Flag] = False, examples: Path | None = None) -> int:
    """Play the demonstration: a server, a worker, the example requests and a cast who complete their tasks.

    Parameters
    ----------
    once
        Check every case against what its intake file says it should be, and end.
    examples
        The folder of the intake files.
    """
    from cli import demo as demonstration
    from wiring.settings import read_settings

    return await demonstration.play(read_settings(), once=once, examples=examples)
