"""The clauses of P&P 90.2.17, "Second Opinion", by the ids under which code, letters, screens and tests cite them."""

from enum import StrEnum


class Clause(StrEnum):
    """One clause of the policy. ``text`` says in short what it asks."""

    PUR = "PUR", "an appropriately qualified professional who was not involved in the treatment gives the opinion"
    POL_1 = "POL-1", "who may request, and for what purpose"
    POL_2 = "POL-2", "the CMO or a physician designee evaluates medical necessity"
    POL_3 = "POL-3", "a panel of board-certified specialists gives opinions and advises the CMO"
    POL_4 = "POL-4", "determinations keep the time frame for the status of the request"
    R1 = "R1", "the reasonableness or necessity of recommended surgery is questioned"
    R2 = "R2", "a diagnosis or plan of care for a threatening or chronic condition is questioned"
    R3 = "R3", "indications are unclear, tests conflict, or no diagnosis can be made"
    R4 = "R4", "the treatment does not improve the condition in an appropriate time"
    R5 = "R5", "the plan of care was attempted, or serious concerns were raised with the provider"
    P1 = "P1", "every request goes to utilization management and to a case manager"
    P2 = "P2", "the case manager reviews demographic and clinical information for completeness"
    P3 = "P3", "what is missing is asked of the treating provider"
    P4 = "P4", "the completed referral goes to the CMO or designee"
    P5 = "P5", "approve, deny or refer to consultative review; member and provider are notified"
    P6 = "P6", "after a consultation the determination follows the recommendation"
    P6A = "P6a", "primary care: a qualified physician of the same physician organization"
    P6B = "P6b", "specialty care: board-certified, same specialty; PPG, then plan, then out of network"
    P7 = "P7", "the consultation report and test results go to the PCP"
    P8 = "P8", "the member does not pay for an authorized second opinion"
    P9 = "P9", "the form and attachments are filed under Prior Authorizations, by date and alphabet"
    P10 = "P10", "a request decided at the IPA is copied to the plan, which monitors compliance"
    P11 = "P11", "approvals and denials are coded by category within MHC"
    P12 = "P12", "quarterly reports to the UM and QM committees"
    T1 = "T1", "Medicare: a third opinion when the first two differ on surgery or a major procedure"
    T2 = "T2", "Medicare: opinions are covered even when the procedure is not; earlier tests are shared"

    text: str

    def __new__(cls, value: str, text: str) -> "Clause":
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member
