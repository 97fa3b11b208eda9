"""The intake API under requests that nobody would write: it never breaks, and answers as its description says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.apidescription import examples
from portal.programs import Programs
from records.tokens import ApiTokens
from tests.portal.sending import issue

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def described(portal):
    """The API as it describes itself, and a client with a token, one for all requests: starting one takes long."""
    portal.app.state.programs = Programs(ApiTokens(portal.world.records), calls=1_000_000, wrong=1_000_000)
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", portal.app)
    with asgi.get_client(portal.app) as client:
        client.headers["Authorization"] = f"Bearer {issue(portal)[1]}"
        yield schema, client


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("path", "method"), [("/api/requests", "POST"), ("/api/requests/{number}", "GET")])
def test_the_api_answers_anything_as_it_is_described(described, path, method, mode):
    schema, client = described
    statuses = []

    @BOUNDED
    @given(st.data())
    def send(data):
        case = data.draw(schema[path][method].as_strategy(generation_mode=mode))
        response = case.call(session=client)
        statuses.append(response.status_code)
        case.validate_response(response, checks=CHECKS)

    send()

    assert len(statuses) > 20
    assert 503 not in statuses


def test_cases_of_every_kind_are_answered_as_described(described, portal):
    schema, client = described

    for number in portal.numbers.values():
        case = schema["/api/requests/{number}"]["GET"].Case(path_parameters={"number": number})
        response = case.call(session=client)
        case.validate_response(response, checks=CHECKS)

        assert response.status_code == 200


def test_the_examples_are_answered_as_described(described):
    schema, client = described

    for example in examples().values():
        case = schema["/api/requests"]["POST"].Case(body=example["value"], media_type="application/json")
        responses = [case.call(session=client) for _ in range(2)]

        assert [response.status_code for response in responses] == [201, 200]
        for response in responses:
            case.validate_response(response, checks=CHECKS)
