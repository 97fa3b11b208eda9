"""Under which category and in which quarter a case counts. Policy 90.2.17, Procedure 11 and 12 (P11, P12)."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import AwareDatetime

from policy.calendar import local_day
from policy.case import WITH_REOPENING, Case
from policy.clauses import Clause
from policy.edition import Category
from policy.lifecycle import Outcome
from policy.particulars import ChangedBecause, Coded
from policy.verdict import Refused, Value


class CorrectionReason(StrEnum):
    """Why a row of the feed to MHC is followed by another: a code, so that nothing of the member can stand in it."""

    REOPENED = "reopened"
    APPEAL = "appeal"
    STATE_HEARING = "state_hearing"
    IMR = "imr"
    CODING_ERROR = "coding_error"
    DATA_ERROR = "data_error"


class MhcRow(Value):
    """One row of the feed to MHC. ``row_id`` is the same however often the row is sent.

    A case's first row has ``sequence`` 1. A correction is a row of its own, with the next number: it takes the place of
    the row that it ``corrects``, which stays as it was.
    """

    row_id: str
    case_number: str
    category: str
    outcome: str
    line: str
    specialty: str
    organization: str
    received_at: AwareDatetime
    decided_at: AwareDatetime
    sequence: int = 1
    corrects: str = ""
    reason: str = ""
    corrected_at: AwareDatetime | None = None

    @property
    def day(self) -> date:
        """The day of the row, in Los Angeles: that of the decision, or that of its correction."""
        return local_day(self.corrected_at or self.decided_at)


def category(case: Case) -> Category | None:
    """The one category of a decided case; None for a case without approval or denial (withdrawn)."""
    made = case.determination
    if made is None:
        return None
    # A denied case has no opinion. An approved one is coded by the tier of its second opinion, not of a third.
    route = case.standing_opinions[0].candidate.tier.value if case.standing_opinions else ""
    fits = (
        row
        for row in case.edition.category
        if row.outcome == made.outcome
        and (not row.route or row.route == route)
        and (not row.basis or row.basis == made.basis)
    )
    return next(fits, None)


def code(case: Case, now: datetime) -> Case:
    """The case with its category (P11), or unchanged when it is not to be coded, or is so already."""
    found = category(case)
    if found is None or case.determination is None:
        return case
    if case.generation >= WITH_REOPENING:
        made = case.determination
        coded = Coded(category=found.code, outcome=made.outcome, decided_at=made.at)
        if case.coded and case.coded[-1] == coded:
            return case
        case = case.but(coded=(*case.coded, coded))
    case = case.but(category=found.code, coded_at=now)
    return case.tell(now, "case:coded", f"{found.code}: {found.label}", clause=Clause.P11)


class Quarter(Value):
    """A quarter of a year, for which the committees get a report (P12)."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """``2026-Q4``."""
        return f"{self.year}-Q{self.number}"


def reporting_quarter(case: Case) -> Quarter | None:
    """The quarter in which a case counts: that of its determination, in Los Angeles (P12). None while undecided."""
    if case.determination is None:
        return None
    day = local_day(case.determination.at)
    return Quarter(year=day.year, number=(day.month + 2) // 3)


def mhc_row(case: Case) -> MhcRow:
    """The row that MHC gets. Raises ValueError for a case that has no category."""
    if case.determination is None or not case.category:
        raise ValueError("only a decided and coded case has a row in MHC")
    request = case.request
    return MhcRow(
        row_id=f"{case.number}/1",
        case_number=case.number,
        category=case.category,
        outcome=Outcome(case.determination.outcome),
        line=request.line,
        specialty=request.specialty,
        organization=request.treating_provider.organization,
        received_at=case.received_at,
        decided_at=case.determination.at,
    )


SAID_OF_THE_CASE = ("category", "outcome", "line", "specialty", "organization", "received_at", "decided_at")


def correction(case: Case, earlier: MhcRow, reason: CorrectionReason, now: datetime) -> MhcRow | Refused:
    """The row that takes the place of ``earlier``, the last one of the case (P11); the same words give the same row.

    Refused when the earlier row says already what is now true of the case. Raises ValueError for a row of another case,
    and for a case that has no category.
    """
    if earlier.case_number != case.number:
        raise ValueError("a correction follows a row of its own case")
    row = mhc_row(case)
    if all(getattr(row, field) == getattr(earlier, field) for field in SAID_OF_THE_CASE):
        return Refused(reason="MHC has this row already: nothing in it has changed.", clause=Clause.P11)
    sequence = earlier.sequence + 1
    return row.model_copy(
        update={
            "row_id": f"{case.number}/{sequence}",
            "sequence": sequence,
            "corrects": earlier.row_id,
            "reason": reason.value,
            "corrected_at": now,
        }
    )


WHY_CORRECTED = {
    ChangedBecause.GRIEVANCE: CorrectionReason.REOPENED,
    ChangedBecause.APPEAL: CorrectionReason.APPEAL,
    ChangedBecause.IMR: CorrectionReason.IMR,
    ChangedBecause.STATE_HEARING: CorrectionReason.STATE_HEARING,
    ChangedBecause.CORRECTION: CorrectionReason.DATA_ERROR,
}


def latest_row(case: Case, now: datetime) -> MhcRow:
    """The row that a coded case owes MHC: its first, or the correction of the one before. Always the same one.

    Raises ValueError for a case that has no category.
    """
    row = mhc_row(case)
    if len(case.coded) <= 1:
        return row
    before, sequence = case.coded[-2], len(case.coded) - 1
    said = {"category": before.category, "outcome": before.outcome.value, "decided_at": before.decided_at}
    earlier = row.model_copy(update={**said, "row_id": f"{case.number}/{sequence}", "sequence": sequence})
    why = case.determination.changed_because if case.determination else None
    reason = WHY_CORRECTED[why] if why else CorrectionReason.CODING_ERROR
    corrected = correction(case, earlier, reason, case.coded_at or now)
    return row if isinstance(corrected, Refused) else corrected
