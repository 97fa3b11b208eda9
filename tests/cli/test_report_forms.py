"""``second-opinion report PERIOD --to FOLDER``: every form of the report in one folder. Policy 90.2.17, P12."""

import json
from pathlib import Path

import pytest
from pypdf import PdfReader

from adapters.committee.reading import charts_of
from cli.main import run
from policy.report.shape import CommitteeReport
from records.database import open_records
from reporting.synthetic import Made
from wiring.settings import Settings
from wiring.synthetic import put_synthetic

FORMS = {"report.html", "report.json", "report.pdf", "report.xlsx"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Records with two quarters of made-up cases."""
    home = tmp_path / "var"
    home.mkdir()
    monkeypatch.setenv("SECOND_OPINION_HOME", str(home))
    engine = open_records(Settings(home=home).records_url)
    put_synthetic(engine, Made(quarters=2, cases=60, delegated=20))
    engine.dispose()
    return home


def test_a_period_is_written_in_every_form_and_they_agree(home: Path, capfd: pytest.CaptureFixture[str]):
    folder = home.parent / "packet"

    code = run(["report", "2026-Q3", "--to", str(folder), "--json"])

    answer = json.loads(capfd.readouterr().out)
    report = CommitteeReport.model_validate_json((folder / "report.json").read_bytes())
    paper = " ".join(page.extract_text() for page in PdfReader(folder / "report.pdf").pages)
    page = (folder / "report.html").read_text(encoding="utf-8")
    drawn = [chart.id for chart in charts_of(report)]
    charts = {file.stem for file in (folder / "charts").iterdir()}
    assert code == 0
    assert {Path(file).name for file in answer["files"] if "charts" not in file} == FORMS
    assert charts == set(drawn)
    squeezed = "".join(paper.split())
    for sentence in report.summary:
        assert "".join(sentence.split()) in squeezed
        assert sentence in page


def test_another_report_in_the_folder_is_not_overwritten(home: Path, capfd: pytest.CaptureFixture[str]):
    folder = home.parent / "packet"
    folder.mkdir()
    (folder / "report.pdf").write_bytes(b"of another quarter")

    code = run(["report", "2026-Q3", "--to", str(folder)])

    assert code == 2
    assert "report.pdf is there already" in " ".join(capfd.readouterr().err.split())
    assert [file.name for file in folder.iterdir()] == ["report.pdf"]
    assert (folder / "report.pdf").read_bytes() == b"of another quarter"


def test_how_far_it_is_is_told_and_what_is_made_up_is_called_so(home: Path, capfd: pytest.CaptureFixture[str]):
    code = run(["report", "2026-09", "--to", str(home.parent / "packet")])

    said = capfd.readouterr()
    assert code == 0
    assert "SYNTHETIC" in said.out
    assert [line for line in said.err.splitlines() if line.endswith("…")][-2:] == ["The spreadsheet …", "The PDF …"]
