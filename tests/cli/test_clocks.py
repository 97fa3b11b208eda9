"""``second-opinion clocks``: situations in, clocks out, by the rules alone."""

import io
import json
import sys

import pytest

from cli.main import run

FRIDAY = {  # Friday 2026-11-20, before Thanksgiving week
    "id": "A",
    "line": "medi_cal",
    "priority": "standard",
    "events": [{"kind": "received", "at": "2026-11-20T10:00:00-08:00"}],
}
FIELDS = {
    "obligation", "rule", "anchor", "anchored_at", "amount", "unit", "calendar", "due_at", "act_by", "governs",
    "explanation", "citations",
}  # fmt: skip


def ask(capsys, monkeypatch, situations, *words):
    data = situations if isinstance(situations, str) else json.dumps(situations)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data.encode())))
    code = run(["clocks", "-", *words])
    return code, capsys.readouterr()


def test_both_limits_are_listed_and_exactly_one_governs(capsys, monkeypatch):
    code, said = ask(capsys, monkeypatch, [FRIDAY], "--json")

    (answer,) = json.loads(said.out)
    limits = {c["obligation"]: c for c in answer["clocks"]}
    assert code == 0
    assert limits["decision"]["due_at"] == "2026-12-01T23:59:59-08:00"  # Tuesday: Thursday and Friday are closed
    assert limits["decision_outer"]["due_at"] == "2026-11-27T23:59:59-08:00"  # Friday, calendar days do not roll
    assert [c["obligation"] for c in answer["clocks"] if c["governs"]] == ["decision_outer"]
    assert all(set(clock) == FIELDS for clock in answer["clocks"])


def test_a_clock_explains_itself_with_its_citation_and_the_limit_that_does_not_govern(capsys, monkeypatch):
    _, said = ask(capsys, monkeypatch, [FRIDAY])

    assert (
        "due Fri 2026-11-27 23:59 PST: 7 calendar days from receipt on Fri 2026-11-20 (42 CFR 438.210(d)(1)); "
        "the 5-business-day limit would be Tue 2026-12-01 23:59 PST"
    ) in said.out
    assert "act by Wed 2026-11-25 17:00 PST" in said.out


def test_errors_are_named_by_field_beside_the_answers_of_the_others(capsys, monkeypatch):
    bad = {**FRIDAY, "id": "B", "line": "medicaid"}

    code, said = ask(capsys, monkeypatch, [FRIDAY, bad, 3], "--json")

    good, wrong, nothing = json.loads(said.out)
    assert code == 2
    assert good["errors"] == []
    assert [e["field"] for e in wrong["errors"]] == ["line"]
    assert nothing["clocks"] == []
    assert nothing["errors"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{not json", "standard input is not JSON (line 1, column 2"),
        ('{"id": "A"}', "must hold a JSON list"),
        ("[" * 100_000, "nested too deeply"),
    ],
    ids=["no JSON", "no list", "too deep"],
)
def test_what_cannot_be_read_at_all_is_one_sentence(capsys, monkeypatch, text, says):
    code, said = ask(capsys, monkeypatch, text)

    assert code == 2
    assert says in said.err


def test_a_file_that_is_not_there_is_one_sentence(capsys):
    code = run(["clocks", "no-such-file.json"])

    assert code == 2
    assert "no-such-file.json cannot be read" in capsys.readouterr().err


def test_an_empty_list_has_an_empty_answer(capsys, monkeypatch):
    code, said = ask(capsys, monkeypatch, [], "--json")

    assert code == 0
    assert json.loads(said.out) == []
