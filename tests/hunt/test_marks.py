"""The hunt's own tools: a mark is found in whatever carries it, and a field in clear is seen."""

import base64
import gzip
import json
import re
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
from temporalio.api.common.v1 import Header, Payload, WorkflowType
from temporalio.api.history.v1 import History, HistoryEvent, WorkflowExecutionStartedEventAttributes

from policy.directory import is_npi
from tests.hunt.clear import clear_fields, homes, listed
from tests.hunt.marks import Marks, Searcher

ROOT = Path(__file__).parents[2]
OURS = ("policy", "workflows", "activities", "records", "adapters", "wiring", "portal", "cli")


@pytest.fixture
def marks() -> Marks:
    return Marks()


def all_kinds(marks: Marks) -> list[str]:
    return [marks.word("a name"), marks.phone("a number"), marks.day("a date of birth"), marks.npi("a physician")]


CARRIERS = {
    "as it is": str.encode,
    "in capitals": lambda text: text.upper().encode(),
    "without hyphens": lambda text: text.replace("-", "").encode(),
    "JSON with escapes": lambda text: json.dumps(f"é {text} ñ").encode(),
    "a URL": lambda text: quote(f"/é {text}").encode(),
    "UTF-16, low byte first": lambda text: f"é{text}".encode("utf-16-le"),
    "UTF-16, high byte first": lambda text: f"é{text}".encode("utf-16-be"),
    "hexadecimal": lambda text: f"x{text}".encode().hex().upper().encode(),
    "base64": lambda text: base64.b64encode(f"abc{text}z".encode()),
    "base64, one in": lambda text: base64.b64encode(f"a{text}z".encode()),
    "base64, two in": lambda text: base64.b64encode(f"ab{text}z".encode()),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"ab{text}z".encode()),
    "base64 of small letters": lambda text: base64.b64encode(text.lower().encode()),
    "gzip": lambda text: gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
}


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_mark_of_every_kind_is_found_in_whatever_carries_it(marks: Marks, carrier: str):
    texts = all_kinds(marks)
    searcher = Searcher(marks)

    for text in texts:
        carried = CARRIERS[carrier](text)
        packed = carrier in ("gzip", "zlib")
        found = searcher.found("here", carried if packed else b"\x00\xff before " + carried + b" after")
        assert {one.text for one in found} == {text}, carrier


def test_what_only_begins_like_a_mark_is_none(marks: Marks):
    texts = all_kinds(marks)

    assert Searcher(marks).found("here", " ".join(text[:-1] + "@" for text in texts).encode()) == set()


def test_marks_are_their_own_and_the_same_in_every_run():
    first, second = all_kinds(Marks()), all_kinds(Marks())

    assert first == second
    assert len(set(first)) == len(first)
    assert is_npi(first[-1])


def test_what_is_encrypted_is_no_clear_field_and_all_else_is():
    sealed = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x")
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b"1")
    started = WorkflowExecutionStartedEventAttributes(
        workflow_type=WorkflowType(name="T"), header=Header(fields={"one": sealed, "two": plain}), identity="me"
    )
    started.input.payloads.append(sealed)
    started.memo.fields["key"].CopyFrom(sealed)
    started.search_attributes.indexed_fields["Stage"].CopyFrom(plain)
    event = HistoryEvent(workflow_execution_started_event_attributes=started)

    before = clear_fields(History(events=[event]))
    started.input.payloads.append(plain)
    event = HistoryEvent(workflow_execution_started_event_attributes=started)

    assert before == {"workflow_type", "one", "two", "identity", "key", "Stage"}
    assert clear_fields(History(events=[event])) == {*before, "input"}


def test_the_list_and_the_homes_of_health_information_are_read_from_the_page():
    assert {"CaseStage", "workflow_id", "reason"} <= listed()
    assert {"records.db", "cabinet"} <= homes()
    assert "temporal.db" not in homes()


def test_nothing_of_ours_writes_traces():
    sources = [file for folder in OURS for file in (ROOT / folder).rglob("*.py")]

    assert len(sources) > 100
    assert not [file.name for file in sources if re.search("opentelemetry|OpenTelemetryConfig", file.read_text())]
