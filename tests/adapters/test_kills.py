"""What is killed at any moment and repeated on another day has happened exactly once, and nothing is torn."""

import hashlib
import io
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader

from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.mhc import MhcFolder
from policy.dispatch import Delivery
from policy.particulars import Filing
from tests.adapters import kill_at_every_step
from tests.adapters.samples import ROOT, files_in, leftovers_in
from tests.builders import MONDAY

FEWEST_STEPS = 5


def kill(kind: str, folder: Path) -> list[str]:
    """The answers of the repetitions, one for each kill; the folder of each is its number."""
    script = [sys.executable, str(Path(kill_at_every_step.__file__)), kind, str(folder)]
    run = subprocess.run(script, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)})
    assert (run.returncode, run.stderr) == (0, "")
    answers = [line.partition(" ")[2] for line in run.stdout.splitlines()]
    assert len(answers) >= FEWEST_STEPS
    return answers


def is_whole(pdf: bytes) -> bool:
    return len(PdfReader(io.BytesIO(pdf), strict=True).pages) > 0


def test_a_letter_killed_at_any_step_leaves_once(tmp_path: Path) -> None:
    for step, answer in enumerate(kill("letter", tmp_path), 1):
        folder = tmp_path / f"{step:03}"
        delivery = Delivery.model_validate_json(answer)
        pdf = Outbox(folder).path_of(delivery.document).read_bytes()

        assert files_in(folder) == [delivery.document]
        assert leftovers_in(folder) == []
        assert delivery.sha256 == hashlib.sha256(pdf).hexdigest()
        assert is_whole(pdf)


def test_a_packet_killed_at_any_step_is_filed_once(tmp_path: Path) -> None:
    for step, answer in enumerate(kill("packet", tmp_path), 1):
        folder = tmp_path / f"{step:03}"
        filing = Filing.model_validate_json(answer)
        cabinet = FilingCabinet(folder / "cabinet", Outbox(folder / "outbox"), DocumentStore(folder / "documents"))
        pdf = cabinet.path_of(filing).read_bytes()

        assert files_in(folder / "cabinet") == [filing.path]
        assert [line.filing for line in cabinet.register()] == [filing]
        assert (filing.sha256, filing.pages) == (hashlib.sha256(pdf).hexdigest(), len(PdfReader(io.BytesIO(pdf)).pages))
        assert is_whole(pdf)


def test_a_row_killed_at_any_step_is_there_once(tmp_path: Path) -> None:
    for step, _ in enumerate(kill("row", tmp_path), 1):
        folder = tmp_path / f"{step:03}"
        [name] = files_in(folder)

        rows = [row for day in (2, 3) for row in MhcFolder(folder).rows(MONDAY.date().replace(day=day))]
        assert len(rows) == 1
        assert (folder / name).read_bytes().count(b"\n") == 2
