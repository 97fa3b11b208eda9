"""What the channels meet in the tests: a clock set by hand, a real mail server, a fax server, an odd carrier."""

import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from adapters.channels import ChannelRefusal, NotYet
from policy.channels import Attempt, Channel, Result, Route
from policy.letter import Letter
from tests.adapters.samples import a_letter
from tests.builders import MONDAY

HOME = ("12 Alder Street", "Los Angeles, CA 90012")
BY_PRINT = Route(channel=Channel.PRINT, to=HOME)
BY_EMAIL = Route(channel=Channel.EMAIL, to=("ana@example.org",), patience=timedelta(hours=4), password="05041970C001")
BY_FAX = Route(channel=Channel.FAX, to=("818-555-0123",), patience=timedelta(hours=4))
BY_TELEPHONE = Route(channel=Channel.TELEPHONE, to=("818-555-0122",))
PHONE = "800-555-0100"


def a_routed_letter(*routes: Route, **changes: Any) -> Letter:
    """A letter of one page."""
    short = a_letter().sections[:2]
    return a_letter(**{"routes": routes, "sections": short, **changes})


class Clock:
    """Stands still, at Monday 2026-11-02 10:00 PST, until it is told."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: float) -> None:
        self.now += timedelta(**span)


class FakeCarrier:
    """A channel that does what it is told, and remembers the letters that it took."""

    def __init__(self, channel: Channel, clock: Clock) -> None:
        self.channel = channel
        self.clock = clock
        self.does: Exception | None = None
        self.gives_back = True
        self.tried: list[Letter] = []
        self.passwords: list[str] = []
        self.took: list[str] = []

    def is_away(self) -> None:
        self.does = NotYet("nobody answers")

    def refuses(self) -> None:
        self.does = ChannelRefusal("no such reader")

    def works(self) -> None:
        self.does = None

    def hand_over(self, letter: Letter, route: Route, pdf: bytes) -> Attempt:
        self.tried.append(letter)
        self.passwords.append(route.password)
        if self.does:
            raise self.does
        self.took.append(letter.key)
        proof = hashlib.sha256(pdf).hexdigest()
        return Attempt(channel=self.channel, at=self.clock(), result=Result.LEFT, proof=proof)

    def take_back(self, letter: Letter, route: Route) -> bool:  # noqa: ARG002 - the port's
        return self.gives_back


class Mailbox:
    """What a mail server got, and what it answers instead of taking it."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.readers: list[str] = []
        self.at_reader = ""
        self.at_data = ""

    async def handle_RCPT(self, _server, _session, envelope, address, _options) -> str:  # noqa: N802
        if self.at_reader:
            return self.at_reader
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        if self.at_data:
            return self.at_data
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.readers.extend(envelope.rcpt_tos)
        return f"250 2.0.0 Ok: queued as Q{len(self.messages)}"


class _OnThisMachine(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, hostname="mail.example.org", **self.SMTP_kwargs)


@contextmanager
def a_mail_server(mailbox: Mailbox, port: int = 0, **how: Any) -> Iterator[int]:
    """A real SMTP server in a thread of its own; gives its port."""
    port = port or a_free_port()
    controller = _OnThisMachine(mailbox, hostname="127.0.0.1", port=port, ready_timeout=20, **how)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def a_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class FaxServer:
    """A fax server that keeps to docs/fax-spool.md, a step at a time: it takes jobs, and reports on them."""

    def __init__(self, spool: Path) -> None:
        self.spool = spool
        self.faxes: list[dict[str, Any]] = []

    def waiting(self) -> list[Path]:
        return sorted((self.spool / "outgoing").glob("*.json"))

    def take(self) -> list[str]:
        """Take what waits, by a rename; read the job, and its PDF, which must be there and whole."""
        (self.spool / "taken").mkdir(exist_ok=True)
        ids = []
        for found in self.waiting():
            mine = self.spool / "taken" / found.name
            found.rename(mine)
            job = json.loads(mine.read_text())
            pdf = self.spool / "outgoing" / job["pdf"]
            assert hashlib.sha256(pdf.read_bytes()).hexdigest() == job["sha256"]
            self.faxes.append({**job, "content": pdf.read_bytes()})
            pdf.unlink()
            ids.append(job["id"])
        return ids

    def report(self, job: str, **fields: Any) -> None:
        """Answer for a job: written beside its place and renamed into it."""
        (self.spool / "done").mkdir(exist_ok=True)
        beside = self.spool / "done" / f".{job}.part"
        beside.write_text(json.dumps(fields))
        beside.rename(self.spool / "done" / f"{job}.json")

    def send_all(self, at: datetime) -> None:
        for job in self.take():
            fax = self.faxes[-1]
            self.report(
                job, status="sent", at=at.isoformat(), pages=fax["pages"], remote_id="R-2026110200041", reason=""
            )
