"""The plays of a hunt: every example, delegated decisions, a reopening, refusals, and what nobody should send."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowUpdateFailedError
from temporalio.service import RPCError

from cli import demo
from policy.people import Actor
from tests.adapters.samples import a_pdf
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, plan_physician
from tests.hunt.marking import Marking
from tests.hunt.marks import Marks, Whose
from tests.journeys.conftest import House
from tests.portal.decisions import fresh
from wiring.delegated import DelegationDesk
from wiring.desk import ActionError, FrontDesk
from wiring.intake import read_intake_file
from wiring.world import World
from workflows import workflow_id

SUPERVISOR = {"id": "sv.okafor", "roles": ["supervisor"]}
PATIENCE = 60


@dataclass
class Stage:
    """What a play is played with: our doors as processes, and a desk of our own."""

    house: House
    browser: httpx2.Client
    token: str
    client: Client
    world: World
    marks: Marks
    folder: Path
    said: list[bytes]  # what commands said to whoever typed them, on standard error

    def word(self, about: str, whose: Whose = Whose.PERSON) -> str:
        return self.marks.word(about, whose)

    @property
    def desk(self) -> FrontDesk:
        return FrontDesk(self.client, self.world)

    @property
    def delegation(self) -> DelegationDesk:
        return DelegationDesk(self.client, self.world)

    def handle(self, number: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(workflow_id(number))

    def post(self, path: str, **content: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token}", **content.pop("headers", {})}
        return self.browser.post(path, headers=headers, **content)

    def runs(self, *words: str, stdin: str = "") -> int:
        """A command; what it says of what is wrong is searched, too."""
        ended = self.house.run(*words, stdin=stdin)
        self.said.append(ended.stderr.encode())
        return ended.returncode


async def play(stage: Stage, cast: dict[str, Actor]) -> str:
    """Plays everything; the number of a case that waits. Asserts that every example ended as its file says."""
    marking = Marking(stage.marks, stage.folder)
    rows = marking.examples()
    numbers, scenes = await asyncio.to_thread(open_all, stage, list(rows.values()))
    played = (
        demo._play_one(scene, numbers[scene.request.external_reference], stage.desk, stage.world, cast, lambda: None)
        for scene in scenes
    )
    ended, _ = await asyncio.gather(asyncio.gather(*played), delegated_decisions(stage, marking))
    assert not [found.differences for found in ended if found.differences]
    number = {name: numbers[row["external_reference"]] for name, row in rows.items()}
    await reopened(stage, number["17"])
    await refused(stage, number["12"])
    await hostile(stage, number["13"])
    await ended_from_outside(stage, terminated=number["10"], cancelled=number["11"])
    await asyncio.to_thread(misused_doors, stage, number["16"])
    return number["15"]


# -- through the doors


def open_all(stage: Stage, rows: list[dict[str, Any]]) -> tuple[dict[str, str], list[demo.Scene]]:
    """Through the API, and those with documents beside them from a file; numbers by reference, and what to play."""
    file = stage.folder / "requests.jsonl"
    with_documents = [row for row in rows if '"attachment"' in json.dumps(row["information"])]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in with_documents), encoding="utf-8")
    opened = stage.house.door("starter.py", str(file), "--json")
    assert opened.returncode == 0, opened.stderr
    stage.said.append(opened.stderr.encode())
    numbers = {one["external_reference"]: one["case_number"] for one in json.loads(opened.stdout)["opened"]}
    for row in rows:
        if row not in with_documents:
            body = {name: value for name, value in row.items() if name != "demonstration"}
            headers = {"Idempotency-Key": stage.word("an idempotency key")}
            answer = stage.post("/api/requests", json=body, headers=headers)
            assert answer.status_code == 201, answer.text
            numbers[row["external_reference"]] = answer.json()["number"]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    reading = read_intake_file(file, received_at=datetime.now(UTC), store=stage.world.documents.put)
    assert not reading.errors
    scenes = [demo.Scene(file, one.request, demo.Play(**one.demonstration or {})) for one in reading.submissions]
    return numbers, scenes


def misused_doors(stage: Stage, number: str) -> None:
    """A person who types names where none belong: addresses, searches, headers, bodies, commands."""
    _misused_pages(stage, number)
    _misused_api(stage)
    _misused_commands(stage, number)


def _misused_pages(stage: Stage, number: str) -> None:
    word, browser = stage.word, stage.browser
    assert browser.post("/signin", data={"who": "cm.alvarez"}).status_code in (200, 303)
    browser.get(f"/cases/{word('a path')}")
    browser.get(f"/{word('a path')}")
    browser.get("/cases", params={"q": word("a query string"), word("a name of a parameter"): "1"})
    browser.post("/cases/search", data={"name": word("a name looked for")})
    headers = {"User-Agent": word("a user agent"), "X-Request-ID": word("an id")}
    browser.get(f"/cases/{number}", headers={**headers, "Referer": f"http://127.0.0.1/{word('a referer')}"})
    browser.request(word("a method").upper(), "/cases")
    browser.post(f"/cases/{number}/do/add_comment", data={"text": word("a comment without a form's token")})


def _misused_api(stage: Stage) -> None:
    word = stage.word
    unfit = {"member": {"member_id": word("a body that does not fit")}, word("a field's name"): 1}
    assert stage.post("/api/requests", json=unfit).status_code == 422
    broken = f'{{"{word("no JSON")}'.encode()
    stage.post("/api/requests", content=broken, headers={"Content-Type": "application/json"})
    stage.browser.get("/api/requests/1", headers={"Authorization": f"Bearer {word('a token that is none')}"})


def _misused_commands(stage: Stage, number: str) -> None:
    word = stage.word
    member = {"birth_date": word("a date"), word("a key", Whose.ECHOED): 1}
    wrong = {"external_reference": word("a reference"), "member": member}
    assert stage.runs("open", "-", stdin=json.dumps(wrong)) == 2
    comment = json.dumps({"text": word("a comment by command")})
    assert stage.runs("act", number, "add_comment", "--as", "cm.alvarez", "--data", comment) == 0
    unfit = json.dumps({"outcome": word("no outcome"), word("no field", Whose.ECHOED): word("a value")})
    assert stage.runs("act", number, "determine", "--as", "md.chen", "--data", unfit) != 0


# -- delegated decisions


async def delegated_decisions(stage: Stage, marking: Marking) -> None:
    """One that is complete and closes, one that is chased, noted, waived and pulled up."""
    await asyncio.to_thread(take_in, stage, marking, "complete")
    chased = await asyncio.to_thread(take_in, stage, marking, "chased")
    await until_recorded(stage, chased)
    clerk = CASE_MANAGER.model_dump(mode="json")
    note = {"checks": ["decider_may_decide"], "text": stage.word("a corrective action")}
    waived = {"check": "copy_in_time", "reason": stage.word("a waiver that is refused")}
    done = []
    for who, signal, fields in (
        (clerk, "note_corrective_action", note),
        (clerk, "waive_finding", waived),
        (SUPERVISOR, "pull_up_case", {"reason": stage.word("why it is pulled up")}),
    ):
        body = {"action_id": stage.word("an action's id"), "actor": who, **fields}
        done.append((await stage.delegation.act(chased, signal, body)).accepted)
    assert done == [True, False, True]
    with contextlib.suppress(ActionError):
        await stage.delegation.act(chased, "pull_up_case", {"actor": SUPERVISOR, "reason": 1, stage.word("a field"): 2})
    await stage.handle(chased).signal("waive_finding", {"check": stage.word("no check")})


def take_in(stage: Stage, marking: Marking, about: str) -> str:
    """Through the API for delegates: a document, then the packet that names it."""
    name = stage.word("a delegate's document")
    stored = stage.post("/api/documents", content=a_pdf(title=name), headers={"Content-Type": "application/pdf"})
    assert stored.status_code == 201, stored.text
    role = {} if about == "complete" else {"role": "clinician"}
    packet = fresh(external_reference=about, record_attachment=stored.json(), letter_attachment=stored.json())
    body = packet.model_dump(mode="json", exclude_defaults=True)
    kept = {name: body.pop(name) for name in DATES_AND_CODES if name in body}
    marked = {**marking.of(body, about), **kept}
    marked["decider"] |= role | ({"role": packet.decider.role.value} if not role else {})
    answer = stage.post("/api/delegated", json=marked)
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["number"]
    return number


DATES_AND_CODES = (
    *("decided_at", "received_by_delegate_at", "provider_notice", "member_notice", "letter_elements", "reasons"),
    *("record_attachment", "letter_attachment"),
)


async def until_recorded(stage: Stage, number: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(RPCError):
                if (await stage.delegation.case(number)).failed:
                    return
            await asyncio.sleep(0.1)


# -- what comes late, is refused, or should never have been sent


async def reopened(stage: Stage, number: str) -> None:
    """A closed denial is changed: a new run, begun by the action itself."""
    change = {"because": "grievance", "outcome": "approved", "rationale": stage.word("why it is changed")}
    receipt = await acts(stage, number, "change_determination", CMO, **change)
    assert receipt.accepted, receipt.reason
    late = await acts(stage, number, "change_determination", CMO, **{**change, "rationale": stage.word("again")})
    assert not late.accepted


async def refused(stage: Stage, number: str) -> None:
    """Actions that fit no stage, no role or no model, each with what a person might say."""
    word = stage.word
    early = await acts(stage, number, "place_opinion", CMO, **plan_physician(licence=word("a licence")))
    wrong = await acts(stage, number, "withdraw_request", CONSULTANT, reason=word("a withdrawal"))
    assert (early.accepted, wrong.accepted) == (False, False)
    with contextlib.suppress(ActionError):
        await acts(stage, number, "determine", CMO, outcome=word("no outcome"), rationale=word("a rationale"))
    kept = await acts(stage, number, "add_comment", CASE_MANAGER, text=word("a comment"))
    assert kept.accepted


async def hostile(stage: Stage, number: str) -> None:
    """Signals, queries and updates that nobody's door sends, by a client that has the keys."""
    word, handle = stage.word, stage.handle(number)
    await handle.signal("approve_everything", {"text": word("an unknown signal")})
    await handle.signal("determine", {word("a field that there is not"): word("its value"), "actor": word("no actor")})
    await handle.signal("determine", args=[word("the first of two"), word("the second of two")])
    await handle.signal("determine", word("no object"))
    for kind, given in (("receipt", {word("no id"): 1}), ("nothing_to_ask", word("an unknown query"))):
        with contextlib.suppress(WorkflowQueryFailedError, RPCError):
            await handle.query(kind, given)
    updates = (
        [{"action": "determine", "rationale": word("an update"), "actor": word("an actor")}],
        [{"action": word("no action")}],
        [word("an update of two"), word("the second")],
    )
    for body in updates:
        with contextlib.suppress(WorkflowUpdateFailedError):
            await handle.execute_update("act", args=body)
    with contextlib.suppress(WorkflowUpdateFailedError):
        await handle.execute_update("nothing_to_update", word("an unknown update"))


async def ended_from_outside(stage: Stage, terminated: str, cancelled: str) -> None:
    """What a supervisor can do in Temporal's own UI, with reasons of ours; details are a payload."""
    await stage.handle(terminated).terminate(stage.word("a detail"), reason="Entered twice.")
    await stage.handle(cancelled).cancel()


async def acts(stage: Stage, number: str, signal: str, actor: Actor, **fields: Any) -> Any:
    body = {"action_id": stage.word("an action's id"), "actor": actor.model_dump(mode="json"), **fields}
    return await stage.desk.act(number, signal, body)
