"""What a supervisor sees of a report in the Temporal UI: how far it is, who has it, what is open until when."""

from datetime import datetime

from policy.committee.decided import DecidedAction
from policy.committee.file import CommitteeFile
from policy.contents import Committee
from policy.timeframes import spoken
from workflows.inspection import words


def details(file: CommitteeFile, now: datetime) -> str:
    """The current details in Markdown. No note of a committee stands there."""
    lines = [f"**Report {file.number}**: {words(file.state)}", ""]
    if file.ready_at is None:
        lines.append(f"- {file.making.capitalize()}")
    if made := file.made:
        lines.append(f"- {made.cases:,} cases, {made.delegated:,} delegated decisions, {len(made.flags)} flags")
        if made.agrees is False:
            lines.append(f"- The second count differs {made.differences} times")
    if file.ready_at:
        lines += [f"- {words(committee)} committee: {_standing(file, committee)}" for committee in Committee]
    lines += [f"- {_open(action)}" for action in file.open_actions]
    if file.refused_count:
        lines += ["", f"{file.refused_count} refused."]
    return "\n".join([*lines, "", f"As of {spoken(now)}."])


def _standing(file: CommitteeFile, committee: Committee) -> str:
    hearing = file.hearing(committee)
    if hearing is None:
        return "not presented"
    if hearing.accepted_at:
        return f"accepted {spoken(hearing.accepted_at)}"
    return f"meeting of {hearing.met_on}, {'discussed' if hearing.notes else 'presented'}"


def _open(action: DecidedAction) -> str:
    owner = action.owner.id if action.owner else "nobody"
    late = ", overdue" if action.escalated else ""
    return f"{action.id} {words(action.kind)}: {owner}, until {action.due}{late}"
