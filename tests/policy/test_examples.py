"""The examples: each one leads, by the rules alone, exactly to the end that it announces."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from adapters.documents import DocumentStore
from policy import filing
from policy.acting import act
from policy.actions import ACTIONS
from policy.alarms import ring
from policy.case import Case, open_case
from policy.channels import Attempt, Result
from policy.coding import category, code, mhc_row
from policy.completeness import missing
from policy.dispatch import Delivery, sent
from policy.filing import may_file
from policy.letter import Letter
from policy.lifecycle import Stage
from policy.particulars import Filing
from policy.people import Actor, WrittenBy
from policy.request import LineOfBusiness, Request
from policy.tasks import DEFINITIONS, TaskKind
from policy.third_opinion import brought_home, own_case, taken_in
from tests.policy.letters import composed
from wiring.intake import Submission, read_intake_file, with_documents
from wiring.intakehints import hints

EXAMPLES = Path(__file__).parents[2] / "examples"
INTAKE = EXAMPLES / "intake"
DOCUMENTS = INTAKE / "documents"
STORIES = sorted(INTAKE.glob("*.json"), key=lambda path: path.name)

MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # Monday 2026-11-02 10:00 PST
BEFORE_THANKSGIVING = datetime(2026, 11, 26, 7, 30, tzinfo=UTC)  # Wednesday 2026-11-25 23:30 PST

CAST = {a["id"]: Actor.model_validate(a) for a in json.loads((EXAMPLES / "cast.json").read_text(encoding="utf-8"))}

story = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)


@dataclass
class Play:
    """A case played by the rules alone: acts, alarms and letters, as the workflow has them, at a minute's distance."""

    case: Case
    now: datetime
    letters: list[Letter] = field(default_factory=list)

    def act(self, number: int, actor: str, signal: str, fields: dict[str, Any]) -> None:
        self.now += timedelta(minutes=1)
        envelope = {"action_id": f"act-{number}", "actor": CAST[actor], "at": self.now}
        action = ACTIONS[signal].model_validate({**envelope, **fields})
        self.case = act(ring(self.case, self.now), action, self.now)
        self.send()

    def send(self) -> None:
        """The letters that are owed leave at once."""
        owed = [composed(self.case, notice, self.now) for notice in self.case.planned_notices]
        digest = hashlib.sha256(b"a letter").hexdigest()
        proofs = tuple(
            Delivery(key=o.key, document=f"{o.file_name}.pdf", sha256=digest, attempts=(self.left(o),)) for o in owed
        )
        self.case = sent(self.case, proofs, self.now)
        self.letters += owed

    def left(self, letter: Letter) -> Attempt:
        """Every channel is set up, and works."""
        return Attempt(channel=letter.routes[0].channel, at=self.now, result=Result.LEFT, proof="proof")

    def begin_third(self) -> "Play":
        """The third opinion's own case, once the two differ."""
        assert self.case.stage is Stage.THIRD_OPINION
        third = Play(own_case(self.case), self.now, self.letters)
        third.send()
        return third

    def take_in(self, third: "Play") -> None:
        """Its report comes home."""
        assert may_file(third.case)
        ended = filing.joined(third.case, third.now)
        self.case, self.now = taken_in(self.case, brought_home(ended), third.now), third.now

    def file(self) -> None:
        """The end of the procedure, for a case that has come so far (P9, P11)."""
        if self.case.stage is not Stage.FILING or not filing.may_file(self.case):
            return
        if category(self.case) is not None:
            self.case = code(self.case, self.now)
            assert mhc_row(self.case).category == self.case.category
        packet = filing.packet(self.case, self.now)
        place = Filing(path=f"{packet.folder}/{packet.file_name}", sha256="0" * 64, pages=9, filed_at=self.now)
        self.case = filing.closed(filing.filed(self.case, place, self.now), self.now)


def submission(path: Path, store: DocumentStore, received_at: datetime = MONDAY) -> Submission:
    reading = read_intake_file(path, received_at=received_at, store=store.put)
    assert reading.errors == ()
    (only,) = reading.submissions
    return only


