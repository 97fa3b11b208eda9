"""Who may decide what: the authority table, four eyes, criteria, and the consultant's recommendation."""

from itertools import product

import pytest

from policy.case import Case
from policy.determination import may_consult, may_determine
from policy.lifecycle import Outcome, Stage
from policy.particulars import Basis, NoticeKind, Recipient
from policy.people import Actor, Role
from policy.request import LineOfBusiness
from policy.rule import Obligation
from policy.tasks import TaskKind
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, a_first_opinion, a_professional, a_request
from tests.policy.steps import (
    APPROVAL,
    DENIAL,
    DESIGNEE,
    approved,
    attempts,
    consultation,
    consulted,
    denied,
    does,
    in_review,
    next_hour,
    referred,
    refusal,
)

PHYSICIANS = {Role.CMO, Role.PHYSICIAN_DESIGNEE}
QUESTIONED, ALSO = "1992999890", "1992999908"
INVOLVED = {
    "nobody": "1992999916",
    "treating provider": a_request().treating_provider.npi,
    "PCP": a_request().pcp.npi,
    "first opinion": QUESTIONED,
    "also involved": ALSO,
    "without an NPI": "",
}
REQUEST = a_request(
    first_opinion=a_first_opinion().model_copy(update={"professional": a_professional(QUESTIONED)}),
    also_involved=(a_professional(ALSO),),
)
AUTHORITY = [
    pytest.param(role, licensed, who, consultant, id=", ".join((role, *(("licensed",) if licensed else ()), who, seen)))
    for role, licensed, who, consultant in product(Role, (True, False), INVOLVED, (True, False))
    for seen in ("the consultant" if consultant else "no consultant",)
]


def why_not(role: Role, who: str, *, licensed: bool, consultant: bool) -> str | None:
    """The field that a refusal must name, by the table of authority; None for who may."""
    failing = {
        "actor.roles": role not in PHYSICIANS,
        "actor.licence": not licensed,
        "actor.npi": who != "nobody",
        "actor.id": consultant,
    }
    return next((field for field, fails in failing.items() if fails), None)


def after_consultation_by(actor: Actor, case: Case) -> Case:
    """The same case, in which the actor has been the consultant."""
    given = case.consultations[-1].model_copy(update={"reviewer": actor})
    return case.but(consultations=(given,))


BEFORE, AFTER = in_review(**dict(REQUEST)), consulted(**dict(REQUEST))


@pytest.mark.parametrize(("role", "licensed", "who", "consultant"), AUTHORITY)
def test_only_a_licensed_uninvolved_physician_who_was_not_the_consultant_determines(role, licensed, who, consultant):
    actor = Actor(id="md.test", roles=(role,), licence="A1" if licensed else " ", npi=INVOLVED[who])
    case = after_consultation_by(actor, AFTER) if consultant else BEFORE

    after = attempts(case, actor, "determine", **APPROVAL)

    expected = why_not(role, who, licensed=licensed, consultant=consultant)
    named = [f.field for r in after.refusals for f in r.fields]
    assert (named[0] if named else None) == expected
    assert (after.determination is not None) == (expected is None)


@pytest.mark.parametrize(
    ("changes", "clause", "field"),
    [
        pytest.param({"roles": (Role.CASE_MANAGER,)}, "P4", "actor.roles", id="a case manager"),
        pytest.param({"licence": ""}, "H&S 1367.01(e)", "actor.licence", id="without a licence"),
        pytest.param({"npi": a_request().treating_provider.npi}, "PUR", "actor.npi", id="who treats the member"),
        pytest.param({"npi": ""}, "PUR", "actor.npi", id="without an NPI"),
    ],
)
@pytest.mark.parametrize(
    ("signal", "fields"),
    [("determine", APPROVAL), ("determine", DENIAL), ("refer_to_consultation", {"question": "Is it reasonable?"})],
    ids=["approve", "deny", "refer"],
)
def test_whoever_may_not_determine_may_not_refer_either_and_hears_why(signal, fields, changes, clause, field):
    actor = CMO.model_copy(update=changes)

    refused = refusal(in_review(), actor, signal, **fields)

    assert (refused.clause, refused.fields[0].field) == (clause, field)


