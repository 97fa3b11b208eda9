"""Who may turn up in a life, eligible or not, and what each may try: for the lives, and for the walks through them."""

from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from policy.acting import act
from policy.case import Case
from policy.completeness import missing, outstanding
from policy.duties import may_own
from policy.particulars import ChangedBecause, Opinion
from policy.people import Actor, Role
from policy.request import Care, Item, LineOfBusiness, Priority, Request
from policy.routing import Tier
from policy.rule import ExtensionReason
from policy.tasks import HumanTask, TaskKind, TaskState
from policy.third_opinion import ThirdGiven, brought_home, own_case
from tests.builders import (
    ADDRESS,
    CASE_MANAGER,
    CMO,
    CONSULTANT,
    INTAKE,
    MONDAY,
    OTHER_CASE_MANAGER,
    a_first_opinion,
    a_professional,
    a_recommendation,
    a_report,
    a_request,
    action,
    an_incomplete_request,
    plan_physician,
)
from tests.policy.steps import (
    ADMINISTRATOR,
    CASE_MANAGER_AND_CMO,
    DESIGNEE,
    NUMBER,
    SECOND_CONSULTANT,
    SUPERVISOR,
    consultation,
)

TREATING, PCP, FREE, ALSO_FREE = "1992999874", "1992999866", "1992999882", "1992999890"
THIRD_PHYSICIAN = "1992999940"  # nobody else's in the tests: never asked for a second opinion
ASKABLE = (FREE, ALSO_FREE, "1992999908", "1992999916", "1992999924", "1992999932")
SPECIALTY = {Care.SPECIALTY: "orthopedic surgery", Care.PRIMARY_CARE: "family medicine"}

RECEIVED = (
    MONDAY,
    datetime.fromisoformat("2022-12-28T15:00-08:00"),  # Wednesday
    datetime.fromisoformat("2025-12-30T16:00-08:00"),  # Tuesday
    datetime.fromisoformat("2026-03-06T17:05-08:00"),  # Friday; summer time begins on Sunday
    datetime.fromisoformat("2026-11-25T23:59-08:00"),  # Wednesday, the eve of Thanksgiving
)
LONG_AGO = date(2019, 12, 31)  # Tuesday

THE_CONSULTANT_AGAIN = CONSULTANT.model_copy(update={"id": "md.osei.2", "roles": (Role.CMO,)})  # another account

RIGHT = {
    TaskKind.COMPLETENESS_REVIEW: (CASE_MANAGER, OTHER_CASE_MANAGER, CASE_MANAGER_AND_CMO),
    TaskKind.OBTAIN_INFORMATION: (CASE_MANAGER, OTHER_CASE_MANAGER, CASE_MANAGER_AND_CMO),
    TaskKind.PHYSICIAN_REVIEW: (CMO, DESIGNEE, CASE_MANAGER_AND_CMO, THE_CONSULTANT_AGAIN),
    TaskKind.EXPIRED_DETERMINATION: (CMO, DESIGNEE, CASE_MANAGER_AND_CMO, THE_CONSULTANT_AGAIN),
    TaskKind.CONSULTATIVE_REVIEW: (
        CONSULTANT,
        SECOND_CONSULTANT.model_copy(update={"id": "md.both", "roles": (Role.CONSULTANT, Role.PHYSICIAN_DESIGNEE)}),
        CONSULTANT.model_copy(update={"id": "md.family", "specialty": "family medicine", "npi": "1992999064"}),
    ),
    TaskKind.PLACEMENT: (CASE_MANAGER, OTHER_CASE_MANAGER),
    TaskKind.OBTAIN_REPORT: (CASE_MANAGER, OTHER_CASE_MANAGER),
    TaskKind.TELEPHONE_NOTICE: (CASE_MANAGER, OTHER_CASE_MANAGER),
    TaskKind.THIRD_OPINION_LOST: (SUPERVISOR, ADMINISTRATOR),
}
CAST: tuple[Actor, ...] = (
    *dict.fromkeys(actor for actors in RIGHT.values() for actor in actors),
    INTAKE,
    CMO.model_copy(update={"id": "md.lapsed", "licence_expires": LONG_AGO}),
    CONSULTANT.model_copy(update={"id": "md.expired", "certified_until": LONG_AGO}),
    CMO.model_copy(update={"id": "md.unlicensed", "licence": ""}),
    CMO.model_copy(update={"id": "md.unknown", "npi": ""}),
    CONSULTANT.model_copy(update={"id": "md.nameless", "npi": ""}),
    CMO.model_copy(update={"id": "md.treating", "npi": TREATING}),
    DESIGNEE.model_copy(update={"id": "md.pcp", "npi": PCP}),
    CONSULTANT.model_copy(update={"id": "md.heart", "specialty": "cardiology"}),
    CONSULTANT.model_copy(update={"id": "md.young", "board_certified": False}),
)
PEOPLE = {actor.id: actor for actor in CAST}
SIGNALS = {
    TaskKind.COMPLETENESS_REVIEW: ("confirm_completeness", "request_information"),
    TaskKind.OBTAIN_INFORMATION: ("receive_information", "record_contact_attempt"),
    TaskKind.PHYSICIAN_REVIEW: ("determine", "refer_to_consultation"),
    TaskKind.CONSULTATIVE_REVIEW: ("submit_consultation",),
    TaskKind.EXPIRED_DETERMINATION: ("sign_expired_determination",),
    TaskKind.PLACEMENT: ("place_opinion",),
    TaskKind.OBTAIN_REPORT: (
        "receive_report",
        "record_appointment",
        "record_visit",
        "decline_placement",
        "change_physician",
        "extend_authorization",
        "record_fee_agreement",
    ),
    TaskKind.TELEPHONE_NOTICE: ("record_call",),
    TaskKind.THIRD_OPINION_LOST: ("take_up_third_opinion",),
}

