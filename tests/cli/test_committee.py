"""``second-opinion committee``: every subcommand on the real server, what it refuses, and without a server. P12."""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from cli.main import run
from policy.calendar import local_day
from policy.committee.transition import between
from records.committees import CommitteeReports
from records.database import open_records
from tests.committees import CHAIR, FLAG, MANAGER, PLAN, THEN, does, presented
from tests.fakes import FakeReportRenderer, FakeReportShelf, FakeReportSource
from tests.ports import free_port
from wiring.committees import report_steps
from wiring.devserver import embedded_server
from wiring.settings import Settings, read_settings
from wiring.temporal import connect, running_workers
from wiring.world import open_world
from workflows.inspection import SEARCH_ATTRIBUTES

CODE = tuple[int, str]
Ask = Callable[..., CODE]
DONE, REFUSED, BAD_INPUT, NOT_AVAILABLE = 0, 1, 2, 3
UM, QM = "utilization_management", "quality_management"
TODAY = local_day(datetime.now(UTC))
IN_A_MONTH, IN_TWO = (str(TODAY + timedelta(days=days)) for days in (30, 60))


async def serve(settings: Settings, is_up: threading.Event, is_over: threading.Event) -> None:
    """A server and a worker whose reports are of made-up figures, until it is over."""
    world = open_world(settings)
    reports = report_steps(world, FakeReportSource(), FakeReportRenderer(), FakeReportShelf())
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False) as server:
        client = await connect(settings, server.address.grpc, records=world.records)
        async with running_workers(client, replace(world.steps, reports=reports)):
            is_up.set()
            await asyncio.to_thread(is_over.wait)
    world.records.dispose()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a house whose server runs beside the tests of this module."""
    given = {
        "SECOND_OPINION_HOME": str(tmp_path_factory.mktemp("house") / "var"),
        "SECOND_OPINION_GRPC_PORT": str(free_port()),
        "SECOND_OPINION_UI_PORT": str(free_port()),
        "SECOND_OPINION_SYNCHRONOUS": "normal",
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in given.items():
            patched.setenv(name, value)
        settings = read_settings()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))  # the worker's lines
    is_up, is_over = threading.Event(), threading.Event()
    serving = threading.Thread(target=lambda: asyncio.run(serve(settings, is_up, is_over)))
    serving.start()
    assert is_up.wait(30)
    yield given
    is_over.set()
    serving.join(30)
    structlog.reset_defaults()


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    """A command of ``committee``: its exit code, and what it said in one line."""

    def asked(*words: str) -> CODE:
        code = run(["committee", *words])
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return asked


@pytest.fixture
def at_home(house: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in house.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A house in which no server runs."""
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    return tmp_path / "var"


def begun(ask: Ask, period: str) -> None:
    """A report, once it is ready."""
    assert ask("start", period, "--as", "sv.okafor") == (DONE, f"The report {period} is begun.")
    until(ask, period, lambda found: found["report"]["ready_at"])


