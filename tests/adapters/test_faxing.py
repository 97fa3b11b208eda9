"""Fax: the spool folder, as docs/fax-spool.md describes it to a server; numbers, reports, patience, taking back."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from adapters.channels import BlindNames, NotYet
from adapters.dispatch import Mailroom
from adapters.faxing import FaxSpool, fax_number
from adapters.mailroom import Outbox
from adapters.printing import PrintQueue
from adapters.shelf import AdapterError, Shelf
from policy.channels import Channel, Result, Route
from tests.adapters.carrying import BY_FAX, BY_PRINT, PHONE, Clock, FaxServer, a_routed_letter
from tests.adapters.samples import NUMBER, a_letter, text_of

SENT = {"status": "sent", "at": "2026-11-02T18:05:00Z", "pages": 2, "remote_id": "R-2026110200041", "reason": ""}


class Office:
    """A mailroom with a fax spool, and behind it a fax server that works a step at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.clock = Clock()
        self.server = FaxServer(self.spool)
        self.letter = a_routed_letter(BY_FAX, BY_PRINT)
        self.mailroom = self.opened_again()

    def opened_again(self) -> Mailroom:
        outbox = Outbox(self.folder / "outbox")
        own = Shelf(self.folder / "outbox" / ".sending")
        fax = FaxSpool(Shelf(self.spool), own, PHONE, BlindNames(own), self.clock)
        return Mailroom(outbox, own, [fax, PrintQueue(Shelf(self.folder / "mail"), self.clock)], self.clock)

    def waits(self) -> None:
        with pytest.raises(NotYet):
            self.mailroom.post(self.letter)

    def taken(self) -> str:
        """The letter, placed in the spool and taken by the server."""
        self.waits()
        (job,) = self.server.take()
        return job


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_job_lies_in_the_spool_with_its_pdf_and_tells_nobody_the_case(office: Office) -> None:
    office.waits()

    (found,) = office.server.waiting()
    job = json.loads(found.read_text())
    pdf = office.spool / "outgoing" / job["pdf"]
    assert job == {
        "id": found.stem,
        "to": "+18185550123",
        "pdf": f"{found.stem}.pdf",
        "pages": 2,
        "sha256": hashlib.sha256(pdf.read_bytes()).hexdigest(),
        "placed_at": "2026-11-02T18:00:00Z",
    }
    assert len(PdfReader(pdf).pages) == 2
    assert NUMBER not in " ".join(str(path) for path in office.spool.rglob("*"))


def test_the_cover_sheet_names_nobody_and_says_whom_to_call(office: Office) -> None:
    office.taken()

    fax = office.server.faxes[0]["content"]
    (office.folder / "fax.pdf").write_bytes(fax)
    cover, letter = (" ".join(page.extract_text().split()) for page in PdfReader(office.folder / "fax.pdf").pages)
    assert "Fax number +18185550123" in cover
    assert "2, with this one" in cover
    assert f"Call us at {PHONE}" in cover
    assert "confidential" in cover
    for secret in ("Núñez", "Ana", NUMBER, "denied", "second opinion"):
        assert secret not in cover
    assert a_letter().subject in letter


def test_a_fax_has_left_when_the_server_says_that_every_page_arrived(office: Office) -> None:
    job = office.taken()
    office.waits()
    office.server.report(job, **SENT)

    (attempt,) = office.mailroom.post(office.letter).attempts

    assert (attempt.channel, attempt.result) == (Channel.FAX, Result.LEFT)
    assert attempt.proof == "fax R-2026110200041, pages 2, at 2026-11-02T18:05:00+00:00"
    assert attempt.at.isoformat() == "2026-11-02T18:05:00+00:00"


def test_a_letter_that_is_asked_for_often_is_one_job(office: Office) -> None:
    for _ in range(3):
        office.waits()
    office.taken()
    office.mailroom = office.opened_again()
    office.waits()

    assert len(office.server.faxes) == 1
    assert office.server.waiting() == []


def test_a_fax_that_failed_gives_way_to_the_next_route_without_the_readers_number(office: Office) -> None:
    office.server.report(office.taken(), **{**SENT, "status": "failed", "reason": "no carrier at +1 (818) 555-0123"})

    first, then = office.mailroom.post(office.letter).attempts

    assert (first.result, first.reason) == (Result.FAILED, "the fax failed: no carrier at (number)")
    assert (then.channel, then.result) == (Channel.PRINT, Result.LEFT)


def test_a_fax_of_which_a_page_is_missing_has_not_left(office: Office) -> None:
    office.server.report(office.taken(), **{**SENT, "pages": 1})

    delivery = office.mailroom.post(office.letter)

    assert delivery.attempts[0].reason == "only 1 of 2 pages of the fax arrived"
    assert delivery.attempts[1].result is Result.LEFT


def test_a_job_that_no_server_takes_is_taken_back_when_the_patience_is_over(office: Office) -> None:
    office.waits()
    office.clock.pass_by(hours=4)

    delivery = office.mailroom.post(office.letter)

    assert [attempt.result for attempt in delivery.attempts] == [Result.FAILED, Result.LEFT]
    assert delivery.attempts[0].reason == "no answer for 4 hours: The fax server has not reported yet."
    assert list((office.spool / "outgoing").iterdir()) == []
    assert office.server.take() == []


def test_a_job_that_the_server_has_taken_is_waited_for(office: Office) -> None:
    job = office.taken()
    office.clock.pass_by(days=2)
    office.waits()

    office.server.report(job, **SENT)

    assert [a.channel for a in office.mailroom.post(office.letter).attempts] == [Channel.FAX]


