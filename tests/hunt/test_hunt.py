"""The hunt: what is said of a person is marked, played through the real doors, and looked for where it should not be.

Nothing may be found but what was planted; and of that, something at every place: a place where the hunt finds nothing
that was planted proves nothing.
"""

import asyncio
import logging
import re
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
import structlog
from google.protobuf.message import Message
from temporalio.client import Client

from cli.faxmachine import answering
from cli.house import staff
from tests.hunt.clear import clear_fields, homes, listed
from tests.hunt.marks import Found, Marks, Searcher, Whose
from tests.hunt.places import Piece, Temporal, database, left_over, page
from tests.hunt.planting import Planter, past_our_doors
from tests.hunt.playing import Stage, play
from tests.journeys.conftest import House, a_house
from tests.journeys.test_correlation import logged
from tests.ports import free_port
from wiring.logs import set_up_logs
from wiring.settings import Settings
from wiring.telemetry import set_up_runtime
from wiring.temporal import connect
from wiring.world import open_world
from workflows import workflow_id
from workflows.inspection import SEARCH_ATTRIBUTES

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("hunt")]

# Where the text of a signal stands that somebody sent in clear, past our doors: docs/security.md says so.
OF_HISTORIES = {
    *("histories", "plain command: show", "database", "database, by value", "backup", "packed backup"),
    *("visibility", "descriptions"),
}
OURS = re.compile("so-(SO|DD)-")
DOORS = {"worker": "Working on", "portal": "Ctrl-C"}  # and what each says when it is open


@dataclass
class Bag:
    """What a hunt brought home: what was found, the places that were looked into, and the histories of our cases."""

    found: set[Found] = field(default_factory=set)
    places: dict[str, int] = field(default_factory=dict)
    histories: dict[str, Message] = field(default_factory=dict)
    whose: dict[str, Whose] = field(default_factory=dict)
    typed_into: str = ""

    def of(self, whose: Whose) -> set[Found]:
        return {one for one in self.found if self.whose[one.text] is whose}


class Hunt:
    """A house with every door open, and what is looked through in it."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder, self.marks = house, folder, Marks()
        self.ports = {name: f"127.0.0.1:{free_port()}" for name in ("portal", "worker")}
        self.logs: dict[str, Path] = {}
        self.address = f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}"
        house.environment |= {
            "SECOND_OPINION_PORTAL_PORT": self.ports["portal"].partition(":")[2],
            "SECOND_OPINION_WORKER_METRICS": self.ports["worker"],
            "SECOND_OPINION_FAX_SPOOL": str(house.home / "fax"),
            "SECOND_OPINION_LOG_FORMAT": "json",
            "SECOND_OPINION_UI_PORT": str(free_port()),
        }

    @property
    def settings(self) -> Settings:
        port = int(self.house.environment["SECOND_OPINION_GRPC_PORT"])
        return Settings(home=self.house.home, grpc_port=port, fax_spool=self.house.home / "fax")

    def open_doors(self) -> str:
        """Server, worker and portal, each a process; the token of a program."""
        house = self.house
        house.environment["HUNT_PLANTED"] = self.marks.word("a door's log and numbers", Whose.PLANTED)
        house.start_server()

        def opened(door: str, until: str) -> Path:
            return logged(house, "-m", "tests.hunt.loud", door, name=door, until=until)

        with ThreadPoolExecutor(2) as hands:
            doors = {door: hands.submit(opened, door, until) for door, until in DOORS.items()}
            token = str(house.answer("tokens", "new", "ehr", "--role", "case_manager")["token"])
            self.logs |= {f"{door}'s log": log.result() for door, log in doors.items()}
        return token

    async def go(self) -> Bag:
        """Plays, plants, and searches every place."""
        token = await asyncio.to_thread(self.open_doors)
        world = await asyncio.to_thread(open_world, self.settings)
        client = await connect(self.settings, self.address, records=world.records)
        with httpx2.Client(base_url=f"http://{self.ports['portal']}", timeout=30) as browser:
            stage = Stage(self.house, browser, token, client, world, self.marks, self.folder, [])
            async with a_fax_machine(self.house.home / "fax"):
                waiting = await play(stage, staff(self.settings))
            await asyncio.to_thread(past_our_doors, self.marks, self.address, waiting)
        planter = Planter(self.marks, self.address, self.house.home)
        async with planter.planted():
            stage.runs("show", planter.word("what is typed at a terminal"))
            plain = Temporal(await Client.connect(self.address), self.address)
            pieces = [piece async for piece in plain.pieces()]
            pieces += [("commands", said) for said in stage.said]
            pieces += await asyncio.to_thread(lambda: list(self.of_this_machine()))
            bag = await asyncio.to_thread(self.searched, pieces)
            bag.typed_into = workflow_id(waiting)
            for run in await plain.executions():
                bag.histories[run.execution.workflow_id] = await plain.history(run)  # type: ignore[attr-defined]
        world.records.dispose()
        return bag

    def of_this_machine(self) -> Iterator[Piece]:
        """Logs, numbers, the database and its backup, and what else lies in the home folder."""
        for place, file in self.logs.items():
            yield place, file.read_bytes()
        for door, address in self.ports.items():
            yield f"{door}'s numbers", page(address)
        home = self.house.home
        yield from database(home / "temporal.db", self.folder / "backup.db")
        yield from left_over(home, homes())
        yield "server's log", (home / "temporal.log").read_bytes()

    def searched(self, pieces: list[Piece]) -> Bag:
        searcher = Searcher(self.marks)
        bag = Bag(whose={text: mark.whose for text, mark in self.marks.made.items()})
        for place, data in pieces:
            bag.places[place] = bag.places.get(place, 0) + len(data)
            bag.found |= searcher.found(place, data)
        return bag


@asynccontextmanager
async def a_fax_machine(spool: Path) -> AsyncIterator[None]:
    machine = asyncio.create_task(answering(spool))
    try:
        yield
    finally:
        machine.cancel()


@contextmanager
def logging_into(file: Path) -> Iterator[None]:
    """This process is a door, too: its log at DEBUG, until the block ends."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level, loud = root.handlers, root.level, logging.getLogger("temporalio")
    with file.open("w", encoding="utf-8") as stream:
        set_up_logs("json", stream, level=logging.DEBUG)
        loud.setLevel(logging.DEBUG)
        set_up_runtime()
        try:
            yield
        finally:
            root.handlers, root.level = handlers, level
            loud.setLevel(logging.NOTSET)
            sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
            logging.captureWarnings(False)
            structlog.reset_defaults()


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bag]:
    folder = tmp_path_factory.mktemp("hunt")
    ours = folder / "ours.log"
    with a_house(folder / "var") as house, logging_into(ours):
        hunt = Hunt(house, folder)
        hunt.logs["our own log"] = ours
        yield asyncio.run(hunt.go())


