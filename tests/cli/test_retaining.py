"""``second-opinion cabinet retention``, ``hold`` and ``release``: what could go, what is held, and nothing deleted."""

import json

import pytest

from cli.main import run
from tests.cli.drawers import COMMERCIAL, Drawer

ONE, TWO = "SO-2026-000001", "SO-2026-000002"
LAST_DAY, NEXT_DAY = "2036-12-31", "2037-01-01"  # of a Medi-Cal case that was closed in 2026
REASON = ("--reason", "Subpoena 26-118")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    return tmp_path


@pytest.fixture
def drawer():
    return Drawer()


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(["cabinet", *words])
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return asked


@pytest.fixture
def standing(capsys):
    def on(day):
        assert run(["cabinet", "retention", "--on", day, "--json"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert (answer["on"], answer["deleted"]) == (day, 0)
        return {case["case"]: case["standing"] for case in answer["cases"]}

    return on


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*.pdf")}


def test_what_could_go_on_a_day_is_listed_and_nothing_is_deleted(drawer, standing, home):
    drawer.file(ONE)
    drawer.file(TWO, line=COMMERCIAL)
    drawer.open_case("SO-2026-000003")
    before = everything(home)

    assert standing("2031-11-02") == {ONE: "kept", TWO: "kept", "SO-2026-000003": "open"}
    assert standing("2031-11-03") == {ONE: "kept", TWO: "could_go", "SO-2026-000003": "open"}
    assert standing(NEXT_DAY) == {ONE: "could_go", TWO: "could_go", "SO-2026-000003": "open"}
    assert everything(home) == before


def test_the_dry_run_says_by_which_rule_and_that_nothing_was_deleted(drawer, ask):
    drawer.file(ONE)
    drawer.file(TWO)
    ask("hold", TWO, "--as", "sv.okafor", *REASON)

    code, said = ask("retention", "--on", NEXT_DAY)

    assert code == 0
    assert "10 years from the end of the year of closing (2026-12-31): 42 CFR 438.3(u)" in said
    assert "RET-MEDICAID: confirm its source before anything goes (California Hospital Association" in said
    assert "sv.okafor" in said
    assert "Subpoena 26-118" in said
    assert "0 more are kept by rule, 0 are open. Nothing was deleted: this is a dry run" in said
    assert "Núñez" not in said


def test_without_a_day_it_is_today_and_with_nothing_it_says_so(ask):
    code, said = ask("retention")

    assert code == 0
    assert "Nothing could go. Nothing is held." in said
    assert ask("retention", "--on", "someday")[0] == 2


def test_a_hold_keeps_a_case_until_it_is_released_and_stays_on_record(drawer, ask, standing):
    drawer.file(ONE)

    held = ask("hold", f"REF-{ONE}", "--as", "au.silva", *REASON)
    while_held = standing(NEXT_DAY)
    released = ask("release", ONE, "--as", "sv.okafor", "--reason", "Matter settled")

    assert held == (0, f"Hold 1 is on {ONE}: it goes nowhere before it is released.")
    assert while_held == {ONE: "held"}
    assert released == (0, f"Hold 1 on {ONE} is lifted, and no other is on it.")
    assert standing(NEXT_DAY) == {ONE: "could_go"}
    again = ask("hold", ONE, "--as", "au.silva", *REASON)
    assert again[1].startswith("Hold 2 is on")


def test_of_several_holds_one_is_named_and_the_others_keep_the_case(drawer, ask, standing):
    drawer.file(ONE)
    ask("hold", ONE, "--as", "sv.okafor", *REASON)
    ask("hold", ONE, "--as", "ad.moreno", "--reason", "CMS audit")
    release = ("release", ONE, "--as", "sv.okafor", "--reason", "Done")

    unnamed = ask(*release)
    unknown = ask(*release, "--hold", "3")
    first = ask(*release, "--hold", "1")

    assert unnamed[0] == 1
    assert "say which with --hold: 1 (Subpoena 26-118); 2 (CMS audit)." in unnamed[1]
    assert unknown == (1, f"No hold 3 stands on {ONE}. There are: 1 (Subpoena 26-118); 2 (CMS audit).")
    assert first == (0, f"Hold 1 on {ONE} is lifted; 1 more keep it.")
    assert standing(NEXT_DAY) == {ONE: "held"}
    assert ask(*release) == (0, f"Hold 2 on {ONE} is lifted, and no other is on it.")
    assert ask(*release) == (1, f"{ONE} is not held.")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("hold", ONE, "--as", "cm.alvarez", *REASON), 1, "a supervisor, auditor or administrator places"),
        (("release", ONE, "--as", "au.silva", *REASON), 1, "a supervisor or administrator lifts"),
        (("hold", ONE, "--as", "nobody", *REASON), 1, "nobody is not in"),
        (("hold", ONE, "--as", "sv.okafor", "--reason", "  "), 2, "Give a --reason of 1 to 400 characters"),
        (("hold", ONE, "--as", "sv.okafor", "--reason", "x" * 401), 2, "Give a --reason of 1 to 400 characters"),
        (("hold", ONE, "--as", "sv.okafor"), 2, "--reason"),
        (("hold", "SO-2026-000009", "--as", "sv.okafor", *REASON), 1, "There is no case SO-2026-000009"),
        (("release", "SO-2026-000009", "--as", "sv.okafor", *REASON), 1, "There is no case SO-2026-000009"),
    ],
)
def test_a_hold_that_cannot_be_is_refused_in_a_sentence_and_nothing_changes(drawer, ask, standing, words, code, says):
    drawer.file(ONE)

    ended = ask(*words)

    assert ended[0] == code
    assert says in ended[1]
    assert standing(LAST_DAY) == {ONE: "kept"}
