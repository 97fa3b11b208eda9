"""What the tests of the API share: a request as a program sends it, a token, and what a problem says."""

from datetime import timedelta

from policy.people import Role
from portal.pages import now
from records.tokens import ApiTokens
from tests.builders import a_request

PROBLEM = "application/problem+json"


def raw(**changes):
    """A good request as JSON, with some fields changed, and without those that are changed to ``...``."""
    given = {**a_request(external_reference="EHR-1").model_dump(mode="json", exclude_defaults=True), **changes}
    return {name: value for name, value in given.items() if value is not ...}


def issue(portal, role=Role.INTAKE, **life):
    days = timedelta(**life) if life else timedelta(days=1)
    return ApiTokens(portal.world.records).issue("ehr", role, at=now(), expires_at=now() + days)


def told(answer):
    """What is wrong with which field; the answer is a sound problem document."""
    body = answer.json()
    assert answer.headers["content-type"] == PROBLEM
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == answer.status_code
    assert body["type"].startswith("/api#")
    return {error["field"]: error["problem"] for error in body["errors"]}
