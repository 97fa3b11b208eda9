"""A determination is changed after it was made; nothing that was is overwritten."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from policy.acting import act
from policy.case import Case
from policy.coding import code, latest_row
from policy.filing import closed, filed, packet
from policy.lifecycle import Outcome, Stage
from policy.particulars import Basis, ChangedBecause, NoticeEnd, NoticeKind
from policy.rule import Obligation
from policy.tasks import TaskKind
from tests.builders import ADDRESS, CASE_MANAGER, CMO, CONSULTANT, a_report, action, plan_physician
from tests.policy.letters import composed
from tests.policy.steps import (
    CASE_MANAGER_AND_CMO,
    DENIAL,
    DESIGNEE,
    SUPERVISOR,
    a_filing,
    approved,
    consulted,
    denied,
    does,
    finished,
    in_review,
    letters_left,
    next_hour,
    opened,
    refusal,
    reported,
    withdrawn,
)

FRIDAY = datetime.fromisoformat("2026-11-20T09:00-08:00")  # Friday 2026-11-20
OVERTURNED: dict[str, Any] = {
    "because": "grievance",
    "outcome": "approved",
    "rationale": "The record sent later shows the need.",
}
BY_IMR: dict[str, Any] = {
    "because": "imr",
    "outcome": "approved",
    "rationale": "The review found it necessary.",
    "reference": "MN26-7",
}
CORRECTED: dict[str, Any] = {
    "because": "correction",
    "outcome": "denied",
    "rationale": "The criteria were misquoted.",
    "criteria": "X",
}


def reopened(case: Case | None = None) -> Case:
    """A closed denial that a physician overturned on Friday 2026-11-20."""
    return does(case or finished(denied()), DESIGNEE, "change_determination", at=FRIDAY, **OVERTURNED)


def carried_out(case: Case) -> Case:
    """Placed, reported, letters left, filed once more."""
    case = does(case, CASE_MANAGER, "place_opinion", **plan_physician())
    return finished(does(case, CASE_MANAGER, "receive_report", **a_report()))


def test_an_overturned_denial_goes_to_placement_like_an_approval():
    case = reopened()

    assert (case.stage, case.outcome, case.closed_at) == (Stage.PLACEMENT, Outcome.APPROVED, None)
    assert [t.kind for t in case.open_tasks] == [TaskKind.PLACEMENT]
    assert {Obligation.PROVIDER_NOTICE, Obligation.MEMBER_NOTICE} <= {c.obligation for c in case.open_clocks}
    assert case.story[-1].at == FRIDAY


def test_the_new_determination_stands_beside_the_one_that_it_replaces():
    before = finished(denied())

    case = reopened(before)

    assert case.earlier_determinations == (before.determination,)
    assert case.determination is not None
    assert (case.determination.replaces, case.determination.changed_because) == (1, ChangedBecause.GRIEVANCE)
    assert case.determination.basis is Basis.GRIEVANCE
    assert case.determination.physician == DESIGNEE
    assert case.notices[: len(before.notices)] == before.notices
    assert case.story[: len(before.story)] == before.story
    assert (case.category, case.filing) == (before.category, before.filing)


def test_both_parties_are_told_and_the_letter_names_the_decision_that_it_replaces():
    case = reopened()

    owed = case.planned_notices
    texts = [" ".join(p for s in composed(case, n, FRIDAY).sections for p in s.paragraphs) for n in owed]

    assert [(n.kind, n.ordinal) for n in owed] == [(NoticeKind.APPROVAL, 2)] * 2
    assert all("takes the place of our decision of Monday, November 2, 2026" in text for text in texts)


def test_the_letter_of_the_earlier_denial_still_says_what_it_said():
    case = finished(denied())
    notice = case.notices[0]

    assert composed(reopened(case), notice, FRIDAY).sections == composed(case, notice, FRIDAY).sections


def test_a_second_packet_is_filed_beside_the_first():
    case = carried_out(reopened())

    again = case.but(stage=Stage.FILING, filing=case.earlier_filings[0], earlier_filings=())
    second = packet(again, next_hour(case))

    assert case.stage is Stage.CLOSED
    assert len(case.earlier_filings) == 1
    assert second.number == 2
    assert second.file_name.endswith(f"— {case.number} (2).pdf")
    assert [d.outcome for d in second.earlier_determinations] == [Outcome.DENIED]


def test_mhc_gets_a_correction_that_names_the_row_and_the_reason():
    case = carried_out(reopened())

    row = latest_row(case, next_hour(case))

    assert (row.row_id, row.corrects, row.sequence) == (f"{case.number}/2", f"{case.number}/1", 2)
    assert (row.category, row.outcome, row.reason) == ("SO-A-SP-PLAN", "approved", "reopened")
    assert [c.category for c in case.coded] == ["SO-D-PHYS", "SO-A-SP-PLAN"]
    assert latest_row(case, next_hour(case) + timedelta(days=9)) == row


def test_a_first_row_corrects_nothing():
    case = finished(reported())

    assert latest_row(case, next_hour(case)).corrects == ""


def test_what_an_outside_body_decided_is_recorded_by_who_is_in_charge_and_signed_by_nobody_of_ours():
    case = does(finished(denied()), SUPERVISOR, "change_determination", at=FRIDAY, **BY_IMR)

    letter = composed(case, case.planned_notices[-1], FRIDAY)

    assert case.determination is not None
    assert (case.determination.basis, case.determination.reference) == (Basis.IMR, "MN26-7")
    assert "Independent Medical Review" in " ".join(p for s in letter.sections for p in s.paragraphs)
    assert "Ida Kane" not in letter.signed_by


def test_a_denial_that_is_corrected_stays_one_with_letters_of_its_own():
    case = does(finished(denied()), DESIGNEE, "change_determination", at=FRIDAY, **CORRECTED)

    assert (case.stage, case.outcome) == (Stage.FILING, Outcome.DENIED)
    assert {n.key for n in case.planned_notices} == {
        f"{case.number}/denial/2/provider", f"{case.number}/denial/2/member"
    }  # fmt: skip
    assert finished(case).category == "SO-D-PHYS"


def test_a_denial_is_changed_before_it_is_filed_and_its_letters_fall_away():
    case = does(denied(), DESIGNEE, "change_determination", **OVERTURNED)

    denial = [n for n in case.notices if n.kind is NoticeKind.DENIAL]
    assert {n.ended_as for n in denial} == {NoticeEnd.MOOT}
    assert case.stage is Stage.PLACEMENT


@pytest.mark.parametrize(
    ("case", "actor", "fields", "reason"),
    [
        pytest.param(finished(denied()), CMO, OVERTURNED, "who decided before", id="who decided before"),
        pytest.param(finished(denied()), CASE_MANAGER, OVERTURNED, "only the CMO", id="no physician"),
        pytest.param(finished(denied()), SUPERVISOR, OVERTURNED, "only the CMO", id="a supervisor on a grievance"),
        pytest.param(finished(denied()), DESIGNEE, BY_IMR, "a supervisor or an", id="a physician records an IMR"),
        pytest.param(finished(denied()), SUPERVISOR, {**BY_IMR, "reference": " "}, "the number of", id="no number"),
        pytest.param(finished(denied()), SUPERVISOR, {**BY_IMR, "outcome": "denied"}, "upheld", id="upheld"),
        pytest.param(
            finished(denied()), DESIGNEE, {**CORRECTED, "criteria": ""}, "names the criteria", id="no criteria"
        ),
        pytest.param(finished(reported()), DESIGNEE, OVERTURNED, "an approval stands", id="an approval"),
        pytest.param(approved(), DESIGNEE, OVERTURNED, "an approval stands", id="not yet placed"),
        pytest.param(finished(withdrawn()), DESIGNEE, OVERTURNED, "no determination was made", id="withdrawn"),
        pytest.param(opened(), DESIGNEE, OVERTURNED, "no determination was made", id="undecided"),
    ],
)
def test_a_determination_is_not_changed(case, actor, fields, reason):
    refused = refusal(case, actor, "change_determination", **fields)

    assert reason in refused.reason


def test_the_consultant_of_the_case_cannot_decide_it_anew():
    case = finished(does(consulted(recommends=False), CMO, "determine", **DENIAL))
    consultant = CONSULTANT.model_copy(update={"roles": DESIGNEE.roles})

    refused = refusal(case, consultant, "change_determination", **OVERTURNED)

    assert "consultant" in refused.reason


def test_who_prepared_the_case_may_decide_it_anew_when_nothing_but_the_plans_own_rule_speaks_against():
    case = finished(does(in_review(), CMO, "determine", **DENIAL))

    assert does(case, CASE_MANAGER_AND_CMO, "change_determination", **OVERTURNED).outcome is Outcome.APPROVED


@pytest.mark.parametrize("generation", [1, 2])
def test_a_case_of_an_earlier_generation_stays_closed(generation):
    case = finished(denied()).but(generation=generation)

    for signal, fields in (("change_determination", OVERTURNED), ("report_returned_letter", BACK)):
        after = act(case, action(signal, DESIGNEE, FRIDAY, **fields), FRIDAY)
        assert after.refusals[-1].reason == "the case is closed"
        assert after.stage is Stage.CLOSED


# -- a letter that comes back after closing

BACK: dict[str, Any] = {"letter_key": "SO-2026-000001/denial/1/member", "reason": "Moved, left no address."}


def test_a_letter_that_comes_back_after_closing_reopens_the_case_and_its_clock_and_leaves_again():
    back: dict[str, Any] = {**BACK, "address": ADDRESS.model_dump()}

    case = does(finished(denied()), CASE_MANAGER, "report_returned_letter", at=FRIDAY, **back)

    assert (case.stage, case.closed_at, case.open_tasks) == (Stage.FILING, None, ())
    assert [n.key for n in case.planned_notices] == ["SO-2026-000001/denial/1/member/2"]
    assert [c.obligation for c in case.open_clocks] == [Obligation.MEMBER_NOTICE]
    assert "case:reopened" in [e.event for e in case.story]


def test_such_a_case_is_filed_again_and_not_coded_anew():
    case = does(finished(denied()), CASE_MANAGER, "report_returned_letter", at=FRIDAY, **BACK)
    case = letters_left(case)
    for task in case.open_tasks:  # nobody can be reached by letter: told by telephone
        said: dict[str, Any] = {"reached": True, "spoke_with": "the member", "said": "Denied."}
        case = does(case, CASE_MANAGER, "record_call", task_id=task.id, **said)
    now = next_hour(case)

    again = closed(filed(code(case, now), a_filing(now), now), now)

    assert len(again.coded) == 1
    assert len(again.earlier_filings) == 1


def test_a_letter_of_a_denial_that_was_since_changed_does_not_leave_again():
    case = reopened()

    after = does(case, CASE_MANAGER, "report_returned_letter", **BACK)

    assert not [n for n in after.planned_notices if n.kind is NoticeKind.DENIAL]
