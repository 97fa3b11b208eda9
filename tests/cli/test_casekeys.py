"""``second-opinion keys rotate --plan``, ``rewrap`` and ``shred``: nothing goes without being asked."""

import json

import pytest

from cli import casekeys, screen
from cli.main import run
from policy.delegatecase import DelegatedState, receive_packet
from policy.delegatetransition import between
from records.casekeys import CaseKeyRecords
from tests.builders import MONDAY
from tests.cli.drawers import Drawer
from tests.delegates import COPIED, a_packet
from wiring.casekeys import open_case_keys, see_to_a_plan_key
from wiring.settings import read_settings
from workflows import workflow_id

ONE, TWO = "SO-2026-000001", "SO-2026-000002"
SHRED = ("shred", ONE, "--as", "ad.moreno", "--reason", "Retention ended")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    return tmp_path / "var"


@pytest.fixture
def drawer():
    return Drawer()


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(["keys", *words])
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return asked


@pytest.fixture
def plan(capsys):
    def listed():
        assert run(["keys", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["plan_keys"]

    return listed


def encrypted(drawer, *numbers):
    """Cases that have a key, as their first payload makes one."""
    see_to_a_plan_key(read_settings(), drawer.world.records, may_make=True)
    keys = open_case_keys(read_settings(), drawer.world.records)
    for number in numbers:
        keys.of(workflow_id(number))
    return CaseKeyRecords(drawer.world.records)


def test_the_first_plan_key_and_the_next_are_made_and_the_newest_wraps(ask, plan, home):
    first, second = ask("rotate", "--plan"), ask("rotate", "--plan")

    newest, oldest = plan()
    assert (first[0], second[0]) == (0, 0)
    assert "Keep a copy of the file in a safe place" in first[1]
    assert f"New plan key {newest['id']}" in second[1]
    assert "second-opinion keys rewrap" in second[1]
    assert (newest["wraps"], oldest["wraps"]) == (True, False)
    assert (home / "keys" / "plan-keys.json").stat().st_mode & 0o777 == 0o600


def test_a_plan_key_and_a_root_are_not_made_at_once(ask, plan):
    code, said = ask("rotate", "--plan", "--root")

    assert (code, plan()) == (2, [])
    assert "one at a time" in said


def test_the_list_shows_which_plan_key_wraps_and_no_key(ask, home):
    ask("rotate", "--plan")
    (secret,) = [key["key"] for key in json.loads((home / "keys" / "plan-keys.json").read_text())["keys"]]

    code, said = ask()

    assert code == 0
    assert "wraps" in said
    assert secret not in said


def test_cases_are_wrapped_anew_by_the_key_that_wraps_and_again_without_harm(ask, plan, drawer):
    keys = encrypted(drawer, ONE, TWO)
    (old,) = plan()
    ask("rotate", "--plan")
    new = plan()[0]

    first, second = ask("rewrap"), ask("rewrap")

    assert (first[0], second[0]) == (0, 0)
    assert f"2 keys of cases wrapped by {new['id']}, 0 were already." in first[1]
    assert f"No case needs {old['id']} any more" in first[1]
    assert f"0 keys of cases wrapped by {new['id']}, 2 were already." in second[1]
    assert keys.count() == {new["id"]: 2}


def test_rewrapping_without_the_old_key_is_one_sentence_and_changes_nothing(ask, drawer, home):
    keys = encrypted(drawer, ONE)
    before = keys.of_workflow(workflow_id(ONE))
    (home / "keys" / "plan-keys.json").unlink()
    ask("rotate", "--plan")

    code, said = ask("rewrap")

    assert code == 3
    assert f"The plan key {before.plan_key} is not in" in said
    assert "Traceback" not in said
    assert keys.of_workflow(workflow_id(ONE)) == before


def test_a_closed_case_is_shredded_with_its_third_opinion_and_stays_so(ask, drawer):
    drawer.file(ONE)
    keys = encrypted(drawer, ONE, f"{ONE}-3", TWO)

    done, again = ask(*SHRED, "--yes"), ask(*SHRED, "--yes")

    assert (done[0], again[0]) == (0, 1)
    assert f"{ONE} is shredded, and its ledger says so." in done[1]
    assert f"{ONE} has no key: it was shredded before" in again[1]
    assert [keys.of_workflow(workflow_id(n)).wrapped == "" for n in (ONE, f"{ONE}-3", TWO)] == [True, True, False]


def test_a_delegated_decision_is_shredded_by_its_number_or_its_reference(ask, drawer):
    (entered,) = drawer.world.packets.enter([a_packet()], COPIED)
    keys = encrypted(drawer, entered.number)
    case = receive_packet(entered.number, a_packet(), COPIED, match=entered.match)
    by = ("--as", "ad.moreno", "--reason", "Retention ended", "--yes")

    too_early = ask("shred", "ALDER-1", *by)
    drawer.world.delegated.record(between(None, case.but(closed_at=MONDAY, state=DelegatedState.CLOSED), MONDAY))
    done, again = ask("shred", "ALDER-1", *by), ask("shred", entered.number, *by)

    assert (too_early[0], "Refused: the case is open" in too_early[1]) == (1, True)
    assert (done[0], f"{entered.number} is shredded, and its ledger says so." in done[1]) == (0, True)
    assert (again[0], f"{entered.number} has no key: it was shredded before" in again[1]) == (1, True)
    assert keys.of_workflow(workflow_id(entered.number)).wrapped == ""


def test_an_open_case_and_a_held_one_are_not_shredded(ask, drawer):
    drawer.open_case(ONE)
    drawer.file(TWO)
    keys = encrypted(drawer, ONE, TWO)
    assert run(["cabinet", "hold", TWO, "--as", "sv.okafor", "--reason", "Subpoena 26-118"]) == 0

    open_case = ask(*SHRED, "--yes")
    held = ask("shred", TWO, "--as", "ad.moreno", "--reason", "Retention ended", "--yes")

    assert (open_case[0], "Refused: the case is open, and could not go on without its key." in open_case[1]) == (
        1,
        True,
    )
    assert (held[0], "a legal hold stands on the case" in held[1]) == (1, True)
    assert sum(keys.count().values()) == 2


def test_nothing_is_shredded_without_being_asked_by_somebody_who_may_and_for_a_reason(ask, drawer, monkeypatch):
    drawer.file(ONE)
    keys = encrypted(drawer, ONE)

    unasked = ask(*SHRED)
    not_allowed = ask("shred", ONE, "--as", "cm.alvarez", "--reason", "Mine", "--yes")
    no_reason = ask("shred", ONE, "--as", "ad.moreno", "--reason", " ", "--yes")
    nowhere = ask("shred", "SO-2026-000099", "--as", "ad.moreno", "--reason", "Gone", "--yes")
    monkeypatch.setattr(casekeys, "at_a_terminal", lambda: True)
    monkeypatch.setattr(screen.console, "input", lambda _: "yes")
    otherwise = ask(*SHRED)
    left = sum(keys.count().values())
    monkeypatch.setattr(screen.console, "input", lambda _: ONE)
    agreed = ask(*SHRED)

    assert (unasked[0], "say --yes where nobody can be asked" in unasked[1]) == (1, True)
    assert not_allowed == (1, "Refused: cm.alvarez may not: a case's key is what an administrator destroys.")
    assert no_reason[0] == 2
    assert (nowhere[0], "There is no case SO-2026-000099" in nowhere[1]) == (1, True)
    assert (otherwise[0], "Nothing was destroyed." in otherwise[1]) == (1, True)
    assert left == 1
    assert (agreed[0], "It cannot be reopened." in agreed[1]) == (0, True)
    assert keys.of_workflow(workflow_id(ONE)).destroyed_at > MONDAY
