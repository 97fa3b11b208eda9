"""Write-once files: the first one wins, whole or not at all, and nothing leads out of the folder."""

import fcntl
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep

import pytest

from adapters.shelf import NEIGHBOUR, AdapterError, Shelf
from tests.adapters.samples import ROOT, leftovers_in

FULL_DISK = """
import resource, sys
from pathlib import Path
from adapters.shelf import AdapterError, Shelf
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Shelf(Path(sys.argv[1])).put("day/Nunez, Ana.pdf", b"x" * 100_000)
except AdapterError as error:
    print(error)
"""


def test_the_first_file_under_a_name_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")

    first = shelf.put("a/b", b"first")
    second = shelf.put("a/b", b"second")

    assert (first, second, shelf.get("a/b")) == (b"first", b"first", b"first")
    assert leftovers_in(tmp_path) == []


def test_only_the_owner_can_read_what_is_written(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")

    shelf.put("a/b", b"first")

    modes = [(tmp_path / "shelf" / part).stat().st_mode & 0o777 for part in (".", "a", "a/b")]
    assert modes == [0o700, 0o700, 0o600]


def test_eight_threads_at_once_write_one_file(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    start = Barrier(8)

    def write(number: int) -> bytes:
        start.wait()
        return shelf.put("a/b", f"{number}".encode() * 5000)

    with ThreadPoolExecutor(8) as threads:
        written = set(threads.map(write, range(8)))

    assert written == {shelf.get("a/b")}
    assert leftovers_in(tmp_path) == []


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / f"{NEIGHBOUR}dead").write_bytes(b"half a let")

    Shelf(tmp_path).put("a/b", b"whole")

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_folder_that_nobody_writes_to_again_can_be_tidied(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("a/b", b"whole")
    (tmp_path / "a" / f"{NEIGHBOUR}dead").write_bytes(b"half a let")

    shelf.tidy("a")

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b"]


def test_a_file_is_moved_once_and_whoever_comes_later_is_told(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("a/b", b"whole")
    start = Barrier(8)

    def move(number: int) -> bool:
        start.wait()
        return shelf.move("a/b", f"c/{number}")

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(move, range(8)))

    assert sorted(told) == [False] * 7 + [True]
    assert shelf.get(f"c/{told.index(True)}") == b"whole"
    assert shelf.get("a/b") is None


def test_a_file_is_removed_and_its_absence_is_no_matter(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("a/b", b"whole")

    for _ in range(2):
        shelf.remove("a/b")

    assert shelf.get("a/b") is None


@pytest.mark.parametrize("does", ["move", "remove", "tidy", "alone"])
def test_what_changes_names_is_one_sentence_without_a_name_too(tmp_path: Path, does: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    shelf = Shelf(tmp_path / "file")
    ways: dict[str, Callable[[], object]] = {
        "move": lambda: shelf.move("Núñez/a", "Núñez/b"),
        "remove": lambda: shelf.remove("Núñez/a"),
        "tidy": lambda: shelf.tidy("Núñez"),
        "alone": lambda: shelf.alone("Núñez/a").__enter__(),
    }

    with pytest.raises(AdapterError) as raised:
        ways[does]()

    assert str(raised.value) == f"The folder {tmp_path}/file cannot be written to: Not a directory."


def test_a_lock_keeps_another_out_until_it_is_let_go(tmp_path: Path) -> None:
    inside = 0

    def enter(_: int) -> int:
        nonlocal inside
        with Shelf(tmp_path).alone("a/lock"):
            inside += 1
            seen = inside
            sleep(0.005)
            inside -= 1
        return seen

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(enter, range(8))) == {1}


def test_what_a_living_writer_is_writing_is_left_alone(tmp_path: Path) -> None:
    neighbour = tmp_path / f"{NEIGHBOUR}alive"

    with neighbour.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        Shelf(tmp_path).put("b", b"whole")

    assert neighbour.exists()


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../outside", "", ".", "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    shelf = Shelf(tmp_path / "shelf")

    with pytest.raises(AdapterError, match="leads out of the folder"):
        shelf.put(name, b"x")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_one_sentence_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    shelf = Shelf(tmp_path / "file" / "shelf")

    with pytest.raises(AdapterError) as raised:
        shelf.put("day/Núñez, Ana.pdf", b"x")

    assert str(raised.value) == f"The folder {tmp_path}/file/shelf cannot be written to: Not a directory."
    assert raised.value.__cause__ is None


def test_a_folder_that_cannot_be_read_is_one_sentence_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "Núñez, Ana.pdf").mkdir()

    with pytest.raises(AdapterError) as raised:
        Shelf(tmp_path).get("Núñez, Ana.pdf")

    assert str(raised.value) == f"The folder {tmp_path} cannot be read: Is a directory."


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "shelf")], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert run.stdout.strip() == f"The folder {tmp_path}/shelf cannot be written to: File too large."
    assert [path.name for path in (tmp_path / "shelf").rglob("*")] == ["day"]
