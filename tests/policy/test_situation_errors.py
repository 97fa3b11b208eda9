"""What is typed as a situation, and how the answer says what is wrong with it. POL-4."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.extension import extension_reason
from policy.request import LineOfBusiness, Priority
from policy.rule import Decided, ExtensionReason
from policy.situations import EventKind, Situation, as_json, clocks_of, read_situation

REASONS = [*ExtensionReason, "we were busy"]
FAR = "9999-12-31T23:00:00-08:00"
texts = st.text(st.characters(codec=None), max_size=8)  # with surrogates, which JSON can carry
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3))
times = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
years = times.filter(lambda text: "2019" <= text < "2035")
moments = times | st.sampled_from(["2026-03-09T10:00-07:00", "2030-12-30T10:00-08:00", FAR]) | scalars | years
event_like = st.fixed_dictionaries(
    {"kind": st.sampled_from(EventKind) | scalars, "at": moments},
    optional={"reason": st.sampled_from(REASONS) | scalars, "outcome": st.sampled_from(Decided) | scalars},
)
situation_like = st.fixed_dictionaries(
    {"id": texts | scalars, "line": st.sampled_from(LineOfBusiness) | scalars, "events": st.lists(event_like)},
    optional={"priority": st.sampled_from(Priority) | scalars, "imminent_threat": scalars, "more": anything},
)


def said_of(raw: Any) -> dict[str, Any]:
    """What the rules say of anything at all, as JSON."""
    read = read_situation(raw)
    return as_json(clocks_of(read) if isinstance(read, Situation) else read)


def at_receipt(at: Any, line: str = "medi_cal", **more: Any) -> dict[str, Any]:
    return {"id": "x", "line": line, "events": [{"kind": "received", "at": at}], **more}


@given(anything | situation_like)
@example(at_receipt(FAR))
@example(at_receipt("9999-12-28T23:00:00-08:00", "medicare_advantage"))
@example(at_receipt("9999-12-31T23:59:59-14:00", "commercial"))
@example(at_receipt("0001-01-01T00:00:00+14:00"))
@example({"id": "\ud800", "\ud800": 1})
def test_nothing_that_is_typed_raises_and_the_answer_is_json(raw):
    said = said_of(raw)

    assert not (said["clocks"] and said["errors"])
    assert json.loads(json.dumps(said, allow_nan=False)) == said


SECRET = "Jane Roe, 555-01-2345"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param({"line": SECRET}, id="line"),
        pytest.param({"priority": SECRET}, id="priority"),
        pytest.param({"imminent_threat": SECRET}, id="imminent threat"),
        pytest.param({"note": SECRET}, id="unknown field"),
        pytest.param({"events": SECRET}, id="events"),
        pytest.param({"events": [SECRET]}, id="an event"),
        pytest.param({"events": [{"kind": SECRET, "at": SECRET, "reason": SECRET * 20, "outcome": SECRET}]}, id="all"),
        pytest.param({"id": {"name": SECRET}}, id="id"),
    ],
)
def test_an_error_never_repeats_what_was_typed(typed):
    said = said_of(at_receipt("2026-06-08T09:00-07:00") | typed)  # Monday 2026-06-08

    assert said["errors"]
    assert SECRET not in json.dumps(said)


def test_an_error_never_repeats_the_reason_of_an_extension():
    monday = {"kind": "received", "at": "2026-06-08T09:00-07:00"}

    said = said_of(at_receipt("") | {"events": [monday, monday | {"kind": "extended", "reason": SECRET}]})

    assert [e["field"] for e in said["errors"]] == ["events.1.reason"]
    assert SECRET not in json.dumps(said)


MONDAY = "2026-06-08T09:00:00-07:00"
RECEIVED = {"kind": "received", "at": MONDAY}


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        pytest.param([RECEIVED, RECEIVED, {"kind": "lost", "at": MONDAY}], ["events.2.kind"], id="unknown kind"),
        pytest.param([RECEIVED, {"kind": "decided"}], ["events.1.at"], id="no time"),
        pytest.param([RECEIVED, {"kind": "decided", "at": "2026-06-09"}], ["events.1.at"], id="a day, no hour"),
        pytest.param([RECEIVED | {"at": 1780934400}], ["events.0.at"], id="a number has no offset"),
        pytest.param([RECEIVED | {"at": "1780934400"}], ["events.0.at"], id="nor have digits"),
        pytest.param([RECEIVED | {"at": "2018-12-31T09:00-08:00"}], ["events.0.at"], id="before the policy"),
        pytest.param([RECEIVED | {"outcome": "maybe"}], ["events.0.outcome"], id="unknown outcome"),
        pytest.param([RECEIVED | {"who": "me"}], ["events.0.who"], id="unknown field"),
        pytest.param([], ["events"], id="no events"),
        pytest.param([RECEIVED | {"kind": "decided"}], ["events"], id="no receipt"),
    ],
)
def test_an_error_names_the_event_and_the_field(typed, fields):
    said = said_of({"id": "x", "line": "medi_cal", "events": typed})

    assert [e["field"] for e in said["errors"]] == fields


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        *(pytest.param(code.value, code, id=code.value) for code in ExtensionReason),
        pytest.param("  Enrollee_Request ", "enrollee_request", id="capitals and blanks"),
        pytest.param("The member asked for more time", "enrollee_request", id="member asked"),
        pytest.param("at the enrollee's request", "enrollee_request", id="enrollee's request"),
        pytest.param("Provider requests a delay", "provider_request", id="provider requests"),
        pytest.param("evidence of a non-contracted provider", "noncontract_evidence", id="non-contracted"),
        pytest.param("records of an out-of-network hospital", "noncontract_evidence", id="out of network"),
        pytest.param("nonparticipating surgeon's notes", "noncontract_evidence", id="nonparticipating"),
        pytest.param("waiting for records of a contracted provider", "contracted_provider_records", id="contracted"),
        pytest.param("PPG has not sent the chart", "contracted_provider_records", id="ppg"),
        pytest.param("natural disaster", "extraordinary_circumstances", id="disaster"),
        pytest.param("an expert must be heard", "expert_consultation", id="expert"),
        pytest.param("a further exam", "further_examination", id="exam"),
        pytest.param("another test is needed", "further_examination", id="test"),
        pytest.param("the records are missing", "information_missing", id="missing"),
        pytest.param("backlog", None, id="backlog"),
        pytest.param("", None, id="nothing"),
        pytest.param("until the latest day", None, id="a test is no part of latest"),
        pytest.param("delayed by the member services department", None, id="our own department is no member"),
    ],
)
def test_a_reason_may_be_a_code_or_words(words, reason):
    assert extension_reason(words) == reason