def test_a_job_that_the_server_puts_back_can_be_taken_back(office: Office) -> None:
    job = office.taken()
    (office.spool / "taken" / f"{job}.json").rename(office.spool / "outgoing" / f"{job}.json")
    office.clock.pass_by(hours=5)

    assert [a.channel for a in office.mailroom.post(office.letter).attempts] == [Channel.FAX, Channel.PRINT]


def test_a_job_taken_back_before_a_kill_is_not_placed_again(office: Office) -> None:
    office.waits()
    own = Shelf(office.folder / "outbox" / ".sending")
    fax = FaxSpool(Shelf(office.spool), own, PHONE, BlindNames(own), office.clock)
    assert fax.take_back(office.letter, BY_FAX)

    for _ in range(2):
        with pytest.raises(NotYet):
            fax.hand_over(office.letter, BY_FAX, b"")

    assert office.server.waiting() == []
    assert fax.take_back(office.letter, BY_FAX)


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b'{"status": "sent", "at": "2026-11-',
        json.dumps({**SENT, "at": "2026-11-02T18:05:00"}).encode(),
        json.dumps({**SENT, "status": "on its way"}).encode(),
        b"\xff",
    ],
    ids=["empty", "torn", "without an offset", "with another status", "no text"],
)
def test_a_report_that_cannot_be_read_is_waited_for_and_said_in_the_log(
    office: Office, report: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    job = office.taken()
    office.server.report(job, **SENT)
    done = office.spool / "done" / f"{job}.json"
    done.write_bytes(report)

    office.waits()
    (line,) = (record for record in caplog.records if record.message == "fax.report_unreadable")
    assert vars(line)["job"] == job

    office.server.report(job, **SENT)
    assert office.mailroom.post(office.letter).attempts[0].result is Result.LEFT


def test_a_report_may_say_more_than_we_read(office: Office) -> None:
    office.server.report(office.taken(), **{**SENT, "baud": 14400})

    assert office.mailroom.post(office.letter).attempts[0].result is Result.LEFT


def test_a_spool_that_cannot_be_used_gives_way_when_the_patience_is_over(office: Office) -> None:
    office.spool.write_text("not a folder")
    office.waits()
    office.clock.pass_by(hours=4)

    delivery = office.mailroom.post(office.letter)

    assert [attempt.result for attempt in delivery.attempts] == [Result.FAILED, Result.LEFT]
    assert "cannot be" in delivery.attempts[0].reason


def test_a_spool_that_comes_back_is_used(office: Office) -> None:
    office.spool.write_text("not a folder")
    office.waits()
    office.spool.unlink()

    office.server.report(office.taken(), **SENT)

    assert office.mailroom.post(office.letter).attempts[0].channel is Channel.FAX


def test_a_spool_that_goes_away_with_a_job_in_it_is_waited_for(office: Office) -> None:
    office.waits()
    office.spool.rename(office.folder / "unmounted")
    office.spool.write_text("not a folder")
    office.clock.pass_by(hours=9)

    with pytest.raises(AdapterError, match="Not a directory"):
        office.mailroom.post(office.letter)

    assert list((office.folder / "mail").glob("**/*.json")) == []  # it may still be faxed from there


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("818-555-0123", "+18185550123"),
        ("(818) 555 0123", "+18185550123"),
        ("1.818.555.0123", "+18185550123"),
        ("+1 818/555-0123", "+18185550123"),
        ("+52 55 5555 0123", "+525555550123"),
    ],
)
def test_a_number_is_written_in_one_form(written: str, number: str) -> None:
    assert fax_number(Route(channel=Channel.FAX, to=(written,))) == number


@pytest.mark.parametrize(
    "to",
    [
        (), ("",), ("none",), ("555-0123",), ("118-555-0123",), ("818-155-0123",), ("818-555-0123 ext 4",),
        ("818-555-0123", "818-555-0124"), ("818-555-0123\r\nX: y",), ("٨١٨-٥٥٥-٠١٢٣",), ("52 55 5555 0123",),
        ("../../818-555-0123",), ("+1 18 555 0123",),
    ],
)  # fmt: skip
def test_a_number_that_is_none_is_refused(office: Office, to: tuple[str, ...]) -> None:
    letter = a_routed_letter(Route(channel=Channel.FAX, to=to, patience=timedelta(hours=4)), BY_PRINT)

    first, then = office.mailroom.post(letter).attempts

    assert (first.result, first.reason) == (Result.FAILED, "the fax number is none")
    assert then.result is Result.LEFT
    assert not office.spool.exists()


@pytest.mark.parametrize("key", ["../../etc/passwd", "CON/nul/1/x", "a\nb", "=1+1"])
def test_a_hostile_key_is_a_plain_job(office: Office, key: str) -> None:
    office.letter = a_routed_letter(BY_FAX, key=key)

    job = office.taken()

    assert len(job) == 32
    assert set(job) <= set("0123456789abcdef")


def test_two_numbers_are_two_jobs(office: Office) -> None:
    other: dict[str, Any] = {"to": ("818-555-0199",)}
    office.letter = a_routed_letter(BY_FAX, BY_FAX.model_copy(update=other))
    office.server.report(office.taken(), **{**SENT, "status": "failed"})

    office.server.report(office.taken(), **SENT)

    assert [a.result for a in office.mailroom.post(office.letter).attempts] == [Result.FAILED, Result.LEFT]
    assert [fax["to"] for fax in office.server.faxes] == ["+18185550123", "+18185550199"]
    assert text_of(office.server.faxes[1]["content"]).count("Fax number +18185550199") == 1
