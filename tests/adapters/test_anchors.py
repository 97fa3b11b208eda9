"""The anchor's file: what it holds, what it notices of itself, and what survives a kill or two writers."""

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.anchors import Anchors
from adapters.shelf import AdapterError
from policy.chain import Head

MONDAY = datetime(2026, 11, 2, 18, tzinfo=UTC)
ONE, TWO = Head("SO-2026-000001", 3, "ab" * 32), Head("SO-2026-000002", 5, "cd" * 32)


class Vault:
    """A key that is made when it is first asked for."""

    def __init__(self) -> None:
        self.made = False

    def key(self) -> bytes:
        self.made = True
        return b"k" * 32


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def anchors(tmp_path: Path, vault: Vault) -> Anchors:
    return Anchors(tmp_path / "anchors", vault.key, lambda: vault.made)


def test_what_is_appended_is_read(anchors: Anchors):
    anchors.append([ONE, TWO], MONDAY)
    anchors.append([ONE._replace(position=7)], MONDAY)

    held = anchors.read()

    assert held.heads == {ONE.case_number: (ONE, ONE._replace(position=7)), TWO.case_number: (TWO,)}
    assert held.latest == {ONE.case_number: 7, TWO.case_number: 5}
    assert (held.at, held.wrong) == (MONDAY, ())


def test_where_nothing_was_anchored_nothing_is_wrong(anchors: Anchors):
    held = anchors.read()

    assert (held.exists, held.heads, held.wrong) == (False, {}, ())


def test_only_its_owner_may_read_it(anchors: Anchors):
    anchors.append([ONE], MONDAY)

    assert stat.S_IMODE(anchors.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(anchors.folder.stat().st_mode) == 0o700


def test_it_holds_numbers_positions_and_hashes_alone(anchors: Anchors):
    anchors.append([ONE], MONDAY)

    (line,) = anchors.path.read_text().splitlines()

    assert json.loads(line[65:]) == {"at": "2026-11-02T18:00:00+00:00", "heads": [list(ONE)]}


@pytest.mark.parametrize("line", [0, 1, 2])
@pytest.mark.parametrize("column", [0, 30, 70, 100, -2])
def test_a_byte_that_is_changed_is_noticed(anchors: Anchors, line: int, column: int):
    for position in (1, 2, 3):
        anchors.append([ONE._replace(position=position)], MONDAY)
    lines = [bytearray(one) for one in anchors.path.read_bytes().splitlines(keepends=True)]
    lines[line][column] ^= 1
    anchors.path.write_bytes(b"".join(lines))

    held = anchors.read()

    assert f"its line {line + 1} does not fit" in held.wrong[0]


def test_a_line_that_is_taken_out_or_moved_is_noticed(anchors: Anchors):
    for position in (1, 2, 3):
        anchors.append([ONE._replace(position=position)], MONDAY)
    one, two, three = anchors.path.read_bytes().splitlines(keepends=True)

    for left in (two + three, one + three, two + one + three, one + one + two + three):
        anchors.path.write_bytes(left)
        assert anchors.read().wrong


def test_another_key_is_believed_in_nothing(anchors: Anchors):
    anchors.append([ONE], MONDAY)

    held = Anchors(anchors.folder, lambda: b"other" * 8, lambda: True).read()

    assert held.heads == {}
    assert held.wrong


def test_an_anchor_that_is_gone_is_missed_and_not_begun_anew(anchors: Anchors):
    anchors.append([ONE], MONDAY)
    anchors.path.unlink()

    assert "is gone" in anchors.read().wrong[0]
    with pytest.raises(AdapterError, match=r"is gone\. Bring it back from its copy"):
        anchors.append([TWO], MONDAY)
    assert not anchors.path.exists()


def test_a_key_that_is_gone_is_missed_and_not_made_anew(anchors: Anchors, vault: Vault):
    anchors.append([ONE], MONDAY)
    vault.made = False

    assert "key of the anchor is gone" in anchors.read().wrong[0]
    with pytest.raises(AdapterError, match=r"key of the anchor .* is gone"):
        anchors.append([TWO], MONDAY)
    assert not vault.made


@pytest.mark.parametrize("left", [1, 64, 80, -1])
def test_the_piece_of_a_line_that_a_killed_writer_left_is_no_tampering(anchors: Anchors, left: int):
    anchors.append([ONE], MONDAY)
    whole = anchors.path.read_bytes()
    anchors.append([TWO], MONDAY)
    anchors.path.write_bytes(anchors.path.read_bytes()[: len(whole) + left if left > 0 else left])

    before = anchors.read()
    anchors.append([TWO._replace(position=6)], MONDAY)
    after = anchors.read()

    assert (before.wrong, before.latest) == ((), {ONE.case_number: 3})
    assert (after.wrong, after.latest) == ((), {ONE.case_number: 3, TWO.case_number: 6})


def test_many_heads_go_into_several_lines(anchors: Anchors):
    anchors.append([Head(f"SO-2026-{n:06}", n, "ab" * 32) for n in range(1, 1201)], MONDAY)

    held = anchors.read()

    assert len(anchors.path.read_bytes().splitlines()) == 3
    assert (len(held.heads), held.wrong) == (1200, ())


def test_a_long_anchor_is_made_short_and_keeps_the_highest_of_each_case(anchors: Anchors):
    for position in (1, 2, 3):
        anchors.append([ONE._replace(position=position), TWO], MONDAY)

    done = anchors.compact(anchors.read(), MONDAY)
    anchors.append([ONE._replace(position=4)], MONDAY)

    held = anchors.read()
    assert done
    assert (held.latest, held.wrong) == ({ONE.case_number: 4, TWO.case_number: 5}, ())
    assert len(held.heads[ONE.case_number]) == 2


def test_an_anchor_that_has_grown_since_it_was_read_is_not_made_short(anchors: Anchors):
    anchors.append([ONE], MONDAY)
    read = anchors.read()
    anchors.append([TWO], MONDAY)

    assert not anchors.compact(read, MONDAY)
    assert anchors.read().latest == {ONE.case_number: 3, TWO.case_number: 5}


def test_a_folder_that_cannot_be_used_is_a_sentence(tmp_path: Path, vault: Vault):
    (tmp_path / "anchors").write_text("in the way")

    with pytest.raises(AdapterError, match="cannot be"):
        Anchors(tmp_path / "anchors", vault.key, lambda: vault.made).append([ONE], MONDAY)


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from adapters.anchors import Anchors
from policy.chain import Head
anchors = Anchors(Path(sys.argv[1]), lambda: b"k" * 32, lambda: (Path(sys.argv[1]) / "anchor.log").exists())
for position in range(1, 41):
    anchors.append([Head(sys.argv[2], position, "ab" * 32)], datetime(2026, 11, 2, 18, tzinfo=UTC))
"""


def test_processes_that_write_at_once_mix_no_lines(anchors: Anchors, vault: Vault):
    vault.made = True
    anchors.folder.mkdir()
    anchors.path.touch()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(anchors.folder), f"SO-{n}"], env=environment)
        for n in range(3)
    ]

    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    held = anchors.read()
    assert held.wrong == ()
    assert {case: len(heads) for case, heads in held.heads.items()} == {"SO-0": 40, "SO-1": 40, "SO-2": 40}
