"""Readable test data: a request, a member, the cast of staff. All people are synthetic."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from policy.actions import ACTIONS
from policy.people import Actor, Address, Member, PersonName, Professional, Role
from policy.request import (
    Care,
    FirstOpinion,
    Information,
    Item,
    LineOfBusiness,
    Purpose,
    Reason,
    Recommendation,
    Request,
    Requester,
    RequesterKind,
)
from policy.staffaction import StaffAction

MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # Monday 2026-11-02 10:00 PST

CASE_MANAGER = Actor(id="cm.alvarez", name="Rosa Alvarez", roles=(Role.CASE_MANAGER,))
OTHER_CASE_MANAGER = Actor(id="cm.brown", name="Lee Brown", roles=(Role.CASE_MANAGER,))
CMO = Actor(
    id="md.chen",
    name="Dr. Mei Chen",
    roles=(Role.CMO,),
    licence="A55501",
    npi="1992999825",
    specialty="internal medicine",
)
CONSULTANT = Actor(
    id="md.osei",
    name="Dr. Kofi Osei",
    roles=(Role.CONSULTANT,),
    licence="A55502",
    npi="1992999833",
    specialty="orthopedic surgery",
    board_certified=True,
)
INTAKE = Actor(id="in.park", name="Jo Park", roles=(Role.INTAKE,))

ADDRESS = Address(line1="12 Alder Street", city="Los Angeles", state="CA", postal_code="90012")
FAX = "626-555-0110"
CLINIC = Address(line1="500 Clinic Way", city="Pasadena", state="CA", postal_code="91101")


def a_professional(npi: str = "1992999874", **changes: Any) -> Professional:
    given = {
        "name": "Dr. Tom Reed",
        "specialty": "orthopedic surgery",
        "organization": "Alder IPA",
        "address": CLINIC,
        "fax": FAX,
    }
    return Professional(npi=npi, **{**given, **changes})


def a_member(**changes: Any) -> Member:
    given = {
        "member_id": "M-0001",
        "name": PersonName(family="Núñez", given="Ana María"),
        "birth_date": date(1961, 5, 4),
        "phone": "213-555-0101",
        "address": ADDRESS,
    }
    return Member(**{**given, **changes})


CLINICAL = tuple(
    Information(item=item, text=f"{item.value} on record")
    for item in (Item.DIAGNOSIS, Item.CLINICAL_HISTORY, Item.TREATMENT_PLAN, Item.TEST_RESULTS)
)


def a_request(**changes: Any) -> Request:
    """A complete, standard Medi-Cal request for a second opinion in orthopedic surgery."""
    given = {
        "external_reference": "REF-1",
        "line": LineOfBusiness.MEDI_CAL,
        "requester": Requester(kind=RequesterKind.MEMBER, name=PersonName(family="Núñez", given="Ana María")),
        "purpose": Purpose.BEFORE_SURGERY,
        "reasons": (Reason.R1,),
        "care": Care.SPECIALTY,
        "specialty": "orthopedic surgery",
        "member": a_member(),
        "pcp": a_professional("1992999866", name="Dr. Ines Vega", specialty="family medicine"),
        "treating_provider": a_professional(),
        "information": CLINICAL,
    }
    return Request(**{**given, **changes})


def an_incomplete_request(*lacking: Item, **changes: Any) -> Request:
    """A request that lacks items of the checklist."""
    return a_request(information=tuple(i for i in CLINICAL if i.item not in lacking), **changes)


def a_first_opinion(*, recommends: bool = True, major: bool = True) -> FirstOpinion:
    """The treating surgeon's recommendation."""
    return FirstOpinion(
        professional=a_professional(), recommendation=a_recommendation(recommends=recommends, major=major)
    )


def a_recommendation(*, recommends: bool, major: bool = True) -> Recommendation:
    return Recommendation(procedure="lumbar fusion", recommends_procedure=recommends, is_surgery_or_major=major)


_count = iter(range(1, 1_000_000))


def action(signal: str, actor: Actor, at: datetime, **fields: Any) -> StaffAction:
    """A staff action of the given signal, with an id of its own."""
    given = {"action_id": f"a-{next(_count)}", "actor": actor, "at": at}
    return ACTIONS[signal].model_validate({**given, **fields})


def plan_physician(npi: str = "1992999882", **changes: Any) -> dict[str, Any]:
    """The fields of a placement on the plan's tier."""
    professional = a_professional(npi, name="Dr. Lena Sato", organization="Plan Specialists")
    given = {
        "tier": "plan",
        "professional": professional.model_dump(mode="json"),
        "board_certified": True,
        "licence": "A77701",
        "passed_over": {"ppg": "every orthopedic surgeon of the IPA was involved"},
    }
    return {**given, **changes}


def a_report(*, recommends: bool | None = None, **changes: Any) -> dict[str, Any]:
    """The fields of a consultation report."""
    given: dict[str, Any] = {"findings": "Moderate stenosis.", "recommendations": "Physical therapy first."}
    if recommends is not None:
        given["recommendation"] = a_recommendation(recommends=recommends).model_dump(mode="json")
    return {**given, **changes}


def hours(amount: float) -> timedelta:
    return timedelta(hours=amount)
