"""What a staff action does to a delegated decision: it is applied, or becomes a refusal with its reasons. P10.

The same pure functions serve the workflow, the doors (to ask beforehand) and the tests.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from policy.acceptance import may_be_opened
from policy.acting import REUSED_ID
from policy.answering import receipt_of, refusal_of
from policy.clauses import Clause
from policy.delegateactions import DelegatedAction, NoteCorrectiveAction, PullUpCase, SupplementCopy, WaiveFinding
from policy.delegatecase import CorrectiveNote, DelegatedCase, DelegatedState, PulledUp
from policy.delegatechecks import check
from policy.delegated import DelegatedPacket, may_be_taken
from policy.delegatefindings import Finding, Result, Settled
from policy.trust import UNSIGNED, Proof, is_superseded, is_to_be_marked, may_be_believed
from policy.verdict import Allowed, Refused, Verdict, first_refusal

PULLED_UP = "pulled-up:"  # how the reference of a case begins that the plan made of a delegate's decision
SUPPLEMENTED = (
    *("record_attachment", "letter_attachment", "letter_elements", "decider", "rationale", "criteria"),
    *("pend_notice_at", "provider_notice", "member_notice"),
)


def act(case: DelegatedCase, action: DelegatedAction, now: datetime, proof: Proof = UNSIGNED) -> DelegatedCase:
    """The case after an action: applied, with a receipt, or refused, with the reasons.

    ``now`` is the time of the story; ``action.at``, when a door received it, is what counts. The same action twice
    changes nothing; another one under the same ``action_id`` is refused.
    """
    digest = action.digest("at")
    earlier = case.receipt(action.action_id)
    if earlier is not None and (earlier.accepted or not is_superseded(case.trust, proof, earlier.signed)):
        if digest.startswith(earlier.digest or "-"):
            return case
        return case.keep_refusal(refusal_of(action, Refused(reason=REUSED_ID, field="action_id"), now, digest))
    verdict = first_refusal(may_be_believed(case.trust, proof), may_act(case, action, now))
    at = min(action.at, now)
    result = verdict if isinstance(verdict, Refused) else HANDLERS[type(action)](case, action, at)
    if isinstance(result, Refused):
        refused = case.keep_refusal(refusal_of(action, result, now, digest))
        return refused.remember(receipt_of(action, now, digest, proof, result))
    if is_to_be_marked(case.trust, proof):
        told = (e.model_copy(update={"unsigned": True}) if e.seq > case.seq and e.actor else e for e in result.story)
        result = result.but(story=tuple(told))
    return result.settled(at).remember(receipt_of(action, now, digest, proof))


def may_act(case: DelegatedCase, action: DelegatedAction, now: datetime) -> Verdict:
    """Whether this person may do this now, and on this case."""
    if action.case_number not in ("", case.number):
        return Refused(reason="meant for another case", field="case_number")
    if not action.actor.has(*action.ROLES):
        roles = ", ".join(role.replace("_", " ") for role in action.ROLES)
        return Refused(reason=f"only for: {roles}", clause=Clause.P10, field="actor.roles")
    if action.at > now + timedelta(minutes=case.edition.parameters.clock_skew_minutes):
        return Refused(reason="lies in the future; give the time at which a door received it", field="at")
    if case.state is DelegatedState.CLOSED:
        return Refused(reason="the case is closed", clause=Clause.P10)
    return Allowed()


def supplement(case: DelegatedCase, action: SupplementCopy, at: datetime) -> DelegatedCase | Refused:
    """Missing pieces came. What is right now is cured; what is still wrong, or has turned out wrong, stays open."""
    if case.state is not DelegatedState.DEFICIENT:
        return Refused(reason="nothing is open in this case", clause=Clause.P10)
    given = {name: getattr(action, name) for name in SUPPLEMENTED if getattr(action, name)}
    if not given and not action.information:
        return Refused(reason="brings nothing; give at least one piece", clause=Clause.P10)
    try:
        packet = DelegatedPacket.model_validate(
            {
                **case.packet.model_dump(),
                **{name: _dumped(value) for name, value in given.items()},
                "information": [i.model_dump() for i in (*case.packet.information, *action.information)],
            }
        )
    except ValueError:
        return Refused(reason="does not fit the packet", clause=Clause.P10)
    verdict = may_be_taken(packet, max(at, case.received_at))
    if isinstance(verdict, Refused):
        return verdict
    anew = {f.check: f for f in check(packet, case.received_at, case.edition, case.match)}
    before = {f.check: f for f in case.findings}
    changed = [_again(before[what], found, at, action.actor.id) for what, found in anew.items()]
    came = ", ".join((*given, *(i.item for i in action.information))).replace("_", " ")
    case = case.but(packet=packet).change_findings(changed)
    case = case.tell(at, "delegated:supplemented", f"Received {came}", actor=action.actor.id)
    for finding in changed:
        if finding.settled is Settled.CURED and before[finding.check].is_open:
            case = case.tell(at, "delegated:cured", f"{finding.check}: {anew[finding.check].sentence}")
    return case


def note(case: DelegatedCase, action: NoteCorrectiveAction, at: datetime) -> DelegatedCase | Refused:
    """What the delegate will do otherwise; the findings that it names are settled by it."""
    found = [_open_finding(case, what) for what in action.checks]
    if refused := next((f for f in found if isinstance(f, Refused)), None):
        return refused
    done = {"settled": Settled.CORRECTED, "settled_at": at, "settled_by": action.actor.id, "settled_why": action.text}
    case = case.change_findings(f.model_copy(update=done) for f in found if isinstance(f, Finding))
    case = case.but(notes=(*case.notes, CorrectiveNote(at=at, by=action.actor.id, text=action.text)))
    about = f" ({', '.join(action.checks)})" if action.checks else ""
    return case.tell(at, "delegated:corrective-action", f"{action.text}{about}", actor=action.actor.id)


def waive(case: DelegatedCase, action: WaiveFinding, at: datetime) -> DelegatedCase | Refused:
    """A finding does not count."""
    found = _open_finding(case, action.check)
    if isinstance(found, Refused):
        return found
    done = {"settled": Settled.WAIVED, "settled_at": at, "settled_by": action.actor.id, "settled_why": action.reason}
    case = case.change_findings([found.model_copy(update=done)])
    return case.tell(at, "delegated:waived", f"{action.check}: {action.reason}", actor=action.actor.id)


def pull_up(case: DelegatedCase, action: PullUpCase, at: datetime) -> DelegatedCase | Refused:
    """The plan reviews the request itself; the story opens the case, once."""
    verdict = may_be_pulled_up(case.packet, case.pulled_up is not None, at)
    if isinstance(verdict, Refused):
        return verdict
    case = case.but(pulled_up=PulledUp(at=at, by=action.actor.id, reason=action.reason))
    return case.tell(at, "delegated:pulled-up", action.reason, actor=action.actor.id)


def may_be_pulled_up(packet: DelegatedPacket, is_pulled_up: bool, at: datetime) -> Verdict:
    """Whether the request of a packet can become a case of the plan's own."""
    if is_pulled_up:
        return Refused(reason="was pulled up before", clause=Clause.P10)
    return may_be_opened(packet, at)


