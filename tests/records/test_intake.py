"""The register: one reference is one case, however often and by however many it is submitted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from functools import partial

import pytest

from policy.people import PersonName
from policy.request import Request
from records.intake import IntakeRegister, Reservation, digest
from tests.builders import MONDAY, a_member, a_request

TUESDAY = MONDAY + timedelta(days=1)  # Tuesday 2026-11-03


def test_the_first_submission_is_given_a_number(register: IntakeRegister):
    reservation = register.reserve(a_request(), MONDAY)

    assert reservation == Reservation(
        case_number="SO-2026-000001", received_at=MONDAY, is_new=True, same_content=True, started=False
    )


def test_the_same_reference_is_the_same_case_and_keeps_its_first_receipt(register: IntakeRegister):
    register.reserve(a_request(), MONDAY)

    again = register.reserve(a_request(), TUESDAY)

    assert again == Reservation(
        case_number="SO-2026-000001", received_at=MONDAY, is_new=False, same_content=True, started=False
    )


def test_the_same_reference_with_other_content_says_so(register: IntakeRegister):
    first = a_request()
    register.reserve(first, MONDAY)

    again = register.reserve(a_request(specialty="neurosurgery"), TUESDAY)

    assert (again.is_new, again.same_content) == (False, False)
    assert register.request_of(again.case_number) == first


def test_numbers_run_within_a_year_of_los_angeles(register: IntakeRegister):
    thursday = datetime(2027, 1, 1, 7, 59, tzinfo=UTC)  # still Thursday 2026-12-31 23:59 PST
    friday = thursday + timedelta(minutes=1)  # Friday 2027-01-01 00:00 PST
    days = [MONDAY, thursday, friday, MONDAY, friday]

    numbers = [register.reserve(a_request(external_reference=f"R{n}"), day).case_number for n, day in enumerate(days)]

    assert numbers == ["SO-2026-000001", "SO-2026-000002", "SO-2027-000001", "SO-2026-000003", "SO-2027-000002"]


def test_thirty_two_submissions_of_one_reference_are_one_case(register: IntakeRegister):
    with ThreadPoolExecutor(32) as pool:
        given = list(pool.map(lambda _: register.reserve(a_request(), MONDAY), range(32)))

    assert {reservation.case_number for reservation in given} == {"SO-2026-000001"}
    assert sum(reservation.is_new for reservation in given) == 1


def test_thirty_two_submissions_of_other_references_have_numbers_without_gaps(register: IntakeRegister):
    requests = [a_request(external_reference=f"REF-{n % 24}") for n in range(32)]

    with ThreadPoolExecutor(32) as pool:
        given = list(pool.map(partial(register.reserve, received_at=MONDAY), requests))

    assert sorted({reservation.case_number for reservation in given}) == [f"SO-2026-{n:06}" for n in range(1, 25)]


def test_what_was_never_started_can_be_found_and_started(register: IntakeRegister):
    numbers = [
        register.reserve(a_request(external_reference=f"R{n}"), MONDAY - timedelta(hours=n)).case_number
        for n in range(3)
    ]

    register.mark_started(numbers[1], TUESDAY)

    left = register.unstarted()
    assert [(number, received_at) for number, _, received_at, _ in left] == [
        (numbers[2], MONDAY - timedelta(hours=2)),
        (numbers[0], MONDAY),
    ]
    assert left[1].request == a_request(external_reference="R0")
    assert register.reserve(a_request(external_reference="R1"), TUESDAY).started


def test_a_number_that_was_never_given_has_no_request(register: IntakeRegister):
    assert register.request_of("SO-2026-000009") is None


def same(**changes: object) -> bool:
    return digest(a_request(**changes)) == digest(a_request())


def test_the_digest_is_of_what_a_request_says_not_of_how_it_is_written():
    decomposed = PersonName(family="Nu\u0301n\u0303ez", given="Ana Mari\u0301a")
    eastern = timezone(timedelta(hours=-5))
    received = {"received_by_delegate_at": MONDAY}
    received_elsewhere = {"received_by_delegate_at": MONDAY.astimezone(eastern)}

    assert same(member=a_member(name=decomposed))
    assert digest(a_request(**received)) == digest(a_request(**received_elsewhere))
    assert digest(Request.model_validate_json(a_request().model_dump_json())) == digest(a_request())


@pytest.mark.parametrize(
    "changes", [{"specialty": "Orthopedic surgery"}, {"imminent_threat": True}, {"received_by_delegate_at": MONDAY}]
)
def test_the_digest_differs_when_a_request_says_something_else(changes: dict[str, object]):
    assert not same(**changes)
