"""``second-opinion supervise``: what is wrong with cases, looked after and ended, by who is in charge."""

import json
from datetime import UTC, datetime

import pytest

from cli.main import run
from records.database import open_records
from records.troubles import Found, TroubleKind, Troubles

MONDAY = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)  # Monday 2026-11-02, 9:00 in Los Angeles
CASE = "SO-2026-000042"


@pytest.fixture(autouse=True)
def troubles(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path))
    engine = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield Troubles(engine)
    engine.dispose()


def stuck(troubles: Troubles) -> None:
    troubles.observe(TroubleKind.STUCK, {CASE: Found(code="Unhandled", text="Its workflow fails.")}, MONDAY)


def listed(capsys, *words: str) -> list[dict[str, object]]:
    assert run(["supervise", "--json", *words]) == 0
    rows: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return rows


def test_a_trouble_is_listed_looked_after_and_ended(troubles, capsys):
    stuck(troubles)

    open_ = listed(capsys)
    taken = run(["supervise", "acknowledge", CASE, "--as", "sv.okafor", "--note", "Going back a version."])
    capsys.readouterr()
    held = listed(capsys)
    ended = run(["supervise", "end", CASE, "--as", "sv.okafor"])
    capsys.readouterr()

    assert [(row["case_number"], row["kind"], row["state"]) for row in open_] == [(CASE, "stuck", "open")]
    assert (taken, ended) == (0, 0)
    assert (held[0]["state"], held[0]["note"]) == ("acknowledged", "Going back a version.")
    assert listed(capsys) == []
    assert listed(capsys, "--all")[0]["ended_by"] == "sv.okafor"


def test_the_table_is_for_reading(troubles, capsys):
    none = run(["supervise"])
    nothing = capsys.readouterr().out
    stuck(troubles)
    some = run(["supervise"])

    assert (none, some) == (0, 0)
    assert "There is no trouble." in nothing
    assert CASE in capsys.readouterr().out


@pytest.mark.parametrize(
    ("case", "who", "says"),
    [(CASE, "cm.alvarez", "only for: supervisor"), ("SO-2026-000001", "sv.okafor", "has no open trouble")],
)
def test_what_is_refused_says_why(troubles, capsys, case, who, says):
    stuck(troubles)

    assert run(["supervise", "acknowledge", case, "--as", who]) == 1
    assert says in capsys.readouterr().err
    assert len(troubles.open()) == 1
