"""The packet of every example that ends: it opens, reads in order, and is what the register says. Procedure 9."""

import hashlib
from pathlib import Path

import pytest

from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from policy import filing
from policy.lifecycle import Stage
from policy.particulars import Filing
from tests.packets import read_in_order
from tests.policy.test_examples import STORIES, played

MOST_THAT_WAIT = 8  # examples that end before their packet is filed


def filed(path: Path, folder: Path) -> tuple[FilingCabinet, Filing, filing.Packet] | None:
    """The packet of an example as it is filed, with the letters as they leave; None for one that waits for somebody."""
    documents, outbox = DocumentStore(folder / "documents"), Outbox(folder / "outbox")
    play, _ = played(path, documents)
    if play.case.stage is not Stage.CLOSED:
        return None
    sent = {f"{letter.file_name}.pdf": outbox.post(letter) for letter in play.letters}
    packet = filing.packet(play.case, play.now)
    letters = [sent[name] for name in packet.letters]
    packet = packet.model_copy(
        update={
            "letters": tuple(letter.document for letter in letters),
            "letter_digests": {letter.document: letter.sha256 for letter in letters},
        }
    )
    cabinet = FilingCabinet(folder / "cabinet", outbox, documents)
    return cabinet, cabinet.file(packet), packet


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_packet_of_an_example_opens_and_reads_in_order(path: Path, tmp_path: Path) -> None:
    found = filed(path, tmp_path)
    if found is None:
        return
    cabinet, where, packet = found

    pdf = cabinet.bytes_of(where.path) or b""
    titles = read_in_order(pdf, packet.case_number)

    assert hashlib.sha256(pdf).hexdigest() == where.sha256
    assert len(titles) == 2 + len(packet.letters) + len(packet.attachments)
    assert [line.filing for line in cabinet.register()] == [where]


def test_most_examples_have_a_packet(tmp_path: Path) -> None:
    ended = [path for number, path in enumerate(STORIES) if filed(path, tmp_path / str(number))]

    assert len(ended) >= len(STORIES) - MOST_THAT_WAIT
