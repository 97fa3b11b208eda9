"""A whole case by forms, on the real server: each person at a browser, without JavaScript."""

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from records import queries
from tests.adapters.samples import a_pdf
from tests.builders import a_first_opinion, a_request
from tests.policy.steps import CASE_MANAGER_AND_CMO
from tests.portal.conftest import Portal
from tests.portal.filling import filled, forms_in
from tests.servers import a_server
from wiring.desk import FrontDesk, register
from wiring.temporal import connect, running_workers

pytestmark = pytest.mark.server


class Desk:
    """Everybody at the same case, each with a browser of their own."""

    def __init__(self, portal: Portal, number: str) -> None:
        self.portal, self.number = portal, number
        self.browsers: dict[str, Any] = {}

    def browser(self, who: str) -> Any:
        if who not in self.browsers:
            self.browsers[who] = self.portal.as_(who)
        return self.browsers[who]

    def page(self, who: str, way: str = "") -> str:
        return str(self.browser(who).get(f"/cases/{self.number}", params={"way": way} if way else {}).text)

    def action(self, signal: str) -> str:
        return f"/cases/{self.number}/do/{signal}"

    def form(self, who: str, signal: str, task: str = "") -> str:
        answer = self.browser(who).get(self.action(signal), params={"task": task})
        assert answer.status_code == 200, answer.headers
        return str(answer.text)

    def send(self, who: str, signal: str, sent: dict[str, Any], files: Any = None) -> Any:
        return self.browser(who).post(self.action(signal), data=sent, files=files)

    def does(self, who: str, signal: str, *, task: str = "", files: Any = None, **typed: Any) -> str:
        """By the form, confirmed where that is asked; what the next page says."""
        action = self.action(signal)
        answer = self.send(who, signal, filled(self.form(who, signal, task), action, **typed), files)
        if answer.status_code == 200:
            assert "What will be sent" in answer.text
            answer = self.send(who, signal, {**forms_in(answer.text)[action], "confirmed": "yes"})
        assert answer.status_code == 303, answer.text
        flash = self.browser(who).get(answer.headers["location"]).text
        return re.search(r'class="flash good"[^>]*>(.*?)</p>', flash)[1]  # type: ignore[index]

    def wait_for(self, who: str, words: str) -> str:
        for _ in range(100):
            if words in (shown := self.page(who)):
                return shown
            time.sleep(0.1)
        turn = re.search(r"card turn.*?</div>", shown, re.DOTALL)
        raise AssertionError(f"{words!r} was never shown: {turn and turn[0]}")


async def played(portal: Portal, story: Any) -> None:
    """A story that blocks, on the real server with real workers."""
    async with a_server(portal.settings) as server:
        client = await connect(portal.settings, server.address.grpc)
        async with running_workers(client, portal.world.steps):
            request = a_request(external_reference="REF-forms", first_opinion=a_first_opinion(recommends=False))
            number = register(portal.world, request, datetime.now(UTC)).case_number
            await FrontDesk(client, portal.world).open_unstarted()
            await asyncio.to_thread(story, Desk(portal, number))
            portal.house.client = None


async def test_a_case_goes_from_intake_to_the_cabinet_by_forms_alone(portal: Portal) -> None:
    await played(portal, _from_intake_to_the_cabinet)


def _from_intake_to_the_cabinet(desk: Desk) -> None:
    shown = desk.wait_for("cm.alvarez", "Waits for: a case manager")
    claim = forms_in(shown)[desk.action("claim_task")]

    # two people at one task
    other = forms_in(desk.page("cm.brown"))[desk.action("claim_task")]
    assert desk.send("cm.alvarez", "claim_task", claim).status_code == 303
    twice = desk.send("cm.alvarez", "claim_task", claim)
    assert twice.status_code == 303
    assert "T1 is yours" in desk.page("cm.alvarez")
    late = desk.send("cm.brown", "claim_task", other)
    assert late.status_code == 409
    assert "with cm.alvarez" in late.text

    assert "complete" in desk.does("cm.alvarez", "confirm_completeness")
    assert "specialist" in desk.does("md.chen", "refer_to_consultation", question="Is it reasonable?")

    # the referrer is no consultant; a consultant of the specialty sees the case, another does not
    assert desk.browser("md.rao").get(f"/cases/{desk.number}").status_code == 404
    review = {"findings": "Unclear.", "recommends_second_opinion": "yes", "rationale": "Not exhausted."}
    done = _consults(desk, "md.osei", **review, attests_no_conflict="yes")
    assert done == "/tasks"

    # a draft, then the determination
    page = desk.form("md.chen", "determine")
    drafted = {**filled(page, desk.action("determine"), rationale="Reason R1 applies."), "draft": "yes"}
    assert desk.send("md.chen", "determine", drafted).status_code == 303
    assert "Reason R1 applies." in desk.form("md.chen", "determine")
    assert "approved" in desk.does("md.chen", "determine", outcome="approved")

    _tells_the_provider(desk)
    _places(desk)
    report = {"findings": "Moderate.", "recommendations": "Therapy.", "recommendation__procedure": "lumbar fusion"}
    more = {"recommendation__recommends_procedure": "no", "recommendation__is_surgery_or_major": "yes"}
    files = {"attachments": ("report.pdf", a_pdf(), "application/pdf")}
    assert "on record" in desk.does("cm.alvarez", "receive_report", **report, **more, files=files)

    closed = desk.wait_for("cm.alvarez", "Closed on")
    for name in ("approval-1-member", "authorization-2-opinion_physician"):
        letter = desk.browser("cm.alvarez").get(f"/cases/{desk.number}/letters/{desk.number}-{name}")
        assert (letter.status_code, letter.content[:5]) == (200, b"%PDF-")
    assert "report.pdf" in closed
    packet = desk.browser("cm.alvarez").get(f"/cases/{desk.number}/packet")
    assert packet.content.startswith(b"%PDF-")
    assert "Núñez" not in str(packet.headers)


