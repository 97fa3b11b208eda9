"""``python -m bench.portal``: how long a page of the worklist takes, with 20,000 open cases in the records."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from policy.people import Actor, Role
from policy.request import LineOfBusiness, Priority
from portal.app import create_app
from tests.builders import CASE_MANAGER, CMO, OTHER_CASE_MANAGER, a_request
from tests.records.lives import Life
from wiring.settings import Settings
from wiring.world import World, open_world

BUDGET = 50.0  # milliseconds at the server, median
SPECIALTIES = ("orthopedic surgery", "cardiology", "medical oncology", "neurosurgery")
HANDS = tuple(Actor(id=f"cm.{number:03}", roles=(Role.CASE_MANAGER,)) for number in range(1, 60))
PAGES = (
    ("cm.alvarez", "mine", "/tasks?tab=mine"),
    ("cm.alvarez", "group", "/tasks?tab=group"),
    ("md.osei", "a consultant's group", "/tasks?tab=group"),
    ("sv.okafor", "a supervisor's group", "/tasks?tab=group"),
    ("sv.okafor", "all", "/tasks?tab=all"),
    ("sv.okafor", "all, page 200", "/tasks?tab=all&page=200"),
    ("sv.okafor", "all, of a line", "/tasks?tab=all&line=commercial"),
    ("sv.okafor", "all, by text", "/tasks?tab=all&text=019999"),
    ("sv.okafor", "all, overdue", "/tasks?tab=all&due=overdue"),
    ("sv.okafor", "cases", "/cases"),
    ("sv.okafor", "supervision", "/supervisor"),
)


@dataclass(frozen=True)
class Timed:
    """What one page took, in milliseconds."""

    what: str
    median: float
    slow: float
    size: int


def a_life(place: int, begins: datetime) -> Life:
    """An open case: two in five with a case manager, the others with the physicians or a consultant, or placed."""
    request = a_request(
        external_reference=f"R-{place:06}",
        line=tuple(LineOfBusiness)[place % 5],
        priority=Priority.EXPEDITED if place % 13 == 0 else Priority.STANDARD,
        specialty=SPECIALTIES[place % 4],
    )
    life = _Life(f"SO-2026-{place:06}", request, begins)
    if place % 5 == 0:
        owner = CASE_MANAGER if place % 100 == 0 else HANDS[place % len(HANDS)]
        life.act("claim_task", owner, task_id="T1")
    if place % 5 > 1:
        life.act("confirm_completeness", OTHER_CASE_MANAGER)
    if place % 5 == 3:
        life.act("refer_to_consultation", CMO, question="Is a second opinion useful?")
    if place % 5 == 4:
        life.act("determine", CMO, outcome="approved", rationale="Reason R1 applies.")
    if place % 97 == 0:
        life.wait(timedelta(days=9))
    return life


class _Life(Life):
    """A life that begins when it is told to."""

    def __init__(self, number: str, request: object, begins: datetime) -> None:
        from policy.case import open_case
        from policy.request import Request
        from policy.transition import between

        self.now = begins
        self.case = open_case(number, Request.model_validate(request), begins)
        self.cases, self.transitions = [self.case], [between(None, self.case, begins)]


def fill(world: World, cases: int) -> None:
    """So many open cases, received over the last ten days. What is measured is reading: the disk need not keep up."""
    now = datetime.now(UTC)
    with _hurried(world.records):
        for place in range(1, cases + 1):
            life = a_life(place, now - timedelta(minutes=place % 14_400, seconds=place % 60))
            for transition in life.transitions:
                world.ledger.record(transition)


@contextmanager
def _hurried(engine: Engine) -> Iterator[None]:
    """Without waiting for the disk, on the one connection that the pool then gives again."""
    with engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA synchronous=OFF")  # type: ignore[union-attr]
    yield
    engine.dispose()
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def measure(client: TestClient, who: str, what: str, path: str, times: int) -> Timed:
    """One page, so many times, after three that do not count."""
    client.post("/signin", data={"who": who})
    took = []
    for place in range(times + 3):
        began = perf_counter()
        answer = client.get(path)
        took.append((perf_counter() - began) * 1000)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        del took[: 1 if place < 3 else 0]
    return Timed(what, median(took), quantiles(took, n=20)[-1], len(answer.content))


def main() -> None:
    """Fills, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=30)
    asked, console = parser.parse_args(), Console()
    with tempfile.TemporaryDirectory(prefix="second-opinion-portal-") as folder:
        settings = Settings(home=Path(folder))
        world = open_world(settings)
        began = perf_counter()
        fill(world, asked.cases)
        console.print(f"{asked.cases:,} open cases recorded in {perf_counter() - began:.0f} seconds")
        with TestClient(create_app(settings, world), follow_redirects=False) as client:
            timed = [measure(client, who, what, path, asked.times) for who, what, path in PAGES]
        world.records.dispose()
    table = Table(title=f"Milliseconds for a page, {asked.times} times (budget {BUDGET:.0f})", title_justify="left")
    for column in ("", "median", "95th percentile", "KB", "budget"):
        table.add_column(column)
    for page in timed:
        kept = "kept" if page.median <= BUDGET else "[red]missed[/]"
        table.add_row(page.what, f"{page.median:.1f}", f"{page.slow:.1f}", f"{page.size / 1024:.0f}", kept)
    console.print(table)


if __name__ == "__main__":
    main()
