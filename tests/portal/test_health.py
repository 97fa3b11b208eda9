"""Health for machines: alive, ready, how much there is to do; and a log that holds nothing anybody typed."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from policy.people import Role
from portal import health, metrics
from portal.accesslog import AccessLog
from portal.metrics import Metrics
from portal.pages import now
from records.errors import RecordsError
from records.tokens import ApiTokens
from wiring.logs import set_up_logs


def a_token(portal, role: Role = Role.SUPERVISOR) -> dict[str, str]:
    """The header of a program."""
    _, text = ApiTokens(portal.world.records).issue("test", role, at=now(), expires_at=now() + timedelta(days=1))
    return {"Authorization": f"Bearer {text}"}


def values(text: str) -> dict[str, float]:
    """What Prometheus would read, of what has no labels."""
    found = text_string_to_metric_families(text)
    return {sample.name: sample.value for family in found for sample in family.samples if not sample.labels}


@pytest.fixture
def lines():
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as captured:
        yield captured


@pytest.fixture
def logged(portal):
    """A browser before an application that writes the access log, whether or not the portal already has it."""
    kinds = [middleware.cls for middleware in portal.app.user_middleware]
    with TestClient(
        portal.app if AccessLog in kinds else AccessLog(portal.app),
        base_url="http://testserver",
        follow_redirects=False,
        raise_server_exceptions=False,
    ) as client:
        yield client


def test_alive_asks_nobody(portal, monkeypatch):
    monkeypatch.setattr(health, "house_of", None)

    answer = portal.anybody().get("/healthz")

    assert (answer.status_code, answer.text) == (200, "ok")


def test_without_temporal_the_portal_is_not_ready_and_says_which_part(portal):
    answer = portal.anybody().get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "records": "ok", "temporal": "Temporal cannot be reached."}


def test_without_records_the_portal_is_not_ready_and_names_no_file(portal, monkeypatch):
    def away(_engine):
        raise RecordsError(f"The records ({portal.settings.home}) cannot be used: gone.")

    monkeypatch.setattr(health, "reading", away)

    answer = portal.anybody().get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["records"] == "The records cannot be reached."
    assert str(portal.settings.home) not in answer.text


def test_what_does_not_answer_in_time_is_not_ready(portal, monkeypatch):
    async def asleep(_house):
        await asyncio.sleep(30)

    monkeypatch.setattr(health, "_temporal", asleep)
    monkeypatch.setattr(health, "WITHIN", 0.05)

    assert "did not answer within" in portal.anybody().get("/readyz").json()["temporal"]


def test_the_metrics_are_not_for_everybody(portal):
    anybody = portal.anybody()

    answers = [
        anybody.get("/metrics").status_code,
        portal.as_("sv.okafor").get("/metrics").status_code,
        anybody.get("/metrics", headers=a_token(portal, Role.INTAKE)).status_code,
        anybody.get("/metrics", headers=a_token(portal, Role.SUPERVISOR)).status_code,
        anybody.get("/metrics", headers=a_token(portal, Role.ADMINISTRATOR)).status_code,
    ]

    assert answers == [401, 401, 403, 200, 200]


def test_prometheus_on_this_machine_needs_no_token_unless_a_proxy_speaks_for_another(portal):
    here = TestClient(portal.app, client=("127.0.0.1", 1))

    direct = here.get("/metrics")
    passed_on = here.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})

    assert (direct.status_code, passed_on.status_code) == (200, 401)
    assert direct.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_the_metrics_count_the_work(portal):
    found = values(portal.anybody().get("/metrics", headers=a_token(portal)).text)

    assert found["second_opinion_open_cases"] == len(portal.numbers) - 1
    assert found["second_opinion_overdue_cases"] >= 1
    assert found["second_opinion_open_tasks"] >= 8
    assert found["second_opinion_kept_actions"] == 0
    assert found["second_opinion_records_up"] == 1


def test_the_records_are_counted_at_most_every_ten_seconds(portal, monkeypatch):
    asked = []

    def work_of(engine):
        asked.append(engine)
        return {}

    monkeypatch.setattr(metrics, "work_of", work_of)
    counters = Metrics()

    for _ in range(5):
        counters.text(portal.world.records)

    assert len(asked) == 1


def test_records_that_are_away_are_a_zero_and_no_error(portal, monkeypatch):
    def away(_engine):
        raise RecordsError("gone")

    monkeypatch.setattr(metrics, "work_of", away)

    assert values(Metrics().text(portal.world.records).decode())["second_opinion_records_up"] == 0


def test_requests_are_counted_by_the_route_and_not_by_the_path(portal, logged):
    logged.get("/api/requests/SO-2026-000001")
    logged.get("/nothing-of-the-sort/Ruiz")

    text = Metrics.text(portal.app.state.metrics, portal.world.records).decode()

    assert 'route="/api/requests/{number}",status="401"' in text
    assert 'route="(none)",status="404"' in text
    assert "Ruiz" not in text


def test_the_access_log_names_the_route_and_who_but_nothing_typed(logged, lines):
    logged.post("/signin", data={"who": "in.park"})
    logged.get("/intake?name=Ruiz")
    logged.get("/Ruiz")

    assert [(line["method"], line["route"], line["status"], line["staff"]) for line in lines] == [
        ("POST", "/signin", 303, "in.park"),
        ("GET", "/intake", 200, "in.park"),
        ("GET", "(none)", 404, "in.park"),
    ]
    assert all(line["ms"] > 0 for line in lines)
    assert "Ruiz" not in str(lines)


def test_a_program_is_named_by_its_token_s_id(portal, logged, lines):
    headers = a_token(portal)

    logged.get("/api/requests/SO-2026-000001", headers=headers)

    assert lines[0]["staff"] == f"token.{ApiTokens(portal.world.records).listed()[0].id}"
    assert headers["Authorization"].split("_")[2] not in str(lines)


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("91234567", False),
        ("Ruiz\tAna", False),
        ("f" * 65, False),
        ("", False),
    ],
)
def test_an_id_that_a_proxy_gave_is_kept_and_anything_else_is_replaced(logged, lines, given, is_kept):
    answer = logged.get("/healthz", headers={"X-Request-ID": given})

    assert (answer.headers["x-request-id"] == given) is is_kept
    assert lines[0]["correlation"] == answer.headers["x-request-id"]
    assert len(answer.headers["x-request-id"]) == 32


def test_an_error_of_ours_is_a_line_with_500(logged, lines, monkeypatch):
    def broken(_house):
        raise ZeroDivisionError

    monkeypatch.setattr(health, "_records", broken)

    assert logged.get("/readyz").status_code == 500
    assert [(line["route"], line["status"]) for line in lines if "route" in line] == [("/readyz", 500)]


def test_the_line_is_json_in_production(logged, capsys):
    root = logging.getLogger()
    before = (root.handlers, root.level)
    try:
        set_up_logs("json")
        logged.get("/intake")
        written = capsys.readouterr().err
    finally:
        root.handlers, root.level = before
        structlog.reset_defaults()

    line = json.loads(next(line for line in written.splitlines() if "portal.request" in line))
    assert (line["event"], line["route"], line["status"], line["level"]) == ("portal.request", "/intake", 303, "info")
