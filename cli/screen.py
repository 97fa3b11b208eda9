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

from policy.channels import Result
from policy.filing import open_lines
from policy.people import Member
from policy.third_opinion import belongs_to, number_of_third
from policy.timeframes import spoken
from records.rows import CaseFile, CaseRow, NoticeRow, RefusalRow, TaskRow
from wiring.wishes import wishes
from workflows.casefile import NOTHING_OPEN
from workflows.inspection import words

# Into a file or a pipe a table is not squeezed into the 80 columns of a terminal that is not there.
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
errors = Console(stderr=True, highlight=False)

URGENT = 1  # the priority of a task up to which it is called urgent
NEVER_BROKEN = ("case", "task", "stage", "outcome", "category", "when", "rule", "clause", "#")
OUTCOME_STYLE = {"approved": "green", "denied": "red", "withdrawn": "yellow"}


def now() -> datetime:
    """The present moment; a door may read the clock."""
    return datetime.now(UTC)


def as_json(value: Any) -> None:  # noqa: ANN401 - whatever a command answers
    """Prints a value as JSON, for programs."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2) + "\n")


def json_line(value: Any) -> str:  # noqa: ANN401
    """A value as JSON on one line, for programs that read what comes line by line."""
    return json.dumps(_plain(value), ensure_ascii=False) + "\n"


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


def complain(sentence: str, *details: str) -> None:
    """Prints an error, to standard error; the details on lines of their own beneath."""
    errors.print(f"[bold red]{escape(sentence)}[/]", soft_wrap=True)
    for detail in details:
        errors.print(escape(detail), soft_wrap=True)


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


def tasks_table(
    rows: Sequence[TaskRow], title: str = "Tasks, due soonest first", *, empty: str = "Nothing waits for anybody."
) -> None:
    """Prints a work list."""
    table(
        title,
        ("case", "task", "what", "for", "who", "due", "rule"),
        (
            (
                row.case_number,
                row.task_id + "".join(f" [red]{mark}[/]" for mark in _marks(row)),
                escape(row.title),
                ", ".join(words(r) for r in row.roles),
                _whose(row) or "-",
                "\n".join(filter(None, (due(row.next_due), _put_aside(row)))),
                row.next_due_rule,
            )
            for row in rows
        ),
        empty=empty,
    )


def _marks(task: TaskRow) -> list[str]:
    marks = {"urgent": task.priority <= URGENT, "escalated": task.escalated}
    return [mark for mark, holds in marks.items() if holds]


def _whose(task: TaskRow) -> str:
    """Who has the task, or is asked for it; empty when it waits for its group."""
    if not task.owner:
        return f"asked: {task.asked}" if task.asked else ""
    return f"{task.owner}, delegated by {task.delegated_by}" if task.delegated_by else task.owner


def _put_aside(task: TaskRow) -> str:
    return f"suspended until {spoken(task.suspended_until)}" if task.suspended_until else ""


def outcome(code: str | None) -> str:
    """An outcome in its colour."""
    return f"[{OUTCOME_STYLE[code]}]{code}[/]" if code else "-"


def case_page(file: CaseFile, member: Member | None, *, with_names: bool) -> None:
    """Prints one case: whose turn it is, until when under which rule, which letters are wanted, and the story."""
    case = file.case
    console.print(f"[bold]{case.number}[/]  {words(case.stage)}  {outcome(case.outcome)}")
    about = f"{words(case.line)}, {words(case.priority)}, {case.specialty}, received {spoken(case.received_at)}"
    console.print(escape(about))
    if member:
        _member(member, with_names=with_names)
    for task in file.tasks:
        if task.ended_at is None:
            console.print(f"[bold yellow]Now:[/] {task.task_id} {escape(task.title)} ({_standing(task)})")
    _before_it_is_filed(file)
    _duties(file)
    _events(file)
    if of := belongs_to(case.number):
        console.print(f"The third opinion of {of}; its reports are filed there")
    elif any(line.event == "third-opinion:opened" for line in file.ledger):
        console.print(f"Third opinion: {number_of_third(case.number)}")
    if case.filing_path:
        console.print(f"Filed: {escape(case.filing_path)}")


def _member(member: Member, *, with_names: bool) -> None:
    """Which letters the member wants; with names also who it is, and the only places to reach the member at."""
    wanted = wishes(member)
    if with_names:
        console.print(escape(f"Member: {member.name.full}, {member.member_id}, born {member.birth_date}"))
    console.print(escape(f"Letters to the member: {wanted.letters}"))
    if wanted.warning:
        console.print(f"[bold red]{wanted.warning}[/]{'' if with_names else ' (--names shows it)'}")
    places = (("Address", wanted.address), ("Telephone", wanted.phone), ("E-mail", wanted.email))
    for what, where in places if with_names else ():
        if where:
            console.print(escape(f"{what}: {where}"))


def _before_it_is_filed(file: CaseFile) -> None:
    """What a case that waits for no person waits for; a task says for itself that it is open."""
    if file.case.closed_at or any(task.ended_at is None for task in file.tasks):
        return
    letters = [(n.kind, n.recipient) for n in file.notices if n.is_owed]
    still = open_lines((), letters, has_outcome=file.case.outcome is not None)
    console.print("[bold yellow]Before it can be filed:[/]" if still else NOTHING_OPEN, soft_wrap=True)
    for line in still:
        console.print(f"  {line}")


def _standing(task: TaskRow) -> str:
    has = f"claimed by {_whose(task)}" if task.owner else _whose(task)
    waits_for = f"for: {', '.join(words(r) for r in task.roles)}"
    return "; ".join(filter(None, (has or waits_for, _put_aside(task), *_marks(task))))


def _duties(file: CaseFile) -> None:
    table(
        "Clocks",
        ("obligation", "state", "explanation", "act by"),
        ((words(c.obligation), c.state, escape(c.explanation), spoken(c.act_by)) for c in file.clocks),
        empty="No clock has started.",
    )
    table(
        "Letters",
        ("kind", "to", "how it stands", "key", "document"),
        ((words(n.kind), words(n.recipient), _how_it_stands(n), n.key, n.document) for n in file.notices),
        empty="No letter is owed.",
    )


def _how_it_stands(letter: NoticeRow) -> str:
    """When a letter left and how, or why it counts no more; a call about it besides."""
    left = f"{spoken(letter.sent_at)}" if letter.sent_at else "[yellow]owed[/]"
    ways = [words(a.channel) for a in letter.attempts if a.result in (Result.LEFT, Result.REACHED)]
    ended = f" [red]{words(letter.ended_as)}: {escape(letter.ended_why)}[/]" if letter.ended_as else ""
    if letter.ended_as and not letter.sent_at:
        return ended.strip()
    by = f", by {' and '.join(ways)}" if ways else ""
    return f"{left}{by}{ended}"


def _events(file: CaseFile) -> None:
    table(
        "Story",
        ("#", "when", "what", "who", "clause"),
        (
            (
                str(e.seq),
                spoken(e.at),
                escape(e.text),
                f"{e.actor or '-'}{' [yellow](unsigned)[/]' if e.unsigned else ''}",
                e.clause or "-",
            )
            for e in file.ledger
        ),
        empty="Nothing has been recorded yet.",
    )
    refusals_table(file.refusals, "Refused")


def refusals_table(rows: Sequence[RefusalRow], title: str, *, with_case: bool = False) -> None:
    """Prints what was refused, and why."""
    table(
        title,
        ("when", *(("case",) if with_case else ()), "what", "who", "why"),
        (
            (
                spoken(r.at),
                *((r.case_number,) if with_case else ()),
                escape(words(r.action)),
                r.actor or "-",
                escape(f"{r.reason} ({r.clause})" if r.clause else r.reason),
            )
            for r in rows
        ),
        empty="Nothing was refused.",
    )