ASKED: tuple[Item, ...] = tuple(item for item in Item if item not in (Item.MEMBER_ADDRESS, Item.MEMBER_PHONE))
items = st.lists(st.sampled_from(ASKED), min_size=1, max_size=2, unique=True)
yes_or_no = st.booleans()
task_ids = st.integers(1, 6).map(lambda n: {"task_id": f"T{n}"})


def information(some: list[Item]) -> dict[str, Any]:
    return {"information": [{"item": item, "text": "on record"} for item in some]}


def a_placement(tier: Tier, npi: str, organization: str, specialty: str) -> dict[str, Any]:
    physician = a_professional(npi, organization=organization, specialty=specialty).model_dump(mode="json")
    reasons = {t.value: "nobody there" for t in Tier if t is not tier}
    return plan_physician(tier=tier.value, professional=physician, passed_over=reasons)


def a_fitting_placement(case: Case, npi: str) -> dict[str, Any]:
    """One that the rules allow, on the nearest tier; every other one with a fee that is still to be agreed."""
    care = case.request.care
    tier = Tier.ORGANIZATION if care is Care.PRIMARY_CARE else Tier.PPG
    fee = "letter_of_agreement_pending" if int(npi) % 2 else "plan_pays"
    return {**a_placement(tier, npi, "Alder IPA", SPECIALTY[care]), "fee": fee}


def next_free(case: Case) -> str:
    """A physician who has not been asked in the case; of those whom the tests know."""
    asked = {o.candidate.professional.npi for o in case.opinions}
    return next((npi for npi in ASKABLE if npi not in asked), FREE)


def a_third(case: Case) -> ThirdGiven:
    """What the third opinion's own case brings home."""
    own = own_case(case)
    at = own.story[-1].at
    own = act(own, action("place_opinion", CASE_MANAGER, at, **a_fitting_placement(own, THIRD_PHYSICIAN)), at)
    return brought_home(act(own, action("receive_report", CASE_MANAGER, at, **a_report()), at))


def said(recommends: bool | None) -> dict[str, Any]:
    return a_report(recommendation=None if recommends is None else a_recommendation(recommends=recommends).model_dump())


def decided(outcome: str, criteria: str = "MCG 4.2") -> dict[str, Any]:
    return {"outcome": outcome, "rationale": "Because.", "criteria": criteria}


def changed(because: ChangedBecause, outcome: str = "approved", reference: str = "IMR-7") -> dict[str, Any]:
    return {**decided(outcome), "because": because.value, "reference": reference}


A_PART = {"findings": "Moderate stenosis.", "is_complete": False, "announced": "the laboratory's results"}
CALL = {"reached": True, "spoke_with": "the nurse", "said": "Approved."}
KEYS = tuple(
    f"{NUMBER}/{kind}/1/{recipient}{copy}"
    for kind in ("approval", "denial", "pend", "information_request")
    for recipient in ("member", "provider")
    for copy in ("", "/2")
)


