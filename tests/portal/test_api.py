"""The intake API: programs send requests and ask how they stand; every mistake is named, none repeats what was sent."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portal.apidescription import examples
from records.errors import RecordsError
from tests.builders import a_member, a_request
from tests.portal.sending import issue, raw, told


@pytest.fixture
def program(portal):
    """A program with a token of intake."""
    client = portal.anybody()
    client.headers["Authorization"] = f"Bearer {issue(portal)[1]}"
    return client


def test_a_request_becomes_a_case(program, portal):
    answer = program.post("/api/requests", json=raw())

    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/requests/{body['number']}"
    assert body["external_reference"] == "EHR-1"
    assert portal.world.register.request_of(body["number"]) == a_request(external_reference="EHR-1")
    assert [waiting.case_number for waiting in portal.world.register.unstarted()][-1] == body["number"]


def test_the_answer_hints_at_a_fax_number_that_cannot_be_one_and_refuses_nothing(program):
    pcp = raw()["pcp"] | {"fax": "ask at the desk"}

    answers = [program.post("/api/requests", json=raw(pcp=pcp)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    assert [hint["field"] for hint in answers[0].json()["hints"]] == ["pcp.fax"]
    assert "ask at the desk" not in answers[0].text


def test_how_a_member_wants_letters_is_judged_by_field(program, portal):
    member = raw()["member"]
    email = {"email": "ana@example.org", "letters_by": "email", "large_print": True, "language": "es"}
    only = {"confidential": {"phone": "213-555-0109"}}

    unreachable = program.post("/api/requests", json=raw(member=member | {"letters_by": "email"}))
    nothing_in_it = program.post("/api/requests", json=raw(member=member | {"confidential": {}}))
    good = program.post("/api/requests", json=raw(member=member | email | only))

    assert list(told(unreachable)) == ["member.letters_by"]
    assert list(told(nothing_in_it)) == ["member.confidential"]
    assert good.status_code == 201
    assert portal.world.register.request_of(good.json()["number"]).member == a_member(**email, **only)
    assert [hint["field"] for hint in good.json()["hints"]] == ["member.confidential"]


def test_the_same_twice_is_one_case_and_one_answer(program):
    first, second = (program.post("/api/requests", json=raw()) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert first.headers["location"] == second.headers["location"]


def test_the_same_reference_with_other_content_is_a_conflict_and_changes_nothing(program, portal):
    number = program.post("/api/requests", json=raw()).json()["number"]

    answer = program.post("/api/requests", json=raw(specialty="cardiology"))

    assert answer.status_code == 409
    assert told(answer) == {"external_reference": "was sent before, with other content"}
    assert portal.world.register.request_of(number).specialty == "orthopedic surgery"


def test_a_key_of_one_s_own_stands_for_one_content(program):
    def send(key, **changes):
        return program.post("/api/requests", json=raw(**changes), headers={"Idempotency-Key": key})

    answers = [send("a"), send("a"), send("b"), send("a", external_reference="EHR-2"), send("\x7f")]

    assert [answer.status_code for answer in answers] == [201, 200, 200, 409, 400]
    assert told(answers[3]) == {"Idempotency-Key": "was used before, for other content"}
    assert list(told(answers[4])) == ["Idempotency-Key"]


def test_a_key_belongs_to_its_token(program, portal):
    key = {"Idempotency-Key": "1"}
    other = {**key, "Authorization": f"Bearer {issue(portal)[1]}"}

    answers = [
        program.post("/api/requests", json=raw(), headers=key),
        program.post("/api/requests", json=raw(external_reference="EHR-2"), headers=other),
    ]

    assert [answer.status_code for answer in answers] == [201, 201]


def test_many_programs_that_send_the_same_at_once_open_one_case(program):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: program.post("/api/requests", json=raw()), range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.text for answer in answers}) == 1


def test_every_wrong_field_is_named_and_no_value_is_repeated(program):
    secret = "Zebrafish"
    member = {**raw()["member"], "birth_date": secret, "language": secret}

    answer = program.post("/api/requests", json=raw(line=secret, member=member, purpose=..., dob=secret))

    assert answer.status_code == 422
    assert set(told(answer)) == {"line", "member.birth_date", "member.language", "purpose", "dob"}
    assert secret not in answer.text


NO_SUCH = {"name": "a.pdf", "sha256": "0" * 64, "size": 1}
REFUSED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("member.birth_date", {"member": {**raw()["member"], "birth_date": "2999-01-01"}}),
    ("received_by_delegate_at", {"received_by_delegate_at": "2999-01-01T00:00:00Z"}),
    ("demonstration", {"demonstration": {}}),
    ("specialty", {"specialty": "\u0000"}),
    ("information.0.attachment", {"information": [{"item": "diagnosis", "attachment": {"path": "/etc/passwd"}}]}),
    ("information.0.attachment", {"information": [{"item": "diagnosis", "attachment": NO_SUCH}]}),
)


def test_what_cannot_be_opened_is_refused_at_its_field(program, portal):
    before = portal.world.register.unstarted()

    answers = [program.post("/api/requests", json=raw(**changes)) for _, changes in REFUSED]

    assert [answer.status_code for answer in answers] == [422] * len(REFUSED)
    assert [list(told(answer)) for answer in answers] == [[field] for field, _ in REFUSED]
    assert all("/etc" not in answer.text for answer in answers)
    assert portal.world.register.unstarted() == before


UNREADABLE = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"[{}, {}]",
    b"{}\n{}",
    b'{"line": 1}{"line": 1}',
    b"\xff\xfe",
    b'{"line": "cmc", "line": "medi_cal"}',
    b'{"member": {"phone": NaN}}',
    b'{"line": Infinity}',
    b'{"line": 1e999}',
    b'{"line": ' + b"9" * 5000 + b"}",
    b'{"information": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"a":' * 40 + b"1" + b"}" * 40,
    b'{"line": "cmc",}',
    b"external_reference,line\nREF-1,cmc",
)


def test_what_is_not_one_sound_json_object_cannot_be_read(program):
    kind = {"Content-Type": "application/json"}

    answers = [program.post("/api/requests", content=body, headers=kind) for body in UNREADABLE]

    assert [answer.status_code for answer in answers] == [400] * len(UNREADABLE)
    assert all(told(answer) is not None for answer in answers)


def test_only_json_is_taken(program):
    kinds = (
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/json; charset=x",
    )

    answers = [
        program.post("/api/requests", content=json.dumps(raw()), headers={"Content-Type": kind}) for kind in kinds
    ]

    assert [(answer.status_code, told(answer)) for answer in answers] == [(415, {})] * len(kinds)


def test_json_is_taken_however_its_type_is_written(program):
    kind = {"Content-Type": 'Application/JSON; charset="UTF-8"'}

    assert program.post("/api/requests", content=json.dumps(raw()), headers=kind).status_code == 201


def test_a_megabyte_is_enough_whether_or_not_its_length_is_told(program):
    large = json.dumps(raw(reason_text="x" * 1_100_000)).encode()

    def in_parts():
        yield from (large[at : at + 65_536] for at in range(0, len(large), 65_536))

    kind = {"Content-Type": "application/json"}
    answers = [program.post("/api/requests", content=content, headers=kind) for content in (large, in_parts())]

    assert [(answer.status_code, told(answer)) for answer in answers] == [(413, {}), (413, {})]


# -- how it stands


def test_a_request_is_registered_before_its_case_begins(program):
    number = program.post("/api/requests", json=raw()).json()["number"]

    body = program.get(f"/api/requests/{number}").json()

    assert (body["number"], body["external_reference"], body["status"]) == (number, "EHR-1", "registered")
    assert (body["stage"], body["waits_for"]) == (None, [])


def test_an_open_case_says_whose_turn_it_is_and_until_when(program, portal):
    body = program.get(f"/api/requests/{portal.numbers['physician']}").json()

    assert (body["status"], body["stage"], body["outcome"]) == ("open", "physician_review", None)
    assert [(waiting["task"], waiting["roles"]) for waiting in body["waits_for"]] == [
        ("physician_review", ["cmo", "physician_designee"])
    ]
    assert body["waits_for"][0]["due"]
    assert body["next_due"]


def test_a_closed_case_says_how_it_ended_and_nothing_of_the_member(program, portal):
    answer = program.get(f"/api/requests/{portal.numbers['closed']}")

    assert (answer.json()["status"], answer.json()["outcome"], answer.json()["waits_for"]) == ("closed", "denied", [])
    assert all(word not in answer.text for word in ("Núñez", "M-0001", "MCG", "Not needed", "surgery"))


def test_a_number_that_was_never_given_is_not_found(program):
    numbers = ("SO-2026-999999", "so-2026-000001", "%00", "a%2Fb", "SO-2026-000001%20")

    answers = [program.get(f"/api/requests/{number}") for number in numbers]

    assert [(answer.status_code, told(answer)) for answer in answers] == [(404, {})] * len(numbers)


def test_what_there_is_not_is_a_problem_and_no_page(program):
    answers = [
        program.get("/api/nothing"),
        program.delete("/api/requests"),
        program.put("/api/requests/SO-2026-000001"),
        program.post("/api/openapi.json"),
    ]

    assert [(answer.status_code, answer.headers.get("allow")) for answer in answers] == [
        (404, None),
        (405, "POST"),
        (405, "GET"),
        (405, "GET"),
    ]
    assert all(told(answer) == {} for answer in answers)


def test_records_that_are_away_are_told_without_saying_where_they_are(program, portal, monkeypatch):
    def away(_world, _request, _at):
        raise RecordsError(f"The records ({portal.settings.home}) cannot be used: the disk is full.")

    monkeypatch.setattr("portal.intake.register", away)

    answer = program.post("/api/requests", json=raw())

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert str(portal.settings.home) not in answer.text
    told(answer)


# -- the description


def test_the_page_for_people_leads_to_the_description_and_shows_how(portal):
    page = portal.anybody().get("/api")

    assert page.status_code == 200
    assert 'href="/api/openapi.json"' in page.text
    assert f"curl {portal.settings.portal_address}/api/requests" in page.text
    assert all(f'id="{slug}"' in page.text for slug in ("fields", "conflict", "no-token"))


def test_the_description_declares_every_problem_and_its_references_lead_somewhere(portal):
    found = portal.anybody().get("/api/openapi.json").json()

    def references(value):
        if isinstance(value, dict):
            yield from (part for key, part in value.items() if key == "$ref")
            yield from (reference for part in value.values() for reference in references(part))
        elif isinstance(value, list):
            yield from (reference for part in value for reference in references(part))

    post, get = found["paths"]["/api/requests"]["post"], found["paths"]["/api/requests/{number}"]["get"]
    assert set(post["responses"]) == {"200", "201", "400", "401", "403", "409", "413", "415", "422", "429", "503"}
    assert set(get["responses"]) == {"200", "400", "401", "403", "404", "429", "503"}
    for reference in set(references(found)):
        place = found
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_every_example_of_the_description_can_be_sent(program):
    given = examples()

    answers = {
        name: program.post("/api/requests", json=example["value"]).status_code for name, example in given.items()
    }

    assert len(given) >= 3
    assert set(answers.values()) == {201}