def demonstration(path: Path, store: DocumentStore) -> dict[str, Any]:
    found = submission(path, store).demonstration
    assert found is not None
    return found


def played(path: Path, store: DocumentStore, received_at: datetime = MONDAY) -> tuple[Play, dict[str, Any]]:
    """An example after all its acts, and the end that it announces."""
    request, shown = submission(path, store, received_at).request, demonstration(path, store)
    play = Play(open_case("SO-2026-000001", request, received_at), received_at)
    play.case = ring(play.case, received_at)
    third = None
    for number, one in enumerate(shown["acts"], 1):
        fields = with_documents(one["fields"], folder=INTAKE, store=store.put)
        third = third or (play.begin_third() if one.get("in_third_opinion") else None)
        (third or play).act(number, one["actor"], one["signal"], fields)
    if third is not None:
        play.take_in(third)
    play.file()
    return play, shown["expected"]


@pytest.fixture
def store(tmp_path):
    return DocumentStore(tmp_path / "documents")


@pytest.mark.parametrize("received_at", [MONDAY, BEFORE_THANKSGIVING], ids=["monday", "before-thanksgiving"])
@story
def test_an_example_leads_exactly_to_the_end_that_it_announces(path, store, received_at):
    play, expected = played(path, store, received_at)

    case = play.case
    assert [refusal.reason for refusal in case.refusals] == []
    assert {
        "stage": case.stage,
        "outcome": case.outcome,
        "category": case.category,
        "open_tasks": [task.kind for task in case.open_tasks],
    } == expected


@story
def test_every_letter_of_an_example_has_an_address_and_something_to_say(path, store):
    play, _ = played(path, store)

    for letter in play.letters:
        assert re.fullmatch(r".+, CA \d{5}", letter.address_lines[-1]), letter.key
        assert len(letter.sections) > 1
        assert all(section.paragraphs or section.items for section in letter.sections)


@story
def test_an_example_says_in_one_sentence_what_it_is_about(path, store):
    shown = demonstration(path, store)

    assert shown.keys() == {"about", "expected", "acts"}
    assert re.fullmatch(r"[A-Z].{20,180}\.", shown["about"])


@story
def test_everybody_who_acts_in_an_example_is_in_the_cast(path, store):
    shown = demonstration(path, store)

    assert {one["actor"] for one in shown["acts"]} <= CAST.keys()


def test_for_every_kind_of_task_an_example_is_left_open(store):
    ends = [demonstration(path, store)["expected"] for path in STORIES]

    lost = {TaskKind.THIRD_OPINION_LOST}  # an accident, of which there is no example
    assert {kind for end in ends for kind in end["open_tasks"]} == set(TaskKind) - lost


def test_the_examples_end_in_every_way(store):
    ends = [demonstration(path, store)["expected"] for path in STORIES]

    assert {end["outcome"] for end in ends} == {"approved", "denied", "withdrawn", None}
    assert {"SO-A-PC-ORG", "SO-A-SP-PPG", "SO-A-SP-PLAN", "SO-A-SP-OON", "SO-D-CONS", "SO-D-PHYS"} <= {
        end["category"] for end in ends
    }


def test_the_examples_are_of_every_line_that_takes_requests(store):
    lines = {submission(path, store).request.line for path in STORIES}

    assert lines == set(LineOfBusiness) - {LineOfBusiness.CMC}


def test_for_every_task_somebody_in_the_cast_is_a_potential_owner():
    for definition in DEFINITIONS.values():
        assert any(actor.has(*definition.potential_owners) for actor in CAST.values()), definition.title


def test_the_case_that_waits_for_a_consultant_has_one_in_the_cast(store):
    (path,) = INTAKE.glob("13-*.json")

    specialty = submission(path, store).request.specialty

    assert any(a.specialty == specialty and a.board_certified and a.licence for a in CAST.values())


