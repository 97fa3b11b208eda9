"""The doctor: each thing is broken on purpose, and the check that looks at it says so, and how to mend it."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event

from adapters import typesetter
from cli.doctor import examine
from records.database import open_records, writing
from records.errors import RecordsError
from tests.ports import free_port
from wiring import checktemporal, checkworld
from wiring.checks import Check, Health, ok, run_checks
from wiring.checktemporal import THERE, drifted
from wiring.checkworld import HERE
from wiring.devserver import embedded_server
from wiring.keys import open_vault
from wiring.observing import QueueSight
from wiring.settings import Settings
from wiring.temporal import connect
from workflows import CASES
from workflows.inspection import SEARCH_ATTRIBUTES

MONDAY = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)  # Monday 2026-11-02, 9:00 in Los Angeles
OK, WARNING, FAILED = Health


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    made = Settings(home=tmp_path / "var", grpc_port=free_port(), ui_port=free_port(), synchronous="normal")
    open_records(made.records_url).dispose()
    return made


async def looked(settings: Settings, now: datetime = MONDAY) -> dict[str, Check]:
    """What is found on this side, by name."""
    return {check.name: check for check in await run_checks(settings, now, HERE, ())}


async def asked(settings: Settings) -> dict[str, Check]:
    """What is found in Temporal, by name."""
    return {check.name: check for check in await run_checks(settings, datetime.now(UTC), (), THERE)}


async def test_a_sound_house_has_nothing_to_mend(settings):
    found = await looked(settings)

    assert {check.health for check in found.values()} == {OK}
    assert not [check for check in found.values() if check.mend]
    assert {
        "records",
        "records: soundness",
        "records: durability",
        "calendars",
        "edition",
        "typesetting",
    } <= found.keys()


async def test_records_that_nobody_has_made_are_not_made_by_looking(tmp_path):
    settings = Settings(home=tmp_path / "var")

    found = await looked(settings)

    assert found["records"].health is WARNING
    assert not (tmp_path / "var").exists()


async def test_records_of_an_older_version_say_so(settings):
    engine = open_records(settings.records_url)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0008'")
    engine.dispose()

    found = await looked(settings)

    assert found["records"].health is FAILED
    assert "at revision 0008" in found["records"].seen
    assert found["records: soundness"].health is OK


async def test_damaged_records_are_found(settings):
    file = settings.home / "records.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.stat().st_size
    with file.open("r+b") as records:
        records.seek(size // 2)
        records.write(os.urandom(size // 3))

    found = await looked(settings)

    troubled = [check for name, check in found.items() if name.startswith("records") and check.health is FAILED]
    assert troubled
    assert any("damaged" in check.seen for check in troubled)
    assert found["typesetting"].health is OK


async def test_records_that_may_be_lost_with_the_power_are_found(settings, monkeypatch):
    careless = create_engine(settings.records_url)
    event.listen(careless, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    monkeypatch.setattr(checkworld, "open_engine", lambda _: careless)

    found = await looked(settings)

    assert found["records: durability"].health is FAILED
    assert "synchronous 0" in found["records: durability"].seen


async def test_a_database_server_that_is_away_fails_without_its_password(settings):
    away = settings.model_copy(update={"database_url": f"postgresql://u:hush@127.0.0.1:{free_port()}/x"})

    found = await looked(away)

    assert found["records"].health is FAILED
    assert "127.0.0.1" in found["records"].seen
    assert "hush" not in str(found)


@pytest.mark.parametrize(
    ("now", "health"),
    [(datetime(2030, 3, 4, 17, 0, tzinfo=UTC), WARNING), (datetime(2031, 3, 3, 17, 0, tzinfo=UTC), FAILED)],
    ids=["Monday 2030-03-04", "Monday 2031-03-03"],
)
async def test_closed_days_that_end_are_found(settings, now, health):
    found = await looked(settings, now)

    assert found["calendars"].health is health
    assert str(now.year + 1) in found["calendars"].mend


async def test_a_folder_that_cannot_be_written_is_found(settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    broken = settings.model_copy(update={"cabinet": tmp_path / "file" / "cabinet", "mhc_feed": tmp_path / "file"})

    found = await looked(broken)

    assert found["folder: cabinet"].health is FAILED
    assert found["folder: feed to MHC"].health is FAILED
    assert found["folder: outbox"].health is OK


@pytest.mark.parametrize(("free", "health"), [(50 << 20, FAILED), (500 << 20, WARNING)])
async def test_a_disk_that_is_nearly_full_is_found(settings, monkeypatch, free, health):
    usage = shutil.disk_usage(settings.home)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    found = await looked(settings)

    assert found["folder: home"].health is health


async def test_keys_that_are_not_there_or_end_without_a_root_are_found(settings):
    signing = settings.model_copy(update={"trust": "require"})

    none_yet = await looked(signing)
    vault = open_vault(signing)
    vault.rotate_root(MONDAY)
    there = await looked(signing)
    (settings.home / "keys" / "root.pem").unlink(missing_ok=True)
    for root in (settings.home / "keys").glob("root*.pem"):
        root.unlink()
    gone = await looked(signing)

    assert none_yet["signing keys"].health is WARNING
    assert (there["signing keys"].health, gone["signing keys"].health) == (OK, WARNING)


async def test_a_mail_server_that_does_not_answer_is_a_warning_and_half_of_a_setting_a_failure(settings):
    url = f"smtp://um:hush@127.0.0.1:{free_port()}"
    half = settings.model_copy(update={"smtp_url": type(settings.smtp_url)(url)})
    whole = half.model_copy(update={"mail_from": "um@plan.example"})
    wrong = settings.model_copy(update={"smtp_url": type(settings.smtp_url)("mail.plan.example")})

    found = [(await looked(each))["e-mail"] for each in (half, whole, wrong)]

    assert [check.health for check in found] == [FAILED, WARNING, FAILED]
    assert "hush" not in str(found)


async def test_a_fax_server_without_its_spool_and_a_staff_file_that_cannot_be_read_are_found(settings, tmp_path):
    broken = settings.model_copy(update={"fax_spool": tmp_path / "no-spool", "staff_file": tmp_path / "no-staff.json"})

    found = await looked(broken)

    assert found["fax"].health is FAILED
    assert found["staff"].health is FAILED
    assert "no-staff.json" in found["staff"].seen


async def test_fonts_that_are_gone_are_found(settings, monkeypatch):
    def broken(*_: object) -> bytes:
        raise OSError("no fonts")

    monkeypatch.setattr(typesetter, "_compile", broken)

    found = await looked(settings)

    assert found["typesetting"].health is FAILED
    assert found["records"].health is OK


async def test_a_check_that_hangs_or_breaks_is_named_and_hides_no_other(settings):
    def hangs(*_: object) -> tuple[Check, ...]:
        time.sleep(1)
        return ()

    def breaks(*_: object) -> tuple[Check, ...]:
        raise KeyError("Ana María Núñez")

    def speaks(*_: object) -> tuple[Check, ...]:
        raise RecordsError("The records are away.")

    async def waits(*_: object) -> tuple[Check, ...]:
        await asyncio.sleep(60)
        return ()

    here = (("hangs", hangs), ("breaks", breaks), ("speaks", speaks), ("well", lambda *_: (ok("well", "well"),)))
    began = time.monotonic()

    found = await run_checks(settings, MONDAY, here, (("waits", waits),), within=0.2)

    assert time.monotonic() - began < 0.9
    assert [(check.name, check.health) for check in found] == [
        ("waits", FAILED),
        ("hangs", FAILED),
        ("breaks", FAILED),
        ("speaks", FAILED),
        ("well", OK),
    ]
    assert "Núñez" not in str(found)
    assert found[2].seen == "KeyError"
    assert found[3].seen == "The records are away."


@pytest.mark.parametrize(("seconds", "health"), [(0.1, OK), (-3.0, WARNING), (90.0, FAILED)])
def test_clocks_that_differ_are_found(seconds, health):
    assert drifted("clock", seconds, "Temporal").health is health


async def test_without_a_server_the_doctor_says_how_to_start_one_and_that_the_rest_cannot_be_seen(settings):
    found = await asked(settings)

    assert found["server"].health is FAILED
    assert "second-opinion server" in found["server"].mend
    assert {check.health for name, check in found.items() if name != "server"} == {WARNING}


@pytest.mark.server
async def test_the_server_its_namespace_its_queues_and_what_waits_are_seen(settings):
    async with embedded_server(settings, {}, ui=False) as server:
        bare = await asked(settings)
        client = await connect(settings, server.address.grpc)
        await client.start_workflow("Nobody", id="so-SO-2026-000001", task_queue=CASES)
        for _ in range(20):  # the server counts anew every while
            longer = await asked(settings.model_copy(update={"retention_days": 365}))
            if "one task waits" in longer[f"queue {CASES}"].seen:
                break
            await asyncio.sleep(0.3)
    async with embedded_server(settings, SEARCH_ATTRIBUTES, ui=False):
        whole = await asked(settings)

    assert bare["server"].health is OK
    assert "Temporal 1." in bare["server"].seen
    assert bare["search attributes"].health is FAILED
    assert "CaseStage (Keyword)" in bare["search attributes"].seen
    assert bare[f"queue {CASES}"].health is FAILED
    assert "second-opinion worker" in bare[f"queue {CASES}"].mend
    assert "one task waits" in longer[f"queue {CASES}"].seen
    assert (bare["retention"].health, longer["retention"].health) == (OK, WARNING)
    assert bare["clock of Temporal"].health is OK
    assert bare["stuck cases"].health is OK
    assert bare["schedules"].health is WARNING
    assert "second-opinion committee start" in bare["schedules"].mend  # the last of the two
    assert bare["paused cases"].health is OK
    assert whole["search attributes"].health is OK


async def test_stuck_cases_and_tasks_that_wait_too_long_are_found(monkeypatch):
    async def stuck(*_: object) -> dict[str, str]:
        return {f"SO-2026-{n:06}": "Unknown" for n in range(7)}

    monkeypatch.setattr(checktemporal, "stuck_cases", stuck)
    late = QueueSight(queue=CASES, backlog=3, backlog_age=90, pollers=2, last_poll_age=1)

    (found,) = await checktemporal._stuck(None, None, MONDAY)  # type: ignore[arg-type]
    waits = checktemporal._queue("cases", late)

    assert found.health is FAILED
    assert found.seen.startswith("7: SO-2026-000000")
    assert found.seen.endswith("and others")
    assert waits.health is WARNING


async def test_the_exit_code_and_the_json_answer_say_whether_anything_failed(settings, capsys, monkeypatch):
    monkeypatch.setattr("cli.doctor.THERE", ())
    sound = await examine(settings, json=True)
    answer = json.loads(capsys.readouterr().out)
    broken = await examine(settings.model_copy(update={"staff_file": Path("/no/staff")}), json=False)
    table = capsys.readouterr().out

    assert (sound, broken) == (0, 1)
    assert {check["health"] for check in answer} == {"ok"}
    assert "1 failed" in table


def test_the_command_is_quick_and_ends_with_1_when_there_is_no_server(tmp_path):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TEMPORAL_", "SECOND_OPINION_"))}
    environment |= {"SECOND_OPINION_HOME": str(tmp_path), "SECOND_OPINION_GRPC_PORT": str(free_port())}

    ended = subprocess.run(
        [sys.executable, "-c", "from cli.main import main; main()", "doctor", "--json"],
        env=environment, capture_output=True, text=True, check=False, timeout=60, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert ended.returncode == 1, ended.stderr
    assert json.loads(ended.stdout)[0]["name"] == "server"


def test_every_folder_that_is_written_is_looked_at(settings):
    assert checkworld.folders_of(settings).keys() == {
        "home", "mail", "feed to MHC", "outbox", "cabinet", "documents", "reports", "keys",
    }  # fmt: skip
    assert timedelta(0) < timedelta(seconds=checkworld.SMTP_SECONDS) < timedelta(seconds=3)
