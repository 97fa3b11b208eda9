"""A script: do one thing, kill the process before its first step; once more, before its second; until it gets through.

After each kill the same thing is done again in another process, as of another day, and its answer is printed. A step is
whatever the interpreter audits and what touches the disk, a mail server or a storage.

Usage: ``kill_at_every_step.py letter|packet|row|print|batch|fax|taking_back|bucket FOLDER``, or ``email FOLDER PORT``;
the bucket is the one that ``STORAGE_URL`` and ``STORAGE_BUCKET`` name.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

from adapters.batches import PrintBatches
from adapters.bucket import Access, Address, Bucket
from adapters.cabinet import FilingCabinet
from adapters.channels import BlindNames, Carrier, NotYet
from adapters.dispatch import SENDING, Mailroom
from adapters.documents import DocumentStore
from adapters.emailing import Mailer, MailServer
from adapters.faxing import FaxSpool
from adapters.mailroom import Outbox
from adapters.mhc import MhcFolder
from adapters.printing import PrintQueue
from adapters.shelf import Shelf, WriteOnce
from policy.channels import Route
from policy.coding import mhc_row
from tests.adapters.carrying import BY_EMAIL, BY_FAX, BY_PRINT, PHONE
from tests.adapters.samples import a_denied_case, a_letter, a_packet, post_all
from tests.builders import MONDAY, hours

Place = Path | WriteOnce
REQUEST = "tests.request"  # what nobody else audits: a file is about to be sent to a storage
STEPS = {
    REQUEST, "os.link", "os.remove", "os.mkdir", "os.rename", "tempfile.mkstemp", "smtplib.connect", "smtplib.send",
    *(["fcntl.flock"] if sys.argv[1:2] == ["row"] else []),
}  # fmt: skip
CASE = a_denied_case()
ROW = mhc_row(CASE)


def letter(folder: Path, days: int) -> str:
    written_on = MONDAY.date() + timedelta(days)
    return Outbox(folder).post(a_letter(CASE, written_on=written_on)).model_dump_json()


def packet(folder: Path, days: int) -> str:
    return filed(folder / "outbox", folder / "documents", folder / "cabinet", days)


class Watched(Bucket):
    """A bucket whose every file that is sent is a step."""

    def put(self, name: str, data: bytes) -> bytes:
        sys.audit(REQUEST)
        return super().put(name, data)


def bucket(folder: Path, days: int) -> str:
    access = Access(os.environ["STORAGE_URL"], "us-west-2", "door", "secret")
    home = f"{folder.parent.name}/{folder.name}"
    kept = ("outbox", "documents", "cabinet")
    outbox, documents, cabinet = (
        Watched(Address(os.environ["STORAGE_BUCKET"], f"{home}/{name}"), access) for name in kept
    )
    return filed(outbox, documents, cabinet, days)


def filed(outbox_at: Place, documents_at: Place, cabinet_at: Place, days: int) -> str:
    outbox = Outbox(outbox_at)
    when = {"filed_on": MONDAY.date() + timedelta(days), "filed_at": MONDAY + timedelta(days)}
    filing = a_packet(post_all(outbox, CASE, MONDAY + hours(3)), **when)
    return FilingCabinet(cabinet_at, outbox, DocumentStore(documents_at)).file(filing).model_dump_json()


def row(folder: Path, days: int) -> str:
    MhcFolder(folder).append(ROW.model_copy(update={"decided_at": ROW.decided_at + timedelta(days)}))
    return ""


def posted(folder: Path, days: float, *routes: Route, number: int = 1) -> str:
    """One letter by these routes, as of that day."""
    own = Shelf(folder / "outbox" / SENDING)
    names = BlindNames(own)
    carriers: list[Carrier] = [
        PrintQueue(Shelf(folder / "mail"), lambda: MONDAY + timedelta(days)),
        FaxSpool(Shelf(folder / "spool"), own, PHONE, names, lambda: MONDAY + timedelta(days)),
    ]
    if len(sys.argv) > 3 and sys.argv[3].isdigit():  # a mail server's port; called by a test, they are pytest's words
        server = MailServer.at(f"smtp://127.0.0.1:{sys.argv[3]}")
        carriers.append(Mailer(server, "um@plan.example", PHONE, names, lambda: datetime.now(UTC)))
    mailroom = Mailroom(
        Outbox(folder / "outbox"), Shelf(folder / "outbox" / SENDING), carriers, lambda: MONDAY + timedelta(days)
    )
    written_on = MONDAY.date() + timedelta(days)
    key = f"{CASE.number}/denial/{number}/member"
    return mailroom.post(a_letter(CASE, routes=routes, key=key, written_on=written_on)).model_dump_json()


def by_print(folder: Path, days: int) -> str:
    return posted(folder, days, BY_PRINT)


def queue_two(folder: Path) -> None:
    for number in (1, 2):
        posted(folder, 0, BY_PRINT, number=number)


def batch(folder: Path, days: int) -> str:
    made = PrintBatches(Shelf(folder / "mail"), Outbox(folder / "outbox"), lambda: MONDAY + timedelta(days))
    return made.gather(date(2026, 11, 2) + timedelta(days)).model_dump_json()


def email(folder: Path, days: int) -> str:
    return posted(folder, days, BY_EMAIL.model_copy(update={"to": (f"step{folder.name}@example.org",)}))


def fax(folder: Path, days: int) -> str:
    patient = BY_FAX.model_copy(update={"patience": timedelta(days=9)})
    try:
        return posted(folder, days, patient)
    except NotYet:
        return ""


def place(folder: Path) -> None:
    with suppress(NotYet):
        posted(folder, 0, BY_FAX, BY_PRINT)


def taking_back(folder: Path, days: int) -> str:
    """A fax that no server takes is taken back the next day, and the letter printed."""
    return posted(folder, days + 1, BY_FAX, BY_PRINT)


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
    kinds: tuple[Callable[[Path, int], str], ...] = (letter, packet, row, batch, email, fax, taking_back, bucket)
    work = {"print": by_print, **{kind.__name__: kind for kind in kinds}}[kind]
    before = {"batch": queue_two, "taking_back": place}.get(kind)
    logging.disable()  # the answers are all that is printed
    for step in count(1):
        folder = base / f"{step:03}"
        if before:
            before(folder)
        if not was_killed(lambda: killed_before(step, lambda: work(folder, 0))):  # noqa: B023 - called at once
            return
        if was_killed(lambda: print(step, work(folder, 1))):  # noqa: B023, T201 - as above; this is the answer
            sys.exit("nobody should have killed this")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
