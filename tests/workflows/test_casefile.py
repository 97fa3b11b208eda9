"""The case file in the Temporal UI: it answers whose turn, until when, why and what happened, and names no member."""

import pytest

from policy.case import Case
from policy.request import Item, LineOfBusiness, Priority
from policy.tasks import TaskKind
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_member, a_request, an_incomplete_request
from tests.policy.steps import (
    APPROVAL,
    DAY,
    attempts,
    denied,
    does,
    finished,
    next_hour,
    opened,
)
from workflows.casefile import LONGEST, details
from workflows.inspection import LONGEST_TITLE, title

TYPED = "Ana María waits <b>at home</b> | since [Monday](http://elsewhere)"


def page(case: Case) -> str:
    """The case file one hour after the latest line of the story."""
    return details(case, next_hour(case))


def test_it_says_whose_turn_it_is_until_when_under_which_rule_and_why() -> None:
    text = page(opened(line=LineOfBusiness.MEDI_CAL))

    turn = text.partition("### Whose turn")[2]
    assert "**Waits for a case manager**, until Mon 2026-11-09 23:59 PST, in 7 days, under MCAL-STD-B (42 CFR" in turn
    assert "Nobody has claimed it." in turn
    assert "Why: P2 of the policy, the case manager reviews" in turn
    assert "7 calendar days from receipt on Mon 2026-11-02" in text


def test_who_has_claimed_a_task_is_named_by_staff_id_and_role() -> None:
    case = does(opened(), CASE_MANAGER, "claim_task", task_id="T1")

    assert f"**Waits for {CASE_MANAGER.id} (case manager)**" in page(case)
    assert "task claim" not in page(case)


def test_what_is_missing_is_listed_until_it_has_come() -> None:
    case = opened(an_incomplete_request(Item.TEST_RESULTS))

    assert "### What is missing\n\n- test results, of the checklist (P2)" in page(case)
    assert "### What is missing" not in page(opened())


def test_it_gives_the_very_commands_that_carry_the_case_on() -> None:
    text = page(opened())

    assert "`second-opinion task claim SO-2026-000001 T1 --as WHO`" in text
    assert "`second-opinion act SO-2026-000001 confirm_completeness --as WHO`" in text
    assert "`second-opinion act SO-2026-000001 request_information --as WHO`" in text
    assert "at `/cases/SO-2026-000001`" in text


def test_a_refused_action_stands_there_with_its_reason() -> None:
    case = attempts(opened(), CMO, "determine", **APPROVAL)

    assert "### What was refused\n\n1 refused; the latest:" in page(case)
    assert f"determine by {CMO.id}: " in page(case)


def test_a_closed_case_waits_for_nobody_and_says_how_it_ended() -> None:
    text = page(finished(denied()))

    assert "**Waits for nobody**: closed on" in text
    assert ": denied." in text
    assert "second-opinion reopen SO-2026-000001" in text


def test_what_people_typed_is_left_out() -> None:
    case = does(opened(), CASE_MANAGER, "add_comment", text=TYPED)

    text = page(case)

    assert "case: commented" in text
    assert "Ana María" not in text


def test_nothing_that_came_with_a_request_becomes_markup() -> None:
    case = opened(specialty="<img src=x> [click](http://elsewhere) *now* | `code`")

    text = page(case)

    assert "<img" not in text.replace("\\<", "")
    assert "\\<img src=x\\> \\[click\\](http://elsewhere) \\*now\\* \\| \\`code\\`" in text


def test_no_member_is_named() -> None:
    member = a_member()

    for case in (opened(), denied(), finished(denied())):
        text = page(case)

        assert member.name.family not in text
        assert member.member_id not in text


def test_a_case_of_thousands_of_lines_stays_within_the_server_s_limit() -> None:
    case = opened(specialty="É" * 100)
    for number in range(300):
        case = case.tell(MONDAY + DAY, "case:told", f"{number} " + "É" * 2000)
    for _ in range(40):
        case = case.open_task(TaskKind.TELEPHONE_NOTICE, MONDAY, note="É" * 2000)

    text = page(case)

    assert len(text.encode()) <= LONGEST
    assert "Waits for a case manager" in text


@pytest.mark.parametrize("specialty", ["orthopedic surgery", "É" * 100, "한" * 100, "two\nlines"])
def test_a_title_has_line_priority_and_specialty_and_fits_the_server(specialty: str) -> None:
    case = opened(a_request(specialty=specialty, priority=Priority.EXPEDITED, line=LineOfBusiness.MEDI_CAL))

    named = title(case)

    assert named.startswith("SO-2026-000001: medi cal, expedited, ")
    assert len(named.encode()) <= LONGEST_TITLE
    assert named.isprintable()


def test_the_title_of_a_reopened_case_says_so() -> None:
    assert title(finished(denied()), "reopened").startswith("SO-2026-000001: reopened, ")
