"""Each step alone, and twice in a row: the second time changes nothing."""

from collections.abc import Iterator

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.filing import FilingSteps
from activities.ledger import LedgerSteps
from activities.letters import LetterSteps
from policy.acting import act
from policy.case import Case, open_case
from policy.coding import code, mhc_row
from policy.dispatch import sent
from policy.filing import packet
from policy.request import LineOfBusiness
from policy.transition import between
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_request, action, hours
from tests.fakes import FakeMailroom, FakePanel
from tests.policy.letters import composed
from wiring.settings import Settings
from wiring.world import World, open_world


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    opened = open_world(Settings(home=tmp_path))
    yield opened
    opened.records.dispose()


def a_denied_case() -> Case:
    """On a line on which a letter by post is enough for the provider, too."""
    case = open_case("SO-2026-000001", a_request(line=LineOfBusiness.MEDICARE_ADVANTAGE), MONDAY)
    case = act(case, action("confirm_completeness", CASE_MANAGER, MONDAY + hours(1)), MONDAY + hours(1))
    denial = action("determine", CMO, MONDAY + hours(2), outcome="denied", rationale="No.", criteria="P&P 90.2.17")
    return act(case, denial, MONDAY + hours(2))


def letters(case: Case):
    return tuple(composed(case, notice, MONDAY + hours(2)) for notice in case.planned_notices)


@pytest.mark.parametrize("name", ["record", "present_to_case_manager", "present_to_physician", "present_to_consultant"])
def test_a_transition_recorded_twice_is_in_the_ledger_once(world, name):
    steps = LedgerSteps(world.steps.ledger._ledger, FakePanel())
    transition = between(None, a_denied_case(), MONDAY)

    for _ in range(2):
        ActivityEnvironment().run(getattr(steps, name), transition)

    with world.records.connect() as connection:
        count = connection.exec_driver_sql("select count(*) from ledger").scalar()
    assert count == len(transition.entries)


@pytest.mark.parametrize(
    "name", ["ask_for_information", "notify_parties", "refer_to_opinion_physician", "share_report"]
)
def test_letters_posted_twice_leave_once_with_the_same_proof(world, tmp_path, name):
    owed = letters(a_denied_case())
    step = getattr(LetterSteps(world.mailroom), name)

    first = ActivityEnvironment().run(step, owed)
    second = ActivityEnvironment().run(step, owed)

    assert first == second
    assert len(list(tmp_path.glob("outbox/SO-*/*.pdf"))) == len(owed) == 2


def test_one_letter_that_cannot_leave_keeps_no_other_back():
    mailroom = FakeMailroom()
    mailroom.failures = 1
    owed = letters(a_denied_case())

    left = ActivityEnvironment().run(LetterSteps(mailroom).notify_parties, owed)
    asked_again = ActivityEnvironment().run(LetterSteps(mailroom).notify_parties, owed)

    assert [delivery.key for delivery in left] == [owed[1].key]
    assert [delivery.key for delivery in asked_again] == [letter.key for letter in owed]
    assert mailroom.sent() == ["denial to member", "denial to provider"]


def test_when_no_letter_can_leave_the_step_fails_with_counts_alone():
    mailroom = FakeMailroom()
    mailroom.failures = 2
    owed = letters(a_denied_case())

    with pytest.raises(ApplicationError) as raised:
        ActivityEnvironment().run(LetterSteps(mailroom).notify_parties, owed)

    assert raised.value.message == "None of 2 letters could be sent: OSError"
    assert raised.value.type == "LettersNotSent"
    assert mailroom.sent() == []


def test_a_packet_filed_twice_lies_in_the_cabinet_once(world):
    case = a_denied_case()
    case = sent(case, LetterSteps(world.mailroom).notify_parties(letters(case)), MONDAY + hours(2))
    steps = FilingSteps(world.cabinet, world.mhc)

    first = ActivityEnvironment().run(steps.file_packet, packet(case, MONDAY + hours(3)))
    again = ActivityEnvironment().run(steps.file_packet, packet(case, MONDAY + hours(30)))

    assert first == again
    assert len(world.cabinet.register()) == 1


def test_a_row_sent_to_mhc_twice_is_in_the_feed_once(world):
    case = a_denied_case()
    case = sent(case, LetterSteps(world.mailroom).notify_parties(letters(case)), MONDAY + hours(2))
    row = mhc_row(code(case, MONDAY + hours(3)))
    steps = FilingSteps(world.cabinet, world.mhc)

    for _ in range(2):
        ActivityEnvironment().run(steps.send_to_mhc, row)

    assert len(world.mhc.rows(row.decided_at.date())) == 1
