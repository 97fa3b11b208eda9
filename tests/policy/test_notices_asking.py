"""Letters that ask or delay: what is missing, when we expect to decide, and to whom they go."""

import re
from datetime import datetime

import pytest

from policy.alarms import ring
from policy.calendar import LOS_ANGELES, local_day
from policy.case import Case
from policy.particulars import NoticeKind
from policy.request import Item, LineOfBusiness, Priority
from policy.third_opinion import own_case
from tests.builders import CASE_MANAGER, MONDAY, a_first_opinion, a_professional, a_report, plan_physician
from tests.policy.letters import MEMBER, PHYSICIAN, PROVIDER, composed, letter, overdue, says
from tests.policy.steps import DAY, HOUR, approved, does, next_hour, opened, pending


@pytest.mark.parametrize(("kind", "recipient"), [(NoticeKind.INFORMATION_REQUEST, PROVIDER), (NoticeKind.PEND, MEMBER)])
def test_what_is_missing_is_listed_as_the_checklist_calls_it(kind, recipient):
    text = says(letter(pending(Item.TEST_RESULTS, Item.TREATMENT_PLAN), kind, recipient))

    assert "Test results that bear on the question" in text
    assert "Proposed or current treatment plan" in text
    assert "Diagnosis" not in text


def test_the_pend_notice_gives_the_reason_the_anticipated_date_and_the_right_to_a_grievance():
    text = says(letter(pending(), NoticeKind.PEND, MEMBER))

    assert "We asked your provider for information that we need to make a decision" in text
    assert "We expect to decide by Monday, November 9, 2026." in text
    assert "file a grievance" in text


def test_a_line_without_a_limit_from_receipt_is_told_how_long_it_takes_once_the_information_has_come():
    text = says(letter(pending(line=LineOfBusiness.COMMERCIAL), NoticeKind.PEND, MEMBER))

    assert "We will decide within 5 business days after we get the information." in text


def test_a_reminder_lists_only_what_is_still_outstanding():
    case = pending(Item.TEST_RESULTS, Item.TREATMENT_PLAN)
    answer = [{"item": "treatment_plan", "text": "Fusion in December."}]

    case = overdue(does(case, CASE_MANAGER, "receive_information", information=answer))

    text = says(letter(case, NoticeKind.INFORMATION_REMINDER, PROVIDER))
    assert "Test results that bear on the question" in text
    assert "Proposed or current treatment plan" not in text


# -- when we expect to decide

ASKED = pytest.mark.parametrize(("kind", "to"), [(NoticeKind.INFORMATION_REQUEST, PROVIDER), (NoticeKind.PEND, MEMBER)])
LONG_AFTER = MONDAY + 60 * DAY
DAYS = "within 5 business days after we get the information."
HOURS = "within 72 hours after we get the information."
MONTH = "within 30 calendar days after we get the information."


@pytest.mark.parametrize(
    ("line", "priority", "expected"),
    [
        (LineOfBusiness.MEDI_CAL, Priority.STANDARD, DAYS),
        (LineOfBusiness.MEDI_CAL, Priority.EXPEDITED, HOURS),
        (LineOfBusiness.MEDI_CAL, Priority.RETROSPECTIVE, MONTH),
        (LineOfBusiness.COMMERCIAL, Priority.STANDARD, DAYS),
        (LineOfBusiness.COMMERCIAL, Priority.EXPEDITED, HOURS),
        (
            LineOfBusiness.COMMERCIAL,
            Priority.URGENT_CONCURRENT,
            HOURS,
        ),
        (LineOfBusiness.COMMERCIAL, Priority.RETROSPECTIVE, MONTH),
        (LineOfBusiness.MEDICARE_ADVANTAGE, Priority.STANDARD, "as soon as we get the information."),
        (LineOfBusiness.D_SNP, Priority.EXPEDITED, "as soon as we get the information."),
    ],
)
@pytest.mark.parametrize("rung", [True, False], ids=["breached", "not yet rung"])
@ASKED
def test_once_no_limit_lies_ahead_the_letter_says_how_long_after_the_information(
    line, priority, expected, rung, kind, to
):
    case = pending(line=line, priority=priority)
    case = ring(case, LONG_AFTER) if rung else case

    text = says(letter(case, kind, to, at=LONG_AFTER))

    assert f"We will decide {expected}" in text
    assert "We expect to decide by" not in text


@ASKED
def test_a_limit_that_the_law_holds_is_not_promised_but_the_one_from_the_request_is(kind, to):
    thursday, tuesday = (datetime.fromisoformat(t) for t in ("2025-11-20T13:00-08:00", "2025-12-02T09:00-08:00"))
    case = does(opened(at=thursday), CASE_MANAGER, "request_information", items=[Item.FIRST_OPINION_REPORT])

    in_time, late = says(letter(case, kind, to)), says(letter(ring(case, tuesday), kind, to, at=tuesday))

    assert "We expect to decide by Thursday, December 4, 2025." in in_time
    assert "We expect to decide by Thursday, December 4, 2025." in late


@pytest.mark.parametrize("line", [each for each in LineOfBusiness if each is not LineOfBusiness.CMC])
@pytest.mark.parametrize("hours", [1, 71, 73, 7 * 24, 8 * 24, 15 * 24, 90 * 24])
@pytest.mark.parametrize("priority", [Priority.STANDARD, Priority.EXPEDITED])
def test_no_letter_ever_promises_a_day_that_has_passed(line, hours, priority):
    now = MONDAY + hours * HOUR
    case = pending(line=line, priority=priority)

    text = says(letter(case, NoticeKind.PEND, MEMBER, at=now))

    promised = re.findall(r"We expect to decide by \w+, (\w+ \d+, \d{4})\.", text)
    days = [datetime.strptime(day, "%B %d, %Y").replace(tzinfo=LOS_ANGELES).date() for day in promised]
    assert all(day >= local_day(now) for day in days)
    assert bool(promised) is ("We will decide" not in text)


# -- whose letter it is


def placed_with(case: Case, npi: str, name: str) -> Case:
    physician = a_professional(npi, name=name, organization="Plan Specialists").model_dump(mode="json")
    return does(case, CASE_MANAGER, "place_opinion", **plan_physician(professional=physician))


def test_letters_to_an_opinion_physician_go_to_the_one_who_gives_that_opinion():
    line, first = LineOfBusiness.MEDICARE_ADVANTAGE, a_first_opinion(recommends=True)
    case = placed_with(approved(line=line, first_opinion=first), "1992999882", "Dr. Second")
    case = ring(case, next_hour(case) + 27 * DAY)
    case = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=False))
    own = placed_with(own_case(case), "1992999890", "Dr. Third")
    own = ring(own, next_hour(own) + 27 * DAY)

    owed = [(c, n) for c in (case, own) for n in c.notices if n.recipient is PHYSICIAN]
    to = {(n.kind, n.ordinal): composed(c, n, next_hour(c)).addressee for c, n in owed}

    assert to == {
        (NoticeKind.AUTHORIZATION, 2): "Dr. Second",
        (NoticeKind.REPORT_REMINDER, 21): "Dr. Second",
        (NoticeKind.REPORT_REMINDER, 22): "Dr. Second",
        (NoticeKind.AUTHORIZATION, 3): "Dr. Third",
        (NoticeKind.REPORT_REMINDER, 31): "Dr. Third",
        (NoticeKind.REPORT_REMINDER, 32): "Dr. Third",
    }
