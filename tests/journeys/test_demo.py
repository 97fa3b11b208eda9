"""The demonstration, as a newcomer types it; and once more, as it goes on where it stopped."""

import signal
import urllib.request

import pytest

from policy.third_opinion import belongs_to
from tests.packets import read_in_order

pytestmark = pytest.mark.server


def test_the_demonstration_ends_as_its_files_say_and_twice_is_once(house):
    first = house.run("demo", "--once")
    letters = len(list(house.home.glob("outbox/SO-*/*.pdf")))
    packets = {path: path.read_bytes() for path in house.home.glob("cabinet/Prior Authorizations/**/*.pdf")}
    again = house.run("demo", "--once")

    assert first.returncode == 0, first.stdout + first.stderr
    assert "19 of 19 cases ended as their files say" in first.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert len(list(house.home.glob("outbox/SO-*/*.pdf"))) == letters
    cases = house.answer("list", "--limit", "100")
    thirds = [case for case in cases if belongs_to(case["number"])]  # filed with the case that each belongs to
    assert [case["stage"] for case in thirds] == ["closed"]
    assert len(cases) - len(thirds) == 19
    assert len(packets) == sum(1 for case in cases if case["stage"] == "closed") - len(thirds) > 0
    for path, pdf in packets.items():
        assert read_in_order(pdf, path.stem.rpartition(" — ")[2])
        assert path.read_bytes() == pdf
    assert house.answer("cabinet", "verify") == {
        "packets": len(packets),
        "findings": [],
        "incomplete": [],
        "waiting": [],
    }


def test_the_demonstration_stays_up_with_its_ui_until_ctrl_c(house):
    demo = house.start("-c", "from cli.main import main; main()", "demo", until="Everything stays up until Ctrl-C")

    page = urllib.request.urlopen(f"http://127.0.0.1:{house.environment['SECOND_OPINION_UI_PORT']}/", timeout=30)
    with page:
        status = page.status
    demo.send_signal(signal.SIGINT)

    assert status == 200
    assert demo.wait(timeout=30) == 0


def test_a_cluster_that_the_environment_names_is_used_instead(house, tmp_path):
    house.start_server()
    cluster = f"127.0.0.1:{house.environment['SECOND_OPINION_GRPC_PORT']}"
    elsewhere = str(tmp_path / "elsewhere")

    without_key = house.run("demo", "--once", TEMPORAL_ADDRESS=cluster, SECOND_OPINION_HOME=elsewhere)
    house.run("keys", "rotate", "--plan", SECOND_OPINION_HOME=elsewhere)
    played = house.run("demo", "--once", TEMPORAL_ADDRESS=cluster, SECOND_OPINION_HOME=elsewhere)
    refused = house.run("server", TEMPORAL_ADDRESS=cluster, SECOND_OPINION_HOME=elsewhere)

    assert without_key.returncode == 3
    assert "none is made unasked on a named cluster" in without_key.stderr
    assert played.returncode == 0, played.stdout + played.stderr
    assert not (tmp_path / "elsewhere" / "temporal.db").exists()
    assert refused.returncode == 3
    assert cluster in refused.stderr
