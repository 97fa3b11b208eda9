"""What the embedded Temporal server refuses before it starts, each in one sentence that says how to mend it.

And what it does when its program panics.
"""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wiring import devserver
from wiring.devserver import ServerError, embedded_server, running_server
from wiring.serverprocess import find_program
from wiring.settings import Settings

pytestmark = pytest.mark.server

ATTRIBUTES = {"CaseState": "Keyword"}
PANICS = """#!/bin/sh
echo >> "{starts}"
touch temporal.db
if [ "$(wc -l < "{starts}")" -le {panics} ]; then
    printf 'first words\\npanic: nil pointer\\n\\ngoroutine 1\\n%s\\n' 1 2 3 4 5 6 7 8 9
    exit 2
fi
rm temporal.db
exec "{program}" "$@"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return Settings(
            home=tmp_path / "var", grpc_port=one.getsockname()[1], ui_port=other.getsockname()[1], temporal_binary=""
        )


@pytest.mark.parametrize("name", ["grpc_port", "ui_port"])
async def test_a_taken_port_is_named_with_the_variable_that_changes_it(settings: Settings, name: str) -> None:
    port, variable = getattr(settings, name), f"SECOND_OPINION_{name.upper()}"

    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ServerError, match=rf"^Port {port} cannot be used .* set {variable} "),
    ):
        async with embedded_server(settings, ATTRIBUTES):
            pytest.fail("two listen at one port")
    assert not (settings.home / "temporal.db").exists()


async def test_a_missing_program_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ServerError, match=r"neither beside Python nor on PATH.*SECOND_OPINION_TEMPORAL_BINARY\.$"):
        async with embedded_server(settings, ATTRIBUTES):
            pytest.fail("there is no program")


async def test_a_program_that_cannot_be_run_is_an_error_even_when_another_could(
    settings: Settings, tmp_path: Path
) -> None:
    misnamed = settings.model_copy(update={"temporal_binary": str(tmp_path / "temporal")})

    with pytest.raises(ServerError, match=r"SECOND_OPINION_TEMPORAL_BINARY names '.*/temporal', which is not"):
        async with embedded_server(misnamed, ATTRIBUTES):
            pytest.fail("there is no such program")


async def test_a_home_that_cannot_be_written_is_one_sentence(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    impossible = settings.model_copy(update={"home": tmp_path / "file" / "var"})

    with pytest.raises(ServerError, match=r"^The folder .*/file/var cannot be written \(Not a directory\): .*_HOME\.$"):
        async with embedded_server(impossible, ATTRIBUTES):
            pytest.fail("that is not a folder")
    assert running_server(impossible) is None


async def test_a_log_without_its_database_is_never_poured_into_a_new_one(settings: Settings) -> None:
    settings.home.mkdir()
    (settings.home / "temporal.db-wal").write_bytes(b"the last commits of a database")

    with pytest.raises(ServerError, match=r"temporal\.db-wal is there but its temporal\.db is not"):
        async with embedded_server(settings, ATTRIBUTES):
            pytest.fail("an old log, a new database")
    assert (settings.home / "temporal.db-wal").read_bytes() == b"the last commits of a database"


@pytest.fixture
def panicking(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Callable[[int], Path]:
    """Makes the program panic so many times, with half a database made; returns where it counts its starts."""

    def make(panics: int) -> Path:
        program, starts = tmp_path / "temporal", tmp_path / "starts"
        program.write_text(PANICS.format(starts=starts, panics=panics, program=find_program(settings)))
        program.chmod(0o700)
        monkeypatch.setattr(devserver, "find_program", lambda _: program)
        return starts

    return make


async def test_a_server_that_panics_before_it_answers_is_started_again(
    settings: Settings, panicking: Callable[[int], Path]
) -> None:
    starts = panicking(2)

    async with embedded_server(settings, ATTRIBUTES, ui=False) as server:
        assert server.pid

    assert starts.read_text().count("\n") == 4  # two in vain, one that makes the database, one that serves


async def test_a_server_that_always_panics_is_given_up_with_the_panic_s_first_words(
    settings: Settings, panicking: Callable[[int], Path]
) -> None:
    starts = panicking(100)

    with pytest.raises(ServerError, match=r"has ended \(exit code 2\)\. Its log ends:\npanic: nil pointer\n"):
        async with embedded_server(settings, ATTRIBUTES, ui=False):
            pytest.fail("it never answers")

    assert starts.read_text().count("\n") == 3
    assert not (settings.home / "temporal.db").exists()
