"""What stands in the log, byte by byte, when things fail whose texts hold a person's name.

Every failure here is a real one: of the SDK and its core, of SQLAlchemy, of pydantic, of the interpreter itself.
"""

import asyncio
import gc
import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import structlog
from pydantic import BaseModel
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from records.errors import RecordsError
from tests.workflows.conftest import server_program
from wiring import logs
from wiring.correlation import Correlated, bound
from wiring.logfields import FIELDS, WITHHELD
from wiring.logs import set_up_logs
from wiring.telemetry import set_up_runtime

NAME, MEMBER = "Marisol Quintanilla", "91234567A"
PLANTED = (NAME, "Marisol", "Quintanilla", MEMBER)
CASE = "SO-2026-000777"
log = logging.getLogger("wiring.test")


class Logged(io.StringIO):
    """What was logged, as bytes and as lines."""

    @property
    def lines(self):
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def of(self, event):
        return [line for line in self.lines if line["event"] == event]


@pytest.fixture
def logged():
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    before = (root.handlers, root.level)
    stream = Logged()
    logs._reported.clear()
    gc.collect()  # so that nothing an earlier test left is told of in this one
    set_up_logs("json", stream)
    yield stream
    root.handlers, root.level = before
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    structlog.reset_defaults()
    assert not [planted for planted in PLANTED if planted in stream.getvalue()], stream.getvalue()


class Person(BaseModel):
    name: str
    age: int


@activity.defn
def fails(name: str) -> None:
    Person.model_validate({"name": name, "age": name})


@activity.defn
def works() -> None:
    log.info("letter.left", extra={"letter": f"{CASE}/denial/1/member", "channel": "print"})


@workflow.defn
class Fragile:
    def __init__(self):
        self.said = ""

    @workflow.run
    async def run(self, name: str) -> None:
        workflow.logger.warning("it begins: %s", name)
        await workflow.wait_condition(lambda: self.said != "")
        if self.said == "step":
            once = RetryPolicy(maximum_attempts=1)
            await workflow.execute_activity(fails, name, start_to_close_timeout=timedelta(seconds=5), retry_policy=once)
        if self.said == "well":
            await workflow.execute_activity(works, start_to_close_timeout=timedelta(seconds=5))
        if self.said == "task":
            raise ValueError(name)

    @workflow.signal
    def typed(self, person: Person) -> None:
        self.said = person.name

    @workflow.signal
    def say(self, word: str) -> None:
        self.said = word


async def playing(word, logged, until):
    """A case of the fragile story, in which ``word`` is said, until the log has the line."""
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter,
        interceptors=[Correlated()],
        runtime=set_up_runtime(),
        test_server_existing_path=server_program(),
    )
    async with environment as env:
        client = env.client
        with ThreadPoolExecutor(2) as threads:
            worker = Worker(
                client,
                task_queue="fragile",
                workflows=[Fragile],
                activities=[fails, works],
                activity_executor=threads,
                workflow_runner=UnsandboxedWorkflowRunner(),
                max_cached_workflows=0,
            )
            async with worker:
                with bound("0af7651916cd43dd8448eb211c80319c"):
                    handle = await client.start_workflow(Fragile.run, NAME, id=f"so-{CASE}", task_queue="fragile")
                    await handle.signal("typed", {"name": NAME, "age": MEMBER})
                    await handle.signal("say", word)
                for _ in range(100):
                    if until(logged):
                        break
                    await asyncio.sleep(0.05)
                if word == "task":
                    await handle.terminate()
                else:
                    try:
                        await handle.result()
                    except WorkflowFailureError:
                        assert word == "step"


def problems(logged):
    return {line.get("problem") for line in logged.of("library.said")}


async def test_a_signal_and_a_step_that_fail_are_told_by_class_place_and_case(logged):
    await playing("step", logged, lambda it: "completing_activity_as_failed" in problems(it))

    (dropped, *_) = (line for line in logged.lines if line.get("problem") == "failed_deserializing_signal_input")
    (failed,) = (line for line in logged.lines if line.get("problem") == "completing_activity_as_failed")
    assert dropped["case"] == CASE
    assert "error" in dropped
    assert (failed["error"], failed["activity"], failed["attempt"]) == ("ValidationError", "fails", 1)
    assert failed["workflow_id"] == f"so-{CASE}"
    assert "wiring/test_logs.py:" in failed["place"]
    assert failed["correlation"] == "0af7651916cd43dd8448eb211c80319c"


async def test_a_workflow_task_that_fails_is_told_without_what_it_says_and_the_core_logs_here_too(logged):
    await playing("task", logged, lambda it: "failed_activation_on_workflow" in problems(it))

    (failed, *_) = (line for line in logged.lines if line.get("problem") == "failed_activation_on_workflow")
    assert (failed["case"], failed["error"]) == (CASE, "ValueError")
    assert [line for line in logged.lines if line["logger"].startswith("temporalio.core")]