def review_reference(number: str) -> str:
    """The external reference of the plan's own case: the same however often it is asked for."""
    return f"{PULLED_UP}{number}"


def pulled_up_from(reference: str) -> str:
    """The delegated decision that a case of this reference was made of; empty for every other case."""
    return reference.removeprefix(PULLED_UP) if reference.startswith(PULLED_UP) else ""


def under_review(case: DelegatedCase, case_number: str, at: datetime) -> DelegatedCase:
    """The plan's own case is registered."""
    if case.pulled_up is None:
        return case
    case = case.but(pulled_up=case.pulled_up.model_copy(update={"case_number": case_number}))
    return case.tell(at, "delegated:under-review", f"The plan reviews it itself, as {case_number}")


def _open_finding(case: DelegatedCase, what: str) -> Finding | Refused:
    found = next((f for f in case.open_findings if f.check == what), None)
    if found:
        return found
    still = ", ".join(f.check for f in case.open_findings) or "none"
    return Refused(
        reason=f"{what} is no open finding of this case; open are: {still}", clause=Clause.P10, field="check"
    )


def _again(before: Finding, anew: Finding, at: datetime, by: str) -> Finding:
    if before.result is not Result.FAILED:
        return anew if anew.result is Result.FAILED else before
    if not before.is_open:
        return before
    if anew.result is Result.FAILED:
        return anew
    return before.model_copy(update={"settled": Settled.CURED, "settled_at": at, "settled_by": by})


def _dumped(value: Any) -> Any:  # noqa: ANN401 - a model, a tuple of codes, a time or a text
    return value.model_dump() if hasattr(value, "model_dump") else value


HANDLERS: dict[type[DelegatedAction], Callable[[DelegatedCase, Any, datetime], DelegatedCase | Refused]] = {
    SupplementCopy: supplement,
    NoteCorrectiveAction: note,
    WaiveFinding: waive,
    PullUpCase: pull_up,
}
