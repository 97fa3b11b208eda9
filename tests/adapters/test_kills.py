"""What is killed at any moment and repeated on another day has happened exactly once, and nothing is torn."""

import hashlib
import io
import subprocess
import sys
from pathlib import Path

from pypdf import PdfReader

from adapters.batches import PrintBatches
from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from adapters.mhc import MhcFolder
from adapters.shelf import Shelf
from policy.channels import Attempt, Result
from policy.dispatch import Delivery
from policy.particulars import Filing
from tests.adapters import kill_at_every_step
from tests.adapters.carrying import Clock, FaxServer, Mailbox, a_mail_server
from tests.adapters.samples import ROOT, files_in, leftovers_in
from tests.builders import MONDAY

FEWEST_STEPS = 5


def kill(kind: str, folder: Path, *more: str) -> list[str]:
    """The answers of the repetitions, one for each kill; the folder of each is its number."""
    script = [sys.executable, str(Path(kill_at_every_step.__file__)), kind, str(folder), *more]
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
        pdf = (folder / "cabinet" / filing.path).read_bytes()

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


def attempts_of(answer: str) -> list[tuple[str, str]]:
    delivery = Delivery.model_validate_json(answer)
    return [(attempt.channel, attempt.result) for attempt in delivery.attempts]


def test_a_letter_by_print_killed_at_any_step_is_queued_once(tmp_path: Path) -> None:
    for step, answer in enumerate(kill("print", tmp_path), 1):
        folder = tmp_path / f"{step:03}"
        (line,) = PrintBatches(Shelf(folder / "mail"), Outbox(folder / "outbox"), Clock()).waiting()

        assert attempts_of(answer) == [("print", "left")]
        assert Delivery.model_validate_json(answer).sha256 == line.sha256
        assert leftovers_in(folder) == []


def test_a_batch_killed_at_any_step_has_each_letter_once(tmp_path: Path) -> None:
    for step, _ in enumerate(kill("batch", tmp_path), 1):
        folder = tmp_path / f"{step:03}"
        batches = PrintBatches(Shelf(folder / "mail"), Outbox(folder / "outbox"), Clock())
        made = batches.batches()

        assert sorted(line.key[-8:] for batch in made for line in batch.lines) == ["1/member", "2/member"]
        assert batches.waiting() == ()
        assert [batches.verify(batch) for batch in made] == [()] * len(made)
        assert leftovers_in(folder) == []


def test_a_fax_killed_at_any_step_is_one_job(tmp_path: Path) -> None:
    for step, _ in enumerate(kill("fax", tmp_path), 1):
        folder = tmp_path / f"{step:03}"
        server = FaxServer(folder / "spool")

        assert len(server.take()) == 1  # and the server found its PDF, whole
        kill_at_every_step.fax(folder, 2)
        assert server.waiting() == []


def test_a_fax_killed_at_any_step_of_taking_it_back_is_printed_once_and_never_faxed(tmp_path: Path) -> None:
    for step, answer in enumerate(kill("taking_back", tmp_path), 1):
        folder = tmp_path / f"{step:03}"

        assert attempts_of(answer) == [("fax", "failed"), ("print", "left")]
        assert FaxServer(folder / "spool").take() == []
        assert len(PrintBatches(Shelf(folder / "mail"), Outbox(folder / "outbox"), Clock()).waiting()) == 1


def test_an_e_mail_killed_at_any_step_leaves_once_or_again_as_the_same_message(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as port:
        answers = kill("email", tmp_path, str(port))

    twice = []
    for step, answer in enumerate(answers, 1):
        (attempt,) = Delivery.model_validate_json(answer).attempts
        ids = [str(m["Message-ID"]) for m in mailbox.messages if m["To"] == f"step{step:03}@example.org"]
        assert attempt.result is Result.LEFT
        assert set(ids) == {attempt.proof.split()[0]}
        if len(ids) > 1:
            twice.append(step)
            assert len(ids) == 2
            assert not noted(tmp_path / f"{step:03}", before=attempt)
    # Only what was killed between the server's answer and our note goes again, and those steps lie side by side.
    assert twice == list(range(twice[0], twice[0] + len(twice)))
    assert len(twice) < len(answers) / 4


def noted(folder: Path, before: Attempt) -> bool:
    """Whether the outcome was noted before the repetition, whose attempt is the one that stands now."""
    (note,) = folder.rglob("1-ended.json")
    return Attempt.model_validate_json(note.read_bytes()).at < before.at
