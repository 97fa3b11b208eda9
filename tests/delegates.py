"""Packets of delegates, to be spoilt by a test: a good one, and five hundred in a file. All people are synthetic."""

import json
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from policy.calendar import LOS_ANGELES, CalendarName, is_business_day
from policy.delegated import Decider, DeciderRole, Delegate, DelegatedPacket, DelegateOutcome, NoticeGiven
from policy.delegatefindings import Check
from policy.edition import EDITIONS
from policy.request import Attachment, LineOfBusiness
from tests.builders import CLINIC, a_request

RECEIVED = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # Monday 2026-11-02 10:00 PST, at the delegate
DECIDED = datetime(2026, 11, 4, 23, 0, tzinfo=UTC)  # Wednesday 2026-11-04 15:00 PST
COPIED = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)  # Thursday 2026-11-05 09:00 PST, at the plan
RECORD = Attachment(name="record.pdf", sha256="1" * 64, size=1000)
LETTER = Attachment(name="letter.pdf", sha256="2" * 64, size=1000)
TERMS = EDITIONS[-1].delegation


def a_packet(**changes: Any) -> DelegatedPacket:
    """A Medi-Cal request that Alder IPA denied, with nothing to be found in it."""
    request = a_request().model_dump(mode="json", exclude_defaults=True)
    line = changes.get("line", LineOfBusiness.MEDI_CAL)
    given: dict[str, Any] = {
        "external_reference": "ALDER-1",
        "received_by_delegate_at": RECEIVED,
        "delegate": Delegate(organization="Alder IPA", address=CLINIC),
        "decided_at": DECIDED,
        "outcome": DelegateOutcome.DENIED,
        "decider": a_decider(),
        "rationale": "The first opinion rests on complete tests.",
        "criteria": "Plan guideline 12",
        "provider_notice": NoticeGiven(at=DECIDED + timedelta(hours=2)),
        "member_notice": NoticeGiven(at=DECIDED + timedelta(hours=18)),
        "record_attachment": RECORD,
        "letter_attachment": LETTER,
        "letter_elements": TERMS.letter[line],
    }
    return DelegatedPacket.model_validate({**request, **given, **changes})


def an_approval(**changes: Any) -> DelegatedPacket:
    """The same request, approved: no letter of denial is asked for."""
    given = {"outcome": DelegateOutcome.APPROVED, "letter_attachment": None, "letter_elements": ()}
    return a_packet(**{**given, **changes})


def a_decider(**changes: Any) -> Decider:
    given = {"name": "Dr. Lou Frey", "role": DeciderRole.PHYSICIAN, "npi": "1992999908", "licence": "A66601"}
    return Decider.model_validate({**given, **changes})


# -- five hundred in a file

DELEGATES = ("Alder IPA", "Birch Medical Group", "Cedar Physicians", "Dogwood IPA", "Elm Care Partners")
LINES = (LineOfBusiness.MEDI_CAL, LineOfBusiness.D_SNP, LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.COMMERCIAL)
FAULTS = (
    *(Check.DECISION_IN_TIME, Check.PROVIDER_NOTICE_IN_TIME, Check.MEMBER_NOTICE_IN_TIME, Check.COPY_IN_TIME),
    *(Check.RECORD_COMPLETE, Check.DECIDER_MAY_DECIDE, Check.DECIDER_NOT_INVOLVED, Check.LETTER_COMPLETE),
)


@dataclass(frozen=True)
class Planted:
    """A file's rows, and what is to be found in them: by reference the one check that fails."""

    rows: list[dict[str, Any]]
    faults: dict[str, Check]

    @property
    def text(self) -> str:
        """As JSON lines."""
        return "".join(f"{json.dumps(row)}\n" for row in self.rows)


def planted(now: datetime, packets: int = 500, faults: int = 40, seed: int = 90217) -> Planted:
    """Packets that were decided on the last business day before ``now``, so that their copies come in time today.

    The first ``faults`` places of a shuffled file have each one fault, every kind as often as the others.
    """
    dice = random.Random(seed)
    places = dice.sample(range(packets), faults)
    spoilt = {place: FAULTS[count % len(FAULTS)] for count, place in enumerate(places)}
    rows, found = [], {}
    for place in range(packets):
        fault = spoilt.get(place)
        row = _row(place, dice, now, fault)
        rows.append(row)
        if fault:
            found[row["external_reference"]] = fault
    return Planted(rows, found)


def _row(place: int, dice: random.Random, now: datetime, fault: Check | None) -> dict[str, Any]:
    adverse = fault in (Check.DECIDER_MAY_DECIDE, Check.LETTER_COMPLETE) or (fault is None and dice.random() < 0.3)
    line = dice.choice(LINES)
    decided = _before(now, 2 if fault is Check.COPY_IN_TIME else 1)
    received = decided - timedelta(days=40 if fault is Check.DECISION_IN_TIME else 1)
    provider, member = decided + timedelta(minutes=30), decided + timedelta(minutes=45)
    if fault in (Check.PROVIDER_NOTICE_IN_TIME, Check.MEMBER_NOTICE_IN_TIME):
        line = LineOfBusiness.COMMERCIAL  # whose notices have limits of their own
    row = a_packet(
        external_reference=f"DEL-{place:04}",
        line=line,
        received_by_delegate_at=received,
        decided_at=decided,
        outcome=DelegateOutcome.DENIED if adverse else DelegateOutcome.APPROVED,
        delegate=Delegate(organization=DELEGATES[place % len(DELEGATES)], address=CLINIC),
        provider_notice=None if fault is Check.PROVIDER_NOTICE_IN_TIME else NoticeGiven(at=provider),
        member_notice=None if fault is Check.MEMBER_NOTICE_IN_TIME else NoticeGiven(at=member),
        letter_elements=TERMS.letter[line] if adverse else (),
    ).model_dump(mode="json", exclude_defaults=True)
    row["member"] |= {"member_id": f"M-{place:05}"}
    row["record_attachment"] = {"path": "record.pdf"}
    row["letter_attachment"] = {"path": "letter.pdf"}
    if fault is Check.LETTER_COMPLETE or not adverse:
        del row["letter_attachment"]
    if fault is Check.RECORD_COMPLETE:
        del row["record_attachment"]
    if fault is Check.DECIDER_MAY_DECIDE:
        row["decider"] |= {"role": "clinician"}
    if fault is Check.DECIDER_NOT_INVOLVED:
        row["decider"] |= {"npi": row["treating_provider"]["npi"]}
    return row


def _before(now: datetime, days: int) -> datetime:
    """Noon in Los Angeles, so many business days before today."""
    day: date = now.astimezone(LOS_ANGELES).date()
    while days:
        day -= timedelta(days=1)
        days -= is_business_day(day, CalendarName.STATE)
    return datetime.combine(day, time(12), LOS_ANGELES)