@pytest.mark.parametrize("name", ["many.csv", "many.jsonl"])
def test_the_examples_of_formats_hold_three_complete_requests_and_no_demonstration(name, store):
    reading = read_intake_file(INTAKE / name, received_at=MONDAY, store=store.put)

    assert reading.errors == ()
    assert [s.demonstration for s in reading.submissions] == [None, None, None]
    assert [missing(open_case("SO-2026-000001", s.request, MONDAY)) for s in reading.submissions] == [(), (), ()]


# -- who is in them


def requests(store: DocumentStore) -> Iterator[Request]:
    for path in (*STORIES, INTAKE / "many.csv", INTAKE / "many.jsonl"):
        yield from (s.request for s in read_intake_file(path, received_at=MONDAY, store=store.put).submissions)


def names_by_npi(store: DocumentStore) -> dict[str, set[str]]:
    """Everybody in the examples who has an NPI: around the requests, in the placements, in the cast."""
    found = defaultdict(set)
    for request in requests(store):
        first = (request.first_opinion.professional,) if request.first_opinion else ()
        chosen = (request.designated_professional,) if request.designated_professional else ()
        for who in (request.pcp, request.treating_provider, *first, *chosen, *request.also_involved):
            found[who.npi].add(who.name)
    for path in STORIES:
        for one in demonstration(path, store)["acts"]:
            if "professional" in one["fields"]:
                found[one["fields"]["professional"]["npi"]].add(one["fields"]["professional"]["name"])
    for actor in filter(lambda a: a.npi, CAST.values()):
        found[actor.npi].add(actor.name)
    return found


def passes_luhn(npi: str) -> bool:
    """An NPI's last digit checks the others, behind the prefix 80840 (45 CFR 162.406)."""
    digits = [int(c) for c in reversed(f"80840{npi}")]
    return sum(d if at % 2 == 0 else sum(divmod(2 * d, 10)) for at, d in enumerate(digits)) % 10 == 0


def test_every_npi_has_its_check_digit_and_belongs_to_one_person(store):
    found = names_by_npi(store)

    assert len(found) > 50
    assert [npi for npi in found if not passes_luhn(npi)] == []
    assert {npi: names for npi, names in found.items() if len(names) > 1} == {}


def test_every_reference_stands_once_and_every_member_is_plainly_invented(store):
    everyone = list(requests(store))

    assert len({r.external_reference for r in everyone}) == len(everyone)
    assert len({r.member.member_id for r in everyone}) == len(everyone)
    for request in everyone:
        assert request.external_reference.startswith("EXAMPLE-")
        assert request.member.member_id.startswith("SYN-")
        assert re.fullmatch(r"\d{3}-555-01\d\d", request.member.phone)
        assert request.member.address is not None
        assert request.member.address.state == "CA"


def test_members_want_letters_in_every_way_and_can_have_them(store):
    everyone = list(requests(store))
    members = [request.member for request in everyone]

    assert any(m.large_print and m.language == "es" for m in members)
    assert any(m.letters_by is WrittenBy.EMAIL for m in members)
    assert any(m.confidential and m.confidential.address for m in members)
    assert [hint for request in everyone for hint in hints(request)] == []


def test_the_physicians_around_a_request_can_be_reached_by_fax_or_else_by_telephone(store):
    for request in requests(store):
        for who in (request.pcp, request.treating_provider):
            number = who.fax or who.phone  # two clinics have no fax: they are called
            assert re.fullmatch(r"\d{3}-555-01\d\d", number), who.npi


# -- the documents


def test_every_document_is_small_says_that_it_is_synthetic_and_can_be_filed(store):
    for path in DOCUMENTS.glob("*.pdf"):
        data = path.read_bytes()

        assert len(data) < 30 * 1024
        assert "SYNTHETIC" in PdfReader(path).pages[0].extract_text()
        assert store.put(path.name, data).size == len(data)


def test_every_document_belongs_to_an_example():
    texts = "".join(path.read_text(encoding="utf-8") for path in STORIES)

    assert set(re.findall(r'"path": "documents/([^"]+)"', texts)) == {path.name for path in DOCUMENTS.glob("*.pdf")}
