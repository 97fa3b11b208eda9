"""``second-opinion health`` and ``migrate``: what whoever starts and restarts a service asks."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli.main import run
from tests.ports import free_port

NUMBER = "second_opinion_worker_heartbeat_timestamp_seconds"


@contextmanager
def answering(body: str, status: int = 200) -> Iterator[int]:
    """A server that gives one answer; its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_words: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("age", "labels", "code"),
    [(20, "", 0), (80, '{service_name="temporal-core-sdk"}', 0), (120, "", 1), (86_400, '{queue="x"}', 1)],
)
def test_a_worker_lives_whose_heart_beat_in_the_last_ninety_seconds(age, labels, code, monkeypatch, capsys):
    with answering(f"# HELP {NUMBER} x\n{NUMBER}{labels} {time.time() - age}\nother 1\n") as port:
        monkeypatch.setenv("SECOND_OPINION_WORKER_METRICS", f"0.0.0.0:{port}")

        assert run(["health", "worker"]) == code

    assert ("has not looked around" in capsys.readouterr().err) == bool(code)


def test_a_worker_that_has_never_looked_around_does_not_live_yet(monkeypatch):
    with answering("temporal_request_total 3\n") as port:
        monkeypatch.setenv("SECOND_OPINION_WORKER_METRICS", f"127.0.0.1:{port}")

        assert run(["health", "worker"]) == 1


def test_a_worker_that_shows_no_numbers_cannot_be_asked_and_the_sentence_says_what_to_set(monkeypatch, capsys):
    monkeypatch.delenv("SECOND_OPINION_WORKER_METRICS", raising=False)

    assert run(["health", "worker"]) == 1
    assert "SECOND_OPINION_WORKER_METRICS" in capsys.readouterr().err


@pytest.mark.parametrize(("status", "code"), [(200, 0), (500, 1)])
def test_a_portal_lives_that_answers(status, code, monkeypatch):
    with answering("ok", status) as port:
        monkeypatch.setenv("SECOND_OPINION_PORTAL_PORT", str(port))

        assert run(["health", "portal"]) == code


def test_a_portal_that_is_away_does_not_live(monkeypatch, capsys):
    monkeypatch.setenv("SECOND_OPINION_PORTAL_PORT", str(free_port()))

    assert run(["health", "portal"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_records_are_migrated_once_and_the_second_time_nothing_is_done(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path))

    codes = [run(["migrate", "--json"]) for _ in range(2)]
    first, second = (json.loads(part + "}") for part in capsys.readouterr().out.split("}")[:2])

    assert codes == [0, 0]
    assert first["before"] is None
    assert second["before"] == second["now"] == first["now"]


def test_a_namespace_is_for_a_cluster_that_is_named(monkeypatch, capsys):
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)

    assert run(["namespace"]) == 3
    assert "No cluster is named" in capsys.readouterr().err
