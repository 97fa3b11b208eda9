"""What Temporal keeps is encrypted, on the real server; a key that is away is waited for; what is not ours, refused."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client, Interceptor, OutboundInterceptor, StartWorkflowInput, WorkflowFailureError
from temporalio.converter import PayloadConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from policy.case import Case
from policy.lifecycle import Stage
from policy.particulars import Receipt
from policy.people import Actor, Role
from policy.request import Request
from policy.staffaction import StaffAction
from records import queries
from records.casekeys import CaseKeyRecords
from records.database import open_records
from tests.adapters.samples import a_pdf
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_request, action
from tests.delegates import COPIED, an_approval
from tests.failedtasks import failed_tasks
from tests.ports import free_port
from tests.servers import a_server
from wiring.casekeys import open_case_keys, wrap_anew
from wiring.delegated import DelegationDesk
from wiring.desk import ActionKept, FrontDesk, register
from wiring.encryption import encrypting
from wiring.errors import KeyRingError, TemporalError
from wiring.plankeys import KeyRing, open_key_ring
from wiring.settings import Settings
from wiring.temporal import build_replayer, connect, running_workers
from wiring.world import World, open_world
from workflows import workflow_id

pytestmark = pytest.mark.server

FIRST, SECOND = "SO-2026-000001", "SO-2026-000002"
SUPERVISOR = Actor(id="sv.okafor", roles=(Role.SUPERVISOR,))
MARKER = "Zebraquark-4711"
OVERTURNED = {"because": "grievance", "outcome": "approved", "rationale": "The record shows the need."}
SECRET = f"{MARKER} in whatever a person types"


@dataclass
class House:
    """A server, a world, and a way to come and go as processes do: each client has met no key yet."""

    settings: Settings
    address: str
    world: World

    @property
    def ring(self) -> KeyRing:
        return open_key_ring(self.settings)

    async def client(self) -> Client:
        return await connect(self.settings, self.address, records=self.world.records)

    async def desk(self) -> FrontDesk:
        return FrontDesk(await self.client(), self.world)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Client]:
        client = await self.client()
        async with running_workers(client, self.world.steps):
            yield client

    async def opens(self, reference: str = "REF-1", **changes: Any) -> str:
        asked = a_request(external_reference=reference, **changes)
        number = register(self.world, Request.model_validate(asked.model_dump()), datetime.now(UTC)).case_number
        await (await self.desk()).open_unstarted()
        return number

    async def acts(self, number: str, signal: str, actor: Actor = CASE_MANAGER, **fields: Any) -> Receipt:
        body = {"action_id": f"{signal}-{len(str(fields))}", "actor": actor.model_dump(mode="json"), **fields}
        return await (await self.desk()).act(number, signal, body)

    async def comments(self, number: str, text: str = SECRET) -> Receipt:
        return await self.acts(number, "add_comment", text=text)

    async def closed(self, number: str) -> None:
        async with asyncio.timeout(60):
            await (await self.client()).get_workflow_handle(workflow_id(number)).result()

    async def case(self, number: str) -> Case:
        return await (await self.desk()).case(number)

    async def history(self, number: str) -> Any:
        return await (await self.client()).get_workflow_handle(workflow_id(number)).fetch_history()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(home=tmp_path, grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    world = open_world(settings)
    async with a_server(settings) as server:
        yield House(settings, server.address.grpc, world)
    world.records.dispose()


def readable(history: Any) -> str:
    """A history with everything in it that is base64 beside it, decoded."""
    text: str = history.to_json()
    found = [one for one in re.findall(r'"([A-Za-z0-9+/]{8,}={0,2})"', text) if len(one) % 4 == 0]
    return text + " ".join(base64.b64decode(one).decode("latin-1") for one in found)


async def signal_raw(client: Client, number: str, name: str, payload: Payload) -> None:
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id(number)),
            signal_name=name,
            input=Payloads(payloads=[payload]),
        )
    )


async def until(house: House, number: str, *, refused: int) -> Case:
    for _ in range(100):
        case = await house.case(number)
        if len(case.refusals) == refused:
            return case
        await asyncio.sleep(0.05)
    raise AssertionError(case.refusals)


# -- what is encrypted


async def test_nothing_that_a_person_typed_stands_in_the_history_or_in_temporals_database(house: House, tmp_path: Path):
    async with house.working():
        number = await house.opens()
        receipt = await house.comments(number)
        case = await house.case(number)
    history = await house.history(number)
    database = b"".join(file.read_bytes() for file in sorted(tmp_path.glob("temporal.db*")))  # noqa: ASYNC240

    assert receipt.accepted
    assert SECRET in case.model_dump_json()
    for typed in (MARKER, case.request.member.name.family, case.request.member.member_id):
        assert typed not in readable(history)
        assert typed.encode() not in database
    assert number in readable(history)


@activity.defn
async def fails(text: str) -> None:
    raise ApplicationError(f"could not send: {text}", text, non_retryable=True)


@workflow.defn
class Failing:
    """A workflow whose step fails with what was typed in its message."""

    @workflow.run
    async def run(self, text: str) -> None:
        await workflow.execute_activity(fails, text, start_to_close_timeout=timedelta(seconds=5))


class _Named(Interceptor):
    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002
        return _Naming(next)


class _Naming(OutboundInterceptor):
    async def start_workflow(self, input: StartWorkflowInput) -> Any:  # noqa: A002
        input.headers = {**input.headers, "actor": PayloadConverter.default.to_payload(SECRET)}
        return await super().start_workflow(input)


async def test_failures_stack_traces_headers_summaries_and_memos_are_encrypted_too(house: House):
    client = await house.client()
    config = client.config()
    config["interceptors"] = [_Named()]
    named = Client(**config)
    async with Worker(
        client,
        task_queue="failing",
        workflows=[Failing],
        activities=[fails],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await named.start_workflow(
            Failing.run, SECRET, id="failing", task_queue="failing", memo={"note": SECRET}, static_summary=SECRET
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    history = await handle.fetch_history()
    described = await handle.describe()

    cause = failed.value.cause.cause  # type: ignore[attr-defined]
    assert SECRET in str(cause)
    assert await described.memo_value("note") == SECRET
    assert await described.static_summary() == SECRET
    assert "actor" in history.to_json()
    assert "Encoded failure" in history.to_json()
    for never in (MARKER, "could not send", "in fails", "test_encryption.py"):
        assert never not in readable(history)


async def test_search_attributes_stay_readable_for_lists(house: House):
    async with house.working():
        number = await house.opens()
        await house.case(number)
    described = await (await house.client()).get_workflow_handle(workflow_id(number)).describe()

    assert "completeness_review" in str(described.typed_search_attributes)


# -- what is not ours


def sealed(data: bytes, key_id: bytes | None) -> Payload:
    named = {} if key_id is None else {"encryption-key-id": key_id}
    return Payload(metadata={"encoding": b"binary/encrypted", **named}, data=data)


async def test_what_is_malformed_is_a_recorded_refusal_and_the_case_lives(house: House):
    async with house.working() as client:
        number = await house.opens()
        await house.case(number)
        own = house.world.case_keys.of_workflow(workflow_id(number))
        assert own
        key = open_case_keys(house.settings, house.world.records).of(workflow_id(number))
        bad = [
            sealed(b"x" * 60, None),
            sealed(b"x" * 60, b""),
            sealed(b"x" * 60, b"\xff\xfe"),
            sealed(b"x" * 60, b"no key of ours"),
            sealed(b"", own.key_id.encode()),
            sealed(b"short", own.key_id.encode()),
            sealed(b"x" * 60, own.key_id.encode()),
            sealed(key.seal(b"\xff\xff no payload"), own.key_id.encode()),
            Payload(metadata={"encoding": b"binary/encrypted-2"}, data=b"x" * 60),
        ]
        for payload in bad:
            await signal_raw(client, number, "add_comment", payload)
        case = await until(house, number, refused=len(bad))
        receipt = await house.comments(number)
    history = await house.history(number)

    assert {refusal.reason for refusal in case.refusals} == {"not a JSON object that fits add_comment"}
    assert case.stage is Stage.COMPLETENESS_REVIEW
    assert receipt.accepted
    assert failed_tasks(history.events) == []


async def test_what_was_encrypted_for_one_case_is_refused_by_another(house: House):
    async with house.working() as client:
        first, second = await house.opens("REF-1"), await house.opens("REF-2")
        await house.comments(first)
        history = await house.history(first)
        (sent,) = [e for e in history.events if e.HasField("workflow_execution_signaled_event_attributes")]
        (payload,) = sent.workflow_execution_signaled_event_attributes.input.payloads
        await signal_raw(client, second, "add_comment", payload)
        case = await until(house, second, refused=1)

    assert [refusal.reason for refusal in case.refusals] == ["not a JSON object that fits add_comment"]
    assert SECRET not in {entry.text for entry in case.story}


async def test_what_the_plain_command_sends_is_still_taken(house: House):
    async with house.working() as client:
        number = await house.opens()
        await house.case(number)
        sent: StaffAction = action("add_comment", CASE_MANAGER, datetime.now(UTC), text="By hand.")
        body = Payload(metadata={"encoding": b"json/plain"}, data=sent.model_dump_json().encode())
        await signal_raw(client, number, "add_comment", body)
        for _ in range(100):
            case = await house.case(number)
            if case.receipt(sent.action_id):
                break
            await asyncio.sleep(0.05)

    assert case.receipt(sent.action_id)
    assert case.refusals == ()


# -- keys that are away


async def test_without_its_key_a_case_waits_and_goes_on_when_the_key_is_back(house: House, caplog):
    async with house.working():
        number = await house.opens()
        await house.comments(number, "before")
    file, away = house.ring.file, house.ring.file.with_name("away")
    desk = await house.desk()
    async with house.working() as client:
        file.rename(away)
        sent = action("add_comment", CASE_MANAGER, datetime.now(UTC), text="Meanwhile.")
        body = Payload(metadata={"encoding": b"json/plain"}, data=sent.model_dump_json().encode())
        await signal_raw(client, number, "add_comment", body)
        with pytest.raises(ActionKept) as kept:
            await desk.act(number, "add_comment", {"actor": CASE_MANAGER, "action_id": "kept", "text": "Kept."})
        with pytest.raises(KeyRingError) as locked:
            await house.client()
        await asyncio.sleep(1)
        away.rename(file)
        async with asyncio.timeout(60):
            delivered = await desk.deliver_kept()
            case = await case_with(desk, number, sent.action_id)
    history = await house.history(number)

    assert "to be delivered with the time at which you sent it. The plan key pk-" in str(kept.value)
    assert f"is not in {file}: put it back" in str(kept.value)
    assert str(locked.value).startswith("The plan keys pk-")
    assert isinstance(locked.value, TemporalError)
    assert delivered == 1
    assert next(entry.text for entry in case.story if entry.event == "case:commented").startswith("before")
    assert case.receipt("kept")
    assert case.refusals == ()
    assert failed_tasks(history.events)
    assert len([line for line in caplog.messages if "put it back" in line]) <= 6, "once for a key, not with every try"


async def case_with(desk: FrontDesk, number: str, action_id: str) -> Case:
    for _ in range(300):
        case = await desk.case(number)
        if case.receipt(action_id):
            return case
        await asyncio.sleep(0.2)
    raise AssertionError(case.receipts)


async def test_a_new_house_makes_its_key_and_says_so_once(house: House, caplog):
    await house.client()
    await house.client()

    (said,) = [record for record in caplog.records if record.message == "plankey.made"]
    assert str(said.file) == str(house.ring.file)


async def test_on_a_named_cluster_no_key_is_made_unasked(house: House, monkeypatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", house.address)

    with pytest.raises(TemporalError, match=r"no plan key in .*make it with second-opinion keys rotate --plan"):
        await house.client()
    house.ring.rotate(MONDAY)

    assert await house.client()


# -- rotation


async def test_a_case_that_is_open_lives_through_a_rotation_and_without_the_old_key(house: House):
    async with house.working():
        number = await house.opens()
        await house.comments(number, "before")
        old = house.ring.held()[0]
        new = house.ring.rotate(datetime.now(UTC))
        later = await house.opens("REF-2")
        await house.comments(number, "meanwhile")
        assert house.world.case_keys.count() == {old.id: 1, new.id: 1}
        assert list(wrap_anew(house.ring, house.world.case_keys)) == [1]
        assert list(wrap_anew(house.ring, house.world.case_keys)) == []
    remove(house.ring, old.id)
    async with house.working() as client:
        receipt = await house.comments(number, "after")
        case = await house.case(number)
        replay = build_replayer(converter=client.data_converter)
        replays = [
            await replay.replay_workflow(await house.history(one), raise_on_replay_failure=False)
            for one in (number, later)
        ]

    told = [entry.text for entry in case.story if entry.event == "case:commented"]
    assert [text.split()[0].strip(".") for text in told] == ["before", "meanwhile", "after"]
    assert receipt.accepted
    assert [replay.replay_failure for replay in replays] == [None, None]
    assert house.world.case_keys.count() == {new.id: 2}


def remove(ring: KeyRing, key_id: str) -> None:
    listed = json.loads(ring.file.read_text())
    listed["keys"] = [key for key in listed["keys"] if key["id"] != key_id]
    ring.file.write_text(json.dumps(listed))


async def test_processes_that_meet_a_case_at_once_agree_on_its_key(house: House):
    await house.client()
    keys = [open_case_keys(house.settings, house.world.records) for _ in range(8)]

    found = await asyncio.gather(*(asyncio.to_thread(one.of, workflow_id(FIRST)) for one in keys))

    assert len({key.id for key in found}) == 1
    assert sum(CaseKeyRecords(house.world.records).count().values()) == 1


async def test_a_replay_without_the_keys_says_so_and_reads_nothing(house: House, tmp_path: Path, caplog):
    async with house.working():
        number = await house.opens()
        await house.comments(number)
    history = await house.history(number)
    stranger = Settings(home=tmp_path / "elsewhere")
    open_key_ring(stranger).rotate(MONDAY)
    keys = open_case_keys(stranger, open_records(stranger.records_url))

    replay = await build_replayer(converter=encrypting(keys)).replay_workflow(history, raise_on_replay_failure=False)

    assert replay.replay_failure is not None
    assert "of a case is not in the records: restore them" in caplog.text


# -- shredding


async def test_a_shredded_case_is_closed_for_good_and_every_door_says_so_in_a_sentence(house: House):
    async with house.working():
        number = await house.opens()
        await house.comments(number)
        other = await house.opens("REF-2")
        withdrawn = await house.acts(number, "withdraw_request", reason="The member has decided.")
        await house.closed(number)
    keys = house.world.case_keys
    workflows = (workflow_id(number),)

    assert keys.shred(number, workflows, at=MONDAY, by="ad.moreno", reason="Retention ended") == 1
    assert keys.shred(number, workflows, at=MONDAY, by="ad.moreno", reason="Retention ended") == 0
    async with house.working():
        with pytest.raises(KeyRingError) as said:
            await house.case(number)
        late = await house.comments(number, "Too late.")
        again = await house.acts(number, "change_determination", CMO, **OVERTURNED)
        assert (await house.comments(other, "Alive.")).accepted
    kept = keys.of_workflow(workflow_id(number))
    filed = queries.case(house.world.records, number)

    assert withdrawn.accepted
    assert str(said.value).startswith(f"The history of {number} was shredded on 2026-11-02: nobody can read it again.")
    assert (late.accepted, again.accepted) == (False, False)
    assert "its history was shredded, so it cannot be reopened" in late.reason
    assert again.reason == late.reason
    assert kept
    assert kept.wrapped == ""
    assert filed
    assert [line.text for line in filed.ledger if line.event == "case:shredded"] == [
        "The key of the case's history was destroyed; nobody can read that history again: Retention ended"
    ]
    assert house.world.kept.waiting() == []


async def test_a_shredded_delegated_decision_can_still_be_pulled_up_from_the_records(house: House):
    record = house.world.documents.put("record.pdf", a_pdf())
    packet = an_approval(external_reference="DEL-1", record_attachment=record)
    (entered,) = house.world.packets.enter([packet], COPIED)
    async with house.working() as client:
        await DelegationDesk(client, house.world).open_unstarted()
        await house.closed(entered.number)
    assert house.world.case_keys.shred(
        entered.number, (workflow_id(entered.number),), at=MONDAY, by="ad.moreno", reason="Retention ended"
    )

    desk = DelegationDesk(await house.client(), house.world)
    body = {"actor": SUPERVISOR.model_dump(mode="json"), "action_id": "up-1", "reason": "A sample."}
    receipt = await desk.act(entered.number, "pull_up_case", body)

    assert receipt.accepted, receipt.reason
