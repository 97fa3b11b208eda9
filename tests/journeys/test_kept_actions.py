"""What people do is kept: with the server away, with no worker, on a closed case, signed or not. Through real doors."""

import json
import signal
import time

import pytest

from tests.journeys.conftest import EXAMPLES, House

pytestmark = pytest.mark.server


@pytest.fixture
def case(house: House, tmp_path) -> str:
    """A case that waits for the case manager, with a server and a worker."""
    request = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))
    file = tmp_path / "request.json"
    file.write_text(json.dumps({**request, "external_reference": "KEPT-1"}), encoding="utf-8")
    house.start_server()
    opened = house.door("starter.py", str(file), "--json")
    number: str = json.loads(opened.stdout)["opened"][0]["case_number"]
    house.start_worker()
    house.until(number, stage="completeness_review")
    return number


def test_an_action_that_comes_while_the_server_is_away_is_delivered_later_with_the_time_of_the_door(house, case):
    server, worker = house.processes
    for process in (worker, server):
        process.send_signal(signal.SIGINT)
        process.wait()

    kept = house.act(case, "confirm_completeness", "cm.alvarez", note="Read while the server was away.")
    at = time.time()
    time.sleep(2)
    house.start_server()
    house.start_worker()
    found = house.until(case, stage="physician_review")

    assert (kept.returncode, f"Kept for {case}" in kept.stderr) == (3, True)
    line = next(e for e in found["ledger"] if e["event"] == "information:complete")
    assert line["text"] == "The referral is complete: Read while the server was away."
    assert line["at"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    assert found["case"]["refused_count"] == 0


def test_a_late_action_on_a_closed_case_is_answered_clearly_and_stands_in_the_ledger_once(house, case):
    assert house.act(case, "withdraw_request", "cm.alvarez", reason="The member has decided.").returncode == 0
    house.until(case, stage="closed")
    said = ("--data", '{"text": "Too late."}', "--action-id", "late-1")
    words = ("act", case, "add_comment", "--as", "cm.alvarez", *said)

    late = house.run(*words)
    again = house.run(*words)
    found = house.answer("show", case)

    assert (late.returncode, again.returncode) == (1, 1)
    assert "the case is closed" in late.stderr
    assert [e["text"] for e in found["ledger"] if e["seq"] > 1_000_000] == [
        "add_comment: the case is closed; nothing more can be done to it"
    ]
    assert [r["action_id"] for r in found["refusals"]] == ["late-1"]


def test_an_action_sent_again_after_the_case_has_closed_is_answered_with_its_first_answer(house, case):
    words = ("act", case, "withdraw_request", "--as", "cm.alvarez", "--data", '{"reason": "Decided."}')
    first = house.run(*words, "--action-id", "w-1")
    house.until(case, stage="closed")

    again = house.run(*words, "--action-id", "w-1")

    assert (first.returncode, again.returncode) == (0, 0)


def test_an_action_of_more_than_64_kilobytes_is_stopped_at_the_door_and_is_no_refusal_of_the_case(house, case):
    page = {"name": "page.pdf", "sha256": "a" * 64, "size": 1, "media_type": "application/pdf"}

    long = house.act(case, "receive_report", "cm.alvarez", findings="F", recommendations="R", attachments=[page] * 600)

    assert (long.returncode, "receive_report is larger than 64 KB" in long.stderr) == (1, True)
    assert house.answer("show", case)["case"]["refused_count"] == 0


@pytest.mark.parametrize("trust", ["flag", "require"])
def test_doors_sign_what_they_send_and_a_case_tells_or_refuses_what_nobody_signed(house, tmp_path, trust):
    house.environment["SECOND_OPINION_TRUST"] = trust
    request = json.loads((EXAMPLES / "12-waits-for-the-physician.json").read_text(encoding="utf-8"))
    file = tmp_path / "signed.json"
    file.write_text(json.dumps({**request, "external_reference": "SIGNED-1"}), encoding="utf-8")
    house.start_server()
    house.start_worker()
    number = json.loads(house.door("starter.py", str(file), "--json").stdout)["opened"][0]["case_number"]
    house.until(number, stage="completeness_review")

    signed = house.act(number, "add_comment", "cm.alvarez", text="Through a door.")
    unsigned = house.run(
        *("act", number, "add_comment", "--as", "cm.alvarez", "--data", '{"text": "By another way."}', "--json"),
        SECOND_OPINION_TRUST="open",
    )
    rotated = house.run("keys", "rotate")
    after = house.act(number, "confirm_completeness", "cm.alvarez")
    found = house.until(number, stage="physician_review")

    assert [d.returncode for d in (signed, rotated, after)] == [0, 0, 0], (signed.stderr, rotated.stderr, after.stderr)
    comments = [(e["text"], e["unsigned"]) for e in found["ledger"] if e["event"] == "case:commented"]
    if trust == "flag":
        assert comments == [("Through a door.", False), ("By another way.", True)]
    else:
        assert comments == [("Through a door.", False)]
        assert unsigned.returncode == 1
        assert "signed actions only" in json.loads(unsigned.stdout)["reason"]
