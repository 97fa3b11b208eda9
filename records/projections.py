"""A transition as rows of the tables: pure, so that the ledger has nothing left to do but to write them."""

from typing import Any

from policy.particulars import RefusedAction, StoryEntry
from policy.report.facts import CaseFact
from policy.request import Request
from policy.transition import Transition

Row = dict[str, Any]

LARGEST = 2**63 - 1  # what a column holds; a size beyond it is a sender's nonsense and must not stop the ledger


def opening(transition: Transition, request: Request) -> Row:
    """A new case's row: what the request says, and where the case stands."""
    return {
        "number": transition.case_number,
        "external_reference": request.external_reference,
        "line": request.line,
        "specialty": request.specialty,
        "organization": request.treating_provider.organization,
        "member_family": request.member.name.family,
        "member_given": request.member.name.given,
        **standing(transition),
    }


def standing(transition: Transition) -> Row:
    """Where the case stands: what each transition tells anew."""
    filing = transition.filing
    return {
        "stage": transition.stage,
        "outcome": transition.outcome,
        "priority": transition.priority,
        "received_at": transition.received_at,
        "decision_due": transition.decision_due,
        "next_due": transition.next_due,
        "next_due_rule": transition.next_due_rule,
        "category": transition.category,
        "filing_path": filing.path if filing else "",
        "filing_sha256": filing.sha256 if filing else "",
        "closed_at": transition.closed_at,
        "refused_count": transition.refused_count,
        "revision": transition.revision,
    }


def tasks(transition: Transition) -> list[Row]:
    """The tasks that changed."""
    return [
        {
            "case_number": transition.case_number,
            "task_id": task.id,
            "kind": task.kind,
            "title": task.title,
            "clause": task.definition.clause,
            "state": task.state,
            "roles": task.definition.potential_owners,
            "owner": task.owner,
            "escalated": task.escalated,
            "opened_at": task.opened_at,
            "ended_at": task.ended_at,
            "ended_by": task.ended_by,
            "next_due": task.due_at,
            "revision": task.revision,
            "priority": task.priority,
            "due_rule": task.due_rule,
            "suspended_until": task.suspended_until,
            "delegated_by": task.delegated_by,
            "asked": task.asked,
            "answer_by": task.answer_by,
            "outcome": task.outcome,
            "comments": len(task.comments),
        }
        for task in transition.tasks
    ]


def members(transition: Transition) -> list[Row]:
    """The member as the case reaches him now, where the case tells it."""
    if transition.member is None:
        return []
    return [{"case_number": transition.case_number, "told_at": transition.at, "member": transition.member}]


def clocks(transition: Transition) -> list[Row]:
    """The clocks that changed."""
    return [
        {
            "case_number": transition.case_number,
            "clock_id": clock.id,
            "anchored_at": clock.anchored_at,
            "obligation": clock.obligation,
            "rule": clock.rule,
            "citation": clock.citation,
            "due_at": clock.due_at,
            "act_by": clock.act_by,
            "state": clock.state,
            "warnings": clock.warnings,
            "ended_at": clock.ended_at,
            "cause": clock.cause,
            "explanation": clock.explanation,
        }
        for clock in transition.clocks
    ]


def notices(transition: Transition) -> list[Row]:
    """The letters that are newly owed, or have left."""
    return [
        {
            "case_number": transition.case_number,
            "key": notice.key,
            "kind": notice.kind,
            "recipient": notice.recipient,
            "planned_at": notice.planned_at,
            "sent_at": notice.sent_at,
            "document": notice.document,
            "sha256": notice.sha256,
            "attempts": notice.attempts,
            "ended_as": notice.ended_as,
            "ended_at": notice.ended_at,
            "ended_why": notice.ended_why,
        }
        for notice in transition.notices
    ]


def documents(transition: Transition) -> list[Row]:
    """The documents that came."""
    return [
        {
            "case_number": transition.case_number,
            "sha256": document.sha256,
            "name": document.name,
            "size": min(document.size, LARGEST),
            "media_type": document.media_type,
        }
        for document in transition.documents
    ]


def facts(transition: Transition) -> list[Row]:
    """What the report counts of the case; nothing of a transition that an older version told."""
    fact = transition.fact
    return [fact_row(fact, transition.revision)] if fact else []


def fact_row(fact: CaseFact, revision: int) -> Row:
    """One case as the report counts it."""
    return {name: getattr(fact, name) for name in CaseFact.model_fields} | {"revision": revision}


def lines(transition: Transition) -> list[Row]:
    """The new lines of the ledger."""
    return [line(transition.case_number, entry) for entry in transition.entries]


def line(case_number: str, entry: StoryEntry) -> Row:
    """One line of the ledger."""
    return {
        "case_number": case_number,
        "seq": entry.seq,
        "at": entry.at,
        "event": entry.event,
        "text": entry.text,
        "actor": entry.actor,
        "clause": entry.clause,
        "unsigned": entry.unsigned,
    }


def refusals(transition: Transition) -> list[Row]:
    """The actions that were refused."""
    return [refusal(transition.case_number, refused) for refused in transition.refusals]


def refusal(case_number: str, refused: RefusedAction) -> Row:
    """An action that was refused. Of what was typed there is only the size and the digest."""
    return {
        "case_number": case_number,
        "seq": refused.seq,
        "at": refused.at,
        "action": refused.action,
        "action_id": refused.action_id,
        "actor": refused.actor,
        "reason": refused.reason,
        "clause": refused.clause,
        "fields": refused.fields,
        "size": min(refused.size, LARGEST),
        "digest": refused.digest,
    }


def line_of(case_number: str, refused: RefusedAction) -> Row:
    """The ledger's line of an action that was refused outside the story, in the words in which the story tells one."""
    text = f"{refused.action}: {refused.reason}"
    told = {"at": refused.at, "event": "action:refused", "text": text, "actor": refused.actor, "clause": refused.clause}
    return line(case_number, StoryEntry(seq=refused.seq, **told))
