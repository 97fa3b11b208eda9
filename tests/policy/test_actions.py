"""The bodies of the signals: each has its example, and an error shows the field and never the value."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from policy.actions import ACTIONS, OUR_FIELDS
from policy.clauses import Clause
from policy.complaints import FieldError, field_errors
from policy.tasks import TaskKind
from tests.builders import CASE_MANAGER, MONDAY

SECRET = "Zzyzx-Qvortrup"
ENVELOPE = {"action_id": "a-1", "actor": CASE_MANAGER.model_dump(mode="json"), "at": MONDAY.isoformat()}
GOOD = {"item": "diagnosis", "text": "Stenosis."}
every_action = pytest.mark.parametrize("signal", ACTIONS)


def errors(signal: str, body: dict[str, Any], *, hide_names: bool = False) -> dict[str, str]:
    """What is wrong with a body, by field."""
    with pytest.raises(ValidationError) as caught:
        ACTIONS[signal].model_validate(body)
    return {e.field: e.problem for e in field_errors(caught.value, known=OUR_FIELDS if hide_names else None)}


@every_action
def test_every_action_says_what_it_is_about_and_which_clause_it_carries_out(signal):
    model = ACTIONS[signal]

    assert signal == model.SIGNAL
    assert model.ABOUT.endswith(".")
    assert model.__doc__
    assert isinstance(model.CLAUSE, Clause)
    assert model.TASK is None or isinstance(model.TASK, TaskKind)


@every_action
def test_every_example_is_valid_and_survives_json(signal):
    example = ACTIONS[signal].model_validate({**ENVELOPE, **ACTIONS[signal].EXAMPLE})

    assert ACTIONS[signal].model_validate_json(example.model_dump_json()) == example


@every_action
@pytest.mark.parametrize("lacking", ENVELOPE)
def test_every_action_names_its_id_its_actor_and_its_time(signal, lacking):
    body = {**ENVELOPE, **ACTIONS[signal].EXAMPLE}

    assert errors(signal, {k: v for k, v in body.items() if k != lacking}) == {lacking: "Field required"}


@every_action
def test_an_unknown_field_is_an_error(signal):
    body = {**ENVELOPE, **ACTIONS[signal].EXAMPLE, SECRET: "x"}

    assert list(errors(signal, body)) == [SECRET]
    assert list(errors(signal, body, hide_names=True)) == ["(unknown)"]


@every_action
def test_a_time_without_a_zone_is_an_error(signal):
    body = {**ENVELOPE, **ACTIONS[signal].EXAMPLE, "at": "2026-11-02T10:00:00"}

    assert list(errors(signal, body)) == ["at"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just(SECRET), inner, max_size=1),
    max_leaves=5,
)


@pytest.mark.parametrize("signal", ["place_opinion", "receive_information", "determine", "receive_report"])
@given(data=st.data())
def test_whatever_is_sent_no_error_shows_it(signal, data):
    names = sorted(ACTIONS[signal].model_fields)
    wrong = data.draw(st.dictionaries(st.sampled_from(names) | st.just(SECRET), anything))
    body = {**ENVELOPE, **ACTIONS[signal].EXAMPLE, **wrong}

    shown: tuple[FieldError, ...] = ()
    try:
        ACTIONS[signal].model_validate(body)
    except ValidationError as error:
        shown = field_errors(error, known=OUR_FIELDS)

    assert SECRET not in json.dumps([e.model_dump() for e in shown])


def test_our_own_names_are_shown_down_to_the_field():
    wrong = {"item": "test_results", "attachment": {"name": "mri.pdf", "size": 0}}
    body = {**ENVELOPE, "information": [wrong, GOOD]}

    found = errors("receive_information", body, hide_names=True)

    assert found == {
        "information.0.attachment.sha256": "Field required",
        "information.0.attachment.size": "Input should be greater than or equal to 1",
    }
    assert {"information", "attachment", "sha256", "action_id", "npi"} <= OUR_FIELDS


def test_a_sentence_of_ours_is_given_without_pydantics_words_before_it():
    found = errors("receive_information", {**ENVELOPE, "information": [{"item": "diagnosis"}, GOOD]})

    assert found == {"information.0": "needs a 'text', an 'attachment' or an 'address'"}
