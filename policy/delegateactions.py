"""What staff can do with a delegated decision: one frozen model per signal. Policy 90.2.17, Procedure 10."""

from typing import ClassVar

from pydantic import AwareDatetime, Field

from policy.clauses import Clause
from policy.complaints import field_names
from policy.delegated import Decider, NoticeGiven
from policy.delegatefindings import Check
from policy.delegation import LetterElement
from policy.people import Role
from policy.request import Attachment, Information
from policy.staffaction import StaffAction

CLERKS = (Role.INTAKE, Role.CASE_MANAGER, Role.SUPERVISOR, Role.ADMINISTRATOR)
PHYSICIANS = (Role.CMO, Role.PHYSICIAN_DESIGNEE)


class DelegatedAction(StaffAction):
    """An action on a delegated decision. ``ROLES``: who may do it."""

    CLAUSE = Clause.P10
    ROLES: ClassVar[tuple[Role, ...]] = CLERKS


class SupplementCopy(DelegatedAction):
    """Missing pieces came from the delegate; the checks are made again."""

    SIGNAL = "supplement_copy"
    ABOUT = "Take in what the delegate sent later; the checks are made again."
    EXAMPLE = {"letter_elements": ["reasons", "criteria"]}

    information: tuple[Information, ...] = ()
    record_attachment: Attachment | None = None
    letter_attachment: Attachment | None = None
    letter_elements: tuple[LetterElement, ...] = ()
    decider: Decider | None = None
    rationale: str = Field("", max_length=20_000)
    criteria: str = Field("", max_length=2_000)
    pend_notice_at: AwareDatetime | None = None
    provider_notice: NoticeGiven | None = None
    member_notice: NoticeGiven | None = None


class NoteCorrectiveAction(DelegatedAction):
    """What the delegate will do otherwise. The findings that it answers are settled; with none it is a note."""

    SIGNAL = "note_corrective_action"
    ABOUT = "Note what the delegate will do otherwise, and which findings that answers."
    EXAMPLE = {"checks": ["copy_in_time"], "text": "Copies go out on the day of the decision from now on."}

    checks: tuple[Check, ...] = ()
    text: str = Field(min_length=1, max_length=2_000)


class WaiveFinding(DelegatedAction):
    """A finding does not count: it is settled, and lowers no score."""

    SIGNAL = "waive_finding"
    ABOUT = "Waive a finding, with the reason; it then lowers no score."
    EXAMPLE = {"check": "copy_in_time", "reason": "Our own gateway was down that day."}
    ROLES = (Role.SUPERVISOR, Role.ADMINISTRATOR, *PHYSICIANS)

    check: Check
    reason: str = Field(min_length=1, max_length=1_000)


class PullUpCase(DelegatedAction):
    """The plan reviews the request itself, as a case of its own."""

    SIGNAL = "pull_up_case"
    ABOUT = "Pull the case up for the plan's own review: its request becomes a case here."
    EXAMPLE = {"reason": "Denied although the tests conflict."}
    ROLES = (Role.SUPERVISOR, *PHYSICIANS)

    reason: str = Field(min_length=1, max_length=1_000)


DELEGATED_ACTIONS: dict[str, type[DelegatedAction]] = {
    action.SIGNAL: action for action in (SupplementCopy, NoteCorrectiveAction, WaiveFinding, PullUpCase)
}
DELEGATED_FIELDS = frozenset(
    name for model in DELEGATED_ACTIONS.values() for name in field_names(model.model_json_schema())
)
