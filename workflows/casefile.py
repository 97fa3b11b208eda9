"""The current details of a case in the Temporal UI: a case file in Markdown for who has never seen the code.

It answers whose turn it is, until when, why, what is missing, what happened, and how to act. What people typed
(reasons, findings, comments) is left out: the portal and ``second-opinion show`` have it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from policy.actions import ACTIONS
from policy.alarms import WHAT_FALLS_DUE
from policy.attention import Attention, attention, left
from policy.case import Case
from policy.completeness import missing
from policy.filing import still_open
from policy.lifecycle import Stage
from policy.particulars import RefusedAction, StoryEntry
from policy.people import Role
from policy.placement import ORDINALS
from policy.tasks import HumanTask
from policy.third_opinion import number_of_third
from policy.timeframes import Clock, spoken
from workflows.inspection import one_line, shortened, words

NOTHING_OPEN = (
    "Nothing is open any more: it is being filed. If it stays so, a letter or a document is not where it should be: "
    "second-opinion cabinet verify says which."
)
SHOWN = 5  # of the refused actions and of the letters that left; all stand in the records
LINES = 15  # of the story
TASKS = 12  # of the open tasks and clocks; a case has two or three
LONGEST = 18_000  # bytes; the server takes 20,000 and the encryption adds some
WORTH = {Attention.URGENT: "urgent", Attention.AT_RISK: "at risk", Attention.BREACHED: "breached"}

# Lines of the story that repeat what stands elsewhere on the page.
REPEATED = ("clock:started", "clock:met", "task:opened")
# Lines that a person caused and whose words are ours all the same; of the others what happened is told, not the words.
OUR_WORDS = (
    *("information:requested", "information:received", "information:complete", "consultation:referred"),
    *("consultation:given", "opinion:placed", "report:received", "request:withdrawn", "request:expedited"),
    *("determination:approved", "determination:denied"),
)
# Lines that nobody in particular caused, and that yet repeat what somebody or something wrote.
NOT_OUR_WORDS = ("notice:undeliverable", "appointment:later")


def details(case: Case, now: datetime) -> str:
    """The case file as it stands ``now``, in Markdown, of at most 18,000 bytes."""
    parts = (
        _heading(case),
        "### Whose turn, until when, and why",
        *_turn(case, now),
        *_section("What is missing", _missing(case)),
        *_section("Clocks", _clocks(case, now)),
        *_section("Letters", _letters(case)),
        "### What happened",
        *story(case.story),
        *_section("What was refused", refused(case.refusals, case.refused_count)),
        "### How to act",
        *_how_to_act(case),
        as_of(now),
    )
    return whole(parts)


def whole(parts: Iterable[str]) -> str:
    """The parts as one page, cut where the server would refuse it."""
    text = "\n\n".join(parts)
    if len(text.encode()) <= LONGEST:
        return text
    return shortened(text, LONGEST - 100) + "\n\nThis page is cut; the portal shows all."


def as_of(now: datetime) -> str:
    """When the page was written: times that are left count from then."""
    return f"As of {spoken(now)}, when something last happened. Times are those of Los Angeles."


def plain(text: str) -> str:
    """What came from outside, as a piece of Markdown that says only what it says: one line, no markup, no HTML."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in shortened(one_line(text), 300))