def until(ask: Ask, number: str, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """A report as the records have it, once that is as wanted: they follow an answer by moments."""
    said = ""
    for _ in range(300):
        code, said = ask("show", number, "--json")
        if code == DONE and wanted(found := json.loads(said)):
            return dict(found)
        time.sleep(0.05)
    raise AssertionError(f"{number} never came so far: {said}")


def acts(ask: Ask, number: str, *words: str, who: str = "co.grant") -> str:
    code, said = ask(words[0], number, *words[1:], "--as", who)
    assert code == DONE, said
    return said


def before_both(ask: Ask, period: str) -> None:
    begun(ask, period)
    for committee in (UM, QM):
        acts(ask, period, "present", committee, str(TODAY), who="sv.okafor")


def plan(**changes: Any) -> str:
    given = {
        "committee": QM,
        "kind": "focused_review",
        "flag": FLAG,
        "concern": "Reports came late in four of nine cases.",
        "owner": "cm.alvarez",
        "due": IN_A_MONTH,
    }
    return json.dumps({**given, **changes})


@pytest.mark.server
@pytest.mark.usefixtures("at_home")
def test_a_report_goes_its_whole_way_by_commands(ask: Ask):
    before_both(ask, "2026-Q3")
    for _ in range(4):
        acts(ask, "2026-Q3", "decide", "--data", plan())
    acts(ask, "2026-Q3", "note", "A1", "--text", "Ten cases are looked at.", who="cm.alvarez")
    acts(ask, "2026-Q3", "hand-over", "A1", "--to", "sv.okafor", "--reason", "On leave.")
    acts(ask, "2026-Q3", "postpone", "A1", IN_TWO, "--reason", "The PPG's new director began.")
    acts(ask, "2026-Q3", "withdraw", "A2", "--reason", "The contract has ended.")
    until(ask, "2026-Q3", lambda found: found["report"]["open_actions"] == 3)
    mine = ask("work", "--owner", "cm.alvarez")
    everybodys = json.loads(ask("work", "--json")[1])
    for committee in (UM, QM):
        acts(ask, "2026-Q3", "discuss", committee, "--notes", "One physician is late.")
        said = acts(ask, "2026-Q3", "accept", committee, "--remarks", "Well done.")
    until(ask, "2026-Q3", lambda found: found["report"]["state"] == "accepted")
    listed = ask("list")
    for name, who in (("A1", "sv.okafor"), ("A3", "cm.alvarez"), ("A4", "cm.alvarez")):
        acts(ask, "2026-Q3", "complete", name, "--outcome", "Nine of ten came in time.", who=who)
    last = until(ask, "2026-Q3", lambda found: found["report"]["closed_at"])
    told = ask("show", "2026-Q3")
    closed = ask("note", "2026-Q3", "A1", "--text", "Too late.", "--as", "sv.okafor")

    assert said == "2026-Q3: accept report: done."
    assert mine[0] == DONE
    assert [name in mine[1] for name in ("A1", "A2", "A3", "A4")] == [False, False, True, True]
    assert [(row["id"], row["owner"]) for row in everybodys if row["number"] == "2026-Q3"] == [
        ("A3", "cm.alvarez"),
        ("A4", "cm.alvarez"),
        ("A1", "sv.okafor"),
    ]
    assert "2026-Q3" in listed[1]
    assert "accepted" in listed[1]
    assert told[0] == DONE
    assert told[1].startswith("Report 2026-Q3: closed, 120 cases, 1 flags.")
    assert "report:closed" in told[1]
    ended = {row["id"]: (row["state"], row["ended_by"]) for row in last["actions"]}
    assert ended == {
        "A1": ("completed", "sv.okafor"),
        "A2": ("obsolete", "co.grant"),
        "A3": ("completed", "cm.alvarez"),
        "A4": ("completed", "cm.alvarez"),
    }
    assert closed[0] == REFUSED
    assert "The report 2026-Q3 is closed" in closed[1]


@pytest.mark.server
@pytest.mark.usefixtures("at_home")
def test_what_cannot_be_is_refused_with_its_field_and_how_to_mend_it(ask: Ask):
    before_both(ask, "2026-Q2")
    refused = [
        ask("present", "2026-Q2", UM, str(TODAY), "--as", "sv.okafor"),
        ask("accept", "2026-Q2", UM, "--as", "sv.okafor"),
        ask("accept", "2026-Q2", UM, "--as", "co.grant"),
        ask("decide", "2026-Q2", "--data", plan(owner=None), "--as", "co.grant"),
        ask("decide", "2026-Q2", "--data", plan(due="2026-01-01"), "--as", "co.grant"),
        ask("decide", "2026-Q2", "--data", plan(about_case="SO-2026-999999"), "--as", "co.grant"),
        ask("decide", "2026-Q2", "--data", plan(duee=IN_A_MONTH), "--as", "co.grant"),
        ask("decide", "2026-Q2", "--data", "[1]", "--as", "co.grant"),
        ask("decide", "2026-Q2", "--data", "@nowhere.json", "--as", "co.grant"),
        ask("complete", "2026-Q2", "A1", "--outcome", "Done.", "--as", "sv.okafor"),
        ask("complete", "2026-Q2", "first", "--outcome", "Done.", "--as", "sv.okafor"),
    ]
    as_json = ask("accept", "2026-Q2", UM, "--as", "co.grant", "--json")

    assert [code for code, _ in refused] == [REFUSED] * len(refused)
    said = [text for _, text in refused]
    assert said[0] == "2026-Q2: refused: committee: it was presented to this committee before (P12)"
    assert said[1] == "2026-Q2: refused: actor.roles: only for: committee, cmo (P12)"
    assert said[2].startswith("2026-Q2: refused: committee: is accepted once it was discussed; keep what the committee")
    assert said[3] == "2026-Q2: refused: owner: say who does it (P12)"
    assert said[4].startswith("2026-Q2: refused: due: lies in the past; give ")
    assert "about_case: SO-2026-999999 is no case of ours; give its number, as SO-2026-000007" in said[5]
    assert "duee" in said[6]
    assert said[7] == "--data is no JSON object; give the fields as one, or @FILE."
    assert said[8].startswith("The file of --data cannot be read (No such file or directory)")
    assert said[9] == "2026-Q2: refused: action: is no open action of this report; open are: none (P12)"
    assert "action" in said[10]
    assert as_json[0] == REFUSED
    assert json.loads(as_json[1])["fields"][0]["field"] == "committee"
    assert until(ask, "2026-Q2", lambda found: found["report"]["refused_count"] >= 6)["actions"] == []


@pytest.mark.server
@pytest.mark.usefixtures("at_home")
def test_an_action_that_is_sent_twice_is_one_and_a_report_that_is_there_stays_as_it_is(ask: Ask):
    before_both(ask, "2026-Q1")
    for _ in range(2):
        acts(ask, "2026-Q1", "decide", "--data", plan(), "--action-id", "once")
    again = ask("start", "2026-Q1", "--as", "sv.okafor")
    corrected = ask("start", "2026-Q1", "--corrects", "A PPG sent a case late.", "--as", "sv.okafor", "--json")

    assert [row["id"] for row in until(ask, "2026-Q1", lambda found: found["actions"])["actions"]] == ["A1"]
    assert again == (DONE, "The report 2026-Q1 is there, and stays as it is; correct it with --corrects.")
    assert json.loads(corrected[1]) == {"number": "2026-Q1-e2", "is_new": True}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("start", "autumn", "--as", "sv.okafor"), "autumn is no period; write 2026-Q3, 2026, 2026-10 or"),
        (
            ("start", "2099-Q1", "--as", "sv.okafor"),
            "period: 2099-Q1 is not over; it can be reported from 2099-04-01 on",
        ),
        (("start", "2026-Q3", "--as", "nobody"), "There is nobody nobody in the staff file. List the staff with:"),
        (
            ("start", "2026-Q3", "--corrects", "Late.", "--as", "sv.okafor"),
            "corrects: there is no finished report to correct; ask for it without a reason first",
        ),
        (
            ("hand-over", "2026-Q3", "A1", "--to", "nobody", "--reason", "Leave.", "--as", "sv.okafor"),
            "There is nobody nobody in the staff file.",
        ),
        (("decide", "2026-Q3", "--data", '{"owner": "nobody"}', "--as", "co.grant"), "There is nobody nobody"),
    ],
)
@pytest.mark.usefixtures("alone")
def test_bad_input_is_named_before_any_server_is_asked(ask: Ask, words, said):
    code, text = ask(*words)

    assert (code, said in text) == (BAD_INPUT, True), text


