"""``second-opinion report``: written as data, derived a second time, refused where it cannot be."""

import json

import pytest
from sqlalchemy import update

from cli.main import run
from policy.report.period import parsed
from policy.report.shape import CommitteeReport
from records.database import open_records, writing
from records.tables import CASE_FACTS
from tests.ports import free_port
from tests.reporting.made import AS_OF
from wiring.reports import compiled


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
def made_up(ask):
    code, said = ask("report", "synthetic", "--cases", "40", "--delegated", "20")
    assert code == 0
    assert said.startswith("320 synthetic cases and 160 delegated decisions, up to 2026-Q3. Planted: physician NPI 90")


@pytest.mark.usefixtures("made_up")
def test_a_report_is_written_as_data_and_never_over_another(ask, tmp_path):
    code, said = ask("report", "2026-Q3", "--to", str(tmp_path / "q3"))
    again, refused = ask("report", "2026-Q3", "--to", str(tmp_path / "q3"))

    report = CommitteeReport.model_validate_json((tmp_path / "q3" / "report.json").read_text(encoding="utf-8"))
    assert (code, report.id, report.cases, report.synthetic) == (0, "2026-Q3", 40, True)
    assert report.reconciliation
    assert report.reconciliation.agrees
    assert said.startswith("SYNTHETIC: these cases are made up. 2026-Q3: 40 requests were received")
    assert (again, "is there already, and is not overwritten" in refused) == (2, True)


@pytest.mark.usefixtures("made_up")
def test_a_report_of_one_line_names_it(ask, tmp_path):
    ask("report", "2026", "--line", "medi_cal", "--to", str(tmp_path / "y"))

    report = CommitteeReport.model_validate_json((tmp_path / "y" / "report.json").read_text(encoding="utf-8"))
    assert report.id == "2026 medi_cal"
    assert [row.id for row in report.table("requests-by-line").rows] == ["medi_cal", "all"]


@pytest.mark.usefixtures("made_up")
def test_verify_finds_nothing_and_then_the_case_that_was_tampered_with(ask, tmp_path):
    before = ask("report", "verify", "2026-Q3")
    engine = open_records(f"sqlite:///{tmp_path / 'var' / 'records.db'}")
    with writing(engine) as connection:
        one = CASE_FACTS.c.number == "SO-2026-000100"
        connection.execute(update(CASE_FACTS).where(one).values(specialty="astrology"))
    engine.dispose()
    after = ask("report", "verify", "2026-Q3", "--json")
    shown = ask("report", "verify", "2026-Q3")

    assert before[0] == 0
    looked = "50 cases, 20 delegated decisions and 764 counts held against the ledgers"
    assert before[1].endswith(f"{looked}: nothing differs.")
    assert "not derived a second time: Third opinions (Agrees with the first opinion;" in before[1]
    assert "Temporal was not asked." in before[1]
    assert shown[0] == 1
    assert "Differences" in shown[1]
    assert "│ SO-2026-000100 │ - │ specialty │ astrology │ the ledger │" in shown[1]
    assert shown[1].endswith(" differences.")
    assert after[0] == 1
    found = json.loads(after[1])["differences"]
    assert {one["case_number"] for one in found} == {"SO-2026-000100", ""}
    assert "astrology" in {one["figure"].rpartition(", ")[2] for one in found}


def test_what_is_no_period_is_refused_with_how_to_write_it(ask):
    code, said = ask("report", "verify", "autumn")

    assert (code, said) == (2, "Autumn is no period; write 2026-Q3, 2026, 2026-10 or 2026-07-01..2026-09-30.")


@pytest.mark.usefixtures("made_up")
def test_made_up_cases_never_stand_among_others(ask):
    code, said = ask("report", "synthetic", "--cases", "1", "--delegated", "1")

    assert code == 3
    assert "These records hold cases; synthetic ones go only into empty records." in said


def put(ask, monkeypatch, home, *words):
    """Made-up cases in a house of their own; what was said, and the report of its last quarter."""
    monkeypatch.setenv("SECOND_OPINION_HOME", str(home))
    code, said = ask("report", "synthetic", "--cases", "12", "--delegated", "5", *words)
    assert code == 0, said
    period = words[-1] if "--last" in words else "2026-Q3"
    engine = open_records(f"sqlite:///{home / 'records.db'}")
    report = compiled(engine, parsed(period), AS_OF)
    engine.dispose()
    return said, report


def test_the_same_seed_puts_the_same_cases_and_another_one_others(ask, monkeypatch, tmp_path):
    (one, first), (same, second), (_, third) = (
        put(ask, monkeypatch, tmp_path / str(n), "--seed", seed) for n, seed in enumerate(("7", "7", "8"))
    )

    assert one == same
    assert first.tables == second.tables
    assert first.tables != third.tables
    assert all(report.synthetic for report in (first, second, third))


def test_the_quarters_end_where_it_is_told_to(ask, monkeypatch, tmp_path):
    said, report = put(ask, monkeypatch, tmp_path / "old", "--last", "2025-Q1")

    assert said.startswith("96 synthetic cases and 40 delegated decisions, up to 2025-Q1. Planted:")
    assert (report.id, report.cases) == ("2025-Q1", 12)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--last", "autumn"), "Autumn is no period; write 2026-Q3"),
        (("--cases", "-1"), "Must be >= 0"),
        (("--delegated", "100001"), "Must be <= 100000"),
        (("--seed", "seven"), "int"),
    ],
)
def test_made_up_cases_that_cannot_be_made_are_refused_and_nothing_is_put(ask, words, said):
    code, told = ask("report", "synthetic", *words)
    after, _ = ask("report", "synthetic", "--cases", "1", "--delegated", "0")

    assert (code, said in told) == (2, True), told
    assert after == 0  # the records were still empty


def test_an_empty_quarter_has_a_report_too(ask, tmp_path):
    code, said = ask("report", "2026-Q3", "--to", str(tmp_path / "empty"))

    assert code == 0
    assert "0 requests were received" in said
    assert "2026-Q3 is empty: no case and no delegated decision counts in it." in said


@pytest.mark.usefixtures("made_up")
def test_without_a_server_nothing_is_said_to_have_been_compared_with_temporal(ask, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_GRPC_PORT", str(free_port()))

    code, said = ask("report", "verify", "2026-Q3", "--temporal")

    assert code == 3
    assert said.startswith("No Temporal server answers at 127.0.0.1:")
    assert said.endswith("start it with: second-opinion server.")
