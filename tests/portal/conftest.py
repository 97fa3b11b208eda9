"""The portal over real records: a house of its own with cases of several kinds, and a browser for whoever is asked.

Temporal is away unless a test starts it: pages are read without it, and what is done is kept.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from policy.case import open_case
from policy.lifecycle import Outcome
from policy.people import PersonName
from policy.request import Item, LineOfBusiness, Priority, Request
from policy.tasks import Nominee
from policy.transition import between
from portal import signin
from portal.app import create_app
from portal.guard import Throttle
from portal.house import House
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, a_member, a_request, an_incomplete_request
from tests.ports import free_port
from tests.records.lives import Life
from tests.records.migrated import migrated_at
from wiring.settings import Settings
from wiring.world import World, open_world

ADDRESS = "http://testserver"


class LifeFrom(Life):
    """A life that begins when it is told to, and not on that Monday of 2026."""

    def __init__(self, number: str, request: Request, begins: datetime) -> None:
        self.now = begins
        self.case = open_case(number, request, begins)
        self.cases = [self.case]
        self.transitions = [between(None, self.case, begins)]


@dataclass
class Portal:
    """The application in a house of its own; ``numbers`` are the cases that it begins with, by what they are."""

    app: FastAPI
    settings: Settings
    world: World
    front: TestClient
    stack: ExitStack
    numbers: dict[str, str] = field(default_factory=dict)
    lives: dict[str, LifeFrom] = field(default_factory=dict)

    @property
    def house(self) -> House:
        house: House = self.app.state.house
        return house

    def anybody(self) -> TestClient:
        """A browser with nobody signed in. All share one event loop, as they would in the real server."""
        client = TestClient(self.app, base_url=ADDRESS, follow_redirects=False)
        client.portal = self.front.portal
        self.stack.callback(client.close)
        return client

    def as_(self, who: str) -> TestClient:
        """A browser with a member of the cast signed in."""
        client = self.anybody()
        answer = client.post("/signin", data={"who": who})
        assert (answer.status_code, answer.headers["location"]) == (303, "/"), f"{who} could not sign in"
        return client

    def begin(self, name: str, *, ago: timedelta = timedelta(hours=1), **changes: Any) -> LifeFrom:
        """A case that was received ``ago``; it is recorded by ``record``, when it has come to where it should."""
        begins = datetime.now(UTC) - ago
        given = {"external_reference": f"REF-{name}", **changes}
        request = a_request(**given)
        number = self.world.register.reserve(request, begins).case_number
        self.numbers[name] = number
        self.lives[name] = LifeFrom(number, request, begins)
        return self.lives[name]

    def record(self, *names: str) -> None:
        """The ledger is told the lives; of each transition once."""
        for name in names or tuple(self.lives):
            for transition in self.lives[name].transitions:
                self.world.ledger.record(transition)


def a_life_of_each_kind(portal: Portal) -> None:
    """What every stage looks like; see the names."""
    day = timedelta(days=1)
    portal.begin("new")
    portal.begin("claimed", ago=day / 8, line=LineOfBusiness.COMMERCIAL).act("claim_task", CASE_MANAGER, task_id="T1")
    portal.begin("urgent", priority=Priority.EXPEDITED, line=LineOfBusiness.CMC)
    lacking = an_incomplete_request(Item.TEST_RESULTS).information
    asked = portal.begin("asked", ago=3 * day, information=lacking)
    asked.act("request_information", CASE_MANAGER, items=[Item.TEST_RESULTS])
    for name in ("physician", "orthopedic", "cardiology", "nominated", "placement", "closed"):
        specialty = "cardiology" if name == "cardiology" else "orthopedic surgery"
        portal.begin(name, ago=day, specialty=specialty).act("confirm_completeness", CASE_MANAGER)
    for name in ("orthopedic", "cardiology", "nominated"):
        portal.lives[name].act("refer_to_consultation", CMO, question="Is a second opinion useful?")
    _nominate(portal.lives["nominated"])
    portal.lives["placement"].act("determine", CMO, outcome=Outcome.APPROVED, rationale="Reason R1 applies.")
    portal.lives["closed"].act("determine", CMO, outcome="denied", rationale="Not needed.", criteria="MCG 4.2")
    portal.lives["closed"].send_letters()
    portal.lives["closed"].close()
    other = a_member(member_id="M-0002", name=PersonName(family="Okonkwo", given="Ada"))
    portal.begin("overdue", ago=40 * day, member=other).be_refused()
    portal.lives["overdue"].wait(39 * day)
    portal.record()


def _nominate(life: LifeFrom) -> None:
    """The first of two is asked for the consultative review."""
    task = life.case.open_tasks[0]
    life.act("nominate_task", CMO, task_id=task.id, nominees=[Nominee(person=CONSULTANT)])


@pytest.fixture
def empty_portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    """A portal with no case yet, and Temporal away."""
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(signin, "ATTEMPTS", Throttle(attempts=1_000, seconds=60))  # one process plays many people
    settings = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    migrated_at(settings.home / "records.db")
    world = open_world(settings)
    app = create_app(settings, world)
    with ExitStack() as stack:
        stack.callback(world.records.dispose)
        front = stack.enter_context(TestClient(app, base_url=ADDRESS, follow_redirects=False))
        yield Portal(app=app, settings=settings, world=world, front=front, stack=stack)


@pytest.fixture
def portal(empty_portal: Portal) -> Portal:
    """A portal with cases of each kind, and Temporal away."""
    a_life_of_each_kind(empty_portal)
    return empty_portal
