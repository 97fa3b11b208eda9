"""The words of codes in the report: one place, so that tables, charts and flags call a thing alike."""

from enum import StrEnum

from policy.clauses import Clause
from policy.particulars import Agreement
from policy.report.facts import LeftBecause
from policy.request import LineOfBusiness, Reason
from policy.routing import Tier
from policy.rule import Obligation

LINES = {
    LineOfBusiness.CMC: "Cal MediConnect",
    LineOfBusiness.MEDI_CAL: "Medi-Cal",
    LineOfBusiness.D_SNP: "D-SNP",
    LineOfBusiness.MEDICARE_ADVANTAGE: "Medicare Advantage",
    LineOfBusiness.COMMERCIAL: "Commercial",
}
CLAUSES = {
    Reason.R1: Clause.R1,
    Reason.R2: Clause.R2,
    Reason.R3: Clause.R3,
    Reason.R4: Clause.R4,
    Reason.R5: Clause.R5,
}
REASONS = {
    **{reason: f"{reason}: {clause.text}" for reason, clause in CLAUSES.items()},
    Reason.RX: "RX: another reason, in words",
}
TIERS = {
    Tier.ORGANIZATION: "The physician organization (P6a)",
    Tier.NETWORK: "The network, the member's designation (P6a)",
    Tier.PPG: "The PPG (P6b)",
    Tier.PLAN: "The plan's contracted specialists (P6b)",
    Tier.OUT_OF_NETWORK: "Out of network (P6b)",
}
LEFT = {
    LeftBecause.NOBODY_ON_RECORD: "no physician on record there",
    LeftBecause.NOBODY_ELIGIBLE: "nobody there eligible",
    LeftBecause.MEMBERS_CHOICE: "the member's choice",
    LeftBecause.IN_WORDS: "another reason, in words",
}
AGREEMENT = {
    Agreement.AGREE: "Agree",
    Agreement.DIFFER_ON_SURGERY: "Differ on surgery or another major procedure",
    Agreement.DIFFER_OTHERWISE: "Differ otherwise",
    Agreement.NOT_COMPARABLE: "Cannot be compared",
}
OBLIGATIONS = {
    Obligation.DECISION: "Determination",
    Obligation.DECISION_OUTER: "Determination, by the limit from the request",
    Obligation.PEND_NOTICE: "Pend notice",
    Obligation.PROVIDER_NOTICE: "Notice to the provider",
    Obligation.MEMBER_NOTICE: "Notice to the member",
    Obligation.EXTENSION: "Notice of an extension",
    Obligation.ORAL_CONFIRMATION: "Letter that confirms an oral notice",
    Obligation.OPINION_RENDERED: "Urgent opinion",
    Obligation.INFORMATION_REPLY: "Information from the provider",
    Obligation.PLACEMENT: "Placement of the opinion",
    Obligation.CONSULTATION_REPORT: "Consultation report",
    Obligation.APPOINTMENT: "Appointment",
}
WORDS: dict[tuple[type, str], str] = {
    (type(code), code.value): words
    for table in (LINES, REASONS, TIERS, LEFT, AGREEMENT, OBLIGATIONS)
    for code, words in table.items()
}


def words(code: object) -> str:
    """A code in words; what is a name already stays, and nothing becomes ``not stated``."""
    if isinstance(code, StrEnum):
        return WORDS.get((type(code), code.value)) or code.value.replace("_", " ").capitalize()
    return str(code) if code else "not stated"
