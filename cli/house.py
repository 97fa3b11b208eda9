"""What every command shares: the settings, the world, the desk, and what an exit code means.

Exit codes: 0 done; 1 refused, or not as expected; 2 input that cannot be used; 3 something we need is not available;
130 interrupted.
"""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from pydantic import TypeAdapter, ValidationError

from adapters.shelf import AdapterError
from policy.people import Actor
from records.errors import RecordsError
from wiring.desk import ActionError, FrontDesk
from wiring.devserver import ServerError, running_server
from wiring.intake import IntakeError
from wiring.settings import Settings, SettingsError
from wiring.temporal import TemporalError, connect, named_cluster
from wiring.world import World, open_world

DONE, REFUSED, BAD_INPUT, NOT_AVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES: dict[type[Exception], int] = {
    ActionError: REFUSED,
    IntakeError: BAD_INPUT,
    SettingsError: BAD_INPUT,
    ServerError: NOT_AVAILABLE,
    TemporalError: NOT_AVAILABLE,
    RecordsError: NOT_AVAILABLE,
    AdapterError: NOT_AVAILABLE,
}
EXPECTED = tuple(EXIT_CODES)


def exit_code(trouble: Exception) -> int:
    """The exit code of an error that a person can act upon."""
    return next(code for kind, code in EXIT_CODES.items() if isinstance(trouble, kind))


def leave(code: int) -> NoReturn:
    """Ends the process. What was printed is out; the interpreter is not torn down.

    The SDK's own threads may still be about to call into Python, and a process whose work is done and answered must not
    abort on its way out (seen once in some forty commands).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@asynccontextmanager
async def at_the_desk(settings: Settings) -> AsyncIterator[tuple[FrontDesk, World]]:
    """The front desk, with the cluster that is named or the embedded server that runs."""
    world = open_world(settings)
    client = await connect(settings, server_address(settings))
    yield FrontDesk(client, world), world


def server_address(settings: Settings) -> str | None:
    """Where the embedded server of this home runs, if it does and no cluster is named."""
    if named_cluster():
        return None
    running = running_server(settings)
    return running.grpc if running else None


def staff(settings: Settings) -> dict[str, Actor]:
    """The staff who act at the terminal, by id. Raises SettingsError."""
    try:
        found = TypeAdapter(list[Actor]).validate_python(json.loads(settings.staff_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as trouble:
        raise SettingsError(
            f"The staff file {settings.staff_file} cannot be used: {type(trouble).__name__}."
        ) from trouble
    return {actor.id: actor for actor in found}
