"""The human tasks through the real doors: every operation, completing by JSON and by the form, lists and watching."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine

from records import queries
from records.database import open_records
from records.rows import CaseFile, TaskRow
from tests.journeys import warm
from tests.journeys.conftest import COMMAND, EXAMPLES, House
from tests.journeys.warm import ROOT

pytestmark = pytest.mark.server

BOTH = {  # reviews referrals as a case manager, and could decide as a physician
    "id": "md.both",
    "roles": ["case_manager", "physician_designee"],
    "npi": "1992999999",
    "licence": "SYN-A1999",
}
# What a terminal runs: with the terminal as its own, so that Ctrl-C reaches it.
PROGRAM = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from cli.main import main; main()"


@dataclass
class Department:
    """A house with a server, a worker, and three complete cases: A, B and C. Commands act; the records tell."""

    house: House
    records: Engine
    numbers: list[str] = field(default_factory=list)

    def __call__(self, *words: str) -> str:
        """A command that must be applied; what it says."""
        ended = self.house.run(*words)
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def refuses(self, *words: str, code: int = 1) -> str:
        """A command that must not be applied; what it says."""
        ended = self.house.run(*words)
        assert ended.returncode == code, f"{words}: {ended.stdout}{ended.stderr}"
        return ended.stdout + ended.stderr

    def case(self, name: str, **wanted: str) -> CaseFile:
        """A case as the records have it, once it stands as wanted."""
        for _ in range(200):
            number = queries.find_number(self.records, name)
            found = queries.case(self.records, number) if number else None
            if found and all(getattr(found.case, field) == value for field, value in wanted.items()):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{name} never came to {wanted}")

    def task(self, name: str, **wanted: str | bool) -> TaskRow:
        """The open task of a case, once it stands as wanted."""
        for _ in range(200):
            found = next((task for task in self.case(name).tasks if task.ended_at is None), None)
            if found and all(getattr(found, field) == value for field, value in wanted.items()):
                return found
            time.sleep(0.05)
        raise AssertionError(f"the task of {name} never came to {wanted}: {found}")


@pytest.fixture
def department(house: House, tmp_path: Path) -> Iterator[Department]:
    staff = [*json.loads((ROOT / "examples" / "cast.json").read_text(encoding="utf-8")), BOTH]
    file = tmp_path / "staff.json"
    file.write_text(json.dumps(staff), encoding="utf-8")
    house.environment["SECOND_OPINION_STAFF_FILE"] = str(file)
    request = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))
    house.start_server()
    house.start_worker()
    made = Department(house, open_records(f"sqlite:///{house.home / 'records.db'}"))
    opened = house.run("open", "-", "--json", stdin=json.dumps([{**request, "external_reference": x} for x in "ABC"]))
    assert opened.returncode == 0, opened.stderr
    made.numbers = [made.case(name, stage="completeness_review").case.number for name in "ABC"]
    yield made
    made.records.dispose()


def test_every_operation_on_a_task_is_a_command(department: Department):
    does = department

    assert f"T1 of {does.numbers[0]} is yours." in does("task", "claim", "A", "--as", "cm.alvarez")
    claimed = does.refuses("task", "claim", "A", "--as", "cm.brown")
    does("task", "delegate", "A", "T1", "--to", "cm.brown", "--as", "cm.alvarez", "--reason", "Out today.")
    does("task", "return", "A", "--as", "cm.brown", "--reason", "Yours.")
    does("task", "comment", "A", "--as", "cm.alvarez", "--text", "Called the clinic.")
    does("task", "suspend", "A", "--as", "cm.alvarez", "--until", "in 2 hours", "--reason", "They call back.")
    assert does.task("A", state="suspended", owner="cm.alvarez").comments == 1
    does("task", "resume", "A", "--as", "cm.alvarez")
    does("task", "release", "A", "--as", "cm.alvarez")
    does("task", "assign", "A", "--to", "cm.brown", "--as", "sv.okafor", "--reason", "Balances the load.")
    does("task", "escalate", "A", "--as", "cm.brown", "--reason", "Who decides?")
    does.task("A", escalated=True)
    does("task", "draft", "A", "--as", "cm.brown", "--data", '{"note": "half"}')
    asked_for = json.dumps({"items": ["first_opinion_report"]})
    does("task", "complete", "A", "request_information", "--as", "cm.brown", "--data", asked_for)
    does.task("A", kind="obtain_information")
    does("task", "skip", "A", "--as", "cm.alvarez", "--reason", "It has come by another way.")
    told = does.case("A", stage="completeness_review")

    assert "cm.alvarez has claimed this task; it must be released first (P2)." in claimed
    assert "\n  actor.id: cm.alvarez has claimed this task" in claimed
    assert told.tasks[1].state == "obsolete"
    assert [e.event for e in told.ledger if e.event.startswith("task:") and e.actor] == [
        "task:claimed", "task:delegated", "task:returned", "task:suspended", "task:resumed", "task:released",
        "task:assigned", "task:escalated", "task:skipped",
    ]  # fmt: skip
    assert [row["action"] for row in does.house.answer("refused", "A")] == ["claim_task"]


def test_people_are_asked_in_order_and_who_is_kept_out_by_the_plan_alone_can_be_let_in(department: Department):
    does = department

    does("task", "complete", "B", "confirm_completeness", "--as", "md.both", "--data", "{}")
    does.task("B", kind="physician_review")
    proposed = " ".join(does.refuses("task", "nominate", "B", "--as", "sv.okafor", code=2).split())
    does("task", "nominate", "B", "--as", "sv.okafor", "--yes", "--reason", "As proposed.")
    does.task("B", asked="md.chen")
    does("task", "release", "B", "--as", "md.chen")
    does.task("B", asked="md.haddad")
    kept_out = does.refuses("task", "nominate", "B", "--to", "md.both", "--as", "sv.okafor")
    does("task", "lift", "B", "--person", "md.both", "--as", "ad.moreno", "--reason", "Nobody else is here.")
    does("task", "nominate", "B", "--to", "md.both", "--as", "sv.okafor")
    does.task("B", asked="md.both")

    assert "1 │ md.chen" in proposed
    assert "md.both │ who prepared the case as case manager cannot review or decide it (four eyes)" in proposed
    assert "Nothing was sent. Ask these people with --yes" in proposed
    assert "an administrator can lift this" in kept_out


def test_lists_are_watched_and_many_tasks_are_given_at_once(department: Department):
    does, (first, second, third) = department, department.numbers

    with watching(does.house, "tasks", "--as", "cm.alvarez", "--watch", "--json") as watch:
        before = next(watch)
        does("task", "claim", "A", "--as", "cm.alvarez")
        seen = next(watch)
    does("task", "claim", "B", "--as", "cm.alvarez")
    does.task("B", owner="cm.alvarez")
    lists = does.house.answer("tasks", "--as", "cm.alvarez")
    away = does("staff", "away", "cm.alvarez", "--until", "in 2 days", "--substitute", "cm.brown")
    alvarez, brown, chen = (["--from", "cm.alvarez"], ["--to", "cm.brown"], ["--to", "md.chen"])
    in_charge = ["--as", "sv.okafor", "--reason", "Away."]
    given = does("tasks", "reassign", *alvarez, *brown, *in_charge)
    wrong = does.refuses("tasks", "reassign", "--from", "cm.brown", *chen, *in_charge)

    assert [len(before[name]) for name in ("mine", "group")] == [0, 3]
    assert [row["case_number"] for row in seen["mine"]] == [first]
    assert [[row["case_number"] for row in lists[name]] for name in ("mine", "group")] == [[first, second], [third]]
    assert first in away
    assert "second-opinion tasks reassign --from cm.alvarez --to cm.brown" in away
    assert given.splitlines()[-1] == "2 of 2 tasks assigned to cm.brown."
    assert "0 of 2 tasks assigned to md.chen; 2 refused." in wrong
    assert "is here again" in does("staff", "back", "cm.alvarez")


def test_at_a_terminal_a_task_is_completed_by_the_form_with_a_draft_and_a_word_for_a_denial(department: Department):
    does = department

    does("task", "complete", "C", "T1", "confirm_completeness", "--as", "cm.alvarez", "--data", "{}")
    does.task("C", kind="physician_review")
    named = does.refuses("task", "complete", "C", "determine", "--as", "md.chen", code=2)
    with terminal(does.house, "task", "complete", "C", "--as", "md.chen") as screen:
        screen.answer("Which? ", "determine")
        screen.answer("Outcome: ", "denied")
        screen.answer("Rationale: ", "Not needed.")
        screen.answer("", "")
        screen.answer("Criteria [none", "\x04", end="")
        screen.answer("Keep what you entered as a draft with T2 of", "")
        screen.until("the draft is kept with T2 of")
        assert screen.process.wait(20) == 130
    with terminal(does.house, "task", "complete", "C", "determine", "--as", "md.chen") as screen:
        screen.answer("Outcome [denied]", "")
        screen.answer("Rationale [Not needed.]", "")
        screen.answer("Criteria [none", "")
        screen.until("criteria: a denial names the criteria it rests on")
        screen.answer("Criteria [none", "MCG 4.2")
        screen.answer("", "")
        screen.answer("Type deny to send it.", "deny")
        screen.until("Done:")
        assert screen.process.wait(20) == 0
    does.house.call("C")
    denied = does.case("C", stage="closed", outcome="denied")

    assert "outcome (needed): the decision; of: approved, denied" in named
    assert denied.tasks[1].outcome == "determine"
    assert denied.refusals == ()


@contextmanager
def watching(house: House, *words: str) -> Iterator[Iterator[dict[str, list[dict[str, str]]]]]:
    """What a command prints, line by line, as JSON; Ctrl-C must end it well."""
    process = warm.start((*COMMAND, *words), house.environment)
    house.processes.append(process)
    assert process.stdout is not None
    yield (json.loads(line) for line in process.stdout)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0


class Terminal:
    """A pseudo-terminal with a command in it."""

    def __init__(self, house: House, *words: str) -> None:
        self.end, other = pty.openpty()
        environment = {**house.environment, "TERM": "xterm", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "200"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words], cwd=ROOT, env=environment, start_new_session=True,
            stdin=other, stdout=other, stderr=other,
        )  # fmt: skip
        os.close(other)
        self.text, self.seen = "", 0

    def until(self, words: str) -> None:
        """Reads until something new has appeared."""
        last = time.monotonic() + 30
        while words not in self.text[self.seen :]:
            assert time.monotonic() < last, f"{words!r} did not appear in: {self.text[-2000:]!r}"
            if select.select([self.end], [], [], 0.2)[0]:
                self.text += os.read(self.end, 65536).decode(errors="replace")
        self.seen = self.text.index(words, self.seen) + len(words)

    def answer(self, question: str, text: str, end: str = "\r") -> None:
        """Types an answer, once it is asked for."""
        self.until(question)
        self.until("> ")
        os.write(self.end, f"{text}{end}".encode())


@contextmanager
def terminal(house: House, *words: str) -> Iterator[Terminal]:
    opened = Terminal(house, *words)
    try:
        yield opened
    finally:
        opened.process.kill()
        opened.process.wait()
        os.close(opened.end)
