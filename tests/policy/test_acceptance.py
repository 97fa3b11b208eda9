"""Whether a request can become a case at all."""

from datetime import date, datetime, timedelta

import pytest

from policy.acceptance import may_be_opened
from policy.calendar import LAST_YEAR
from policy.request import LineOfBusiness, Priority
from tests.builders import MONDAY, a_member, a_request
from tests.policy.steps import DAY, HOUR, opened

WEDNESDAY_2022 = datetime.fromisoformat("2022-06-15T10:00-07:00")
MEDICARE = (LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP)
WITHOUT_A_RULE = (Priority.RETROSPECTIVE, Priority.CONCURRENT, Priority.URGENT_CONCURRENT)


@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize("priority", Priority)
def test_a_request_is_opened_exactly_when_a_rule_says_when_it_is_due(line, priority):
    received = WEDNESDAY_2022 if line is LineOfBusiness.CMC else MONDAY

    verdict = may_be_opened(a_request(line=line, priority=priority), received)

    assert bool(verdict) is not (line in MEDICARE and priority in WITHOUT_A_RULE)
    if verdict:
        assert opened(line=line, priority=priority, at=received).open_clocks
    else:
        assert (verdict.field, verdict.clause) == ("priority", "POL-4")
        assert line in verdict.reason
        assert priority in verdict.reason


@pytest.mark.parametrize(
    ("received", "allowed"),
    [
        pytest.param("2022-12-31T23:59-08:00", True, id="Saturday 2022-12-31, one minute before"),
        pytest.param("2023-01-01T00:00-08:00", False, id="Sunday 2023-01-01, midnight"),
    ],
)
def test_cal_mediconnect_took_its_last_requests_on_the_last_day_of_2022(received, allowed):
    verdict = may_be_opened(a_request(line=LineOfBusiness.CMC), datetime.fromisoformat(received))

    assert bool(verdict) is allowed
    if not verdict:
        assert verdict.field == "line"
        assert "2022-12-31" in verdict.reason


def test_a_d_snp_request_of_a_day_before_there_was_a_d_snp_is_refused():
    verdict = may_be_opened(a_request(line=LineOfBusiness.D_SNP), WEDNESDAY_2022)

    assert not verdict
    assert verdict.field == "priority"


@pytest.mark.parametrize("earlier", [timedelta(0), DAY, 30 * DAY])
def test_a_delegate_received_the_request_before_us_or_when_we_did(earlier):
    request = a_request(received_by_delegate_at=MONDAY - earlier)

    assert may_be_opened(request, MONDAY)


def test_a_delegate_cannot_have_received_the_request_after_us():
    verdict = may_be_opened(a_request(received_by_delegate_at=MONDAY + HOUR), MONDAY)

    assert not verdict
    assert (verdict.field, verdict.clause) == ("received_by_delegate_at", "P10")


@pytest.mark.parametrize(
    ("born", "allowed"),
    [
        pytest.param(date(2026, 11, 2), True, id="on the day of receipt, Monday 2026-11-02"),
        pytest.param(date(2026, 11, 3), False, id="on the day after"),
    ],
)
def test_a_member_is_born_by_the_day_of_receipt(born, allowed):
    verdict = may_be_opened(a_request(member=a_member(birth_date=born)), MONDAY)

    assert bool(verdict) is allowed
    if not verdict:
        assert verdict.field == "member.birth_date"


def test_what_a_delegate_received_while_the_line_took_requests_is_opened():
    sunday_2023 = datetime.fromisoformat("2023-01-01T09:00-08:00")
    request = a_request(line=LineOfBusiness.CMC, received_by_delegate_at=sunday_2023 - DAY)

    assert may_be_opened(request, sunday_2023)


def test_a_request_whose_due_day_lies_beyond_the_closed_days_is_refused_and_says_what_to_add():
    last_monday = datetime.fromisoformat(f"{LAST_YEAR}-12-30T10:00-08:00")

    verdict = may_be_opened(a_request(), last_monday)

    assert not verdict
    assert verdict.field == "line"
    assert verdict.reason == f"closed-days.toml ends with {LAST_YEAR}: add {LAST_YEAR + 1}"
