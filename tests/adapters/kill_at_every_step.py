"""A script: do one thing, kill the process before its first step; once more, before its second; until it gets through.

After each kill the same thing is done again in another process, as of another day, and its answer is printed. A step is
whatever the interpreter audits and what touches the disk. Usage: ``kill_at_every_step.py letter|packet|row FOLDER``.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.mhc import MhcFolder
from policy.coding import mhc_row
from tests.adapters.samples import a_denied_case, a_letter, a_packet, post_all
from tests.builders import MONDAY, hours

STEPS = {"os.link", "os.remove", "os.mkdir", "tempfile.mkstemp", *(["fcntl.flock"] if sys.argv[1:2] == ["row"] else [])}
CASE = a_denied_case()
ROW = mhc_row(CASE)


def letter(folder: Path, days: int) -> str:
    written_on = MONDAY.date() + timedelta(days)
    return Outbox(folder).post(a_letter(CASE, written_on=written_on)).model_dump_json()


def packet(folder: Path, days: int) -> str:
    outbox = Outbox(folder / "outbox")
    filed = {"filed_on": MONDAY.date() + timedelta(days), "filed_at": MONDAY + timedelta(days)}
    filing = a_packet(post_all(outbox, CASE, MONDAY + hours(3)), **filed)
    return FilingCabinet(folder / "cabinet", outbox, DocumentStore(folder / "documents")).file(filing).model_dump_json()


def row(folder: Path, days: int) -> str:
    MhcFolder(folder).append(ROW.model_copy(update={"decided_at": ROW.decided_at + timedelta(days)}))
    return ""


def was_killed(work: Callable[[], object]) -> bool:
    """Whether the work, in a process of its own, was killed."""
    child = os.fork()
    if child == 0:
        work()
        sys.stdout.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status and not os.WIFSIGNALED(status):
        sys.exit(f"the work failed: {status}")
    return os.WIFSIGNALED(status)


def killed_before(step: int, work: Callable[[], object]) -> None:
    left = iter(range(step - 1))

    def watch(event: str, _: tuple[object, ...]) -> None:
        if event in STEPS and next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    work()


def main(kind: str, base: Path) -> None:
    work = {"letter": letter, "packet": packet, "row": row}[kind]
    for step in count(1):
        folder = base / f"{step:03}"
        if not was_killed(lambda: killed_before(step, lambda: work(folder, 0))):  # noqa: B023 - called at once
            return
        if was_killed(lambda: print(step, work(folder, 1))):  # noqa: B023, T201 - as above; this is the answer
            sys.exit("nobody should have killed this")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
