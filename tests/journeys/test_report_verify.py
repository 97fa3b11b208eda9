"""``report verify --temporal`` on the real server, over the whole demonstration: the report's cases by their histories.

What Temporal keeps is encrypted; what it answers is opened by the client's own converter, as every door's is.
"""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text, update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from policy.calendar import local_day
from policy.lifecycle import Outcome
from policy.report.period import quarter_of
from records.database import open_records, writing
from records.tables import CASE_FACTS, CASES, LEDGER
from tests.journeys.conftest import House, a_house
from workflows import workflow_id

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("report verify")]  # one demonstration for all

QUARTER = quarter_of(local_day(datetime.now(UTC)))
SCENES = 18  # of 19, of which one came to its delegate in January 2026; the third opinion's own case is no request
EVERY = f"{SCENES} of {SCENES} cases were also checked against Temporal; 0 are no longer retained."


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demonstration was played; server and worker are up, until the last test ends them."""
    with a_house(tmp_path_factory.mktemp("report") / "var") as house:
        done = house.run("demo", "--once")
        assert done.returncode == 0, done.stdout + done.stderr
        house.start_server()
        house.start_worker()
        yield house


def verified(house: House, *words: str) -> tuple[int, str]:
    done = house.run("report", "verify", QUARTER, *words)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def denied_as_approved(house: House) -> str:
    """Somebody with the database in hand makes an approval of a denial, in the rows and in the ledger."""
    engine = open_records(f"sqlite:///{house.home / 'records.db'}")
    with writing(engine) as connection:
        wanted = CASE_FACTS.select().where(CASE_FACTS.c.outcome == Outcome.DENIED, CASE_FACTS.c.changed_at.is_(None))
        number = str(connection.execute(wanted.order_by(CASE_FACTS.c.number)).mappings().all()[0]["number"])
        for rows in (CASE_FACTS, CASES):
            connection.execute(update(rows).where(rows.c.number == number).values(outcome=Outcome.APPROVED))
        connection.execute(text("DROP TRIGGER ledger_refuses_update"))
        line = (LEDGER.c.case_number == number, LEDGER.c.event == "determination:denied")
        connection.execute(update(LEDGER).where(*line).values(event="determination:approved"))
    engine.dispose()
    return number


def forget(house: House, number: str) -> tuple[int, str]:
    """Temporal keeps the case's history no longer, as after its retention; what is verified once it is gone.

    The server deletes in its own time, and answers for a moment still.
    """

    async def asked() -> None:
        client = await Client.connect(f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}")
        of = WorkflowExecution(workflow_id=workflow_id(number))
        wanted = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=of)
        await client.workflow_service.delete_workflow_execution(wanted)

    asyncio.run(asked())
    last = time.monotonic() + 60
    while (found := verified(house, "--temporal"))[0] and time.monotonic() < last:
        time.sleep(0.5)
    return found


def test_what_only_the_histories_can_tell_is_found_and_what_is_gone_is_counted(played: House):
    before = verified(played, "--temporal")
    number = denied_as_approved(played)
    by_the_ledger = verified(played)
    by_the_histories = verified(played, "--temporal")
    as_data = json.loads(played.run("report", "verify", QUARTER, "--temporal", "--json").stdout)
    forgotten = forget(played, number)

    assert (before[0], before[1].endswith("held against the ledgers: nothing differs.")) == (0, True), before[1]
    assert EVERY in before[1]
    assert by_the_ledger[0] == 0, by_the_ledger[1]
    assert "were also checked" not in by_the_ledger[1]
    assert by_the_histories[0] == 1
    assert f"{number}" in by_the_histories[1]
    assert by_the_histories[1].endswith("1 difference.")
    (difference,) = as_data["differences"]
    assert [difference[name] for name in ("case_number", "field", "report_says", "source", "source_says")] == [
        *(number, "outcome", "approved", "Temporal", "denied")
    ]
    assert (as_data["from_temporal"], as_data["temporal_cases"]) == (SCENES, SCENES)
    assert forgotten[0] == 0, forgotten[1]
    assert f"{SCENES - 1} of {SCENES} cases were also checked against Temporal; 1 is no longer retained" in forgotten[1]


def test_who_does_not_answer_is_said_with_how_to_start_it(played: House):
    server, worker = played.processes[0], played.processes[1]
    worker.send_signal(signal.SIGINT)
    worker.wait(timeout=30)
    without_worker = verified(played, "--temporal")
    server.send_signal(signal.SIGINT)
    server.wait(timeout=30)
    without_server = verified(played, "--temporal")

    assert without_worker[0] == 3
    assert f"of {SCENES} cases were checked against Temporal; then nobody answered." in without_worker[1]
    assert "start one with: second-opinion worker" in without_worker[1]
    assert without_server[0] == 3
    assert "start it with: second-opinion server" in without_server[1]