def test_a_designee_determines_as_the_cmo_does():
    case = does(in_review(), DESIGNEE, "determine", **APPROVAL)

    assert case.determination is not None
    assert case.determination.physician == DESIGNEE


@pytest.mark.parametrize("may", [may_determine, may_consult])
def test_of_a_physician_without_an_npi_nobody_can_tell_whether_they_were_involved(may):
    verdict = may(CONSULTANT.model_copy(update={"npi": ""}), referred())

    assert not verdict
    assert (verdict.clause, verdict.field) == ("PUR", "actor.npi")
    assert "without an NPI nobody can tell" in verdict.reason


@pytest.mark.parametrize("criteria", ["", "   "])
def test_a_denial_names_its_criteria(criteria):
    refused = refusal(in_review(), CMO, "determine", **{**DENIAL, "criteria": criteria})

    assert (refused.clause, refused.fields[0].field) == ("H&S 1367.01(h)(4)", "criteria")


def test_an_approval_needs_no_criteria():
    assert approved().outcome is Outcome.APPROVED


# -- consultative review


@pytest.mark.parametrize(
    ("changes", "clause", "field"),
    [
        pytest.param({"licence": ""}, "H&S 1367.01(e)", "actor.licence", id="licence"),
        pytest.param({"specialty": "cardiology"}, "P5", "actor.specialty", id="specialty"),
        pytest.param({"board_certified": False}, "POL-3", "actor.board_certified", id="board certification"),
        pytest.param({"npi": a_request().treating_provider.npi}, "PUR", "actor.npi", id="involved"),
        pytest.param({"npi": ""}, "PUR", "actor.npi", id="without an NPI"),
        pytest.param({"id": CMO.id}, "P5", "actor.id", id="referred the case"),
        pytest.param({"roles": (Role.CMO,)}, "P5", "actor.roles", id="role"),
    ],
)
def test_a_consultant_who_does_not_qualify_is_refused_and_the_test_that_failed_is_named(changes, clause, field):
    actor = CONSULTANT.model_copy(update=changes)

    refused = refusal(referred(), actor, "submit_consultation", **consultation())

    assert (refused.clause, refused.fields[0].field) == (clause, field)


def test_a_consultant_with_a_conflict_of_interest_is_refused():
    refused = refusal(referred(), CONSULTANT, "submit_consultation", **consultation(attests_no_conflict=False))

    assert (refused.clause, refused.fields[0].field) == ("POL-3", "attests_no_conflict")


def test_the_specialty_is_the_same_whatever_its_spelling():
    actor = CONSULTANT.model_copy(update={"specialty": " Orthopedic  SURGERY"})

    assert may_consult(actor, referred())


def test_the_consultation_is_documented_and_goes_back_to_the_physician():
    case = consulted(recommends=False)

    given = case.consultations[-1]
    assert (given.recommends, given.reviewer, given.referred_by) == (False, CONSULTANT, CMO.id)
    assert given.findings
    assert given.rationale
    assert case.stage is Stage.PHYSICIAN_REVIEW
    assert [(t.kind, t.note) for t in case.open_tasks] == [(TaskKind.PHYSICIAN_REVIEW, "after consultation")]


def test_the_consultant_never_determines_even_as_a_designee():
    both = CONSULTANT.model_copy(update={"roles": (Role.CONSULTANT, Role.PHYSICIAN_DESIGNEE)})
    case = does(referred(), both, "submit_consultation", **consultation())

    assert not may_determine(both, case)
    assert refusal(case, both, "determine", **APPROVAL).fields[0].field == "actor.id"
    assert may_determine(CMO, case)


def test_a_second_consultation_is_refused():
    refused = refusal(consulted(), CMO, "refer_to_consultation", question="Once more?")

    assert refused.clause == "P6"


@pytest.mark.parametrize(("recommends", "against"), [(True, DENIAL), (False, APPROVAL)], ids=["yes", "no"])
def test_the_determination_follows_the_recommendation(recommends, against):
    refused = refusal(consulted(recommends=recommends), CMO, "determine", **against)

    assert (refused.clause, refused.fields[0].field) == ("P6", "outcome")


