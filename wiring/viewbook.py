"""What Temporal's UI shows of cases, as a page to read: search attributes and views, from the lists themselves."""

from collections.abc import Iterable

from wiring.views import VIEWS, of_ppg
from workflows.inspection import ATTRIBUTES

HEAD = """# Cases in the Temporal UI

This page is generated (`make rules`).

Open a case, `so-` and its number. Its **title** has number, line, priority and specialty and never changes. Its
**current details** are a page that tells whose turn it is, until when under which rule, why, what is missing, which
letters are owed or have left, what happened, what was refused, and how to act. They are written when something
happens: the last line says when. They need a worker that runs, and a codec server that decrypts. Timers, steps,
signals and queries are named in plain words. What people typed, and who the member is, stands only in the portal.

The **stage** changes, so it stands in the list as a column: add `CaseStage`, `NextDue` and `Attention` to the
columns there.
"""
ATTRIBUTES_HEAD = """## Search attributes

They stay in clear: codes, times and the name of a physician organization, no health information and no member. A server
with a SQL store takes 10 of type Keyword and 3 of each other type; our own server, and the worker, add what is lacking.
"""
VIEWS_HEAD = """## Views

The supervision page links to each; `second-opinion list --views` prints the links, `second-opinion list --view NAME`
lists the same cases from the records, which are what counts. A link with a time in it is of the moment at which it was
made. Every condition below stands after `WorkflowType IN ('SecondOpinionWorkflow', 'ThirdOpinionWorkflow')`, and, but
for *Breached*, `ExecutionStatus = 'Running'`.
"""
TAIL = """Of one physician organization: `second-opinion list --ppg NAME`, there `{ppg}`. In a name, `"` and `\\` stand
as `'` and `/`, which the server can match.
"""


def viewbook() -> str:
    """The page: how a case reads, the search attributes, the views."""
    attributes = ((f"`{a.name}`", a.type, f"{a.meaning}. Values: {a.values}.", a.used_for) for a in ATTRIBUTES)
    views = ((view.title, f"`--view {view.name}`", view.meaning, f"`{view.in_words}`") for view in VIEWS)
    parts = (
        HEAD,
        ATTRIBUTES_HEAD,
        _table(("name", "type", "meaning", "used for"), attributes),
        VIEWS_HEAD,
        _table(("view", "at a terminal", "what it shows", "condition in Temporal"), views),
        TAIL.format(ppg=of_ppg("NAME")),
    )
    return "\n".join(parts)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    named = tuple(columns)
    lines = (named, ("---",) * len(named), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
