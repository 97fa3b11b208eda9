"""Temporal's UI through the portal: what is passed on and what is not, over an upstream that says what it was sent."""

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from portal import session, temporalui
from portal.house import House
from tests.portal.conftest import Portal
from tests.ports import free_port

SCRIPT = b"\n start(1 < 2) "
PAGE = b"<!doctype html><script>" + SCRIPT + b'</script><script src="x.js"></script>'
SANDBOX = "default-src 'none'; sandbox"
QUERY = "/temporal/api/v1/namespaces/default/workflows/so-1/query/__temporal_workflow_metadata"
SIGNAL = "/temporal/api/v1/namespaces/default/workflows/so-1/signal/add_comment"


@dataclass
class Upstream:
    """A server in the UI's place, on a real port; ``seen`` is what it was asked."""

    port: int = field(default_factory=free_port)
    seen: list[dict[str, Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(routes=[Route("/{rest:path}", self.answer, methods=methods)])

    async def answer(self, request: Request) -> Response:
        target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
        body = await request.body()
        self.seen.append({"method": request.method, "target": target, "headers": dict(request.headers), "body": body})
        path = request.url.path
        if path.endswith("/away"):
            return RedirectResponse("https://evil.example.org/", 302)
        if path.endswith("/near"):
            return RedirectResponse("/temporal/namespaces", 302)
        if path.endswith("/big"):
            return Response(b"x" * (temporalui.LARGEST_PAGE + 1), media_type="text/html")
        if path.endswith("/render"):
            return Response(b"<p>", media_type="text/html", headers={"Content-Security-Policy": SANDBOX})
        answer = (
            Response(PAGE, media_type="text/html")
            if path.endswith("/page")
            else PlainTextResponse("it", headers={"X-Secret": "1", "Server": "echo"})
        )
        answer.headers.append("set-cookie", "other=1; Path=/; Expires=Tue, 24 Nov 2026 22:45:22 GMT")
        answer.headers.append("set-cookie", "_csrf=abcdef0123456789; Path=/; SameSite=Strict")
        return answer


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    made = Upstream()
    server = uvicorn.Server(uvicorn.Config(made.app, port=made.port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    monkeypatch.setattr(House, "embedded_ui", f"http://127.0.0.1:{made.port}/temporal")
    yield made
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def supervisor(portal: Portal) -> TestClient:
    return portal.as_("sv.okafor")


def test_path_and_query_go_on_as_they_came_and_to_the_one_address(upstream: Upstream, supervisor: TestClient):
    for target in (
        "/temporal/api/v1/x%2Fy?query=a%3D%22b%22&c",
        "/temporal/..%2f..%2fetc",
        "/temporal//evil.example.org/",
    ):
        supervisor.get(target)

    assert [one["target"] for one in upstream.seen] == [
        b"/temporal/api/v1/x%2Fy?query=a%3D%22b%22&c",
        b"/temporal/..%2f..%2fetc?",
        b"/temporal//evil.example.org/?",
    ]


def test_markdown_is_made_a_page_where_the_ui_does_it_under_the_uis_own_policy(
    upstream: Upstream, supervisor: TestClient
):
    answer = supervisor.get("/temporal/render?content=%2A%2Ax%2A%2A")

    assert upstream.seen[0]["target"] == b"/temporal/temporal/render?content=%2A%2Ax%2A%2A"
    assert answer.headers["content-security-policy"] == SANDBOX


def test_nothing_that_says_who_somebody_is_goes_on_and_only_the_uis_cookie_comes_back(
    upstream: Upstream, supervisor: TestClient
):
    headers = {
        "Authorization": "Bearer x",
        "X-Request-ID": "ab" * 16,
        "X-CSRF-TOKEN": "t",
        "X-Forwarded-For": "9.9.9.9",
    }
    supervisor.cookies.set("_csrf", "mine-12345")

    answer = supervisor.post(SIGNAL, json={"a": 1}, headers=headers)

    (seen,) = upstream.seen
    names = set(seen["headers"]) - {"host", "content-length", "connection", "user-agent", "accept", "accept-encoding"}
    assert names == {"content-type", "cookie", "x-csrf-token"}
    assert seen["headers"]["cookie"] == "_csrf=mine-12345"
    assert (seen["headers"]["host"], seen["body"]) == (f"127.0.0.1:{upstream.port}", b'{"a":1}')
    ours = [one for one in answer.headers.get_list("set-cookie") if not one.startswith("second-opinion=")]
    assert ours == ["_csrf=abcdef0123456789; Max-Age=86400; Path=/temporal; SameSite=strict"]
    assert "x-secret" not in answer.headers


@pytest.mark.usefixtures("upstream")
def test_only_the_pages_own_script_and_files_may_run_in_it(supervisor: TestClient):
    page, other = supervisor.get("/temporal/page"), supervisor.get("/cases")

    digest = base64.b64encode(hashlib.sha256(SCRIPT).digest()).decode()
    assert page.content == PAGE
    assert f"script-src 'self' 'sha256-{digest}';" in page.headers["content-security-policy"]
    assert "unsafe" not in other.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.usefixtures("upstream")
def test_what_never_changes_is_kept_by_the_browser_and_nothing_else(supervisor: TestClient):
    kept, api = supervisor.get("/temporal/_app/immutable/x.js"), supervisor.get("/temporal/api/v1/x")

    assert (kept.headers["cache-control"], api.headers["cache-control"]) == (
        "private, max-age=31536000, immutable",
        "no-store",
    )


@pytest.mark.usefixtures("upstream")
def test_it_leads_to_no_other_place(supervisor: TestClient):
    away, near = supervisor.get("/temporal/away"), supervisor.get("/temporal/near")

    assert "location" not in away.headers
    assert near.headers["location"] == "/temporal/namespaces"


def test_what_is_too_large_is_refused_in_both_directions(upstream: Upstream, supervisor: TestClient):
    there = supervisor.post(SIGNAL, content=b"x" * (temporalui.LARGEST_REQUEST + 1))
    back = supervisor.get("/temporal/big")

    assert (there.status_code, back.status_code) == (413, 503)
    assert [one["method"] for one in upstream.seen] == ["GET"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_an_auditor_looks_and_does_not_act(upstream: Upstream, portal: Portal, method: str):
    auditor = portal.as_("au.silva")

    looked = [auditor.get("/temporal/api/v1/namespaces"), auditor.post(QUERY, json={})]
    acted = auditor.request(method, SIGNAL)

    assert [answer.status_code for answer in looked] == [200, 200]
    assert (acted.status_code, acted.json()) == (403, {"message": temporalui.LOOK_ONLY})
    assert len(upstream.seen) == 2


def test_another_site_acts_on_nothing_here(upstream: Upstream, supervisor: TestClient):
    answer = supervisor.post(SIGNAL, json={}, headers={"Sec-Fetch-Site": "cross-site"})

    assert (answer.status_code, upstream.seen) == (403, [])


def test_a_session_that_has_ended_is_told_to_the_page_in_its_way(upstream: Upstream, portal: Portal):
    page, asked = portal.anybody().get("/temporal/page"), portal.anybody().get("/temporal/api/v1/namespaces")

    assert page.headers["location"] == "/signin?next=/temporal/page"
    assert (asked.status_code, asked.json()) == (401, {"message": temporalui.SIGN_IN})
    assert upstream.seen == []


@pytest.mark.usefixtures("upstream")
def test_a_page_that_asks_for_news_keeps_no_session_alive(
    portal: Portal, supervisor: TestClient, monkeypatch: pytest.MonkeyPatch
):
    begun, idle = time.time(), portal.settings.session_idle_minutes * 60
    for minutes in range(1, idle // 60):
        monkeypatch.setattr(session, "_now", lambda at=begun + minutes * 60: at)
        assert supervisor.get("/temporal/api/v1/namespaces").status_code == 200

    monkeypatch.setattr(session, "_now", lambda: begun + idle + 10)
    late = supervisor.get("/temporal/api/v1/namespaces")

    assert late.status_code == 401


@pytest.mark.usefixtures("upstream")
def test_who_opens_pages_there_stays_signed_in(portal: Portal, supervisor: TestClient, monkeypatch: pytest.MonkeyPatch):
    begun, idle = time.time(), portal.settings.session_idle_minutes * 60
    for times in range(1, 4):
        monkeypatch.setattr(session, "_now", lambda at=begun + times * (idle - 10): at)
        assert supervisor.get("/temporal/page").status_code == 200


def test_a_server_that_is_away_is_told(supervisor: TestClient, monkeypatch: pytest.MonkeyPatch):
    none = supervisor.get("/temporal/")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        monkeypatch.setattr(House, "embedded_ui", f"http://127.0.0.1:{taken.getsockname()[1]}/temporal")
        silent = supervisor.get("/temporal/")

    assert (none.status_code, silent.status_code) == (503, 503)
    assert none.json() == {"message": temporalui.AWAY}


@pytest.mark.usefixtures("upstream")
def test_links_lead_there_for_whom_it_is(portal: Portal):
    number = portal.numbers["new"]
    link = f'href="/temporal/namespaces/default/workflows/so-{number}"'

    supervisor, manager = (portal.as_(who).get(f"/cases/{number}").text for who in ("sv.okafor", "cm.alvarez"))

    assert link in supervisor
    assert "/temporal/" not in manager
