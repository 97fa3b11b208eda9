"""What people and time do to a delegated decision, how it is coded and filed, and what it scores. P10, P11."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policy.delegateacting import act
from policy.delegateactions import DELEGATED_ACTIONS
from policy.delegatecase import Compliance, DelegatedCase, DelegatedState, receive_packet
from policy.delegated import (
    DeciderRole,
    DelegatedPacket,
    DelegateOutcome,
    KnownMember,
    MemberMatch,
    matched,
    may_be_taken,
)
from policy.delegatefindings import Check, Part, Settled
from policy.delegatelife import category, code, compose, mhc_row, next_alarm, packet_of, ring, sent
from policy.delegatescore import Measured, Period, Rate, Standing, measured, scores
from policy.dispatch import Delivery
from policy.edition import EDITIONS
from policy.people import Actor, Role
from policy.timeframes import spoken
from policy.trust import Trust, TrustMode
from policy.verdict import Refused
from tests.builders import CASE_MANAGER
from tests.delegates import COPIED, DECIDED, RECORD, a_decider, a_packet, an_approval

TERMS = EDITIONS[-1].delegation
SUPERVISOR = Actor(id="sv.okafor", roles=(Role.SUPERVISOR,))


def received(packet: DelegatedPacket | None = None, at: datetime = COPIED) -> DelegatedCase:
    return receive_packet("DD-2026-000001", packet or a_packet(record_attachment=None), at)


def does(case: DelegatedCase, actor: Actor, signal: str, at: datetime = COPIED, **fields: Any) -> DelegatedCase:
    given = {"action_id": f"{signal}-{case.seq}", "actor": actor, "at": at, **fields}
    return act(case, DELEGATED_ACTIONS[signal].model_validate(given), at)


# -- what time does


def test_the_delegate_has_five_business_days_is_reminded_at_half_of_them_and_then_the_supervisor_has_it():
    case = received()  # Thursday 2026-11-05; Wednesday 2026-11-11 is Veterans Day
    alarm = next_alarm(case)
    assert alarm
    assert alarm.label == "Remind the delegate"
    assert case.open_clock
    assert spoken(case.open_clock.due_at) == "Fri 2026-11-13 23:59 PST"

    reminded = ring(case, alarm.at)
    overdue = ring(reminded, reminded.open_clock.due_at)  # type: ignore[union-attr]

    assert [n.ordinal for n in reminded.notices] == [1, 2]
    assert not reminded.escalated
    assert overdue.escalated
    assert [n.ordinal for n in overdue.notices] == [1, 2, 3]
    last = next_alarm(overdue)
    assert last
    assert last.label == "The file is closed as deficient"
    assert spoken(last.at) == "Tue 2026-12-01 23:59 PST"  # ten business days, Thanksgiving and the day after closed
    closed = ring(overdue, last.at)
    assert (closed.state, closed.compliance) == (DelegatedState.COMPLETE, Compliance.DEFICIENT)
    assert next_alarm(closed) is None


def test_alarms_that_ring_late_all_ring_once():
    months_later = COPIED + timedelta(days=90)

    case = ring(received(), months_later)

    assert [n.ordinal for n in case.notices] == [1, 2, 3]
    assert case.escalated
    assert ring(case, months_later) == case


# -- what people do


def test_a_supplement_that_shows_something_else_to_be_wrong_opens_that():
    case = received(a_packet(decider=a_decider(npi="")))

    case = does(case, CASE_MANAGER, "supplement_copy", decider=a_decider(npi="1992999874").model_dump(mode="json"))

    assert [f.check for f in case.open_findings] == [Check.DECIDER_NOT_INVOLVED]
    assert "is involved" in case.open_findings[0].sentence


def test_a_supplement_with_a_time_that_cannot_be_true_is_refused_by_its_field():
    case = received(a_packet(member_notice=None))
    before = (DECIDED - timedelta(hours=1)).isoformat()

    case = does(case, CASE_MANAGER, "supplement_copy", member_notice={"at": before})

    assert case.refusals[-1].fields[0].field == "member_notice.at"
    assert case.open_findings


def test_an_empty_supplement_is_refused():
    assert does(received(), CASE_MANAGER, "supplement_copy").refused_count == 1


def test_a_notice_that_is_supplemented_and_was_late_stays_a_finding():
    case = received(a_packet(member_notice=None))
    friday = datetime(2026, 11, 7, 18, 0, tzinfo=UTC)  # Saturday 2026-11-07

    case = does(case, CASE_MANAGER, "supplement_copy", friday, member_notice={"at": friday.isoformat()})

    assert [f.check for f in case.open_findings] == [Check.MEMBER_NOTICE_IN_TIME]
    assert case.open_findings[0].happened_at == friday


def test_the_same_action_twice_is_applied_once_and_another_under_its_id_is_refused():
    case = received()
    fields: dict[str, Any] = {"action_id": "a", "text": "Copies go out at once."}

    once = does(case, CASE_MANAGER, "note_corrective_action", **fields)
    twice = does(once, CASE_MANAGER, "note_corrective_action", **fields)
    other = does(once, CASE_MANAGER, "note_corrective_action", **{**fields, "text": "Other words."})

    assert twice == once
    assert len(other.notes) == 1
    assert other.refused_count == 1


@pytest.mark.parametrize(
    ("actor", "signal", "fields"),
    [
        (CASE_MANAGER, "waive_finding", {"check": "record_complete", "reason": "No."}),
        (CASE_MANAGER, "pull_up_case", {"reason": "No."}),
        (SUPERVISOR, "waive_finding", {"check": "copy_in_time", "reason": "It was in time."}),
        (SUPERVISOR, "pull_up_case", {"reason": "Another's.", "case_number": "DD-2026-000002"}),
    ],
)
def test_what_somebody_may_not_do_is_a_refusal_with_its_reason(actor, signal, fields):
    case = does(received(), actor, signal, **fields)

    assert case.refused_count == 1
    assert case.refusals[0].reason
    assert len(case.open_findings) == 1


def test_a_case_that_takes_signed_actions_only_refuses_what_nobody_signed():
    trust = Trust(mode=TrustMode.REQUIRE, roots=("a",))
    case = receive_packet("DD-2026-000001", a_packet(record_attachment=None), COPIED, trust=trust)

    refused = does(case, SUPERVISOR, "waive_finding", check="record_complete", reason="Seen on paper.")

    assert refused.open_findings == case.open_findings
    assert refused.refusals[0].reason.startswith("this case takes signed actions only")


def test_where_signatures_are_only_flagged_the_story_marks_what_nobody_signed():
    trust = Trust(mode=TrustMode.FLAG, roots=("a",))
    case = receive_packet("DD-2026-000001", a_packet(record_attachment=None), COPIED, trust=trust)

    case = does(case, SUPERVISOR, "note_corrective_action", text="Copies go out at once.")

    assert [entry.unsigned for entry in case.story if entry.actor] == [True]


def test_what_is_settled_ends_the_delegate_s_time():
    case = does(received(), SUPERVISOR, "waive_finding", check="record_complete", reason="Seen on paper.")

    assert case.state is DelegatedState.COMPLETE
    assert case.open_clock is None
    assert next_alarm(case) is None


# -- what the delegate is written


def test_the_letter_lists_what_was_found_with_its_rule_and_until_when_to_answer():
    case = received(a_packet(record_attachment=None, member_notice=None))

    letter = compose(case, case.notices[0], COPIED)

    assert letter.addressee == "Alder IPA"
    assert letter.key == "DD-2026-000001/delegated_copy_request/1/delegate"
    text = letter.model_dump_json()
    assert "The copy lacks: The medical record" in text
    assert "[N-MEM-2BD]" in text
    assert "Please answer by Fri 2026-11-13 23:59 PST." in text
    assert "Núñez" not in text


def test_a_letter_that_has_left_is_owed_no_more():
    case = received()
    delivery = Delivery(key=case.notices[0].key, document="a.pdf", sha256="0" * 64)

    left = sent(case, (delivery,), COPIED)

    assert left.planned_notices == ()
    assert sent(left, (delivery,), COPIED + timedelta(days=1)) == left


# -- how it is coded and filed


@pytest.mark.parametrize(
    ("outcome", "code_", "counts_as"),
    [("approved", "SO-A-DEL", "approved"), ("denied", "SO-D-DEL", "denied"), ("modified", "SO-M-DEL", "denied")],
)
def test_every_outcome_has_its_category_and_a_modification_counts_as_a_denial(outcome, code_, counts_as):
    case = code(received(a_packet(outcome=DelegateOutcome(outcome))), COPIED)

    row = mhc_row(case)

    assert category(case).code == row.category == code_
    assert (row.outcome, row.organization, row.decided_at) == (counts_as, "Alder IPA", DECIDED)


def test_every_delegated_category_is_given_to_some_outcome():
    given = {category(received(a_packet(outcome=outcome))) for outcome in DelegateOutcome}

    assert given == {row for row in EDITIONS[-1].category if row.route == "delegated"}


def test_the_packet_says_what_the_delegate_decided_and_what_the_plan_found():
    packet = packet_of(received(a_packet(provider_notice=None)), COPIED)

    decision, checks = packet.annexes
    assert dict(decision.fields)["Delegate"] == "Alder IPA"
    assert dict(decision.texts)["Criteria"] == "Plan guideline 12"
    assert "Provider notice in time: failed, open" in dict(checks.texts)
    assert "Decision in time: passed" in dict(checks.texts)
    assert RECORD in packet.attachments


# -- the score


def test_a_score_counts_how_copies_came_and_forgives_only_what_was_waived():
    clerk = a_packet(decider=a_decider(role=DeciderRole.CLINICIAN))
    cured = does(received(), CASE_MANAGER, "supplement_copy", record_attachment=RECORD.model_dump(mode="json"))
    waived = does(
        received(clerk), SUPERVISOR, "waive_finding", check="decider_may_decide", reason="A physician signed."
    )
    assert cured.findings[6].settled is Settled.CURED

    counted = tuple(measured("Alder IPA", DECIDED, c.findings) for c in (received(an_approval()), cured, waived))
    (score,) = scores(counted)

    assert score.packets == Rate(n=3, passed=2)
    assert score.parts[Part.RECORD] == Rate(n=6, passed=5)
    assert score.parts[Part.AUTHORITY] == Rate(n=6, passed=6)


def a_month(delegate: str, month: str, n: int, passed: int) -> Measured:
    return Measured(
        delegate=delegate, month=month, packets=Rate(n=n, passed=passed), parts={Part.COPY: Rate(n=n, passed=n)}
    )


def test_scores_go_by_name_then_by_month_or_quarter():
    counted = tuple(a_month(who, month, 10, 9) for who in "BA" for month in ("2026-09", "2026-10", "2026-11"))

    assert [(s.delegate, s.period, s.packets.n) for s in scores(counted)] == [("A", "", 30), ("B", "", 30)]
    assert [s.period for s in scores(counted, Period.QUARTER)] == ["2026-Q3", "2026-Q4"] * 2
    assert [s.packets.n for s in scores(counted, Period.QUARTER)] == [10, 20] * 2
    assert len(scores(counted, Period.MONTH)) == 6


@pytest.mark.parametrize(
    ("n", "passed", "standing"),
    [
        (100, 95, Standing.PASSES),
        (100, 94, Standing.BELOW),
        (100, 80, Standing.BELOW),
        (100, 79, Standing.SANCTIONABLE),
        (0, 0, Standing.PASSES),
    ],
)
def test_a_rate_stands_between_the_marks(n, passed, standing):
    (score,) = scores((a_month("A", "2026-11", n, passed),))

    assert score.standing(TERMS) is standing


def test_wilson_s_interval_is_that_of_the_textbook():
    low, high = Rate(n=10, passed=9).interval or (0, 0)

    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)  # Wilson 1927, as R's binom.wilson(9, 10) gives it
    assert Rate(n=0, passed=0).interval is None


# -- at the door


def test_a_member_is_matched_by_number_birth_date_and_family_name():
    ana = KnownMember(member_id="M-1", birth_date="1961-05-04", name=("nunez", "ana"))

    assert matched(ana, ()) is MemberMatch.UNKNOWN
    assert matched(ana, (ana.model_copy(update={"name": ("nunez", "ana maria")}),)) is MemberMatch.MATCHED
    assert matched(ana, (ana, ana.model_copy(update={"birth_date": "1961-04-05"}))) is MemberMatch.CONFLICT
    assert matched(ana, (ana.model_copy(update={"name": ("ruiz", "ana")}),)) is MemberMatch.CONFLICT


@pytest.mark.parametrize(
    ("field", "at"),
    [
        ("decided_at", COPIED + timedelta(days=1)),
        ("decided_at", DECIDED - timedelta(days=9)),
        ("information_complete_at", DECIDED + timedelta(hours=1)),
    ],
)
def test_a_time_that_cannot_be_true_is_an_error_of_its_field(field, at):
    packet = a_packet(**{field: at, "provider_notice": None, "member_notice": None})

    verdict = may_be_taken(packet, COPIED)

    assert isinstance(verdict, Refused)
    assert verdict.field == field
    assert may_be_taken(a_packet(), COPIED)
