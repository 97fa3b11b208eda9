"""Medicare: when the first and the second physician differ. Policy 90.2.17, Third Opinion 1 and 2 (T1, T2).

Medicare Benefit Policy Manual, chapter 15 §30: covered even when the procedure itself is not.
"""

from policy.case import Case
from policy.clauses import Clause
from policy.verdict import Allowed, Refused

OPINIONS_BEFORE_A_THIRD = 1  # in this case; the opinion that is questioned is the first


def opens_third_opinion(case: Case) -> Allowed | Refused:
    """Whether a third opinion opens, now that a report is here; if not, why."""
    first = case.first_opinion.recommendation if case.first_opinion else None
    report = case.current_opinion.report if case.current_opinion else None
    second = report.recommendation if report else None
    rule = case.edition.third_opinion
    if len(case.standing_opinions) != OPINIONS_BEFORE_A_THIRD:
        return Refused(reason="The third opinion has been given", clause=Clause.T1)
    if first is None or second is None:
        return Refused(reason="No third opinion: the recommendations are not on record in structure", clause=Clause.T1)
    if first.recommends_procedure == second.recommends_procedure:
        return Refused(reason="No third opinion: the two recommendations agree", clause=Clause.T1)
    if not (first.is_surgery_or_major or second.is_surgery_or_major):
        return Refused(reason="No third opinion: neither surgery nor another major procedure", clause=Clause.T1)
    if case.request.line not in rule.lines:
        return Refused(reason=f"No third opinion: {rule.citation} does not cover this line", clause=Clause.T1)
    return Allowed()
