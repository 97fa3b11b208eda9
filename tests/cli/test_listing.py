"""``second-opinion list``: by view and by physician organization, from the records; the views with their links."""

import json
from pathlib import Path

import pytest

from cli.main import app
from policy.request import LineOfBusiness, Priority
from records.database import open_records
from records.ledger import CaseLedger
from tests.builders import a_professional, a_request
from tests.records.lives import Life
from wiring.settings import read_settings
from wiring.views import VIEWS


@pytest.fixture(autouse=True)
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A house with an urgent case, and one of another physician organization."""
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    engine = open_records(read_settings().records_url)
    elsewhere = a_professional(organization="Redwood Coast IPA")
    lives = (
        Life("SO-2026-000001", a_request(external_reference="R1", priority=Priority.EXPEDITED)),
        Life("SO-2026-000002", a_request(external_reference="R2", treating_provider=elsewhere)),
        Life("SO-2026-000003", a_request(external_reference="R3", imminent_threat=True, line=LineOfBusiness.CMC)),
    )
    for life in lives:
        for transition in life.transitions:
            CaseLedger(engine).record(transition)
    engine.dispose()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        app(["list", *words])
    assert ended.value.code in (0, None)
    return capsys.readouterr().out


def numbers(said: str) -> list[str]:
    return sorted(row["number"][-1] for row in json.loads(said))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--view", "urgent"), ["1", "3"]),
        (("--view", "urgent", "--line", "cmc"), ["3"]),
        (("--ppg", "Redwood Coast IPA"), ["2"]),
        (("--view", "urgent", "--ppg", "Redwood Coast IPA"), []),
        (("--view", "stuck"), []),
        (("--open",), ["1", "2", "3"]),
    ],
)
def test_cases_are_listed_by_view_and_by_physician_organization(capsys, words, expected):
    assert numbers(run(capsys, *words, "--json")) == expected


def test_no_more_rows_are_listed_than_are_asked_for(capsys):
    assert len(numbers(run(capsys, "--open", "--limit", "2", "--json"))) == 2


def test_the_views_are_told_with_their_meaning_and_their_query(capsys):
    said = run(capsys, "--views")

    for view in VIEWS:
        assert f"{view.title}  --view {view.name}" in said
        assert view.meaning in said
    assert "Attention = 'at_risk'" in said


def test_the_links_lead_to_the_ui_that_the_settings_name(capsys, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_TEMPORAL_UI", "https://plan.example/temporal")

    links = json.loads(run(capsys, "--views", "--ppg", "Redwood Coast IPA", "--json"))

    assert [link["name"] for link in links] == [*(view.name for view in VIEWS), ""]
    for link in links:
        assert link["query"].endswith(" AND Ppg = 'Redwood Coast IPA'")
        assert link["address"].startswith(
            "https://plan.example/temporal/namespaces/default/workflows?query=WorkflowType"
        )