def table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    named = tuple(columns)
    lines = [named, ("---",) * len(named), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def _section(heading: str, body: Iterable[str]) -> Iterator[str]:
    """A section, if there is anything in it."""
    found = tuple(body)
    if found:
        yield f"### {heading}"
        yield from found


def _heading(case: Case) -> str:
    stands = [words(case.stage), *([words(case.outcome)] if case.outcome else [])]
    about = [words(case.request.line), words(case.priority), plain(case.request.specialty)]
    worth = [f"**{WORTH[reason]}**" for reason in attention(case)]
    lines = [f"**{case.number}**: {', '.join((*stands, *about, *worth))}"]
    if case.third_opinion_of:
        lines.append(f"This is the third opinion of {case.third_opinion_of}.")
    if made := case.determination:
        lines.append(f"Decided: {words(made.outcome)}, by {plain(made.physician.id)}, {spoken(made.at)}.")
    return "  \n".join(lines)


# -- whose turn


def _turn(case: Case, now: datetime) -> Iterator[str]:
    for task in case.open_tasks[:TASKS]:
        yield _task(case, task, now)
    if case.closed_at:
        outcome = f": {words(case.outcome)}" if case.outcome else ""
        yield f"**Waits for nobody**: closed on {spoken(case.closed_at)}{outcome}.{_where_filed(case)}"
    elif case.stage is Stage.THIRD_OPINION and not case.open_tasks:
        yield (
            f"**Waits for the third opinion**, which is a case of its own: {number_of_third(case.number)}. Its page "
            "says whose turn it is. The two opinions differ on surgery or another major procedure (T1)."
        )
    elif not case.open_tasks:
        still = still_open(case)
        if not still:
            yield NOTHING_OPEN
            return
        yield f"**Waits for no person**{_next(case, now)}. What is listed happens by itself. Before it can be filed:"
        yield bullets(still)


def _next(case: Case, now: datetime) -> str:
    clock = case.governing_clock
    return f", until {spoken(clock.due_at)} ({left(clock.due_at, now)}), under {clock.rule}" if clock else ""


def _task(case: Case, task: HumanTask, now: datetime) -> str:
    """Whose turn a task is, until when under which rule, and why there is such a task."""
    clause = task.definition.clause
    lines = [f"**Waits for {_who(task)}**{_until(case, task, now)}.", f"{task.id}: {plain(words(task.title))}."]
    lines += [f"{sentence}." for sentence in _standing(task)]
    lines += [f"Why: {clause} of the policy, {clause.text}."]
    return "  \n".join(lines)


def _who(task: HumanTask) -> str:
    roles = " or ".join(_role(role) for role in task.definition.potential_owners)
    who = task.owner or task.asked
    return f"{plain(who)} ({roles})" if who else f"a {roles}"


def _role(role: Role) -> str:
    return "CMO" if role is Role.CMO else words(role)


def _until(case: Case, task: HumanTask, now: datetime) -> str:
    if not task.due_at:
        return ", with no time limit of its own"
    clock = next((c for c in case.open_clocks if c.rule == task.due_rule and c.due_at == task.due_at), None)
    citation = f" ({clock.citation})" if clock else ""
    return f", until {spoken(task.due_at)}, {left(task.due_at, now)}, under {task.due_rule}{citation}"


def _standing(task: HumanTask) -> Iterator[str]:
    """What else there is to know of who has it."""
    if task.owner:
        yield f"Claimed by {plain(task.owner)}" + (f", delegated by {task.delegated_by}" if task.delegated_by else "")
    elif task.asked and task.answer_by:
        yield f"{plain(task.asked)} is asked until {spoken(task.answer_by)}; then the next"
    else:
        yield "Nobody has claimed it"
    if task.suspended_until:
        yield f"Suspended until {spoken(task.suspended_until)}; no clock stops"
    if task.escalated:
        yield "Escalated: it is before the supervisor, too"


def _where_filed(case: Case) -> str:
    if case.third_opinion_of:
        return f" Filed with {case.third_opinion_of}."
    if case.filing is None:
        return ""
    category = f", coded in MHC as {plain(case.category)}" if case.category else ""
    return f" Filed on {spoken(case.filing.filed_at)}, {case.filing.pages} pages{category}."


# -- what is missing, what runs, what left


def _missing(case: Case) -> Iterator[str]:
    lacking = missing(case) if case.is_before_determination else ()
    if lacking:
        yield bullets(f"{words(item)}, of the checklist (P2)" for item in lacking)
    reports = [o for o in case.standing_opinions if o.report is None]
    if reports:
        yield bullets(f"the report of the {ORDINALS.get(o.ordinal, str(o.ordinal))} opinion (P7)" for o in reports)


def _clocks(case: Case, now: datetime) -> Iterator[str]:
    if not case.open_clocks:
        return
    standing = sorted(case.open_clocks, key=lambda c: c.due_at)[:TASKS]
    yield table(("due", "left", "what", "rule", "why"), (_clock(clock, now) for clock in standing))


def _clock(clock: Clock, now: datetime) -> tuple[str, ...]:
    why = clock.explanation.partition(": ")[2]
    state = "" if clock.state == "running" else f", {words(clock.state)}"
    what = f"{WHAT_FALLS_DUE[clock.obligation]}{state}"
    return (spoken(clock.due_at), left(clock.due_at, now), what, clock.rule, plain(why))


def _letters(case: Case) -> Iterator[str]:
    owed = [f"owed: {words(n.kind)} to the {words(n.recipient)}" for n in case.planned_notices]
    gone = sorted((n for n in case.notices if n.sent_at), key=lambda n: n.sent_at or n.planned_at)[-SHOWN:]
    left_house = [
        f"left {spoken(n.sent_at)}: {words(n.kind)} to the {words(n.recipient)}"
        + (f"; {words(n.ended_as)} since" if n.ended_as else "")
        for n in gone
        if n.sent_at
    ]
    if owed or gone:
        yield bullets((*owed, *left_house))


# -- what happened, what was refused


def story(entries: Iterable[StoryEntry]) -> Iterator[str]:
    """The last lines of the story, the newest last: when, what, who, under which clause."""
    told = [entry for entry in entries if entry.event not in REPEATED]
    if len(told) > LINES:
        yield f"The last {LINES} lines; the portal has all."
    yield table(
        ("when", "what", "who", "clause"),
        ((spoken(e.at), _told(e), plain(e.actor) or "the system", plain(e.clause)) for e in told[-LINES:]),
    )


def _told(entry: StoryEntry) -> str:
    ours = entry.event in OUR_WORDS or not (entry.actor or entry.event in NOT_OUR_WORDS)
    head, _, tail = entry.event.partition(":")
    if not ours:
        return f"{words(head)}: {tail.replace('-', ' ')}"
    what = f"Letter left: {entry.text}" if entry.event == "notice:sent" else entry.text
    return plain(words(what))


def refused(refusals: tuple[RefusedAction, ...], count: int) -> Iterator[str]:
    """The latest actions that were refused, and why."""
    if count:
        yield f"{count} refused; the latest:"
        latest = refusals[-SHOWN:]
        yield bullets(
            f"{spoken(r.at)} {plain(words(r.action))} by {plain(r.actor) or 'nobody'}: {plain(r.reason)}"
            + (f" ({plain(r.clause)})" if r.clause else "")
            for r in latest
        )


# -- how to act


def _how_to_act(case: Case) -> Iterator[str]:
    number = case.number
    commands = []
    for task in case.open_tasks[:TASKS]:
        if not task.owner:
            commands.append(f"claim {task.id}: `second-opinion task claim {number} {task.id} --as WHO`")
        fitting = (action for action in ACTIONS.values() if action.TASK is task.kind)
        commands += [f"{words(a.SIGNAL)}: `second-opinion act {number} {a.SIGNAL} --as WHO`" for a in fitting]
    if case.closed_at and not case.third_opinion_of:
        commands.append(
            f"change a denial, or report a letter that came back: `second-opinion reopen {number} --as WHO`"
        )
    commands.append(f"read all of it: `second-opinion show {number}`")
    yield f"In the portal, at `/cases/{number}`; or at a terminal (`WHO` is an id of the staff file; a form asks):"
    yield bullets(commands)
    if not case.closed_at:
        yield "Or here, by *Send a Signal*: each signal shows an example of its body."
