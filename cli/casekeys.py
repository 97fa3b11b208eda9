"""The keys of cases at a terminal: wrapped anew, or destroyed with what they encrypt. They need records, no server."""

from rich.markup import escape
from rich.progress import Progress

from cli.acting import no_case, person
from cli.asking import at_a_terminal
from cli.options import BAD_INPUT, DONE, REFUSED
from cli.screen import complain, console, errors, now
from policy.retention import may_shred
from policy.third_opinion import belongs_to, number_of_third
from policy.verdict import Refused
from records import delegated, queries
from records.casekeys import CaseKeyRecords
from records.database import open_records
from wiring.casekeys import wrap_anew
from wiring.plankeys import open_key_ring
from wiring.settings import Settings
from workflows import workflow_id

LONGEST_REASON = 400  # characters
WHAT_GOES = (
    "Nobody, with whatever key, can read the history of {number} in Temporal again: not its workflow, not in a backup "
    "of Temporal's database. It cannot be reopened. Packet, letters, documents, records and ledger stay."
)
WHAT_IS_LEFT = (
    "What running processes have in memory is gone within 15 minutes; the wrapped key in older backups of the records "
    "is worth nothing once their plan key is gone."
)


def rewrap_keys(settings: Settings) -> int:
    """Wraps every case's key by the active plan key; says how many. Raises KeyRingError or RecordsError."""
    ring, keys = open_key_ring(settings), CaseKeyRecords(open_records(settings.records_url))
    active, before = ring.active, keys.count()
    waiting = sum(count for plan_key, count in before.items() if plan_key != active)
    done = 0
    with Progress(console=errors, transient=True) as progress:
        bar = progress.add_task("Wrapping", total=waiting)
        for done in wrap_anew(ring, keys):
            progress.update(bar, completed=done)
    console.print(f"[green]{done} keys[/] of cases wrapped by {active}, {before.get(active, 0)} were already.")
    left = sorted(plan_key for plan_key in keys.count() if plan_key != active)
    unused = [key.id for key in ring.held() if key.id not in {active, *left}]
    if left:
        console.print(f"Others came meanwhile under {', '.join(left)}: run the same command again.")
    elif unused:
        console.print(
            f"No case needs {', '.join(unused)} any more. Taken out of {ring.where}, backups of the records that are "
            "older than this open no more: keep a copy for as long as you may have to restore one.",
            soft_wrap=True,
        )
    return DONE


def shred_case(settings: Settings, case: str, *, actor: str, reason: str, is_agreed: bool) -> int:
    """Destroys the key of a closed case and of its third opinion's, or of a delegated decision.

    Raises ActionError or RecordsError.
    """
    who, why = person(settings, actor), " ".join(reason.split())
    if not why or len(why) > LONGEST_REASON or not why.isprintable():
        complain(f"Give a --reason of 1 to {LONGEST_REASON} characters, without health information.")
        return BAD_INPUT
    allowed = may_shred(who)
    if isinstance(allowed, Refused):
        complain(f"Refused: {allowed.reason}.")
        return REFUSED
    engine = open_records(settings.records_url)
    found = queries.find_number(engine, case) or delegated.find_number(engine, case)
    if found is None:
        complain(no_case(case))
        return REFUSED
    number = belongs_to(found) or found  # the one is nothing without the other: its report is in both
    if not is_agreed and not _agreed(number):
        return REFUSED
    workflows = (workflow_id(number), workflow_id(number_of_third(number)))
    done = CaseKeyRecords(engine).shred(number, workflows, at=now(), by=who.id, reason=why)
    if isinstance(done, Refused):
        complain(f"Refused: {done.reason}.")
        return REFUSED
    if not done:
        complain(f"{number} has no key: it was shredded before, or its history was never encrypted.")
        return REFUSED
    console.print(f"[green]{number} is shredded[/], and its ledger says so. {WHAT_IS_LEFT}", soft_wrap=True)
    return DONE


def _agreed(number: str) -> bool:
    """By the case's number, typed out; without a terminal nobody can agree."""
    console.print(WHAT_GOES.format(number=number), soft_wrap=True)
    if not at_a_terminal():
        complain("Nothing was destroyed: say --yes where nobody can be asked.")
        return False
    typed = console.input(f"Type {escape(number)} to destroy its key: ").strip()
    if typed != number:
        console.print("Nothing was destroyed.")
    return typed == number
