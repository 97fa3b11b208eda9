"""The consultation report, whole or in parts: what is still missing, and what the parts come to. Procedure 7 (P7)."""

from datetime import datetime

from policy.actions import ReceiveReport
from policy.case import Case
from policy.clauses import Clause
from policy.particulars import Opinion, Report
from policy.verdict import Refused


def with_part(opinion: Opinion, action: ReceiveReport) -> Opinion:
    """The opinion with one more part of its report: often the only one."""
    part = Report(
        findings=action.findings,
        recommendations=action.recommendations,
        recommendation=action.recommendation,
        attachments=action.attachments,
        received_at=action.at,
        announced=action.announced,
    )
    return opinion.model_copy(update={"parts": (*opinion.parts, part)})


def whole(parts: tuple[Report, ...]) -> Report:
    """What the parts come to: their texts one after the other, the latest recommendation, every document once."""
    last = parts[-1]
    return Report(
        findings="\n\n".join(dict.fromkeys(p.findings for p in parts if p.findings.strip())),
        recommendations="\n\n".join(dict.fromkeys(p.recommendations for p in parts if p.recommendations.strip())),
        recommendation=next((p.recommendation for p in reversed(parts) if p.recommendation), None),
        attachments=tuple(dict.fromkeys(a for p in parts for a in p.attachments)),
        received_at=last.received_at,
        announced=last.announced,
    )


def missing_of_report(opinion: Opinion) -> tuple[str, ...]:
    """What the parts that are here lack: findings, recommendations, what the latest one announced."""
    if opinion.report is not None or not opinion.parts:
        return ()
    here = whole(opinion.parts)
    lacks = {"findings": not here.findings, "recommendations": not here.recommendations}
    return (*(name for name, lacking in lacks.items() if lacking), *filter(None, (here.announced.strip(),)))


def not_whole(opinion: Opinion, action: ReceiveReport) -> tuple[str, ...] | Refused:
    """What is still waited for, none when the report is whole; refused when it is said to be whole and is not (P7)."""
    missing = missing_of_report(opinion)
    if not action.is_complete:
        return missing or ("the rest of the report",)
    if not missing:
        return ()
    field = missing[0] if missing[0] in ("findings", "recommendations") else "announced"
    reason = f"a complete report has findings and recommendations, and announces nothing; missing: {missing[0]}"
    return Refused(reason=f"{reason}. A part is recorded as one (is_complete: false)", clause=Clause.P7, field=field)


def kept_as_part(case: Case, opinion: Opinion, missing: tuple[str, ...], action: ReceiveReport, now: datetime) -> Case:
    """A part is here: it is kept, nothing is shared yet, and the task stays open for what is missing."""
    case = case.but(opinions=(*case.opinions[:-1], opinion))
    text = f"A part of the report has come; still missing: {', '.join(missing)}"
    return case.tell(now, "report:part", text, actor=action.actor.id, clause=Clause.P7)
