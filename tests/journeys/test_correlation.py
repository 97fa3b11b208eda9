"""One id from door to letter: the answer, the worker's lines, the letter's; also where Temporal was away."""

import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.journeys import warm
from tests.journeys.conftest import House
from tests.journeys.test_doors import complete_request
from tests.portal.filling import forms_in
from tests.ports import free_port

pytestmark = pytest.mark.server
BY_API, BY_FORM = "1b3d5f7a9c1b3d5f7a9c1b3d5f7a9c1b", "0af7651916cd43dd8448eb211c80319c"
PERSONS = ("Frost", "Julian", "SYN-0012", "Volkova", "decided against")


def logged(house: House, *command: str, name: str, until: str) -> Path:
    """A door that stays up and logs into a file; returns when it answers there or on its terminal."""
    file = house.home.parent / f"{name}.log"
    with file.open("wb") as out:
        process = warm.start(command, house.environment, out)
    house.processes.append(process)
    for _ in range(600):
        if until in file.read_text():
            return file
        assert process.poll() is None, file.read_text()
        time.sleep(0.1)
    raise AssertionError(file.read_text())


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines() if line.startswith("{")]


def until_line(file: Path, **wanted: object) -> dict[str, object]:
    for _ in range(150):
        for line in lines(file):
            if all(line.get(name) == value for name, value in wanted.items()):
                return line
        time.sleep(0.2)
    raise AssertionError(f"{wanted} was never logged:\n{file.read_text()}")


@pytest.fixture
def doors(house: House) -> Iterator[tuple[House, httpx2.Client, Path]]:
    port, metrics = free_port(), free_port()
    house.environment |= {
        "SECOND_OPINION_PORTAL_PORT": str(port),
        "SECOND_OPINION_WORKER_METRICS": f"127.0.0.1:{metrics}",
    }
    portal = logged(house, "-c", "from cli.main import main; main()", "portal", name="portal", until="Ctrl-C")
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as browser:
        yield house, browser, portal


def post(browser: httpx2.Client, path: str, given: dict[str, str], **headers: str) -> httpx2.Response:
    """The form of a page, filled in, and agreed to where it asks."""
    form = forms_in(browser.get(path).text)[path]
    asked = browser.post(path, data={**form, **given}, headers=headers)
    if asked.status_code == 200:  # what cannot be undone is asked about first
        asked = browser.post(path, data={**forms_in(asked.text)[path], "confirmed": "yes"}, headers=headers)
    assert asked.status_code == 303, asked.text
    return asked


def test_one_id_leads_from_a_door_to_the_letter_that_left_also_where_temporal_was_away(doors):
    house, browser, portal = doors
    made = house.run("tokens", "new", "ehr", "--role", "intake", "--json")
    token = json.loads(made.stdout)["token"]
    request = {name: value for name, value in complete_request().items() if name != "demonstration"}
    sent = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1", "X-Request-ID": BY_API}

    taken = browser.post("/api/requests", json=request, headers=sent)
    assert taken.status_code == 201, taken.text
    house.start_server()
    worker = logged(house, "worker.py", name="worker", until="Working on")
    case = taken.json()["number"]
    started = until_line(worker, event="case.started", case=case)
    recorded = until_line(worker, event="step.done", workflow_id=f"so-{case}", activity="present_to_case_manager")
    browser.post("/signin", data={"who": "cm.alvarez"})
    path = f"/cases/{case}/do/withdraw_request"
    done = post(
        browser, path, {"reason": "The member has decided against it."}, traceparent=f"00-{BY_FORM}-00f067aa0ba902b7-01"
    )
    letter = until_line(worker, event="letter.left", correlation=BY_FORM)
    with urllib.request.urlopen(f"http://{house.environment['SECOND_OPINION_WORKER_METRICS']}/metrics") as answer:
        numbers = answer.read().decode()

    assert taken.headers["x-request-id"] == started["correlation"] == recorded["correlation"] == BY_API
    assert done.headers["x-request-id"] == BY_FORM
    assert str(letter["letter"]).startswith(case)
    assert until_line(portal, event="action.answered", case=case)["correlation"] == BY_FORM
    for name in (
        "worker_heartbeat_timestamp_seconds",
        "queue_backlog_age_seconds",
        "clock_drift_seconds",
        "stuck_cases",
    ):
        assert f"second_opinion_{name}" in numbers
    assert "temporal_worker_task_slots_available" in numbers
    everything = portal.read_text() + worker.read_text()
    assert not [person for person in PERSONS if person in everything]