def test_nothing_that_was_said_of_a_person_is_found_anywhere(bag: Bag):
    assert sorted(bag.of(Whose.PERSON)) == []


def test_what_somebody_sends_in_clear_past_our_doors_stays_where_it_was_sent(bag: Bag):
    found = bag.of(Whose.TYPED)

    assert found
    assert sorted(one for one in found if one.place not in OF_HISTORIES) == []


def test_the_name_of_a_field_that_there_is_not_is_repeated_to_whoever_typed_it_and_nowhere_else(bag: Bag):
    assert {one.place for one in bag.of(Whose.ECHOED)} == {"commands"}


def test_at_every_place_something_is_found_that_was_planted_there(bag: Bag):
    found = bag.of(Whose.PLANTED)

    assert sorted(bag.places.keys() - {one.place for one in found}) == []


def test_everything_that_was_planted_is_found(bag: Bag):
    planted = {text for text, whose in bag.whose.items() if whose is Whose.PLANTED}

    assert sorted(planted - {one.text for one in bag.found}) == []


def test_every_field_that_a_case_s_history_holds_in_clear_is_on_the_list(bag: Bag):
    ours = [history for name, history in bag.histories.items() if OURS.match(name) and name != bag.typed_into]
    found = set().union(*map(clear_fields, ours))

    assert len(ours) > 20
    assert sorted(found - listed()) == []
    assert sorted(listed() - found) == []  # nothing stands on the list without need
    assert found >= SEARCH_ATTRIBUTES.keys()


def test_what_was_sent_past_our_doors_makes_a_field_that_is_not_on_the_list(bag: Bag):
    assert clear_fields(bag.histories[bag.typed_into]) - listed() == {"input", "args"}


def test_a_field_that_is_not_on_the_list_is_noticed(bag: Bag):
    careless = clear_fields(bag.histories["so-bait"]) - listed()

    planted = {text for text, whose in bag.whose.items() if whose is Whose.PLANTED}
    assert careless & planted
    assert {"input", "summary"} <= careless
