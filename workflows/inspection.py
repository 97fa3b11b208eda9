"""What a supervisor finds cases by in the Temporal UI: the search attributes and the title. No health information.

What the page of one case tells stands in ``casefile``.
"""

from collections.abc import Mapping
from typing import Any

from temporalio.common import SearchAttributeKey, SearchAttributePair, SearchAttributeUpdate, TypedSearchAttributes

from policy.attention import attention
from policy.case import FIRST_GENERATION, WITH_REOPENING, Case
from policy.people import Role
from policy.verdict import Value

STAGE = SearchAttributeKey.for_keyword("CaseStage")
OUTCOME = SearchAttributeKey.for_keyword("CaseOutcome")
LINE = SearchAttributeKey.for_keyword("LineOfBusiness")
PRIORITY = SearchAttributeKey.for_keyword("CasePriority")
PPG = SearchAttributeKey.for_keyword("Ppg")
WAITING_FOR = SearchAttributeKey.for_keyword_list("WaitingFor")
ATTENTION = SearchAttributeKey.for_keyword_list("Attention")
NEXT_DUE = SearchAttributeKey.for_datetime("NextDue")

Shown = dict[SearchAttributeKey[Any], Any]


class Attribute(Value):
    """A search attribute: its type on the server, what it says, which values it takes, and what it is good for."""

    name: str
    type: str
    meaning: str
    values: str
    used_for: str


# A server with a SQL store takes 10 of type Keyword and 3 of each other type; a test counts.
ATTRIBUTES = (
    Attribute(
        name=STAGE.name,
        type="Keyword",
        meaning="where the case stands in the procedure",
        values="`completeness_review`, `information_requested`, `physician_review`, `consultative_review`, "
        "`placement`, `consultation_report`, `third_opinion`, `filing`, `closed`; of a delegated decision "
        "`delegated_received`, `delegated_deficient`, `delegated_complete`, `delegated_closed`",
        used_for="a column of the list; waiting for the provider, waiting for the report",
    ),
    Attribute(
        name=OUTCOME.name,
        type="Keyword",
        meaning="what was decided; absent until then",
        values="`approved`, `denied`, `withdrawn`",
        used_for="a column of the list",
    ),
    Attribute(
        name=LINE.name,
        type="Keyword",
        meaning="the member's line of business, which chooses the rules",
        values="`cmc`, `medi_cal`, `d_snp`, `medicare_advantage`, `commercial`",
        used_for="a filter",
    ),
    Attribute(
        name=PRIORITY.name,
        type="Keyword",
        meaning="how fast the request must be decided",
        values="`standard`, `expedited`, `retrospective`, `concurrent`, `urgent_concurrent`",
        used_for="a filter",
    ),
    Attribute(
        name=PPG.name,
        type="Keyword",
        meaning="the treating provider's physician organization, as the request names it; of a delegated decision the "
        "delegate",
        values="a name; absent where the request names none",
        used_for="the cases of one PPG",
    ),
    Attribute(
        name=WAITING_FOR.name,
        type="KeywordList",
        meaning="whose turn it is: the roles that have an open task; the supervisor, too, once one was escalated",
        values="`case_manager`, `cmo`, `physician_designee`, `consultant`, `supervisor`, `administrator`, `delegate`",
        used_for="a filter: what waits for a role",
    ),
    Attribute(
        name=ATTENTION.name,
        type="KeywordList",
        meaning="why to look at it before others: decided in hours; a clock has given its last warning and still runs; "
        "an obligation was not kept in time",
        values="`urgent`, `at_risk`, `breached`; cases opened before it existed lack it",
        used_for="urgent, at risk, breached",
    ),
    Attribute(
        name=NEXT_DUE.name,
        type="Datetime",
        meaning="when the next obligation that stands is due (UTC); one that is overdue stands",
        values="a time; absent when no clock runs",
        used_for="due today, overdue",
    ),
)
SEARCH_ATTRIBUTES: dict[str, str] = {attribute.name: attribute.type for attribute in ATTRIBUTES}
UNMATCHED = str.maketrans({'"': "'", "\\": "/"})
LONGEST_TITLE = 190  # bytes; the server's own limit is 400, of the encrypted form


def attributes(case: Case) -> Shown:
    """The search attributes of a case: codes, times and the physician organization only."""
    clock = case.governing_clock
    shown: Shown = {
        STAGE: case.stage.value,
        OUTCOME: case.outcome.value if case.outcome else None,
        LINE: case.request.line.value,
        PRIORITY: case.priority.value,
        PPG: keyword(case.request.treating_provider.organization) or None,
        WAITING_FOR: sorted({role.value for role in whose_turn(case)}),
        NEXT_DUE: clock.due_at if clock else None,
    }
    if case.generation >= WITH_REOPENING:  # an upsert is a command: what was recorded before has none of these
        shown[ATTENTION] = [reason.value for reason in attention(case)]
    return shown


def at_start(case: Case) -> TypedSearchAttributes:
    """The search attributes that a case is started with; they cost no event of their own."""
    return as_pairs(attributes(case))


def as_pairs(shown: Mapping[SearchAttributeKey[Any], Any]) -> TypedSearchAttributes:
    """Search attributes as a start takes them: those that have a value."""
    return TypedSearchAttributes([SearchAttributePair(key, value) for key, value in shown.items() if value is not None])


def changes(before: Shown, after: Shown) -> list[SearchAttributeUpdate[Any]]:
    """Only what changed, as one upsert."""
    changed = ((key, value) for key, value in after.items() if before.get(key) != value)
    return [key.value_unset() if value is None else key.value_set(value) for key, value in changed]


def whose_turn(case: Case) -> set[Role]:
    """The roles for which a task is open; the supervisor when one was escalated."""
    roles = {role for task in case.open_tasks for role in task.definition.potential_owners}
    escalated = case.generation != FIRST_GENERATION and any(task.escalated for task in case.open_tasks)
    return roles | {Role.SUPERVISOR} if escalated else roles


def title(case: Case, what: str = "") -> str:
    """The title of a case in the Temporal UI: number, line, priority, specialty; ``what`` says that it is no usual one.

    It is written when the workflow starts and cannot change: the stage, which does, is the column ``CaseStage`` and
    the first line of the current details.
    """
    kind = filter(None, (what, words(case.request.line), words(case.priority), one_line(case.request.specialty)))
    return shortened(f"{case.number}: {', '.join(kind)}", LONGEST_TITLE)


def keyword(name: str) -> str:
    """A name as a search attribute has it: on one line, without the two signs that no query of server 1.32 matches."""
    return one_line(name).translate(UNMATCHED)


def one_line(text: str) -> str:
    """A text on one line, without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def shortened(text: str, most: int) -> str:
    """A text of at most so many bytes of UTF-8, with an ellipsis where it was cut."""
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - len("…".encode())].decode(errors="ignore").rstrip() + "…"


def words(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")
