"""How things look at a terminal: tables for people, JSON for programs, errors in one sentence."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from policy.timeframes import spoken
from records.rows import CaseFile, CaseRow, TaskRow
from workflows.inspection import words

# Into a file or a pipe a table is not squeezed into the 80 columns of a terminal that is not there.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
errors = Console(stderr=True, highlight=False)

NEVER_BROKEN = ("case", "task", "stage", "outcome", "category", "when", "rule", "clause", "#")
OUTCOME_STYLE = {"approved": "green", "denied": "red", "withdrawn": "yellow"}


def now() -> datetime:
    """The present moment; a door may read the clock."""
    return datetime.now(UTC)


def as_json(value: Any) -> None:  # noqa: ANN401 - whatever a command answers
    """Prints a value as JSON, for programs."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2) + "\n")


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def complain(sentence: str) -> None:
    """Prints an error, to standard error."""
    errors.print(f"[bold red]{escape(sentence)}[/]", soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Prints a table, or the sentence that says why there is none."""
    rows = list(rows)
    if not rows:
        console.print(f"[dim]{escape(empty)}[/]")
        return
    drawn = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        drawn.add_column(column, overflow="fold", no_wrap=column in NEVER_BROKEN)
    for row in rows:
        drawn.add_row(*row)
    console.print(drawn)


def due(at: datetime | None) -> str:
    """A due time in words and, beside the words, in colour."""
    if at is None:
        return "-"
    left = at - now()
    overdue = left.total_seconds() < 0
    hours = abs(left.total_seconds()) / 3600
    span = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h"
    text = f"{spoken(at)}, {'overdue by' if overdue else 'in'} {span}"
    return f"[red]{text}[/]" if overdue else text


def cases_table(rows: Sequence[CaseRow], *, with_names: bool) -> None:
    """Prints a list of cases."""
    named = ("member",) if with_names else ()
    table(
        "Cases",
        ("case", *named, "line", "priority", "specialty", "stage", "outcome", "next due"),
        (
            (
                row.number,
                *((escape(f"{row.member_family}, {row.member_given}"),) if with_names else ()),
                words(row.line),
                words(row.priority),
                escape(row.specialty),
                words(row.stage),
                outcome(row.outcome),
                due(row.next_due) if not row.closed_at else "-",
            )
            for row in rows
        ),
        empty="No cases. Open some with: second-opinion open FILE",
    )


def tasks_table(rows: Sequence[TaskRow]) -> None:
    """Prints a work list."""
    table(
        "Tasks, due soonest first",
        ("case", "task", "what", "for", "owner", "due", "rule"),
        (
            (
                row.case_number,
                row.task_id + (" [red]escalated[/]" if row.escalated else ""),
                escape(row.title),
                ", ".join(words(r) for r in row.roles),
                row.owner or "-",
                due(row.next_due),
                row.next_due_rule,
            )
            for row in rows
        ),
        empty="Nothing waits for anybody.",
    )


def outcome(code: str | None) -> str:
    """An outcome in its colour."""
    return f"[{OUTCOME_STYLE[code]}]{code}[/]" if code else "-"


def case_page(file: CaseFile) -> None:
    """Prints one case: whose turn it is, until when under which rule, and the story so far."""
    case = file.case
    console.print(f"[bold]{case.number}[/]  {words(case.stage)}  {outcome(case.outcome)}")
    about = f"{words(case.line)}, {words(case.priority)}, {case.specialty}, received {spoken(case.received_at)}"
    console.print(escape(about))
    for task in file.tasks:
        if task.ended_at is None:
            whose = f"claimed by {task.owner}" if task.owner else f"for: {', '.join(words(r) for r in task.roles)}"
            console.print(f"[bold yellow]Now:[/] {task.task_id} {escape(task.title)} ({whose})")
    table(
        "Clocks",
        ("obligation", "state", "explanation", "act by"),
        ((words(c.obligation), c.state, escape(c.explanation), spoken(c.act_by)) for c in file.clocks),
        empty="No clock has started.",
    )
    table(
        "Letters",
        ("kind", "to", "sent", "document"),
        (
            (words(n.kind), words(n.recipient), spoken(n.sent_at) if n.sent_at else "[yellow]owed[/]", n.document)
            for n in file.notices
        ),
        empty="No letter is owed.",
    )
    table(
        "Story",
        ("#", "when", "what", "who", "clause"),
        ((str(e.seq), spoken(e.at), escape(e.text), e.actor or "-", e.clause or "-") for e in file.ledger),
        empty="Nothing has been recorded yet.",
    )
    if case.filing_path:
        console.print(f"Filed: {escape(case.filing_path)}")