@pytest.mark.parametrize(
    "words",
    [
        ("show", "2026-Q9"),
        ("present", "2026-Q9", UM, "2026-10-20", "--as", "sv.okafor"),
        ("discuss", "2026-Q9", UM, "--notes", "Seen.", "--as", "sv.okafor"),
        ("accept", "2026-Q9", UM, "--as", "co.grant"),
        ("decide", "2026-Q9", "--data", "{}", "--as", "co.grant"),
        ("note", "2026-Q9", "A1", "--text", "So far.", "--as", "sv.okafor"),
        ("complete", "2026-Q9", "A1", "--outcome", "Done.", "--as", "sv.okafor"),
        ("hand-over", "2026-Q9", "A1", "--to", "cm.brown", "--reason", "Leave.", "--as", "sv.okafor"),
        ("postpone", "2026-Q9", "A1", "2026-12-18", "--reason", "Later.", "--as", "sv.okafor"),
        ("withdraw", "2026-Q9", "A1", "--reason", "Gone.", "--as", "co.grant"),
    ],
    ids=lambda words: words[0],
)
@pytest.mark.usefixtures("alone")
def test_a_report_that_there_is_not_is_said_so_with_how_to_list_them(ask: Ask, words):
    said = "There is no report 2026-Q9. List them with: second-opinion committee list"

    assert ask(*words) == (REFUSED, said)


