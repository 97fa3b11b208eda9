"""A delegated decision by forms, on the real server: taken in, supplemented, noted, waived, pulled up, refused."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from policy.delegated import Delegate
from policy.request import Item
from tests.adapters.samples import a_pdf
from tests.builders import CLINICAL
from tests.portal.conftest import Portal
from tests.portal.decisions import fresh
from tests.portal.filling import filled, forms_in
from tests.servers import a_server
from wiring.temporal import connect, running_workers

pytestmark = pytest.mark.server

BARE: dict[str, Any] = {"record_attachment": None, "letter_attachment": None}


@pytest.fixture
async def worked(portal: Portal) -> AsyncIterator[Portal]:
    async with a_server(portal.settings) as server:
        client = await connect(portal.settings, server.address.grpc)
        async with running_workers(client, portal.world.steps):
            yield portal


class Desk:
    """A person at a browser, and a packet that was taken in there."""

    def __init__(self, portal: Portal, who: str) -> None:
        self.browser = portal.as_(who)

    def takes_in(self, reference: str, **changes: Any) -> str:
        packet = fresh(**{**BARE, "external_reference": reference, **changes})
        data = json.dumps(packet.model_dump(mode="json", exclude_defaults=True)).encode()
        answer = self.browser.post("/delegated/new", files={"file": ("packet.json", data)})
        assert "1 packet taken in" in answer.text, answer.text
        return answer.text.split('href="/delegated/DD-')[1].split('"')[0].join(("DD-", ""))

    def sees(self, number: str, *some: str) -> str:
        """The page, once it says so."""
        for _ in range(150):
            page = str(self.browser.get(f"/delegated/{number}").text)
            if all(one in page for one in some):
                return page
            time.sleep(0.1)
        raise AssertionError(f"never said {some}: {page}")

    def does(self, number: str, signal: str, files: Any = None, **typed: Any) -> Any:
        """Fills in a form, confirms where that is asked, and sends it twice, as a double click does."""
        action = f"/delegated/{number}/do/{signal}"
        sent = filled(self.browser.get(action).text, action, **typed)
        answer = self.browser.post(action, data=sent, files=files)
        if "This cannot be undone" in answer.text:
            sent, files = {**forms_in(answer.text)[action], "confirmed": ["yes"]}, None
            answer = self.browser.post(action, data=sent)
        again = self.browser.post(action, data=sent, files=files)
        if answer.status_code == 303:
            assert again.headers["location"] == answer.headers["location"], again.text
        return answer


def carried_out(portal: Portal) -> None:
    intake, supervisor = Desk(portal, "in.park"), Desk(portal, "sv.okafor")
    number = intake.takes_in("A")
    page = supervisor.sees(number, "Letters to the delegate", "sent ")
    assert "Record complete" in page
    assert "Letter complete" in page

    # what came is taken in, and what it mends is cured
    pdf = [("record_attachment", ("record.pdf", a_pdf(title="record"), "application/pdf"))]
    assert intake.does(number, "supplement_copy", files=pdf).status_code == 303
    page = supervisor.sees(number, "cured", "record.pdf")

    # a finding is waived by one who may, and only once
    assert supervisor.does(number, "waive_finding", check="letter_complete", reason="Seen.").status_code == 303
    page = supervisor.sees(number, "waived", "Closed on", "The packet as filed (PDF)")
    packet = supervisor.browser.get(f"/delegated/{number}/packet")
    assert packet.headers["content-type"] == "application/pdf"

    # a letter can be read
    letter = page.split(f'href="/delegated/{number}/letters/')[1].split('"')[0]
    assert supervisor.browser.get(f"/delegated/{number}/letters/{letter}").content.startswith(b"%PDF")

    # what is closed still takes a note, and can be pulled up: once, whatever is pressed
    assert supervisor.does(number, "note_corrective_action", text="They send records by courier.").status_code == 303
    assert supervisor.does(number, "pull_up_case", reason="A sample.").status_code == 303
    page = supervisor.sees(number, 'href="/cases/SO-')
    assert page.count("They send records by courier.") == 1
    case = page.split('href="/cases/')[1].split('"')[0]
    for _ in range(100):
        back = supervisor.browser.get(f"/cases/{case}").text
        if f'href="/delegated/{number}"' in back:
            break
        time.sleep(0.1)
    assert f'href="/delegated/{number}"' in back


async def test_a_decision_is_chased_settled_filed_and_pulled_up_by_forms(worked: Portal):
    await asyncio.to_thread(carried_out, worked)


def refused(portal: Portal) -> None:
    supervisor = Desk(portal, "sv.okafor")
    number = supervisor.takes_in("B", delegate=Delegate(organization="Birch Medical Group"), information=CLINICAL)
    supervisor.sees(number, "Letter complete", "sent ")
    action = f"/delegated/{number}/do/waive_finding"
    page = supervisor.browser.get(action, params={"check": "letter_complete"}).text
    late = filled(page, action, check="letter_complete", reason="Seen.")

    # somebody is faster
    assert supervisor.does(number, "note_corrective_action", text="In future.", checks=["letter_complete"]).status_code
    answer = supervisor.browser.post(action, data={**late, "confirmed": "yes"})

    assert answer.status_code == 409
    assert 'id="f-check-error"' in answer.text
    assert "is no open finding of this case" in answer.text
    assert forms_in(answer.text)[action]["reason"] == ["Seen."]
    assert forms_in(answer.text)[action]["action_id"] != late["action_id"]  # another try is another action
    assert "Refused actions" in supervisor.sees(number, "Waive finding".lower())

    nothing = supervisor.does(number, "supplement_copy", letter_elements=[])
    assert nothing.status_code == 409
    assert "brings nothing" in nothing.text
    items = {"information__0__item": Item.TEST_RESULTS.value, "information__0__text": "Normal."}
    assert supervisor.does(number, "supplement_copy", **items).status_code == 303


async def test_what_the_decision_refuses_stands_beside_its_field_and_what_was_typed_stays(worked: Portal):
    await asyncio.to_thread(refused, worked)
