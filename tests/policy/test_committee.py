"""The committees' work on a report: its life, what they decide, what time does to it, and what is written. P12."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.calendar import end_of_day
from policy.committee.actions import COMMITTEE_ACTIONS
from policy.committee.file import CommitteeFile, Made, ReportState, begin, closed
from policy.committee.letters import NOT_ON_RECORD, OwedLetter, compose
from policy.committee.order import may_be_ordered, report_number
from policy.committee.time import Lateness, lateness, next_alarm, overdue_at, reminds_at, ring, sent, undeliverable
from policy.committee.transition import between
from policy.contents import Committee
from policy.dispatch import Delivery
from policy.letter import Letter
from policy.report.difference import difference, difference_in_words
from policy.report.period import parsed
from policy.request import LineOfBusiness
from policy.tasks import TaskState
from policy.trust import Trust, TrustMode
from policy.verdict import Refused
from tests.builders import a_member, a_request
from tests.committees import (
    CHAIR,
    FLAG,
    MANAGER,
    MET,
    OTHER_MANAGER,
    PLAN,
    QM,
    READY,
    SUPERVISOR,
    SURGEON,
    THEN,
    UM,
    a_report,
    accepted,
    an_order,
    does,
    presented,
    ready,
)

MEMBER: dict[str, Any] = {
    "committee": UM,
    "kind": "inform_member",
    "about_case": "SO-2026-000007",
    "concern": "You waited long for your report.",
    "tells": "We will ask the doctor each week.",
    "owner": MANAGER,
    "due_in_business_days": 5,
}


def decided(**changes) -> CommitteeFile:
    return does(presented(), CHAIR, "decide_action", **{**PLAN, **changes})


def why(file: CommitteeFile) -> tuple[str, str]:
    """The field and the reason of the last refusal."""
    receipt = file.receipts[-1]
    return (receipt.fields[0].field if receipt.fields else "", receipt.reason)


def left(file: CommitteeFile) -> CommitteeFile:
    owed = tuple(Delivery(key=a.notice.key, document="x.pdf", sha256="0" * 64) for a in file.owed if a.notice)
    return sent(file, owed, THEN)


# -- which report


def test_a_report_s_number_names_period_lines_and_edition_and_nobody():
    lines = (LineOfBusiness.COMMERCIAL, LineOfBusiness.MEDI_CAL)

    assert report_number(parsed("2026-Q3")) == "2026-Q3"
    assert report_number(parsed("2026-Q3"), (LineOfBusiness.MEDI_CAL,), 2) == "2026-Q3-medi-cal-e2"
    assert report_number(parsed("2026-Q3"), lines) == report_number(parsed("2026-Q3"), lines[::-1])
    assert report_number(parsed("2026-07-01..2026-08-15")) == "2026-07-01-to-2026-08-15"


def test_a_new_edition_says_why_and_corrects_the_one_before():
    with pytest.raises(ValidationError, match="give 'why'"):
        an_order(edition=2)

    assert an_order(edition=3, why="A PPG sent cases late.").corrects == "2026-Q3-e2"


def test_a_period_that_is_not_over_is_not_reported():
    over, early = an_order(), an_order(asked_at=READY - timedelta(days=1))  # Wednesday 2026-09-30

    assert may_be_ordered(over)
    verdict = may_be_ordered(early)
    assert isinstance(verdict, Refused)
    assert (verdict.field, "2026-10-01" in verdict.reason) == ("period", True)


def test_a_new_edition_names_every_figure_that_differs():
    old, new = a_report(late=4), a_report(late=3, cases=119)

    found = difference(old, new)

    assert [(c.was, c.now) for c in found][:2] == [("120", "119"), ("4 of 9 (44.4 %)", "3 of 9 (33.3 %)")]
    assert difference(old, old) == ()
    assert "Cases: 120 is now 119" in difference_in_words(old, new)
    assert difference_in_words(old, old) == "No figure of 2026-Q3 has changed."


def test_a_flag_that_is_gone_is_a_difference():
    assert [c.now for c in difference(a_report(), a_report(flags=()))] == [""]


# -- the life of a report


def test_a_report_is_drafted_ready_presented_discussed_accepted_and_closed():
    files = [begin(an_order(), READY), ready(), presented()]
    files.append(
        does(files[-1], CHAIR, "decide_action", committee=UM, kind="no_action", flag=FLAG, reason="By chance.")
    )
    for committee in (UM, QM):
        files.append(does(files[-1], CHAIR, "discuss_report", committee=committee, notes="Seen."))
    for committee in (UM, QM):
        files.append(does(files[-1], CHAIR, "accept_report", committee=committee))
    files.append(closed(files[-1], THEN))

    assert [f.state for f in files] == [
        ReportState.DRAFTED,
        ReportState.READY,
        ReportState.PRESENTED,
        ReportState.PRESENTED,
        ReportState.PRESENTED,
        ReportState.DISCUSSED,
        ReportState.DISCUSSED,
        ReportState.ACCEPTED,
        ReportState.CLOSED,
    ]
    assert files[-2].may_be_closed
    assert not any(f.refusals for f in files)


def test_a_report_that_is_being_made_is_not_presented():
    file = does(begin(an_order(), READY), CHAIR, "present_report", committee=UM, met_on=MET)

    assert "still being made" in why(file)[1]


def test_counts_that_do_not_agree_are_presented_only_for_a_reason():
    file = ready(Made(as_of=READY, agrees=False, differences=2))

    refused = does(file, CHAIR, "present_report", committee=UM, met_on=MET)
    shown = does(file, CHAIR, "present_report", committee=UM, met_on=MET, despite="Both differences are explained.")

    assert why(refused) == ("despite", "the second count differs 2 times; say why it is presented all the same")
    assert shown.state is ReportState.PRESENTED


def test_the_last_committee_accepts_only_when_every_flag_has_its_answer():
    file = accepted(presented())

    assert file.state is ReportState.DISCUSSED
    assert why(file)[1].endswith("is: Dr. Lund")
    assert {h.committee for h in file.hearings if h.accepted_at} == {Committee.UTILIZATION_MANAGEMENT}


@pytest.mark.parametrize(
    ("signal", "fields", "field"),
    [
        ("present_report", {"committee": UM, "met_on": MET}, "committee"),
        ("accept_report", {"committee": UM}, "committee"),
        ("complete_action", {"action": "A1", "outcome": "Done."}, "action"),
        ("decide_action", {**PLAN, "flag": "none-such"}, "flag"),
        ("decide_action", {**PLAN, "due": None}, "due"),
        ("decide_action", {**PLAN, "due": date(2026, 10, 19)}, "due"),
        ("decide_action", {**PLAN, "due": date(2099, 1, 1)}, "due"),
        ("decide_action", {**PLAN, "due_in_business_days": 3}, "due"),
        ("decide_action", {**PLAN, "due": None, "due_in_business_days": 400, "owner": None}, "owner"),
        ("decide_action", {**PLAN, "owner": None}, "owner"),
        ("decide_action", {**PLAN, "owner": SURGEON}, "owner"),
        ("decide_action", {**PLAN, "concern": " "}, "concern"),
        ("decide_action", {**PLAN, "tells": " \n"}, "tells"),
        ("decide_action", {**PLAN, "correspondent": None}, "correspondent"),
        ("decide_action", {**PLAN, "reply_by": date(2026, 12, 1)}, "reply_by"),
        ("decide_action", {**MEMBER, "about_case": ""}, "about_case"),
        ("decide_action", {**PLAN, "kind": "peer_review", "reply_by": date(2026, 11, 1)}, "reply_by"),
        ("decide_action", {"committee": UM, "kind": "no_action"}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_with_its_clause(signal, fields, field):
    file = does(presented(), CHAIR, signal, **fields)

    assert why(file)[0] == field
    assert file.receipts[-1].clause == "P12"
    assert file.actions == ()


def test_a_supervisor_presents_and_only_a_committee_decides_and_accepts():
    file = does(ready(), SUPERVISOR, "present_report", committee=QM, met_on=MET)
    refused = does(file, SUPERVISOR, "decide_action", **PLAN)

    assert file.hearing(Committee.QUALITY_MANAGEMENT)
    assert why(refused) == ("actor.roles", "only for: committee, cmo")


# -- what is decided


def test_a_corrective_action_plan_has_an_owner_a_day_and_a_letter_that_asks_until_that_day():
    file = decided()

    (action,) = file.actions
    assert (action.id, action.state, action.owner, action.due) == ("A1", TaskState.RESERVED, SUPERVISOR, PLAN["due"])
    assert (action.reply_by, action.concerned) == (PLAN["due"], ("1730155555",))
    assert action.notice
    assert action.notice.key == "CA-2026-Q3/committee_action/1/provider"


def test_days_are_business_days_of_the_state():
    file = does(presented(), CHAIR, "decide_action", **{**MEMBER, "due_in_business_days": 16})

    assert file.actions[0].due == date(2026, 11, 12)  # Thursday; Wednesday 2026-11-11 is Veterans Day


def test_what_only_has_to_be_told_ends_when_its_letter_has_left():
    file = left(does(presented(), CHAIR, "decide_action", **MEMBER))

    assert file.actions[0].state is TaskState.COMPLETED
    assert file.open_actions == ()


def test_a_plan_stays_open_when_its_letter_has_left_until_its_owner_says_what_came_of_it():
    file = left(decided())
    others = does(file, MANAGER, "complete_action", action="A1", outcome="Done.")
    noted = does(file, SUPERVISOR, "note_follow_up", action="A1", text="The plan came.")
    done = does(noted, SUPERVISOR, "complete_action", action="A1", outcome="Carried out.")

    assert why(others) == ("actor.id", "only its owner or a supervisor can do this")
    assert [f.text for f in noted.actions[0].follow_ups] == ["The plan came."]
    assert (done.actions[0].state, done.actions[0].outcome) == (TaskState.COMPLETED, "Carried out.")


def test_nobody_decides_ends_or_gets_what_is_about_himself():
    seen = presented()
    on_himself = does(seen, SURGEON, "decide_action", **PLAN)
    withdrawn = does(left(decided()), SURGEON, "withdraw_action", action="A1", reason="No need.")
    postponed = does(left(decided()), SURGEON, "postpone_action", action="A1", due=date(2027, 1, 4), reason="Later.")
    to_himself = does(left(decided()), CHAIR, "hand_over_action", action="A1", to=SURGEON, reason="He knows best.")
    of_a_case = does(seen, CHAIR, "decide_action", **{**MEMBER, "concerned": ["co.grant"]})

    assert [why(f)[0] for f in (on_himself, withdrawn, postponed, to_himself, of_a_case)] == [
        "actor.id",
        "actor.id",
        "actor.id",
        "to",
        "actor.id",
    ]


def test_an_action_is_neither_completed_nor_withdrawn_before_its_letter_has_left():
    done = does(decided(), SUPERVISOR, "complete_action", action="A1", outcome="Done.")
    withdrawn = does(decided(), CHAIR, "withdraw_action", action="A1", reason="No need.")

    assert {why(done)[0], why(withdrawn)[0]} == {"action"}


def test_a_letter_that_cannot_be_made_leaves_its_action_with_its_owner():
    file = undeliverable(does(presented(), CHAIR, "decide_action", **MEMBER), "A1", NOT_ON_RECORD, THEN)

    assert file.owed == ()
    assert [a.id for a in file.open_actions] == ["A1"]
    assert does(file, MANAGER, "complete_action", action="A1", outcome="Told by telephone.").open_actions == ()


# -- what time does


def test_the_owner_is_reminded_two_business_days_before_and_the_supervisor_told_after_the_last_one():
    file = left(decided())
    alarm = next_alarm(file)
    reminded = ring(file, end_of_day(date(2026, 11, 18)))  # Wednesday
    overdue = ring(reminded, end_of_day(date(2026, 11, 20)))

    assert alarm
    assert (alarm.at, alarm.label) == (end_of_day(date(2026, 11, 18)), "Remind the owner of A1")
    assert [reminded.actions[0].reminded, overdue.actions[0].escalated] == [True, True]
    assert [e.event for e in overdue.story[-2:]] == ["action:reminded", "action:overdue"]
    assert next_alarm(overdue) is None
    assert between(None, overdue, THEN).next_due == end_of_day(date(2026, 11, 20))


def test_more_time_begins_reminders_anew():
    file = ring(left(decided()), end_of_day(date(2026, 11, 20)))
    file = does(
        file,
        SUPERVISOR,
        "postpone_action",
        at=datetime(2026, 11, 23, 18, tzinfo=UTC),
        action="A1",
        due=date(2026, 12, 18),
        reason="A new director.",
    )

    alarm = next_alarm(file)
    assert alarm
    assert alarm.at == end_of_day(date(2026, 12, 16))  # Wednesday


# -- what is written


def test_the_letter_says_what_the_committee_lets_its_reader_know_and_nothing_of_its_own_work():
    file = does(decided(), SUPERVISOR, "discuss_report", committee=QM, notes="Confidential words.")

    letter = compose(OwedLetter(report=file.number, action=file.actions[0]), None, THEN)

    assert isinstance(letter, Letter)
    text = letter.model_dump_json()
    assert letter.addressee == "Coast Surgical Group"
    assert "Please send a plan" in text
    assert "November 20, 2026" in text
    assert not any(private in text for private in ("Confidential", "okafor", "Lund", "1730155555"))


def test_a_member_is_written_to_in_the_member_s_language_and_at_the_only_address_that_may_be_used():
    request = a_request()
    request = request.model_copy(update={"member": request.member.model_copy(update={"language": "es"})})
    file = does(presented(), CHAIR, "decide_action", **MEMBER)

    letter = compose(OwedLetter(report=file.number, action=file.actions[0]), request, THEN)
    unknown = compose(OwedLetter(report=file.number, action=file.actions[0]), None, THEN)

    assert isinstance(letter, Letter)
    assert (letter.language, letter.addressee) == ("es", request.member.name.full)
    assert isinstance(unknown, Refused)
    assert unknown.reason == NOT_ON_RECORD


def test_the_treating_provider_is_written_to_in_english_whatever_the_member_speaks():
    request = a_request(member=a_member(language="es", large_print=True))
    file = does(presented(), CHAIR, "decide_action", **{**MEMBER, "kind": "inform_provider"})

    letter = compose(OwedLetter(report=file.number, action=file.actions[0]), request, THEN)

    assert isinstance(letter, Letter)
    assert (letter.language, letter.wanted_language, letter.large_print) == ("en", "en", False)


@pytest.mark.parametrize(
    ("now", "standing"),
    [
        (datetime(2026, 11, 19, 7, 59, 59, tzinfo=UTC), Lateness.IN_TIME),  # Wednesday 2026-11-18 23:59:59 PST
        (datetime(2026, 11, 19, 8, 0, tzinfo=UTC), Lateness.SOON),  # Thursday 2026-11-19 00:00 PST
        (datetime(2026, 11, 21, 7, 59, 59, tzinfo=UTC), Lateness.SOON),  # Friday 2026-11-20 23:59:59 PST
        (datetime(2026, 11, 21, 8, 0, tzinfo=UTC), Lateness.OVERDUE),  # Saturday 2026-11-21 00:00 PST
    ],
)
def test_an_action_is_due_soon_and_overdue_by_days_in_los_angeles(now, standing):
    assert lateness(date(2026, 11, 20), now) is standing  # a Friday
    assert lateness(None, now) is Lateness.IN_TIME


@given(st.integers(0, 200), st.floats(0, 24 * 210))
def test_a_list_says_due_soon_from_when_the_owner_is_reminded_and_overdue_from_when_the_supervisor_is_told(days, hours):
    action = decided(due=date(2026, 10, 20) + timedelta(days=days)).actions[0]
    now = THEN + timedelta(hours=hours)
    reminded, told = reminds_at(action), overdue_at(action)

    found = lateness(action.due, now + timedelta(seconds=1))

    assert reminded
    assert told
    assert (found is Lateness.OVERDUE) == (told <= now)
    assert found is not Lateness.IN_TIME or now < reminded


# -- sent twice, unsigned, at random


def test_the_same_action_twice_is_one_and_another_under_its_id_is_refused():
    file = does(presented(), CHAIR, "decide_action", action_id="a-1", **PLAN)
    again = does(file, CHAIR, "decide_action", action_id="a-1", **PLAN)
    other = does(file, CHAIR, "decide_action", action_id="a-1", **MEMBER)

    assert again == file
    assert len(other.actions) == 1
    assert "used before" in other.refusals[-1].reason


def test_where_signatures_are_required_an_unsigned_action_is_refused():
    file = ready().but(trust=Trust(mode=TrustMode.REQUIRE))

    assert why(does(file, CHAIR, "present_report", committee=UM, met_on=MET))[0] == "signed_statement"


PEOPLE = st.sampled_from([CHAIR, SURGEON, SUPERVISOR, MANAGER, OTHER_MANAGER])
BODIES = {
    "present_report": st.fixed_dictionaries({"committee": st.sampled_from([UM, QM]), "met_on": st.just(MET)}),
    "discuss_report": st.fixed_dictionaries({"committee": st.sampled_from([UM, QM]), "notes": st.just("Seen.")}),
    "accept_report": st.fixed_dictionaries({"committee": st.sampled_from([UM, QM])}),
    "decide_action": st.sampled_from(
        [PLAN, MEMBER, {"committee": UM, "kind": "no_action", "flag": FLAG, "reason": "By chance."}]
    ),
    "note_follow_up": st.fixed_dictionaries({"action": st.sampled_from(["A1", "A2"]), "text": st.just("So far.")}),
    "complete_action": st.fixed_dictionaries({"action": st.sampled_from(["A1", "A2"]), "outcome": st.just("Done.")}),
    "hand_over_action": st.fixed_dictionaries(
        {"action": st.sampled_from(["A1", "A2"]), "to": PEOPLE, "reason": st.just("Leave.")}
    ),
    "postpone_action": st.fixed_dictionaries(
        {
            "action": st.sampled_from(["A1", "A2"]),
            "due": st.dates(date(2026, 10, 1), date(2027, 3, 1)),
            "reason": st.just("Later."),
        }
    ),
    "withdraw_action": st.fixed_dictionaries({"action": st.sampled_from(["A1", "A2"]), "reason": st.just("Gone.")}),
}
STEPS = st.sampled_from(sorted(BODIES)).flatmap(lambda s: st.tuples(st.just(s), PEOPLE, BODIES[s]))


@given(st.lists(st.one_of(STEPS, st.sampled_from(["letters", "time"])), max_size=25))
def test_whatever_is_done_in_whatever_order_the_file_stays_sound(steps):
    file, at = ready(), THEN
    for step in steps:
        before, at = file, at + timedelta(hours=7)
        if step == "letters":
            file = left(file)
        elif step == "time":
            at += timedelta(days=9)
            file = ring(file, at)
        else:
            signal, actor, body = step
            file = does(file, actor, signal, at=at, **body)
            assert file.receipts[-1].accepted or (file.actions, file.hearings) == (before.actions, before.hearings)
        _is_sound(before, file, at)


def _is_sound(before: CommitteeFile, file: CommitteeFile, at: datetime) -> None:
    assert [e.seq for e in file.story] == list(range(1, file.seq + 1))
    assert [a.id for a in file.actions] == [f"A{n}" for n in range(1, len(file.actions) + 1)]
    assert set(COMMITTEE_ACTIONS) == set(BODIES)
    for action in file.actions:
        assert action.is_open == (action.ended_at is None)
        assert not action.is_open or (action.owner and action.due and not action.concerns(action.owner))
        assert action.ended_by != SURGEON.id or not action.concerned
    for ended in (a for a in before.actions if not a.is_open):
        assert file.action(ended.id) == ended  # what has ended never changes
    assert file.made == before.made
    alarm = next_alarm(file)
    assert alarm is None or alarm.at > at or ring(file, at) != file
