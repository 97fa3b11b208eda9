"""The member of a case as the case reaches him now, for letters that are written without the case. P12, P3."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select

from activities.reports import ReportSteps
from policy.case import Case
from policy.committee.letters import OwedLetter
from policy.letter import Letter
from policy.people import Address, Contact
from policy.request import Item, Request
from policy.third_opinion import number_of_third
from policy.transition import between
from policy.trust import Trust
from records.committees import CommitteeReports
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASE_MEMBERS
from tests.builders import ADDRESS as HOME
from tests.builders import CASE_MANAGER, MONDAY, a_member
from tests.committees import CHAIR, MANAGER, THEN, UM, does, presented
from tests.fakes import FakeMailroom, FakeReportRenderer, FakeReportShelf, FakeReportSource
from tests.policy.steps import denied, letters_left, pending
from tests.policy.steps import does as does_to

NUMBER = "SO-2026-000001"
BIRCH = Address(line1="7 Birch Road", city="Burbank", state="CA", postal_code="91501")
HIDDEN = Contact(address=Address(line1="PO Box 9", city="Pasadena", state="CA", postal_code="91101"))


@pytest.fixture
def ledger(engine: Engine) -> CaseLedger:
    return CaseLedger(engine)


def received(engine: Engine, ledger: CaseLedger, case: Case) -> Case:
    """A case that stands in the records as it was received, and as it stands."""
    IntakeRegister(engine).reserve(case.request, MONDAY)
    ledger.record(between(None, case, MONDAY))
    return case


def becomes(ledger: CaseLedger, before: Case, after: Case, hours: int = 1) -> Case:
    ledger.record(between(before, after, MONDAY + timedelta(hours=hours)))
    return after


def written(engine: Engine) -> Letter:
    """The letter in which a committee tells the case's member something."""
    told: dict[str, Any] = {
        "kind": "inform_member",
        "about_case": NUMBER,
        "concern": "You waited long.",
        "tells": "We ask each week.",
    }
    file = does(presented(), CHAIR, "decide_action", committee=UM, owner=MANAGER, due_in_business_days=5, **told)
    mailroom, records = FakeMailroom(), CommitteeReports(engine)
    source, renderer, shelf = FakeReportSource(), FakeReportRenderer(), FakeReportShelf()
    steps = ReportSteps(source, renderer, shelf, records, IntakeRegister(engine), mailroom, Trust, lambda: THEN)
    result = steps.write_for_committee((OwedLetter(report=file.number, action=file.actions[0]),))
    assert result.unmade == {}
    (letter,) = mailroom.letters.values()
    return letter


def test_a_committee_writes_to_the_address_that_the_member_gave_after_intake(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, pending(Item.MEMBER_ADDRESS, member=a_member(address=None)))
    answer = [{"item": "member_address", "address": BIRCH.model_dump()}]
    becomes(ledger, case, does_to(case, CASE_MANAGER, "receive_information", information=answer))

    letter = written(engine)

    assert letter.address_lines == BIRCH.lines
    assert [route.to for route in letter.routes] == [BIRCH.lines]


def test_a_confidential_address_as_it_was_changed_since_stays_the_only_one(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, letters_left(denied(member=a_member(confidential=HIDDEN))))
    key = next(n.key for n in case.notices if n.recipient == "member")
    moved = does_to(case, CASE_MANAGER, "report_returned_letter", letter_key=key, reason="Moved.", address=BIRCH)
    becomes(ledger, case, moved)

    assert written(engine).address_lines == BIRCH.lines


def test_what_a_member_asked_for_after_intake_holds_for_a_committee_s_letter(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, denied())
    wishes = {"language": "es", "large_print": True}
    asked = case.request.model_copy(update={"member": case.request.member.model_copy(update=wishes)})
    becomes(ledger, case, case.but(request=asked).tell(MONDAY, "member:wishes", "Large print, Spanish"))

    letter = written(engine)

    assert (letter.language, letter.large_print) == ("es", True)
    assert letter.addressee == "Ana María Núñez"


def test_of_a_member_who_changed_nothing_nothing_is_kept_besides_the_request(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, denied())
    becomes(ledger, case, letters_left(case))

    with engine.connect() as connection:
        assert connection.execute(select(CASE_MEMBERS)).all() == []
    assert written(engine).address_lines == HOME.lines


def test_an_address_that_becomes_again_what_it_was_is_told_too(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, letters_left(denied()))
    for hours, address in enumerate((BIRCH, HOME), start=1):
        key = next(n.key for n in reversed(case.notices) if n.recipient == "member" and n.sent_at)
        back: dict[str, Any] = {"letter_key": key, "reason": "Moved.", "address": address}
        case = becomes(ledger, case, does_to(case, CASE_MANAGER, "report_returned_letter", **back), hours)
        case = becomes(ledger, case, letters_left(case), hours)

    assert written(engine).address_lines == HOME.lines


def test_an_older_transition_that_comes_late_changes_no_address(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, letters_left(denied()))
    key = next(n.key for n in case.notices if n.recipient == "member")
    back: dict[str, Any] = {"letter_key": key, "reason": "Moved."}
    moved = does_to(case, CASE_MANAGER, "report_returned_letter", address=BIRCH, **back)
    again = moved.but(information=()).tell(MONDAY, "note", "Back home")
    late = between(case, moved, MONDAY + timedelta(hours=1))
    becomes(ledger, moved, again, hours=2)
    ledger.record(late)

    assert written(engine).address_lines == HOME.lines


def test_of_a_case_and_its_third_opinion_the_one_speaks_that_told_it_last(engine: Engine, ledger: CaseLedger):
    case = received(engine, ledger, letters_left(denied()))
    third = case.but(number=number_of_third(NUMBER), third_opinion_of=NUMBER)
    ledger.record(between(None, third, MONDAY))
    key = next(n.key for n in third.notices if n.recipient == "member")
    back: dict[str, Any] = {"letter_key": key, "reason": "Moved.", "address": BIRCH}
    becomes(ledger, third, does_to(third, CASE_MANAGER, "report_returned_letter", **back), hours=3)

    assert written(engine).address_lines == BIRCH.lines
    found = IntakeRegister(engine).request_now(third.number)
    assert isinstance(found, Request)
    assert found.member.address == BIRCH


def test_a_number_that_was_never_given_has_nobody(engine: Engine):
    assert IntakeRegister(engine).request_now("SO-2026-999999") is None
