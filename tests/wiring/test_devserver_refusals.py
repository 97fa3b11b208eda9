"""What the embedded Temporal server refuses before it starts, each in one sentence that says how to mend it."""

import socket
import sys
from pathlib import Path

import pytest

from wiring.devserver import ServerError, embedded_server, running_server
from wiring.settings import Settings

pytestmark = pytest.mark.server

ATTRIBUTES = {"CaseState": "Keyword"}


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