@pytest.fixture
def recorded(alone: Path) -> None:
    """A report in the records with an action that was due yesterday, one due today, and one in a month."""
    file = presented()
    for days in (-1, 0, 30):
        due = {"owner": MANAGER, "due": TODAY + timedelta(days=days)}
        file = does(file, CHAIR, "decide_action", **{**PLAN, **due})
    engine = open_records(f"sqlite:///{alone / 'records.db'}")
    CommitteeReports(engine).record(between(None, file, THEN))
    engine.dispose()


@pytest.mark.usefixtures("recorded")
def test_without_a_server_lists_are_read_and_an_action_says_what_to_start(ask: Ask):
    listed, work, page = ask("list"), ask("work"), ask("show", "2026-Q3")
    started = ask("start", "2026-Q2", "--as", "sv.okafor")
    acted = ask("note", "2026-Q3", "A1", "--text", "So far.", "--as", "cm.alvarez")

    assert [code for code, _ in (listed, work, page)] == [DONE, DONE, DONE]
    assert "overdue" in listed[1]
    for said in (work[1], page[1]):
        marks = [said.index(mark) for mark in ("overdue", "due soon", "open")]
        assert marks == sorted(marks)
    for code, said in (started, acted):
        assert (code, "No Temporal server answers at 127.0.0.1:" in said) == (NOT_AVAILABLE, True)
        assert "check TEMPORAL_ADDRESS" in said


@pytest.mark.usefixtures("recorded")
def test_a_person_s_own_tasks_say_that_there_is_something_of_the_committees(capsys: pytest.CaptureFixture[str]):
    run(["tasks", "--as", "cm.alvarez"])
    said = capsys.readouterr().out
    run(["tasks", "--as", "cm.brown"])
    others = capsys.readouterr().out

    wanted = "3 of what committees decided are cm.alvarez's, 1 overdue, 1 due soon: second-opinion committee work"
    assert wanted in said
    assert "committees" not in others


@pytest.mark.usefixtures("alone")
def test_where_there_is_none_the_lists_say_so(ask: Ask):
    assert ask("list") == (DONE, "There is no report yet.")
    assert ask("work") == (DONE, "Nothing that a committee decided is open.")
    assert ask("list", "--json") == (DONE, "[]")


@pytest.mark.server
@pytest.mark.usefixtures("at_home")
def test_a_report_is_reconciled_by_its_number(ask: Ask, capsys: pytest.CaptureFixture[str]):
    begun(ask, "2025-Q4")

    codes = [run(["reconcile", number]) for number in ("2025-Q4", "2025-Q9")]

    said = capsys.readouterr()
    assert codes == [DONE, REFUSED]
    assert "Nothing differs in one case." in said.out
    assert "There is no case 2025-Q9;" in said.err
    assert "second-opinion committee list" in " ".join(said.err.split())
