"""The mailroom: routes in their order, patience, one letter however often it is asked for. Procedure 3, 5, 7 and 8."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from adapters.channels import NotYet
from adapters.dispatch import SENDING, Mailroom
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError, Shelf
from policy.channels import Channel, Result
from policy.dispatch import Delivery
from tests.adapters.carrying import (
    BY_EMAIL,
    BY_FAX,
    BY_PRINT,
    BY_TELEPHONE,
    Clock,
    FakeCarrier,
    a_routed_letter,
)
from tests.adapters.samples import ROOT, a_letter, text_of

FOUR_HOURS = BY_EMAIL.patience

FULL_WHEN_IT_IS_TO_BE_NOTED = """
import resource, sys
from pathlib import Path
from adapters.dispatch import SENDING, Mailroom
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError, Shelf
from policy.channels import Channel
from tests.adapters.carrying import BY_EMAIL, Clock, FakeCarrier, a_routed_letter

class FillsTheDisk(FakeCarrier):
    def hand_over(self, letter, route, pdf):
        attempt = super().hand_over(letter, route, pdf)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        return attempt

clock = Clock()
email = FillsTheDisk(Channel.EMAIL, clock)
mailroom = Mailroom(Outbox(Path(sys.argv[1])), Shelf(Path(sys.argv[1]) / SENDING), [email], clock)
letter = a_routed_letter(BY_EMAIL)
for _ in range(2):
    try:
        mailroom.post(letter)
    except AdapterError as trouble:
        print(trouble)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(mailroom.post(letter).attempts[-1].result, len(email.took))
"""


class House:
    """A mailroom with channels that do as they are told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "outbox"
        self.clock = Clock()
        self.email = FakeCarrier(Channel.EMAIL, self.clock)
        self.fax = FakeCarrier(Channel.FAX, self.clock)
        self.print = FakeCarrier(Channel.PRINT, self.clock)
        self.mailroom = self.opened_again()

    def opened_again(self) -> Mailroom:
        return Mailroom(
            Outbox(self.folder), Shelf(self.folder / SENDING), [self.email, self.fax, self.print], self.clock
        )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def results(delivery: Delivery) -> list[str]:
    return [f"{attempt.channel} {attempt.result}" for attempt in delivery.attempts]


def test_a_letter_leaves_by_its_first_route_with_that_channels_proof(house: House) -> None:
    delivery = house.mailroom.post(a_routed_letter(BY_EMAIL, BY_PRINT))

    assert results(delivery) == ["email left"]
    assert delivery.attempts[0].proof == delivery.sha256
    assert not delivery.is_undeliverable
    assert (house.email.took, house.print.took) == ([delivery.key], [])


def test_a_letter_without_routes_lies_in_the_outbox_and_nothing_is_noted(house: House) -> None:
    delivery = house.mailroom.post(a_letter())

    assert delivery.attempts == ()
    assert not delivery.is_undeliverable
    assert [path.name for path in house.folder.iterdir()] == [a_letter().case_number]


def test_a_channel_that_refuses_gives_way_to_the_next_route_with_its_reason(house: House) -> None:
    house.email.refuses()

    delivery = house.mailroom.post(a_routed_letter(BY_EMAIL, BY_PRINT))

    assert results(delivery) == ["email failed", "print left"]
    assert delivery.attempts[0].reason == "no such reader"


def test_a_channel_that_is_away_is_tried_again_until_its_patience_is_over(house: House) -> None:
    house.email.is_away()
    letter = a_routed_letter(BY_EMAIL, BY_PRINT)

    for _ in range(4):
        with pytest.raises(NotYet, match="nobody answers"):
            house.mailroom.post(letter)
        house.clock.pass_by(minutes=59)
    assert house.print.took == []
    house.clock.pass_by(minutes=4)
    delivery = house.opened_again().post(letter)

    assert results(delivery) == ["email failed", "print left"]
    assert delivery.attempts[0].reason == "no answer for 4 hours: nobody answers"


def test_a_channel_that_comes_back_is_used_even_after_its_patience(house: House) -> None:
    house.email.is_away()
    letter = a_routed_letter(BY_EMAIL, BY_PRINT)
    with pytest.raises(NotYet):
        house.mailroom.post(letter)

    house.clock.pass_by(days=1)  # the worker was down, and asks again only now
    house.email.works()

    assert results(house.mailroom.post(letter)) == ["email left"]


def test_patience_counts_for_each_route_from_its_own_first_try(house: House) -> None:
    house.email.is_away()
    house.fax.is_away()
    letter = a_routed_letter(BY_EMAIL, BY_FAX, BY_PRINT)

    with pytest.raises(NotYet):
        house.mailroom.post(letter)
    house.clock.pass_by(hours=5)
    with pytest.raises(NotYet):
        house.mailroom.post(letter)  # e-mail is given up; fax is tried for the first time
    house.clock.pass_by(hours=3)
    with pytest.raises(NotYet):
        house.mailroom.post(letter)
    house.clock.pass_by(hours=1)

    assert results(house.mailroom.post(letter)) == ["email failed", "fax failed", "print left"]


def test_what_a_channel_cannot_give_back_is_waited_for_beyond_the_patience(house: House) -> None:
    house.fax.is_away()
    house.fax.gives_back = False
    letter = a_routed_letter(BY_FAX, BY_PRINT)

    for _ in range(3):
        with pytest.raises(NotYet):
            house.mailroom.post(letter)
        house.clock.pass_by(hours=5)
    house.fax.works()

    assert results(house.mailroom.post(letter)) == ["fax left"]
    assert house.print.took == []


