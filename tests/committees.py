"""What tests of the committees' work are made of: people, a small report, a file that is ready."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from policy.committee.acting import act
from policy.committee.actions import COMMITTEE_ACTIONS
from policy.committee.file import CommitteeFile, FlagSeen, Made, begin, finished, gathered, reconciled
from policy.committee.order import ReportOrder
from policy.people import Actor, Role
from policy.report.period import looking_back, parsed
from policy.report.shape import Basis, Cell, Column, CommitteeReport, Flag, Kind, Row, Share, Table

READY = datetime(2026, 10, 1, 14, 0, tzinfo=UTC)  # Thursday 2026-10-01 07:00 PDT: the first business day after Q3
MET = date(2026, 10, 20)  # a Tuesday
THEN = datetime(2026, 10, 20, 18, 0, tzinfo=UTC)  # Tuesday 2026-10-20 11:00 PDT
UM, QM = "utilization_management", "quality_management"

CHAIR = Actor(id="co.grant", name="Ines Grant", roles=(Role.COMMITTEE,))
SURGEON = Actor(id="co.lund", name="Per Lund", roles=(Role.COMMITTEE,), npi="1730155555")
SUPERVISOR = Actor(id="sv.okafor", name="Chidi Okafor", roles=(Role.SUPERVISOR,))
MANAGER = Actor(id="cm.alvarez", name="Rosa Alvarez", roles=(Role.CASE_MANAGER,))
OTHER_MANAGER = Actor(id="cm.brown", name="Lee Brown", roles=(Role.CASE_MANAGER,))

FLAG = "reports-late: 1730155555"
PLAN: dict[str, Any] = {
    "committee": QM,
    "kind": "corrective_action_plan",
    "flag": FLAG,
    "correspondent": {"name": "Coast Surgical Group", "fax": "+1 213 555 0100"},
    "concern": "Reports of second opinions came late in four of nine cases this quarter.",
    "tells": "Please send a plan of how reports will come in time.\nWe look at your cases again next quarter.",
    "owner": SUPERVISOR,
    "due": date(2026, 11, 20),  # a Friday
}


def a_report(late: int = 4, **changes: Any) -> CommitteeReport:
    """The report of 2026-Q3 in one table, with one flag."""
    period = parsed("2026-Q3")
    share = Share(part=late, of=9)
    table = Table(
        id="reports",
        section="Reports",
        title="Reports of opinions",
        label="Specialty",
        clause="P7",
        basis=Basis.REPORTED,
        columns=(Column(id="late", title="Late", kind=Kind.SHARE),),
        rows=(Row(id="surgery", label="Surgery", cells=(Cell(share=share),)),),
    )
    flag = Flag(
        id=FLAG,
        chart="reports-late",
        unit="1730155555",
        label="Dr. Lund",
        share=share,
        expected=Decimal("10.0"),
        p_value=Decimal("0.0001"),
        adjusted=Decimal("0.002"),
        sentence=f"{share.words} of the reports came late; 10.0 % were expected.",
    )
    given: dict[str, Any] = {
        "period": period,
        "looked_back": looking_back(period, 8),
        "as_of": READY,
        "cases": 120,
        "delegated": 14,
        "tables": (table,),
        "flags": (flag,),
    }
    return CommitteeReport(**{**given, **changes})


def an_order(**changes: Any) -> ReportOrder:
    """The order of 2026-Q3."""
    return ReportOrder(**{"period": parsed("2026-Q3"), "asked_at": READY, **changes})


def ready(made: Made | None = None, **changes: Any) -> CommitteeFile:
    """A file whose report is ready, with one flag."""
    flag = FlagSeen(id=FLAG, label="Dr. Lund", sentence="Late.", concerned="1730155555")
    made = made or Made(as_of=READY, cases=120, delegated=14, flags=(flag,), agrees=True, digest="d" * 64)
    file = begin(an_order(**changes), READY)
    for step in (gathered, reconciled, finished):
        file = step(file, made, READY)
    return file


def does(file: CommitteeFile, actor: Actor, signal: str, at: datetime = THEN, **fields: Any) -> CommitteeFile:
    """The file after somebody acts."""
    given = {"action_id": f"{signal}-{file.seq}", "actor": actor, "at": at, **fields}
    return act(file, COMMITTEE_ACTIONS[signal].model_validate(given), at)


def presented(file: CommitteeFile | None = None) -> CommitteeFile:
    """Before both committees."""
    file = file or ready()
    for committee in (UM, QM):
        file = does(file, CHAIR, "present_report", committee=committee, met_on=MET)
    return file


def accepted(file: CommitteeFile) -> CommitteeFile:
    """Discussed and accepted by both."""
    for committee in (UM, QM):
        file = does(file, CHAIR, "discuss_report", committee=committee, notes="One physician is late.")
        file = does(file, CHAIR, "accept_report", committee=committee)
    return file
