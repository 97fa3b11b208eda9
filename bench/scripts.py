"""Scripted cases: who does what, step by step. A step waits until the last one has settled, so that costs are exact."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from policy.actions import ACTIONS
from policy.people import Actor, Address, Member, PersonName, Professional, Role
from policy.request import Care, Information, Item, LineOfBusiness, Purpose, Reason, Request, Requester, RequesterKind
from policy.staffaction import StaffAction
from policy.tasks import TaskKind

HERE = Address(line1="1 Bench Way", city="Los Angeles", state="CA", postal_code="90001")
CASE_MANAGER = Actor(id="cm.bench", roles=(Role.CASE_MANAGER,))
CMO = Actor(id="md.bench", name="Dr. Bench", roles=(Role.CMO,), licence="A1", npi="1992999825")
SURGEON = Professional(
    npi="1992999874", name="Dr. One", specialty="orthopedic surgery", organization="IPA", address=HERE
)
OTHER = Professional(npi="1992999882", name="Dr. Two", specialty="orthopedic surgery", address=HERE)
PCP = Professional(npi="1992999866", name="Dr. Three", specialty="family medicine", organization="IPA", address=HERE)
CLINICAL = (Item.DIAGNOSIS, Item.CLINICAL_HISTORY, Item.TREATMENT_PLAN, Item.TEST_RESULTS)


@dataclass(frozen=True)
class Step:
    """One human action."""

    signal: str
    actor: Actor
    fields: dict[str, Any]

    @property
    def task(self) -> TaskKind | None:
        """The task that the action completes."""
        return ACTIONS[self.signal].TASK

    def action(self, case_number: str) -> StaffAction:
        """The action, received now."""
        given = {"action_id": f"{case_number}-{self.signal}", "actor": self.actor, "at": datetime.now(UTC)}
        return ACTIONS[self.signal].model_validate({**given, **self.fields})


CONFIRM = Step("confirm_completeness", CASE_MANAGER, {})
APPROVE = Step("determine", CMO, {"outcome": "approved", "rationale": "Reason R1 applies."})
DENY = Step("determine", CMO, {"outcome": "denied", "rationale": "Not necessary.", "criteria": "P&P 90.2.17"})
PLACE = Step(
    "place_opinion",
    CASE_MANAGER,
    {
        "tier": "plan",
        "professional": OTHER.model_dump(mode="json"),
        "board_certified": True,
        "licence": "A2",
        "passed_over": {"ppg": "nobody who was not involved"},
    },
)
REPORT = Step("receive_report", CASE_MANAGER, {"findings": "Stenosis.", "recommendations": "Physical therapy."})
ASK = Step("request_information", CASE_MANAGER, {"items": ["test_results"]})
ANSWER = Step(
    "receive_information", CASE_MANAGER, {"information": [{"item": "test_results", "text": "MRI of October."}]}
)

STRAIGHTFORWARD = (CONFIRM, APPROVE, PLACE, REPORT)
SCRIPTS: dict[str, tuple[Step, ...]] = {
    "straightforward approval": STRAIGHTFORWARD,
    "denial": (CONFIRM, DENY),
    "information asked for": (ASK, ANSWER, CONFIRM, APPROVE, PLACE, REPORT),
}


def request(number: int, *, complete: bool = True) -> Request:
    """A synthetic request."""
    items = CLINICAL if complete else CLINICAL[:-1]
    name = PersonName(family="Bench", given=f"Case {number}")
    return Request(
        external_reference=f"bench-{number}",
        line=LineOfBusiness.MEDICARE_ADVANTAGE,  # where the law asks for no call: nobody here makes one
        requester=Requester(kind=RequesterKind.MEMBER, name=name),
        purpose=Purpose.BEFORE_SURGERY,
        reasons=(Reason.R1,),
        care=Care.SPECIALTY,
        specialty="orthopedic surgery",
        member=Member(member_id=f"B{number}", name=name, birth_date=date(1960, 1, 1), phone="213", address=HERE),
        pcp=PCP,
        treating_provider=SURGEON,
        information=tuple(Information(item=item, text="on record") for item in items),
    )