def test_a_channel_that_is_not_set_up_is_recorded_and_passed_over(house: House) -> None:
    mailroom = Mailroom(Outbox(house.folder), Shelf(house.folder / SENDING), [house.print], house.clock)

    delivery = mailroom.post(a_routed_letter(BY_EMAIL, BY_PRINT))

    assert results(delivery) == ["email failed", "print left"]
    assert delivery.attempts[0].reason == "not set up in this installation"


def test_a_telephone_route_is_a_persons_affair(house: House) -> None:
    delivery = house.mailroom.post(a_routed_letter(BY_TELEPHONE, BY_PRINT))

    assert results(delivery) == ["print left"]


def test_a_letter_that_no_route_carries_is_undeliverable_for_good(house: House) -> None:
    for channel in (house.email, house.print):
        channel.refuses()
    letter = a_routed_letter(BY_EMAIL, BY_PRINT)

    delivery = house.mailroom.post(letter)
    house.email.works()

    assert delivery.is_undeliverable
    assert results(delivery) == ["email failed", "print failed"]
    assert house.opened_again().post(letter) == delivery
    assert len(house.email.tried) == 1
    assert Outbox(house.folder).get(delivery.document)


def test_a_letter_posted_again_gets_the_first_answer_and_goes_nowhere(house: House) -> None:
    first = house.mailroom.post(a_routed_letter(BY_EMAIL))
    house.clock.pass_by(days=3)

    again = house.opened_again().post(a_routed_letter(BY_PRINT, subject="Other words"))

    assert again == first
    assert (len(house.email.took), len(house.print.took)) == (1, 0)


def test_a_letter_goes_on_as_it_was_first_given(house: House) -> None:
    house.email.is_away()
    with pytest.raises(NotYet):
        house.mailroom.post(a_routed_letter(BY_EMAIL, BY_PRINT))
    house.clock.pass_by(hours=5)

    delivery = house.mailroom.post(a_routed_letter(BY_FAX, addressee="Somebody Else"))

    assert results(delivery) == ["email failed", "print left"]
    assert "Somebody Else" not in text_of(Outbox(house.folder).path_of(delivery.document))


def test_no_password_lies_beside_the_letters_and_the_channel_still_gets_it(house: House) -> None:
    house.email.is_away()
    with pytest.raises(NotYet):
        house.mailroom.post(a_routed_letter(BY_EMAIL))

    with pytest.raises(NotYet):
        house.opened_again().post(a_routed_letter(BY_EMAIL))

    assert house.email.passwords == [BY_EMAIL.password] * 2
    written = b"".join(path.read_bytes() for path in house.folder.rglob("*") if path.is_file())
    assert BY_EMAIL.password.encode() not in written


def test_eight_threads_at_once_send_one_letter(house: House) -> None:
    start = Barrier(8)

    def post(_: int) -> str:
        mailroom = house.opened_again()
        start.wait()
        return mailroom.post(a_routed_letter(BY_EMAIL)).model_dump_json()

    with ThreadPoolExecutor(8) as threads:
        deliveries = set(threads.map(post, range(8)))

    assert len(deliveries) == 1
    assert len(house.email.took) == 1


def test_a_disk_that_is_full_when_the_answer_is_noted_sends_nothing_twice(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_WHEN_IT_IS_TO_BE_NOTED, str(tmp_path / "outbox")],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip

    full = f"The folder {tmp_path}/outbox/.sending cannot be written to: File too large.\n"
    assert run.stdout == f"{full}{full}left 1\n"


def test_a_folder_of_ours_that_cannot_be_used_is_no_fault_of_the_channels(house: House) -> None:
    house.email.does = AdapterError("The folder x cannot be written to: No space left on device.")
    letter = a_routed_letter(BY_EMAIL.model_copy(update={"patience": timedelta()}), BY_PRINT)

    with pytest.raises(AdapterError, match="No space left"):
        house.mailroom.post(letter)
    house.email.works()

    assert results(house.mailroom.post(letter)) == ["email left"]


def test_an_outbox_that_cannot_be_written_to_sends_nothing(tmp_path: Path, house: House) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(AdapterError, match="cannot be"):
        Mailroom(
            Outbox(tmp_path / "file" / "outbox"), Shelf(tmp_path / "file" / "notes"), [house.email], house.clock
        ).post(a_routed_letter(BY_EMAIL))

    assert house.email.took == []


@pytest.mark.parametrize("key", ["../../etc/passwd", "CON/aux", "=cmd|' /C calc'!A0", "a\nb", "..", "SO-1/denial/1/ü"])
def test_a_hostile_key_stays_in_its_folder(house: House, tmp_path: Path, key: str) -> None:
    delivery = house.mailroom.post(a_routed_letter(BY_PRINT, key=key))

    assert results(delivery) == ["print left"]
    assert [path.name for path in house.folder.glob("*/*.pdf") if path.is_file()] == [Path(delivery.document).name]
    assert [path.name for path in tmp_path.iterdir()] == ["outbox"]
    pdf = Outbox(house.folder).get(delivery.document) or b""
    assert delivery.sha256 == hashlib.sha256(pdf).hexdigest()


def test_a_hostile_case_number_is_refused_before_anything_is_written(house: House, tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="leads out of the folder"):
        house.mailroom.post(a_routed_letter(BY_PRINT, case_number="../../outside"))

    assert list(tmp_path.iterdir()) == []


def test_why_a_route_failed_is_in_the_log_by_key_and_without_an_address(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.email.refuses()

    delivery = house.mailroom.post(a_routed_letter(BY_EMAIL, BY_PRINT))

    (line,) = (record for record in caplog.records if record.message == "letter.not_left")
    assert (vars(line)["letter"], vars(line)["channel"]) == (delivery.key, "email")
    assert "no such reader" not in str(vars(line))
    assert BY_EMAIL.to[0] not in caplog.text
    assert delivery.attempts[0].result is Result.FAILED
