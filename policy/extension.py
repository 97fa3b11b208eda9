"""The lawful reasons of an extension, and what people write for them. 42 CFR 422.568(b)(1)(i); 42 CFR 438.210(d)."""

import re
from datetime import datetime

from policy.rule import Extension, ExtensionReason
from policy.timeframes import spoken
from policy.verdict import Allowed, Refused

# What people write for a reason, in the order in which it is looked for: "non-contracted" before "contracted".
WORDS: tuple[tuple[str, ExtensionReason], ...] = (
    (
        r"\b(non|un|not)[\s-]?(contract|particip|network|par\b)|out[\s-]of[\s-](network|area)",
        ExtensionReason.NONCONTRACT_EVIDENCE,
    ),
    (r"\bcontract(ed|ing)\b|\bparticipating\b|\bppg\b|\bin[\s-]network\b", ExtensionReason.CONTRACTED_PROVIDER_RECORDS),
    (r"\bextraordinary\b|\bexigent\b|\bdisaster\b|\bnon[\s-]?routine\b", ExtensionReason.EXTRAORDINARY_CIRCUMSTANCES),
    (
        r"\b(enrollee|member|patient)('s)?[\s_](asks?|asked|requests?|requested|wish\w*|wants?)\b|"
        r"\b(asked|requested) (for )?by the (enrollee|member|patient)$",
        ExtensionReason.ENROLLEE_REQUEST,
    ),
    (
        r"\b(provider|physician)('s)?[\s_](asks?|asked|requests?|requested)\b|"
        r"\b(asked|requested) (for )?by the (provider|physician)$",
        ExtensionReason.PROVIDER_REQUEST,
    ),
    (r"\bexpert\b|\bspecialist (review|consultation)\b", ExtensionReason.EXPERT_CONSULTATION),
    (r"\b(further|additional|more|another) (exam|examination|test|tests)\b", ExtensionReason.FURTHER_EXAMINATION),
    (
        r"\b(missing|lacking|incomplete) (information|records)\b|\b(information|records) (is |are )?missing\b",
        ExtensionReason.INFORMATION_MISSING,
    ),
)


def extension_reason(text: str) -> ExtensionReason | None:
    """The reason that a code or a phrase stands for; None for one that says nothing we know."""
    plain = text.strip().casefold()
    if plain in set(ExtensionReason):
        return ExtensionReason(plain)
    return next((reason for pattern, reason in WORDS if re.search(pattern, plain)), None)


def may_extend(row: Extension, reason: ExtensionReason, at: datetime, limit: datetime | None) -> Allowed | Refused:
    """Whether a decision may be extended: for a reason that is lawful on the line, while its limit still runs.

    ``limit`` is the earliest limit of the decision, None when none runs any more.
    """
    if reason not in row.reasons:
        lawful = ", ".join(row.reasons)
        why = f"{reason} is not a lawful reason here ({row.citation}); lawful: {lawful}"
        return Refused(reason=why, clause=row.citation, field="reason")
    if limit is None or at > limit:
        passed = f" on {spoken(limit)}" if limit else ""
        why = f"the limit had passed{passed}; an extension must be taken before it ends"
        return Refused(reason=why, clause=row.citation, field="at")
    return Allowed()


NO_EXTENSION = Refused(
    reason="this line and priority have no extension; where information is missing, a pend notice is due",
    clause="H&S 1367.01(h)(5)",
)
