"""``second-opinion open``: hints at what somebody should look at stand beside what was opened."""

import json

import pytest

from cli.main import run
from tests.ports import free_port
from tests.wiring.intakes import raw


@pytest.fixture
def file(tmp_path, monkeypatch):
    """An intake file whose one request has a fax number that cannot be one; Temporal is away."""
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    written = tmp_path / "intake.json"
    written.write_text(json.dumps(raw(pcp=raw()["pcp"] | {"fax": "at the desk"})), encoding="utf-8")
    return written


def test_hints_stand_by_row_and_field_and_refuse_nothing(file, capsys):
    run(["open", str(file)])

    said = capsys.readouterr()
    assert "row 1  hint pcp.fax: does not read as ten digits" in said.err
    assert "at the desk" not in said.err + said.out
    assert "REF-1" in said.out


def test_programs_read_the_hints_as_json(file, capsys):
    run(["open", str(file), "--json"])

    answer = json.loads(capsys.readouterr().out)
    assert [opened["external_reference"] for opened in answer["opened"]] == ["REF-1"]
    assert [(hint["row"], hint["field"]) for hint in answer["hints"]] == [(1, "pcp.fax")]
    assert answer["errors"] == []
