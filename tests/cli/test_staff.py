"""``second-opinion staff``: who there is, who is away, who stands in; and what reading commands say of nothing."""

import json

import pytest

from cli.main import run
from cli.reassigning import Result, exit_code_of, summary


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    return tmp_path


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(list(words))
        said = capsys.readouterr()
        return code, " ".join((said.out + said.err).split())

    return asked


@pytest.fixture
def listed(capsys):
    def answered(*words):
        assert run([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return answered


def chen(listed):
    return next(member for member in listed("staff") if member["id"] == "md.chen")


def test_the_staff_are_listed_with_roles_load_and_who_is_away(ask, listed):
    code, said = ask("staff")

    assert code == 0
    assert all(word in said for word in ("md.osei", "orthopedic surgery", "physician designee", "open tasks"))
    assert chen(listed) == {
        "id": "md.chen", "name": "Dr. Mei Chen", "roles": ["cmo"], "specialty": "internal medicine", "load": 0,
        "capacity": 0, "last_turn": None, "away_until": None, "absences": [],
    }  # fmt: skip


def test_who_is_away_is_away_from_now_until_then_and_back_at_a_word(ask, listed):
    code, said = ask("staff", "away", "md.chen", "--until", "in 2 days", "--substitute", "md.haddad")
    while_away = chen(listed)
    table = ask("staff")[1]
    back = ask("staff", "back", "md.chen")

    assert code == 0
    assert "md.chen is away until " in said
    assert "md.haddad stands in. md.chen has no open task." in said
    assert while_away["away_until"] == while_away["absences"][0]["until"].replace("Z", "+00:00")
    assert while_away["absences"][0]["substitute"] == "md.haddad"
    assert "md.haddad stands in" in table
    assert back == (0, "md.chen is here again and is asked for tasks as before.")
    assert chen(listed)["absences"] == []
    assert ask("staff", "back", "md.chen") == (0, "md.chen was not away.")


def test_an_absence_that_is_still_to_come_does_not_hold_yet(ask, listed):
    code, said = ask("staff", "away", "md.chen", "--from", "in 2 days", "--until", "in 3 days")

    assert code == 0
    assert "is away from " in said
    assert chen(listed)["away_until"] is None
    assert len(chen(listed)["absences"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("md.chen", "--until", "soon"), 2, "Give a day and a time: 2026-11-24 09:00"),
        (("md.chen", "--until", "2020-01-01 09:00"), 2, "before it begins; give a later time with --until"),
        (("md.chen", "--from", "2020-01-01 9:00", "--until", "2020-01-02 9:00"), 2, "has passed"),
        (("md.chen", "--until", "in 2 days", "--substitute", "md.chen"), 2, "cannot stand in for md.chen"),
        (("md.chen", "--until", "in 2 days", "--substitute", "md.who"), 1, "md.who is not in "),
        (("md.who", "--until", "in 2 days"), 1, "md.who is not in "),
    ],
)
def test_an_absence_that_cannot_be_is_refused_in_a_sentence(ask, words, code, says):
    assert (ended := ask("staff", "away", *words))[0] == code
    assert says in ended[1]


def test_a_staff_file_that_cannot_be_used_is_named(ask, home, monkeypatch):
    file = home / "staff.json"
    file.write_text('[{"id": "md.chen", "roles": ["wizard"]}]')
    monkeypatch.setenv("SECOND_OPINION_STAFF_FILE", str(file))

    code, said = ask("staff")

    assert code == 2
    assert "entry 1, roles.0" in said


def test_the_reading_commands_say_so_when_there_is_nothing(ask, listed):
    assert ask("refused") == (0, "Nothing was refused.")
    assert ask("refused", "SO-2026-000001")[0] == 1
    assert listed("refused") == []
    assert ask("tasks") == (0, "Nothing waits for anybody.")
    assert ask("tasks", "--as", "cm.alvarez") == (
        0,
        "cm.alvarez has no task. Nothing waits for the group (case manager).",
    )
    assert listed("tasks", "--as", "cm.alvarez") == {"mine": [], "group": []}
    assert listed("tasks", "--as", "cm.alvarez", "--mine") == []


@pytest.mark.parametrize(
    ("results", "count", "says", "code"),
    [
        ((), 0, "[dim]cm.brown has no open task to give.[/]", 0),
        ((True,), 1, "1 of 1 task assigned to cm.alvarez.", 0),
        ((True, False), 2, "1 of 2 tasks assigned to cm.alvarez; 1 refused.", 1),
        ((True, None), 4, "1 of 4 tasks assigned to cm.alvarez; 1 kept; 2 not sent.", 3),
    ],
)
def test_many_at_once_end_with_a_summary_and_an_exit_code(results, count, says, code):
    done = [Result(case_number="SO-2026-000001", task_id="T1", accepted=accepted) for accepted in results]

    assert summary(done, count, "cm.brown", "cm.alvarez") == says
    assert exit_code_of(done) == code
