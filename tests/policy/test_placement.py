"""The opinion is placed, and its report is received and shared."""

from datetime import date
from typing import Any

import pytest

from policy.case import Case
from policy.lifecycle import Stage
from policy.particulars import NoticeKind, Recipient
from policy.request import Care
from policy.routing import FeeArrangement, Tier
from policy.rule import Obligation
from policy.tasks import TaskKind
from policy.third_opinion import opens_third_opinion
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, CMO, a_member, a_professional, a_report, plan_physician
from tests.policy.steps import DAY, approved, differing, does, next_hour, placed, refusal, reported, third

REPORT = {"name": "report.pdf", "sha256": "ef" * 32, "size": 120_000}
PRIMARY = {
    "care": Care.PRIMARY_CARE,
    "specialty": "family medicine",
    "treating_provider": a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
}


def a_colleague(**changes: str) -> dict[str, Any]:
    """The fields of a placement within the organization."""
    professional = a_professional("1992999908", name="Dr. Omar Diaz", specialty="family medicine", **changes)
    return {"tier": "organization", "professional": professional.model_dump(mode="json"), "licence": "A77799"}


def states(case: Case, obligation: Obligation) -> list[ClockState]:
    return [c.state for c in case.clocks if c.obligation is obligation]


def test_a_specialist_of_the_plan_is_chosen_and_the_reason_for_the_wider_tier_is_kept():
    case = placed()

    opinion = case.current_opinion
    assert opinion is not None
    assert (opinion.ordinal, opinion.candidate.tier, opinion.placed_by) == (2, Tier.PLAN, CASE_MANAGER.id)
    assert opinion.passed_over == {Tier.PPG: "every orthopedic surgeon of the IPA was involved"}
    assert opinion.fee is FeeArrangement.PLAN_PAYS
    assert case.stage is Stage.CONSULTATION_REPORT
    assert [(t.kind, t.note) for t in case.open_tasks] == [(TaskKind.OBTAIN_REPORT, "second opinion")]


def test_physician_and_member_are_told_who_gives_the_opinion():
    owed = [(n.recipient, n.ordinal) for n in placed().planned_notices if n.kind is NoticeKind.AUTHORIZATION]

    assert owed == [(Recipient.OPINION_PHYSICIAN, 2), (Recipient.MEMBER, 2)]


def test_placing_ends_the_clock_of_the_placement_and_starts_that_of_the_report():
    case = placed()

    assert states(case, Obligation.PLACEMENT) == [ClockState.MET]
    assert states(case, Obligation.CONSULTATION_REPORT) == [ClockState.RUNNING]


def test_primary_care_is_placed_within_the_organization():
    case = does(approved(**PRIMARY), CASE_MANAGER, "place_opinion", **a_colleague())

    assert case.opinions[-1].candidate.tier is Tier.ORGANIZATION
    assert [e.clause for e in case.story if e.event == "opinion:placed"] == ["P6a"]


@pytest.mark.parametrize(
    ("changes", "clause", "field"),
    [
        pytest.param({"tier": "network"}, "P6b", "tier", id="a tier of primary care"),
        pytest.param({"passed_over": {}}, "P6b", "passed_over.ppg", id="no reason for the PPG"),
        pytest.param({"tier": "out_of_network"}, "P6b", "passed_over.plan", id="no reason for the plan"),
        pytest.param({"licence": " "}, "PUR", "licence", id="no licence"),
        pytest.param({"board_certified": False}, "P6b", "board_certified", id="not board-certified"),
        pytest.param(
            {"professional": a_professional().model_dump(mode="json")}, "PUR", "professional.npi", id="who treats"
        ),
    ],
)
def test_a_placement_that_breaks_a_rule_is_refused_and_the_rule_is_named(changes, clause, field):
    refused = refusal(approved(), CASE_MANAGER, "place_opinion", **plan_physician(**changes))

    assert (refused.clause, refused.fields[0].field) == (clause, field)


def test_an_equivalent_specialist_may_be_chosen():
    placement = plan_physician(
        professional=a_professional("1992999882", specialty="hematology").model_dump(mode="json")
    )

    case = does(approved(specialty="oncology"), CASE_MANAGER, "place_opinion", **placement)

    assert case.opinions[-1].candidate.professional.specialty == "hematology"


