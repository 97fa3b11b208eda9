"""Appointment, visit, and a report in parts. Procedure 7; H&S 1367.03(a)(5)(H); 28 CCR 1300.67.2.2.

Approved on Monday 2026-11-02; fifteen business days later, by the state's calendar, is Tuesday 2026-11-24.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from policy.alarms import ring
from policy.case import Case
from policy.filing import packet
from policy.lifecycle import Stage
from policy.opinion import AppointmentState
from policy.particulars import NoticeKind
from policy.request import Care, LineOfBusiness, Priority
from policy.rule import Anchor, Obligation
from policy.timeframes import Clock, ClockState
from policy.transition import between
from tests.builders import CASE_MANAGER, MONDAY, a_recommendation, a_report, plan_physician
from tests.policy.steps import DAY, HOUR, approved, does, letters_left, next_hour, placed, refusal

SOON = datetime.fromisoformat("2026-11-13T09:30-08:00")  # Friday
LATER = datetime.fromisoformat("2026-12-04T09:30-08:00")  # Friday
NOTED: dict[str, Any] = {
    "longer_wait_by": "Dr. Ines Vega, A55510",
    "longer_wait_why": "Chart note of 2026-11-02: stable.",
}
LAB = {"name": "laboratory.pdf", "sha256": "ab" * 32, "size": 9_000}
LETTER = {"name": "report.pdf", "sha256": "ef" * 32, "size": 120_000}


def clocks(case: Case, obligation: Obligation) -> list[Clock]:
    return [c for c in case.clocks if c.obligation is obligation]


def states(case: Case, obligation: Obligation) -> list[tuple[Anchor, ClockState]]:
    return [(c.anchor, c.state) for c in clocks(case, obligation)]


def appointed(when: datetime = SOON, **changes: Any) -> Case:
    return does(placed(), CASE_MANAGER, "record_appointment", when=when, **changes)


def seen(case: Case, at: datetime, **fields: Any) -> Case:
    return does(case, CASE_MANAGER, "record_visit", at=at, kept=True, **fields)


# -- the appointment and its limit


@pytest.mark.parametrize(
    ("line", "due"),
    [
        pytest.param(LineOfBusiness.MEDI_CAL, "2026-11-24", id="the state is closed on Veterans Day"),  # Tuesday
        pytest.param(LineOfBusiness.COMMERCIAL, "2026-11-24", id="so are federal offices"),  # Tuesday
    ],
)
def test_a_specialist_is_to_be_seen_within_fifteen_business_days_of_the_approval(line, due):
    (clock,) = clocks(placed(line=line), Obligation.APPOINTMENT)

    assert (clock.rule, clock.anchor) == ("ACCESS-15BD", Anchor.APPROVED)
    assert clock.due_at.astimezone(SOON.tzinfo).date().isoformat() == due


def test_an_urgent_visit_is_to_be_within_ninety_six_hours():
    case = placed(priority=Priority.EXPEDITED)

    (clock,) = clocks(case, Obligation.APPOINTMENT)
    assert (clock.rule, clock.due_at - clock.anchored_at) == ("ACCESS-96H", timedelta(hours=96))


@pytest.mark.parametrize("changes", [{"line": LineOfBusiness.MEDICARE_ADVANTAGE}, {"priority": Priority.RETROSPECTIVE}])
def test_where_the_states_rule_does_not_hold_no_visit_is_limited(changes):
    assert clocks(approved(**changes), Obligation.APPOINTMENT) == []


def test_the_specialists_limit_is_not_for_primary_care():
    assert clocks(approved(care=Care.PRIMARY_CARE, specialty="family medicine"), Obligation.APPOINTMENT) == []


def test_an_appointment_inside_the_limit_meets_it():
    case = appointed()

    assert [s for _, s in states(case, Obligation.APPOINTMENT)] == [ClockState.MET]
    assert case.story[-1].event == "clock:started"
    assert [e.text for e in case.story if e.event == "appointment:made"] == [
        "The appointment is made for Fri 2026-11-13 09:30 PST"
    ]


def test_a_later_appointment_is_kept_and_leaves_the_limit_standing():
    case = appointed(LATER)

    assert [s for _, s in states(case, Obligation.APPOINTMENT)] == [ClockState.RUNNING]
    assert case.opinions[-1].appointment is not None
    assert [e.clause for e in case.story if e.event == "appointment:later"] == ["ACCESS-15BD"]


def test_a_longer_wait_that_a_licensed_professional_noted_as_harmless_waives_the_limit():
    case = appointed(LATER, **NOTED)

    (clock,) = clocks(case, Obligation.APPOINTMENT)
    assert clock.state is ClockState.WAIVED
    assert clock.cause == "a longer wait does no harm, noted by Dr. Ines Vega, A55510 (H&S 1367.03(a)(5)(H))"


@pytest.mark.parametrize(
    ("given", "lacking"), [("longer_wait_by", "longer_wait_why"), ("longer_wait_why", "longer_wait_by")]
)
def test_the_note_about_a_longer_wait_says_who_and_what(given, lacking):
    refused = refusal(placed(), CASE_MANAGER, "record_appointment", when=LATER, **{given: NOTED[given]})

    assert (refused.clause, refused.fields[0].field) == ("H&S 1367.03(a)(5)(H)", lacking)


@pytest.mark.parametrize(
    ("when", "clause"),
    [
        pytest.param(MONDAY - DAY, "P7", id="before the placement"),
        pytest.param(MONDAY + 120 * DAY, "P8", id="after the authorization has ended"),
    ],
)
def test_an_appointment_lies_inside_the_authorization(when, clause):
    refused = refusal(placed(), CASE_MANAGER, "record_appointment", when=when)

    assert (refused.clause, refused.fields[0].field) == (clause, "when")


def test_a_limit_that_passes_without_an_appointment_is_breached_and_its_task_goes_before_the_supervisor():
    case = ring(placed(), MONDAY + 25 * DAY)  # Friday 2026-11-27

    assert [s for _, s in states(case, Obligation.APPOINTMENT)] == [ClockState.BREACHED]
    assert [t.escalated for t in case.open_tasks] == [True]


def test_when_the_physician_declines_the_limit_stands_again_until_the_same_time():
    case = appointed()
    (before,) = clocks(case, Obligation.APPOINTMENT)

    case = does(case, CASE_MANAGER, "decline_placement", reason="On leave from tomorrow.")

    (after,) = clocks(case, Obligation.APPOINTMENT)
    assert (after.state, after.due_at) == (ClockState.RUNNING, before.due_at)


# -- what the report counts from


def test_the_report_counts_from_the_planned_visit():
    case = appointed()

    assert states(case, Obligation.CONSULTATION_REPORT) == [
        (Anchor.PLACED, ClockState.WAIVED),
        (Anchor.VISIT, ClockState.RUNNING),
    ]
    due = clocks(case, Obligation.CONSULTATION_REPORT)[-1].due_at.astimezone(SOON.tzinfo)
    assert due.date().isoformat() == "2026-11-27"  # Friday, fourteen calendar days after the visit


def test_a_moved_appointment_moves_the_report():
    case = does(appointed(), CASE_MANAGER, "record_appointment", when=SOON + 7 * DAY, why="The member has a cold.")

    assert [(a.state, a.why) for a in case.opinions[-1].appointments] == [
        (AppointmentState.MOVED, "The member has a cold."),
        (AppointmentState.MADE, ""),
    ]
    assert [s for _, s in states(case, Obligation.CONSULTATION_REPORT)] == [
        ClockState.WAIVED,
        ClockState.WAIVED,
        ClockState.RUNNING,
    ]


def test_a_visit_as_planned_leaves_the_clock_of_the_report_as_it_is():
    case = appointed()

    after = seen(case, SOON + HOUR)

    assert clocks(after, Obligation.CONSULTATION_REPORT) == clocks(case, Obligation.CONSULTATION_REPORT)
    assert after.opinions[-1].visited is not None
    assert after.opinions[-1].appointment is None


def test_a_visit_that_nobody_planned_on_record_meets_the_limit_and_starts_the_reports_clock():
    case = seen(placed(), SOON + HOUR, when=SOON)

    assert [s for _, s in states(case, Obligation.APPOINTMENT)] == [ClockState.MET]
    assert states(case, Obligation.CONSULTATION_REPORT)[-1] == (Anchor.VISIT, ClockState.RUNNING)


def test_a_missed_visit_gives_the_report_time_for_another_one():
    case = does(appointed(), CASE_MANAGER, "record_visit", at=SOON + DAY, kept=False, why="No ride came.")

    assert case.opinions[-1].appointments[-1].state is AppointmentState.MISSED
    assert states(case, Obligation.CONSULTATION_REPORT)[-1] == (Anchor.VISIT_MISSED, ClockState.RUNNING)
    again = does(case, CASE_MANAGER, "record_appointment", when=SOON + 7 * DAY)
    assert states(again, Obligation.CONSULTATION_REPORT)[-1] == (Anchor.VISIT, ClockState.RUNNING)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"kept": True, "when": SOON + 30 * DAY}, "when", id="in the future"),
        pytest.param({"kept": True, "when": MONDAY - 3 * DAY}, "when", id="before the placement"),
        pytest.param({"kept": True}, "when", id="without a time, and none planned"),
        pytest.param({"kept": False}, "kept", id="missed, and none planned"),
    ],
)
def test_a_visit_that_cannot_have_been_is_refused(given, field):
    refused = refusal(placed(), CASE_MANAGER, "record_visit", at=SOON, **given)

    assert refused.fields[0].field == field


def test_an_appointment_that_lies_ahead_cannot_have_been_missed():
    refused = refusal(appointed(), CASE_MANAGER, "record_visit", kept=False)

    assert refused.fields[0].field == "kept"


def test_the_report_ends_whatever_waited_for_a_visit():
    case = does(placed(), CASE_MANAGER, "receive_report", **a_report())

    (clock,) = clocks(case, Obligation.APPOINTMENT)
    assert (clock.state, clock.cause) == (ClockState.WAIVED, "the report has come; no appointment was recorded")


# -- a report in parts


def a_part(case: Case | None = None, **fields: Any) -> Case:
    return does(case or placed(), CASE_MANAGER, "receive_report", is_complete=False, **fields)


def test_a_part_without_recommendations_keeps_the_task_open_and_says_what_is_missing():
    case = a_part(findings="Moderate stenosis.", attachments=[LETTER], announced="the laboratory's results")

    assert case.stage is Stage.CONSULTATION_REPORT
    assert [t.kind for t in case.open_tasks] == ["obtain_report"]
    assert case.story[-1].text == (
        "A part of the report has come; still missing: recommendations, the laboratory's results"
    )
    assert [n.kind for n in case.notices if n.kind is NoticeKind.REPORT_COPY] == []
    assert states(case, Obligation.CONSULTATION_REPORT) == [(Anchor.PLACED, ClockState.RUNNING)]


def test_the_parts_make_one_report_which_is_shared_when_it_is_whole():
    case = a_part(findings="Moderate stenosis.", attachments=[LETTER], announced="the laboratory's results")
    first = case

    case = does(
        case, CASE_MANAGER, "receive_report",
        findings="No inflammation.", recommendations="Physical therapy.", attachments=[LAB],
        recommendation=a_recommendation(recommends=False).model_dump(mode="json"),
    )  # fmt: skip

    opinion = case.opinions[-1]
    assert opinion.report is not None
    assert opinion.report.findings == "Moderate stenosis.\n\nNo inflammation."
    assert [a.name for a in opinion.report.attachments] == ["report.pdf", "laboratory.pdf"]
    assert opinion.report.recommendation is not None
    assert len(opinion.parts) == 2
    assert [n.kind for n in case.notices if n.kind is NoticeKind.REPORT_COPY] == [NoticeKind.REPORT_COPY] * 3
    assert [a.name for a in between(first, case, next_hour(case)).documents] == ["laboratory.pdf"]
    assert [a.name for a in packet(letters_left(case), next_hour(case)).attachments] == ["report.pdf", "laboratory.pdf"]


def test_a_part_that_has_everything_still_waits_for_what_makes_it_whole():
    case = a_part(**a_report())

    assert case.story[-1].text.endswith("still missing: the rest of the report")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"recommendations": "Therapy."}, "findings"),
        ({"findings": "Stenosis."}, "recommendations"),
        ({"findings": "Stenosis.", "recommendations": "Therapy.", "announced": "the pathology"}, "announced"),
    ],
)
def test_a_report_that_is_said_to_be_complete_and_is_not_is_refused(fields, field):
    refused = refusal(placed(), CASE_MANAGER, "receive_report", **fields)

    assert (refused.clause, refused.fields[0].field) == ("P7", field)


def test_parts_of_a_report_stay_with_a_physician_who_does_not_finish_it():
    case = a_part(findings="Moderate stenosis.", attachments=[LETTER])
    case = does(case, CASE_MANAGER, "decline_placement", reason="Has left the practice.")
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    case = letters_left(does(case, CASE_MANAGER, "receive_report", **a_report(attachments=[LAB])))

    assert [a.name for a in packet(case, next_hour(case)).attachments] == ["report.pdf", "laboratory.pdf"]