def a_letter_back(key: str, moved: bool) -> dict[str, Any]:
    return {"letter_key": key, "reason": "Moved.", "address": ADDRESS.model_dump() if moved else None}


def a_request_for(
    line: LineOfBusiness, priority: Priority, care: Care, lacking: list[Item] | None, first: bool | None, threat: bool
) -> Request:
    given: dict[str, Any] = {"line": line, "priority": priority, "care": care, "imminent_threat": threat}
    given["specialty"] = SPECIALTY[care]
    if first is not None:
        given["first_opinion"] = a_first_opinion(recommends=first)
    return an_incomplete_request(*lacking, **given) if lacking else a_request(**given)


requests = st.builds(
    a_request_for,
    line=st.sampled_from(LineOfBusiness),
    priority=st.sampled_from((Priority.STANDARD, Priority.STANDARD, *Priority)),
    care=st.sampled_from(Care),
    lacking=st.none() | items,
    first=st.none() | yes_or_no,
    threat=yes_or_no,
)


def on_a_task(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The fields of an operation on some task, which need not be there."""
    return st.builds(lambda task, given: {**task, **given}, task_ids, st.fixed_dictionaries(fields))


people = st.sampled_from(CAST)
reasons = st.just("So that it goes on.")
OPERATIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "claim_task": task_ids,
    "release_task": task_ids,
    "assign_task": on_a_task(to=people, reason=reasons),
    "delegate_task": on_a_task(to=people, reason=reasons),
    "return_task": task_ids,
    "suspend_task": on_a_task(until=st.integers(1, 400).map(lambda h: MONDAY + timedelta(hours=h)), reason=reasons),
    "resume_task": task_ids,
    "save_draft": on_a_task(draft=st.sampled_from(("", "{}", '{"note": "half of it"}', "[]", "half of it"))),
    "skip_task": on_a_task(reason=reasons),
    "escalate_task": on_a_task(reason=reasons),
    "nominate_task": on_a_task(nominees=st.lists(people.map(lambda p: {"person": p}), min_size=1, max_size=3)),
    "lift_exclusion": on_a_task(person=st.sampled_from(sorted(PEOPLE)), reason=reasons),
}
ANYTHING: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    **OPERATIONS,
    "add_comment": st.just({"text": "See the record."}) | on_a_task(text=st.just("See the record.")),
    "confirm_completeness": st.just({}),
    "request_information": items.map(lambda some: {"items": some}),
    "record_contact_attempt": yes_or_no.map(lambda reached: {"channel": "fax", "reached": reached}),
    "receive_information": items.map(information),
    "refer_to_consultation": st.just({"question": "Is it reasonable?"}),
    "submit_consultation": st.builds(
        lambda yes, fair: consultation(recommends=yes, attests_no_conflict=fair), yes_or_no, yes_or_no
    ),
    "determine": st.builds(decided, st.sampled_from(("approved", "denied")), st.sampled_from(("", "MCG 4.2"))),
    "sign_expired_determination": st.just({"statement": "The time has passed."}),
    "place_opinion": st.builds(
        a_placement,
        st.sampled_from(Tier),
        st.sampled_from((FREE, ALSO_FREE, TREATING)),
        st.sampled_from(("Alder IPA", "Plan Specialists")),
        st.sampled_from(tuple(SPECIALTY.values())),
    ),
    "receive_report": st.builds(said, st.none() | yes_or_no) | st.just(A_PART),
    "record_appointment": st.integers(1, 4000).map(lambda h: {"when": MONDAY + timedelta(hours=h)}),
    "record_visit": st.builds(
        lambda kept, when: {"kept": kept, "when": when},
        yes_or_no,
        st.none() | st.integers(1, 1000).map(lambda h: MONDAY + timedelta(hours=h)),
    ),
    "decline_placement": st.sampled_from(("declined", "not_in_time")).map(
        lambda how: {"how": how, "reason": "No free visit."}
    ),
    "change_physician": st.just({"reason": "The member asks for another."}),
    "extend_authorization": st.integers(1, 900).map(
        lambda days: {"until": (MONDAY + timedelta(days=days)).date(), "reason": "The visit was moved."}
    ),
    "record_fee_agreement": st.just({"reference": "LOA-1", "signed_on": MONDAY.date()}),
    "withdraw_request": st.just({"reason": "The member has decided."}),
    "expedite_request": st.just({"reason": "Waiting could harm."}),
    "refuse_expedite": st.just({"reason": "Waiting does not harm."}),
    "record_call": on_a_task(reached=yes_or_no, spoke_with=st.sampled_from(("", "the nurse")), said=st.just("Denied."))
    | st.just(CALL),
    "report_returned_letter": st.builds(a_letter_back, st.sampled_from(KEYS), yes_or_no),
    "reissue_letter": st.sampled_from(KEYS).map(lambda key: {"letter_key": key, "reason": "A slip."}),
    "take_up_third_opinion": st.just({"note": "By mistake."}),
    "change_determination": st.builds(
        changed,
        st.sampled_from(ChangedBecause),
        st.sampled_from(("approved", "denied")),
        st.sampled_from(("", "IMR-7")),
    ),
    "extend_decision": st.sampled_from(ExtensionReason).map(
        lambda reason: {"reason": reason.value, "explanation": "A report may change the decision."}
    ),
}


USUALLY = {"record_call": st.just(CALL)}


def sensible(signal: str, case: Case) -> st.SearchStrategy[dict[str, Any]]:  # noqa: C901 - one case for each action
    """What staff who know the case would send; it need not be allowed."""
    match signal:
        case "request_information" if lacking := missing(case):
            return st.just({"items": lacking})
        case "receive_information" if len(asked := outstanding(case)) > 1:
            return st.sampled_from((information([*asked]), information([asked[0]])))
        case "receive_information":
            return st.just(information([*outstanding(case)]))
        case "submit_consultation":
            return yes_or_no.map(lambda yes: consultation(recommends=yes))
        case "determine" if case.consultations:
            return st.just(decided("approved" if case.consultations[-1].recommends else "denied"))
        case "determine":
            return st.sampled_from((decided("approved"), decided("approved"), decided("approved"), decided("denied")))
        case "place_opinion":
            return st.just(a_fitting_placement(case, next_free(case)))
        case "record_appointment" | "record_visit" if case.current_opinion:
            return a_sensible_visit(signal, case.current_opinion)
        case _:
            return USUALLY.get(signal, ANYTHING[signal])


def a_sensible_visit(signal: str, opinion: Opinion) -> st.SearchStrategy[dict[str, Any]]:
    """An appointment in the weeks after the placement, or what became of the one that was made."""
    if signal == "record_appointment":
        return st.integers(1, 60).map(lambda days: {"when": opinion.placed_at + timedelta(days=days)})
    return yes_or_no.map(lambda kept: {"kept": kept}) if opinion.appointment else ANYTHING[signal]


def signals(task: HumanTask, case: Case) -> tuple[str, ...]:
    """What staff who know the case would do about a task, the usual answer more often."""
    usual, *others = SIGNALS[task.kind]
    if task.kind is TaskKind.COMPLETENESS_REVIEW and missing(case):
        return ("request_information",)
    if task.kind is TaskKind.PHYSICIAN_REVIEW and case.consultations:
        return (usual,)
    if task.kind is TaskKind.OBTAIN_REPORT:
        return (*[usual] * 12, *others)
    return (usual, usual, *others)


def handlings(task: HumanTask) -> tuple[str, ...]:
    """What people would do to a task as such, as it stands now; some of it need not be allowed."""
    also = ("skip_task", "skip_task") if task.definition.skipped_by else ("lift_exclusion",)
    if task.state is TaskState.SUSPENDED:
        return ("resume_task", "claim_task", "assign_task", "nominate_task", *also)
    if task.owner:
        given = ("return_task", "return_task") if task.delegated_by else ("delegate_task", "delegate_task")
        return ("release_task", *given, "suspend_task", "save_draft", "assign_task", "escalate_task", *also)
    if task.asked:
        return ("claim_task", "claim_task", "release_task", "assign_task", "suspend_task", "save_draft", *also)
    return ("claim_task", "claim_task", "nominate_task", "suspend_task", "save_draft", *also)


def right_people(task: HumanTask, case: Case, on: date) -> tuple[Actor, ...]:
    """Who could do a task now, and may; anybody at all when nobody can."""
    free = (a for a in RIGHT[task.kind] if task.may_be_worked_by(a) and may_own(case, task, a, on))
    return tuple(free) or CAST
