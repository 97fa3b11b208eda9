"""Forms made from the models: what is shown comes back as it was, and what is wrong stands beside its input."""

from typing import Any

import pytest
from starlette.datastructures import FormData

from policy.actions import ACTIONS
from policy.complaints import FieldError
from policy.people import Actor
from policy.request import Request
from policy.staffaction import StaffAction
from policy.taskactions import SPECIALIST, WHO
from portal.forms import NEEDED, NOBODY, form_for, problems, read_form
from portal.offers import ENVELOPE
from portal.pages import ENVIRONMENT
from tests.builders import CMO, MONDAY, a_request
from tests.portal.filling import forms_in

PEOPLE = {actor.id: actor for actor in map(Actor.model_validate, (WHO, SPECIALIST))}
PAGE = (
    '{% from "fields.html" import fields, errors %}{{ errors(form) }}<form action="x">{{ fields(form.entries) }}</form>'
)


def page(model, **given) -> str:
    return ENVIRONMENT.from_string(PAGE).render(form=form_for(model, skip=ENVELOPE, people=PEOPLE, **given))


def sent(**fields) -> FormData:
    return FormData(
        [(n.replace("__", "."), v) for n, vs in fields.items() for v in (vs if isinstance(vs, list) else [vs])]
    )


def read(model, data: FormData, **given) -> tuple[dict[str, Any], tuple[FieldError, ...]]:
    return read_form(model, data, skip=ENVELOPE, people=PEOPLE, at=MONDAY, **given)


def whole(model: type[StaffAction], body) -> StaffAction:
    task = {"task_id": "T1"} if "task_id" in model.model_fields else {}
    return model.model_validate({"action_id": "a", "actor": CMO, "at": MONDAY, **task, **body})


@pytest.mark.parametrize("signal", ACTIONS)
def test_what_stands_in_a_form_comes_back_as_it_was(signal):
    model = ACTIONS[signal]
    example = {name: value for name, value in model.EXAMPLE.items() if name != "task_id"}
    if "items" in example:  # boxes to tick have the order of the list
        example["items"] = ["treatment_plan", "test_results"]

    shown = forms_in(page(model, values=example))["x"]
    body, errors = read(model, FormData([(name, one) for name, several in shown.items() for one in several]))

    assert errors == ()
    assert whole(model, body) == whole(model, example)


def test_a_whole_request_comes_back_as_it_was():
    asked = a_request()
    form = form_for(Request, values=asked.model_dump(mode="json"))
    html = ENVIRONMENT.from_string(PAGE).render(form=form)

    shown = forms_in(html)["x"]
    body, _ = read_form(Request, FormData([(n, one) for n, several in shown.items() for one in several]))

    assert Request.model_validate(body) == asked


def test_what_is_left_empty_is_needed_and_said_beside_its_input():
    model = ACTIONS["determine"]
    body, _ = read(model, sent(outcome="", rationale="  ", criteria=""))

    errors = problems(model, {"action_id": "a", "actor": CMO, "at": MONDAY, **body})
    html = page(model, values=body, errors=errors)

    assert errors == (FieldError(field="outcome", problem=NEEDED), FieldError(field="rationale", problem=NEEDED))
    assert '<a href="#f-rationale">Rationale</a>: This is needed.' in html
    assert '<span class="error" id="f-rationale-error">This is needed.</span>' in html
    assert 'aria-describedby="f-rationale-about f-rationale-error" aria-invalid="true"' in html


def test_an_empty_list_is_needed_too():
    model = ACTIONS["request_information"]

    errors = problems(model, {"action_id": "a", "actor": CMO, "at": MONDAY, "items": []})

    assert errors == (FieldError(field="items", problem=NEEDED),)


@pytest.mark.parametrize(
    ("model", "field", "link"),
    [
        ("assign_task", "to.npi", '<a href="#f-to">To</a>'),
        ("nominate_task", "nominees.0", '<a href="#f-nominees">Nominees 1</a>'),
        ("place_opinion", "passed_over.ppg", '<a href="#f-passed_over-ppg">Passed over, Ppg</a>'),
        ("place_opinion", "professional.npi", '<a href="#f-professional-npi">NPI</a>'),
        ("receive_information", "information.0.text", '<a href="#f-information-0-text">Text</a>'),
        (
            "receive_information",
            "information.0.attachment.name",
            '<a href="#f-information-0-attachment">Attachment</a>',
        ),
        ("determine", "actor.npi", "<li>wrong</li>"),
        ("confirm_completeness", "information", "<li>wrong</li>"),
    ],
)
def test_an_error_leads_to_the_nearest_input(model, field, link):
    html = page(ACTIONS[model], errors=(FieldError(field=field, problem="wrong"),))

    assert link in " ".join(html.split()).replace("<li> ", "<li>")


def test_a_list_keeps_its_members_and_shows_one_more():
    model = ACTIONS["receive_information"]
    data = sent(information__0__item="", information__1__item="diagnosis", information__1__text="M48.06")

    body, _ = read(model, data)
    (entry,) = form_for(model, skip=ENVELOPE, values=body).entries

    assert body == {"information": [{"item": "diagnosis", "text": "M48.06"}]}
    assert [item[0].value for item in entry.items] == ["diagnosis", None]


def test_documents_stand_where_they_were_taken_in():
    model, stored = ACTIONS["receive_information"], {"name": "a.pdf", "sha256": "a" * 64, "size": 3}
    data = sent(information__1__item="test_results")

    body, _ = read(model, data, documents={"information.1.attachment": [stored]})
    html = page(model, values=body)

    assert body == {"information": [{"item": "test_results", "attachment": stored}]}
    assert f'name="information.0.attachment.kept" value="{"a" * 64} a.pdf" checked' in html


def test_what_cannot_be_read_is_said_and_stays_as_it_was_typed():
    model = ACTIONS["suspend_task"]

    body, errors = read(model, sent(until="2026-11-01T01:30", reason="Waits."))  # an hour that comes twice

    assert [error.field for error in errors] == ["until"]
    assert "The clocks are changed at that hour" in errors[0].problem
    assert 'value="2026-11-01T01:30"' in page(model, values=body, errors=errors)


def test_a_person_who_is_not_on_the_staff_is_said_to_be_none():
    body, errors = read(ACTIONS["assign_task"], sent(to="somebody.else"))

    assert errors == (FieldError(field="to", problem=NOBODY),)
    assert body == {"to": {"id": "somebody.else"}}


@pytest.mark.parametrize("nonsense", [None, 3, "text", [1], {"a": 1}, [{"b": 2}]])
@pytest.mark.parametrize("signal", ACTIONS)
def test_a_draft_that_fits_nothing_breaks_no_form(signal, nonsense):
    model = ACTIONS[signal]

    assert page(model, values=dict.fromkeys(model.model_fields, nonsense))


def test_what_was_typed_is_shown_as_text_and_never_as_markup():
    html = page(ACTIONS["determine"], values={"rationale": "</textarea><script>alert(1)</script>"})

    assert "<script>" not in html
