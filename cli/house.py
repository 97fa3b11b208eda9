"""What every command shares: the settings, the world, the desk, and what an exit code means.

Exit codes: 0 done; 1 refused, or not as expected; 2 input that cannot be used; 3 something we need is not available;
130 interrupted.
"""

import logging
import os
import sys
from typing import NoReturn

from adapters.directoryfiles import DirectoryFileError
from adapters.shelf import AdapterError
from cli.forms import FormLeft
from cli.options import BAD_INPUT, DONE, INTERRUPTED, NOT_AVAILABLE, REFUSED
from policy.people import Actor
from records.errors import RecordsError
from wiring.backup import BackupError
from wiring.desk import ActionError, ActionKept, FrontDesk
from wiring.devserver import ServerError, running_server
from wiring.intake import IntakeError
from wiring.keys import VaultError
from wiring.logs import set_up_logs
from wiring.questions import AnswerError
from wiring.settings import Settings, SettingsError
from wiring.staff import read_staff, staff_path
from wiring.telemetry import set_up_runtime
from wiring.temporal import TemporalError, connect, named_cluster
from wiring.world import World

__all__ = ["BAD_INPUT", "DONE", "EXIT_CODES", "EXPECTED", "INTERRUPTED", "NOT_AVAILABLE", "REFUSED"]

EXIT_CODES: dict[type[Exception], int] = {
    ActionError: REFUSED,
    ActionKept: NOT_AVAILABLE,
    AnswerError: BAD_INPUT,
    BackupError: REFUSED,
    DirectoryFileError: BAD_INPUT,
    FormLeft: INTERRUPTED,
    IntakeError: BAD_INPUT,
    SettingsError: BAD_INPUT,
    ServerError: NOT_AVAILABLE,
    TemporalError: NOT_AVAILABLE,
    RecordsError: NOT_AVAILABLE,
    AdapterError: NOT_AVAILABLE,
    VaultError: NOT_AVAILABLE,
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


def quiet_logs(settings: Settings) -> None:
    """For a command whose own answer is for reading: of its log, and of the SDK's, only what is wrong."""
    if not logging.getLogger().handlers:
        set_up_logs(settings.log_format, level=logging.WARNING)
    set_up_runtime()


async def desk_of(settings: Settings, world: World) -> FrontDesk:
    """The front desk, with the cluster that is named or the embedded server that runs. Raises TemporalError."""
    quiet_logs(settings)
    return FrontDesk(await connect(settings, server_address(settings), records=world.records), world)


def server_address(settings: Settings) -> str | None:
    """Where the embedded server of this home runs, if it does and no cluster is named."""
    if named_cluster():
        return None
    running = running_server(settings)
    return running.grpc if running else None


def staff(settings: Settings) -> dict[str, Actor]:
    """The staff who act at the terminal, by id. Raises SettingsError."""
    return {person: entry.actor for person, entry in read_staff(staff_path(settings)).items()}