def test_a_childs_primary_care_does_not_go_to_a_physician_of_adults():
    child = a_member(birth_date=date(2016, 11, 7))

    refused = refusal(
        approved(**{**PRIMARY, "member": child}),
        CASE_MANAGER,
        "place_opinion",
        **{
            **a_colleague(),
            "professional": a_professional("1992999908", specialty="internal medicine").model_dump(mode="json"),
        },
    )

    assert (refused.clause, refused.fields[0].field) == ("PUR", "professional.specialty")


def test_only_a_case_manager_places_an_opinion():
    assert refusal(approved(), CMO, "place_opinion", **plan_physician()).fields[0].field == "actor.roles"


@pytest.mark.parametrize("fee", FeeArrangement)
def test_the_fee_is_borne_by_the_plan_or_negotiated_and_never_by_the_member(fee):
    case = does(approved(), CASE_MANAGER, "place_opinion", **plan_physician(fee=fee.value))

    assert case.opinions[-1].fee is fee


def test_the_report_is_shared_with_pcp_member_and_treating_provider():
    case = reported()

    copies = [n.recipient for n in case.notices if n.kind is NoticeKind.REPORT_COPY]
    assert copies == [Recipient.PCP, Recipient.MEMBER, Recipient.PROVIDER]
    assert case.stage is Stage.FILING
    assert case.open_tasks == ()


def test_the_report_is_kept_with_its_documents_and_the_time_when_it_came():
    case = placed()
    came = next_hour(case)

    after = does(case, CASE_MANAGER, "receive_report", at=came, **a_report(recommends=True, attachments=[REPORT]))

    report = after.opinions[-1].report
    assert report is not None
    assert (report.received_at, report.attachments[0].name) == (came, "report.pdf")
    assert report.recommendation is not None
    assert report.recommendation.recommends_procedure


def test_the_report_ends_its_clock_and_that_of_the_urgent_opinion():
    case = reported(imminent_threat=True)

    assert states(case, Obligation.CONSULTATION_REPORT) == [ClockState.MET]
    assert states(case, Obligation.OPINION_RENDERED) == [ClockState.MET]


def test_a_late_report_is_recorded_as_breached():
    case = placed()

    late = does(case, CASE_MANAGER, "receive_report", at=next_hour(case) + 31 * DAY, **a_report())

    assert states(late, Obligation.CONSULTATION_REPORT) == [ClockState.BREACHED]


def test_why_no_third_opinion_opens_stands_in_the_story():
    last = reported().story[-1]

    assert (last.event, last.clause) == ("third-opinion:not-opened", "T1")
    assert last.text.startswith("No third opinion")


def test_differing_recommendations_open_a_case_of_its_own_with_task_clock_and_letter():
    case, own = differing(), third()

    assert (case.stage, case.open_tasks) == (Stage.THIRD_OPINION, ())
    assert states(case, Obligation.PLACEMENT) == [ClockState.MET]
    assert (own.number, own.third_opinion_of) == (f"{case.number}-3", case.number)
    assert [(t.kind, t.note) for t in own.open_tasks] == [(TaskKind.PLACEMENT, "third opinion")]
    assert states(own, Obligation.PLACEMENT) == [ClockState.RUNNING]
    assert [(n.kind, n.recipient) for n in own.notices] == [(NoticeKind.THIRD_OPINION, Recipient.MEMBER)]


def test_who_gave_the_second_opinion_cannot_give_the_third():
    refused = refusal(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999882"))

    assert (refused.clause, refused.fields[0].field) == ("PUR", "professional.npi")


def test_after_the_third_report_the_case_is_filed():
    case = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    case = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=True))

    assert [o.ordinal for o in case.opinions] == [2, 3]
    assert case.stage is Stage.FILING
    assert not [
        c for c in case.open_clocks if c.obligation is not Obligation.MEMBER_NOTICE and c.due_at < case.story[-1].at
    ]
    assert not opens_third_opinion(case)


def test_each_opinion_has_a_clock_of_its_own():
    second = differing()

    own = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    assert states(second, Obligation.CONSULTATION_REPORT) == [ClockState.MET]
    assert states(own, Obligation.CONSULTATION_REPORT) == [ClockState.RUNNING]