async def test_a_step_s_lines_have_the_id_of_the_door_and_a_replay_says_nothing_again(logged):
    await playing("well", logged, lambda it: it.of("step.done"))

    (left,) = logged.of("letter.left")
    begun = [line for line in logged.of("library.said") if line.get("workflow_id") and "activity" not in line]
    assert left["correlation"] == "0af7651916cd43dd8448eb211c80319c"
    assert left["letter"] == f"{CASE}/denial/1/member"
    assert logged.of("step.done")[0]["activity"] == "works"
    # Nothing is cached, so that each task replays the first line, which is written once all the same.
    assert len([line for line in begun if "problem" not in line or line["problem"] == ""]) == 1


def test_an_error_of_the_database_shows_no_parameters(logged):
    engine = create_engine("sqlite://", hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE members (name TEXT UNIQUE)"))
        connection.execute(text("INSERT INTO members VALUES (:name)"), {"name": NAME})
    try:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO members VALUES (:name)"), {"name": NAME})
    except SQLAlchemyError:
        log.exception("records.failed")
        logging.getLogger("sqlalchemy.pool").exception("Exception during reset of %s", NAME)

    assert [line["error"] for line in logged.lines] == ["IntegrityError<IntegrityError"] * 2
    engine.dispose()


def test_warnings_other_libraries_and_arguments_that_do_not_fit_say_nothing_of_a_person(logged):
    with warnings.catch_warnings():
        logging.captureWarnings(False)
        logging.captureWarnings(True)  # pytest has taken what warns since the fixture was made
        warnings.filterwarnings("always", category=UserWarning, module="pydantic")
        Person.model_construct(name=NAME, age=NAME).model_dump_json()  # type: ignore[arg-type]
    logging.getLogger("mail.log").error("RCPT TO %s refused", NAME)
    logging.getLogger("uvicorn.error").error(f"Exception in ASGI application {NAME}")  # noqa: G004
    unfit = logging.LogRecord("uvicorn.error", logging.WARNING, __file__, 1, "%s %s", (NAME,), None)
    next(handler for handler in logging.getLogger().handlers if isinstance(handler, logs._Lines)).handle(unfit)
    logging.getLogger("temporalio.worker").debug("Recording heartbeat with details %s", NAME)

    assert [line["event"] for line in logged.lines] == ["library.said"] * 3 + ["log.failed"]
    assert logged.lines[2]["problem"] == "exception_in_asgi_application"
    assert all(line["place"] for line in logged.lines)


def test_a_library_with_a_handler_of_its_own_says_nothing_past_ours(logged):
    library, past_ours = logging.getLogger("uvicorn.error"), io.StringIO()
    library.addHandler(logging.StreamHandler(past_ours))
    library.propagate = False

    set_up_logs("json", logged)
    library.error("Exception in ASGI application %s", NAME)

    assert past_ours.getvalue() == ""
    assert [line["event"] for line in logged.lines] == ["library.said"]


async def test_a_task_that_nobody_awaited_is_told_by_class(logged):
    async def broken() -> None:
        raise KeyError(NAME)

    task = asyncio.ensure_future(broken())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    for _ in range(3):
        await asyncio.sleep(0)

    (line,) = logged.lines
    assert (line["problem"], line["error"]) == ("task_exception_was_never_retrieved", "KeyError")


def test_a_thread_that_dies_is_told_by_class(logged):
    def broken() -> None:
        raise KeyError(NAME)

    thread = threading.Thread(target=broken)
    thread.start()
    thread.join()

    (line,) = logged.of("process.failed")
    assert line["error"] == "KeyError"


@pytest.mark.parametrize(
    "set_up",
    [
        "from wiring.logs import set_up_logs; set_up_logs('json')",
        "from wiring.uncaught import tell_uncaught; tell_uncaught()",
    ],
)
def test_a_program_that_dies_says_its_class_and_place_alone(set_up):
    program = f"{set_up}\ndef fail():\n    raise LookupError('{NAME}')\nfail()"

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)

    assert ended.returncode == 1
    assert "LookupError" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert NAME not in ended.stderr + ended.stdout


def test_a_field_that_is_not_on_the_list_is_dropped_and_its_name_told_once(logged):
    for _ in range(2):
        log.info("letter.left", extra={"letter": "SO-1", "member": NAME})
    log.info("letter.left", extra={NAME: 1})

    assert [line["field"] for line in logged.of("log.field_dropped")] == ["member", "(no_plain_name)"]
    assert all(line.keys() <= FIELDS.keys() for line in logged.lines)


def test_a_text_in_an_allowed_field_is_withheld_and_a_sentence_for_an_event_is_none(logged):
    log.info("letter.left", extra={"letter": NAME, "problem": f"no reader {NAME}"})
    log.info(f"The letter to {NAME} has left")  # noqa: G004
    log.warning("doors.wait", extra={"told": RecordsError("The records are away.")})
    log.warning("doors.wait", extra={"told": ValueError(NAME)})

    left, unnamed, ours, another = logged.lines
    assert (left["letter"], left["problem"]) == (WITHHELD, WITHHELD)
    assert unnamed["event"] == "log.unnamed"
    assert unnamed["place"].startswith("wiring/test_logs.py:")
    assert (ours["told"], another["told"]) == ("The records are away.", "ValueError")


def test_every_engine_hides_its_parameters(tmp_path):
    from records.database import open_engine

    engine = open_engine(f"sqlite:///{tmp_path / 'records.db'}")

    assert engine.hide_parameters
    engine.dispose()
