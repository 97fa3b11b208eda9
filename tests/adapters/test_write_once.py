"""What a folder and a bucket both promise: the first file wins, whole or not at all, and no name leads out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from adapters.shelf import AdapterError, Shelf, WriteOnce
from tests.adapters.storage import Storage

Again = Callable[[], WriteOnce]


@pytest.fixture(params=["folder", "bucket"])
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Again:
    """The same place, opened once more, as another process would."""
    if request.param == "folder":
        return lambda: Shelf(tmp_path / "shelf")
    storage: Storage = request.getfixturevalue("storage")
    name = storage.made()
    return lambda: storage.bucket(name)


@pytest.fixture
def shelf(again: Again) -> WriteOnce:
    return again()


class TestWriteOnce:
    def test_the_first_file_under_a_name_stays(self, shelf: WriteOnce, again: Again) -> None:
        first = shelf.put("a/b", b"first")
        second = again().put("a/b", b"second")

        assert (first, second, again().get("a/b")) == (b"first", b"first", b"first")

    def test_a_name_that_is_not_there_has_no_bytes(self, shelf: WriteOnce) -> None:
        assert shelf.get("a/b") is None

    def test_eight_writers_at_once_write_one_file(self, again: Again) -> None:
        start = Barrier(8)

        def write(number: int) -> bytes:
            shelf = again()
            start.wait()
            return shelf.put("a/b", f"{number}".encode() * 5000)

        with ThreadPoolExecutor(8) as threads:
            written = set(threads.map(write, range(8)))

        assert written == {again().get("a/b")}

    @pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../outside", "", ".", "a\0b"])
    def test_no_name_leads_out(self, shelf: WriteOnce, name: str) -> None:
        for refused in (lambda: shelf.put(name, b"x"), lambda: shelf.get(name), lambda: shelf.check(name)):
            with pytest.raises(AdapterError, match="leads out of"):
                refused()

        assert shelf.visible() == []

    @pytest.mark.parametrize(
        "name",
        [
            "Prior Authorizations/2026/11/2026-11-02/Núñez, Ana — SO-1.pdf",
            "Prior Authorizations/אבן, דוד — SO-2.pdf",
            "Prior Authorizations/ﷺ, e\u0301 — SO-3.pdf",
            "a#b%20c&+~[x]{y}'/😀/CON",
        ],
    )
    def test_any_name_of_a_person_comes_back_as_it_was_given(self, shelf: WriteOnce, name: str) -> None:
        shelf.put(name, b"x")

        assert shelf.visible() == [name]
        assert shelf.get(name) == b"x"

    def test_what_fits_a_pattern_is_listed_and_what_people_do_not_see_is_not_visible(self, shelf: WriteOnce) -> None:
        for name in ("drawer/a.pdf", "drawer/deep/b.pdf", ".kept/1/x.json", ".kept/2/y.json", ".kept/2/z.txt", "c.pdf"):
            shelf.put(name, name.encode())

        assert sorted(shelf.names(".kept/*/*.json")) == [".kept/1/x.json", ".kept/2/y.json"]
        assert shelf.names(".kept/2/*.json") == [".kept/2/y.json"]
        assert shelf.names(".kept/3/*.json") == []
        assert sorted(shelf.visible()) == ["c.pdf", "drawer/a.pdf", "drawer/deep/b.pdf"]

    def test_many_files_are_read_in_the_order_of_their_names(self, shelf: WriteOnce) -> None:
        names = [f"many/{number}" for number in range(20)]
        for name in names:
            shelf.put(name, name.encode())

        assert shelf.get_all([*names[::-1], "none"]) == [*(name.encode() for name in names[::-1]), None]
