"""One request through the real doors: starter.py, worker.py and the second-opinion command, on the real server."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.journeys.conftest import EXAMPLES, House, a_house

pytestmark = pytest.mark.server

PLACEMENT = {
    "tier": "ppg",
    "professional": {
        "npi": "1992999890",
        "name": "Dr. Second Opinion",
        "specialty": "orthopedic surgery",
        "organization": "",
    },
    "board_certified": True,
    "licence": "SYN-2",
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house each of whose doors is opened as everybody's is the first time, with all its imports still before it."""
    with a_house(tmp_path / "var", cold=True) as made:
        yield made


def complete_request(**changes):
    request = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))
    return {**request, "external_reference": "JOURNEY-1", **changes}


def test_a_request_goes_from_an_intake_file_to_a_filed_packet_and_survives_killed_workers(house, tmp_path):
    file = tmp_path / "request.json"
    file.write_text(json.dumps(complete_request()), encoding="utf-8")
    house.start_server()

    opened = house.door("starter.py", str(file), "--json")
    case = json.loads(opened.stdout)["opened"][0]["case_number"]
    again = house.door("starter.py", str(file), "--json")
    worker = house.start_worker()
    house.until(case, stage="completeness_review")
    confirmed = house.act(case, "confirm_completeness", "cm.alvarez")
    refused = house.act(case, "determine", "cm.alvarez", outcome="approved", rationale="I may not.")
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    house.start_worker("--queue", "cases")
    decided = house.act(case, "determine", "md.chen", outcome="denied", rationale="Not needed.", criteria="90.2.17")
    letters = house.start_worker("--queue", "letters")
    letters.send_signal(signal.SIGKILL)
    letters.wait()
    house.start_worker("--queue", "letters")
    house.call(case)
    filed = house.until(case, stage="closed", outcome="denied")
    late = house.act(case, "add_comment", "cm.alvarez", text="Too late.")

    assert opened.returncode == 0, opened.stderr
    assert json.loads(again.stdout)["opened"][0] == {**json.loads(opened.stdout)["opened"][0], "is_new": False}
    assert confirmed.returncode == 0, confirmed.stderr
    assert refused.returncode == 1, refused.stderr
    assert "this task is for a cmo or physician designee" in refused.stderr
    assert decided.returncode == 0, decided.stderr
    assert late.returncode == 1
    assert "closed" in late.stderr
    assert [entry["event"] for entry in filed["ledger"]].count("action:refused") == 1
    assert len(list(house.home.glob("outbox/SO-*/*.pdf"))) == 2
    packets = list(house.home.glob("cabinet/Prior Authorizations/**/*.pdf"))
    assert len(packets) == 1
    assert case in packets[0].name
    assert any("denied" in page.extract_text().lower() for page in PdfReader(packets[0]).pages)
    assert len([line for f in house.home.glob("mhc/*.csv") for line in f.read_text().splitlines()]) == 2
    assert house.answer("list", "--outcome", "denied")[0]["number"] == case
    assert house.answer("tasks") == []


def test_a_request_that_comes_while_the_server_is_away_is_kept_and_starts_with_the_worker(house):
    text = json.dumps(complete_request())

    away = house.door("starter.py", "-", stdin=text)
    house.start_server()
    house.start_worker()
    found = house.until("JOURNEY-1", stage="completeness_review")

    assert away.returncode == 3
    assert "registered" in away.stderr
    assert found["case"]["external_reference"] == "JOURNEY-1"


def test_standard_input_json_lines_and_csv_open_requests_too(house):
    house.start_server()

    lines = house.door("starter.py", "-", "--json", stdin=(EXAMPLES / "many.jsonl").read_text(encoding="utf-8"))
    table = house.run("open", str(EXAMPLES / "many.csv"), "--json")

    for ended in (lines, table):
        assert ended.returncode == 0, ended.stderr
        assert len(json.loads(ended.stdout)["opened"]) == 3


def test_a_file_with_errors_opens_nothing_and_partial_opens_the_good_rows(house, tmp_path):
    bad = complete_request(external_reference="JOURNEY-2", line="medicaid", surprise=1)
    file = tmp_path / "requests.json"
    file.write_text(json.dumps([complete_request(), bad]), encoding="utf-8")
    house.start_server()

    nothing = house.door("starter.py", str(file))
    partial = house.door("starter.py", str(file), "--partial", "--json")

    assert nothing.returncode == 2
    assert "row 2" in nothing.stderr
    assert "line" in nothing.stderr
    assert "surprise" in nothing.stderr
    assert "Traceback" not in nothing.stderr
    answer = json.loads(partial.stdout)
    assert partial.returncode == 2
    assert [o["external_reference"] for o in answer["opened"]] == ["JOURNEY-1"]
    refused = [json.loads(line) for line in (tmp_path / "requests.json.refused.jsonl").read_text().splitlines()]
    assert [r["row"] for r in refused] == [2]


@pytest.mark.parametrize(
    ("words", "changes", "code", "says"),
    [
        (["open", str(EXAMPLES / "many.csv")], {"TEMPORAL_ADDRESS": "127.0.0.1:9"}, 3, "127.0.0.1:9"),
        (["list"], {"SECOND_OPINION_HOME": "/dev/null/x"}, 3, "/dev/null/x"),
        (["list"], {"SECOND_OPINION_DATABASE_URL": "postgresql://u:hush@127.0.0.1:9/x"}, 3, "127.0.0.1:9"),
        (["list"], {"SECOND_OPINION_GRPC_PORT": "many"}, 2, "SECOND_OPINION_GRPC_PORT"),
        (["server"], {"SECOND_OPINION_HOME": "/dev/null/x"}, 3, "/dev/null/x"),
        (["open", "no-such-file.json"], {}, 2, "no-such-file.json"),
        (["show", "SO-2026-999999"], {}, 1, "SO-2026-999999"),
        (["act", "SO-2026-000001", "approve", "--as", "nobody"], {}, 1, "nobody"),
        (["worker"], {"TEMPORAL_ADDRESS": "127.0.0.1:9"}, 3, "127.0.0.1:9"),
        (["worker"], {"TEMPORAL_TLS_CLIENT_CERT_PATH": "/no/key", "TEMPORAL_ADDRESS": "x:1"}, 3, "/no/key"),
        (["worker"], {"TEMPORAL_PROFILE": "nobody"}, 3, "nobody"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_trouble_is_one_clear_sentence_and_an_exit_code(house, words, changes, code, says):
    ended = house.run(*words, **changes)

    assert ended.returncode == code, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "hush" not in ended.stderr