def _consults(desk: Desk, who: str, **typed: Any) -> str:
    for _ in range(100):  # the ledger must know the task before the consultant may see the case
        if desk.browser(who).get(f"/cases/{desk.number}").status_code == 200:
            break
        time.sleep(0.1)
    sent = filled(desk.form(who, "submit_consultation"), desk.action("submit_consultation"), **typed)
    return str(desk.send(who, "submit_consultation", sent).headers["location"])


def _tells_the_provider(desk: Desk) -> None:
    """No fax is set up here, so the letter goes by post, and the provider is called besides."""
    shown = desk.wait_for("cm.alvarez", "Reach somebody by telephone")
    task = re.search(r'id="(T\d+)" aria-label="T\d+">\s*<h3>T\d+: Reach somebody', shown)[1]  # type: ignore[index]
    said = {"reached": "yes", "spoke_with": "the nurse", "said": "Decided; the letter is in the post."}
    assert desk.does("cm.alvarez", "record_call", task=task, **said)


def _places(desk: Desk) -> None:
    """Without a reason for the nearer tier first, which the case refuses beside its input."""
    assert "The tiers, in order" in desk.wait_for("cm.alvarez", "Place the opinion")
    who = {"professional__npi": "1992999882", "professional__name": "Dr. Sato", "licence": "A77701"}
    where = {"line1": "500 Clinic Way", "city": "Pasadena", "state": "CA", "postal_code": "91101"}
    more = {"professional__specialty": "orthopedic surgery", "board_certified": "yes", "tier": "plan"}
    more |= {f"professional__address__{field}": value for field, value in where.items()}
    action = desk.action("place_opinion")
    form = desk.form("cm.alvarez", "place_opinion")
    first = desk.send("cm.alvarez", "place_opinion", filled(form, action, **who, **more))
    assert first.status_code == 422
    assert '<a href="#f-passed_over-ppg">' in first.text
    assert "Nothing was sent." in first.text
    assert "placed" in desk.does("cm.alvarez", "place_opinion", **who, **more, passed_over__ppg="All were involved.")


async def test_a_denial_shows_its_letters_and_who_prepared_the_case_cannot_decide_it(
    portal: Portal, tmp_path: Path
) -> None:
    _with_a_physician_who_prepares(portal, tmp_path)

    await played(portal, _denial)


def _denial(desk: Desk) -> None:
    desk.wait_for("cm.alvarez", "Waits for: a case manager")
    desk.does("md.adeyemi", "confirm_completeness")
    desk.wait_for("md.chen", "Waits for: a CMO or physician designee")
    _both(desk)
    action = desk.action("determine")
    denial = {"outcome": "denied", "rationale": "Two opinions are on record."}

    lacking = desk.send("md.chen", "determine", filled(desk.form("md.chen", "determine"), action, **denial))
    assert lacking.status_code == 422
    assert "a denial names the criteria" in lacking.text
    assert "Two opinions are on record." in lacking.text

    asked = desk.send("md.chen", "determine", filled(lacking.text, action, criteria="MCG 4.2"))
    assert "Send the denial" in asked.text
    assert "Notice of Action: your request for a second opinion is denied" in asked.text
    assert "You may speak with the physician who decided" in asked.text
    confirmation = forms_in(asked.text)[action]
    letter = desk.send("md.chen", "determine", {**confirmation, "letter": f"{desk.number}/denial/1/member"})
    assert letter.content.startswith(b"%PDF-")
    back = desk.send("md.chen", "determine", {**confirmation, "back": "yes"})
    assert forms_in(back.text)[action]["criteria"] == ["MCG 4.2"]

    sent = [desk.send("md.chen", "determine", {**confirmation, "confirmed": "yes"}) for _ in range(2)]
    assert [one.status_code for one in sent] == [303, 303]  # a double click is one denial
    _tells_the_provider(desk)
    desk.wait_for("md.chen", "Closed on")
    file = queries.case(desk.portal.world.records, desk.number)
    assert file is not None
    assert [line.event for line in file.ledger].count("determination:denied") == 1


def _both(desk: Desk) -> None:
    """A physician who prepared the case as its case manager would decide it alone: four eyes."""
    shown = desk.page("md.adeyemi")
    assert "You cannot do this task: who prepared the case as case manager" in shown
    assert desk.action("determine") not in forms_in(shown)
    form = desk.form("md.adeyemi", "refer_to_consultation")
    sent = filled(form, desk.action("refer_to_consultation"), question="Is it reasonable?")
    refused = desk.send("md.adeyemi", "refer_to_consultation", sent)
    assert refused.status_code == 422
    assert "Refused: who prepared the case as case manager cannot review or decide it (four eyes)" in refused.text
    assert "Is it reasonable?" in refused.text
    assert "refer_to_consultation: who prepared the case" in desk.wait_for("md.chen", 'tag bad">refused')
    assert desk.browser("cm.alvarez").get(desk.action("determine")).status_code == 404  # never offered


def _with_a_physician_who_prepares(portal: Portal, folder: Path) -> None:
    """The cast, and one who is case manager and CMO."""
    cast = json.loads(portal.settings.staff_file.read_text(encoding="utf-8"))
    file = folder / "staff.json"
    file.write_text(json.dumps([*cast, CASE_MANAGER_AND_CMO.model_dump(mode="json", exclude_defaults=True)]))
    portal.house.settings = portal.settings.model_copy(update={"staff_file": file})