@pytest.mark.parametrize(("recommends", "decision"), [(True, APPROVAL), (False, DENIAL)], ids=["yes", "no"])
def test_a_determination_that_follows_the_recommendation_rests_on_the_consultation(recommends, decision):
    case = does(consulted(recommends=recommends), CMO, "determine", **decision)

    assert case.determination is not None
    assert case.determination.basis is Basis.CONSULTATION


# -- what a determination does


@pytest.mark.parametrize(
    ("decided", "kind", "stage", "tasks"),
    [
        pytest.param(approved, NoticeKind.APPROVAL, Stage.PLACEMENT, [TaskKind.PLACEMENT], id="approved"),
        pytest.param(denied, NoticeKind.DENIAL, Stage.FILING, [], id="denied"),
    ],
)
def test_member_and_provider_are_notified_and_the_case_goes_on(decided, kind, stage, tasks):
    case = decided()

    owed = [(n.kind, n.recipient) for n in case.planned_notices]
    assert owed == [(kind, Recipient.PROVIDER), (kind, Recipient.MEMBER)]
    assert case.stage is stage
    assert [t.kind for t in case.open_tasks] == tasks


def clocks(case: Case, *obligations: Obligation) -> set[ClockState]:
    return {c.state for c in case.clocks if c.obligation in obligations}


def test_a_determination_ends_the_decision_clocks_and_starts_those_of_the_notices():
    case = denied()

    assert clocks(case, Obligation.DECISION, Obligation.DECISION_OUTER) == {ClockState.MET}
    assert clocks(case, Obligation.PROVIDER_NOTICE, Obligation.MEMBER_NOTICE) == {ClockState.RUNNING}
    assert clocks(case, Obligation.PLACEMENT) == set()


def test_a_denial_waives_the_urgent_opinion_and_an_approval_does_not():
    assert clocks(denied(imminent_threat=True), Obligation.OPINION_RENDERED) == {ClockState.WAIVED}
    assert clocks(approved(imminent_threat=True), Obligation.OPINION_RENDERED) == {ClockState.RUNNING}


def test_what_was_decided_cannot_be_decided_again():
    refused = refusal(approved(), CMO, "determine", **DENIAL)

    assert "no physician_review task is open" in refused.reason


def test_a_late_determination_is_recorded_as_breached():
    case = in_review(line=LineOfBusiness.COMMERCIAL)

    late = does(case, CMO, "determine", at=next_hour(case).replace(year=2027), **APPROVAL)

    assert clocks(late, Obligation.DECISION) == {ClockState.BREACHED}


STATEMENT = "The time allowed by law has passed."


def expired(case: Case) -> Case:
    return case.open_task(TaskKind.EXPIRED_DETERMINATION, next_hour(case))


@pytest.mark.parametrize(
    ("actor", "field"),
    [
        pytest.param(CASE_MANAGER, "actor.roles", id="a case manager"),
        pytest.param(CMO.model_copy(update={"licence": ""}), "actor.licence", id="without a licence"),
        pytest.param(CMO.model_copy(update={"npi": INVOLVED["PCP"]}), "actor.npi", id="the PCP"),
        pytest.param(CMO.model_copy(update={"npi": ""}), "actor.npi", id="without an NPI"),
        pytest.param(CONSULTANT.model_copy(update={"roles": (Role.CMO,)}), "actor.id", id="the consultant"),
    ],
)
def test_whoever_may_not_determine_may_not_sign_an_expired_determination(actor, field):
    refused = refusal(expired(consulted()), actor, "sign_expired_determination", statement=STATEMENT)

    assert refused.fields[0].field == field


def test_an_expired_determination_is_a_denial_signed_by_a_physician_that_cites_the_law():
    signed = does(expired(in_review()), CMO, "sign_expired_determination", statement=STATEMENT)

    assert signed.determination is not None
    assert (signed.determination.basis, signed.determination.outcome) == (Basis.EXPIRED, Outcome.DENIED)
    assert signed.determination.criteria == signed.edition.deemed_denial.citation
    assert signed.open_tasks == ()
