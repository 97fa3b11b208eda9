"""Records and anchor together: what is recorded is anchored, what is cut off or restored is named."""

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest

from policy.chain import Head
from policy.chaincheck import Kind
from records.database import writing
from records.ledger import CaseLedger
from tests.records.attacks import attack, write_anew
from tests.records.lives import Life, a_long_life, a_short_life
from wiring.anchoring import Anchorage, catch_up, open_anchors
from wiring.auditing import Report, audited, audited_case, export
from wiring.keys import VaultError
from wiring.settings import Settings
from wiring.world import World, open_world

NUMBER, OTHER = "SO-2026-000001", "SO-2026-000002"
NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)  # Monday 2026-11-23, 10:00 in Los Angeles


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "var")


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    opened = open_world(settings)
    yield opened
    opened.records.dispose()


def live(world: World, *lives: Life) -> None:
    for life in lives:
        for transition in life.transitions:
            world.ledger.record(transition)


def report(world: World) -> Report:
    return audited(world.records, world.anchorage.anchors, NOW)


def kinds(found: Report) -> list[tuple[str, Kind]]:
    return [(one.case_number, one.kind) for one in found.differences]


def two_lives() -> tuple[Life, Life]:
    return a_long_life(NUMBER), a_short_life(OTHER, external_reference="REF-2")


def cut_off(world: World, keep: int) -> None:
    some = f"case_number = '{NUMBER}' AND seq > {keep}"
    attack(world.records, *(f"DELETE FROM {table} WHERE {some}" for table in ("ledger", "links")))


def test_what_a_process_records_is_anchored_a_moment_later(world: World):
    live(world, *two_lives())

    deadline = monotonic() + 20
    while report(world).waiting and monotonic() < deadline:
        sleep(0.1)

    found = report(world)
    assert (found.waiting, found.differences, found.cases) == (0, (), 2)
    assert found.lines == sum(life.case.seq for life in two_lives())


def test_the_thread_that_anchors_ends_when_there_is_nothing_to_do_and_begins_again(world: World):
    anchorage = Anchorage(world.anchorage.anchors, delay=0.01)

    for position in (1, 2):
        anchorage.hear(Head(NUMBER, position, "ab" * 32))
        deadline = monotonic() + 20
        while anchorage._thread is not None and monotonic() < deadline:
            sleep(0.01)

    assert anchorage._thread is None
    assert world.anchorage.anchors.read().latest == {NUMBER: 2}


def test_what_cannot_be_anchored_waits_and_is_anchored_when_it_can(world: World, settings: Settings):
    anchorage = Anchorage(world.anchorage.anchors, delay=3600)
    settings.keys_folder.mkdir(parents=True)
    key = settings.keys_folder / "anchor.key"
    key.write_text("short")
    key.chmod(0o600)
    settings.anchors_folder.mkdir()
    (settings.anchors_folder / "anchor.log").touch()
    anchorage.hear(Head(NUMBER, 1, "ab" * 32))

    with pytest.raises(VaultError, match="does not hold 32 bytes"):
        anchorage.flush()
    key.unlink()
    anchorage.flush()

    assert world.anchorage.anchors.read().latest == {NUMBER: 1}


def test_a_key_that_others_can_read_is_not_used(world: World, settings: Settings):
    live(world, a_short_life())
    world.anchorage.flush()
    (settings.keys_folder / "anchor.key").chmod(0o644)

    with pytest.raises(VaultError, match=r"Others can read the key file .* chmod 600"):
        report(world)


def test_lines_that_nobody_has_anchored_for_an_hour_are_an_alarm(world: World):
    live(world, *two_lives())

    found = audited(world.records, world.anchorage.anchors, two_lives()[0].now + timedelta(days=1))

    assert kinds(found) == [("", Kind.NOT_ANCHORED)]
    assert "2 cases have lines that no anchor holds" in found.differences[0].sentence


def test_the_newest_lines_that_are_cut_off_are_named(world: World):
    live(world, *two_lives())
    world.anchorage.flush()

    cut_off(world, keep=10)

    assert kinds(report(world)) == [(NUMBER, Kind.CUT_OFF)]


def test_a_cut_stays_known_when_the_case_goes_on_and_the_anchor_is_caught_up(world: World, caplog):
    life = a_long_life(NUMBER)
    live(world, life)
    world.anchorage.flush()
    cut_off(world, keep=5)

    for transition in life.transitions:  # lines are written anew, by the same code, until the chain is as long
        world.ledger.record(transition)
    world.anchorage.flush()
    life.now += timedelta(days=1)
    catch_up(world.records, world.anchorage.anchors, NOW, longest=0)
    same_lines = report(world)
    attack(world.records, f"UPDATE ledger SET text = 'Nothing.' WHERE case_number = '{NUMBER}' AND seq = 6")
    write_anew(world.records, NUMBER)
    catch_up(world.records, world.anchorage.anchors, NOW, longest=0)

    assert kinds(same_lines) == [], "the same lines in the same order are the same chain"
    assert kinds(report(world)) == [(NUMBER, Kind.REWRITTEN)]
    assert ("audit.broken", NUMBER, 1) in [(r.message, getattr(r, "case", ""), r.count) for r in caplog.records]


def test_an_anchor_that_is_ahead_is_never_drawn_back(world: World):
    life = a_long_life(NUMBER)
    live(world, life)
    world.anchorage.flush()
    cut_off(world, keep=5)
    late = Life(NUMBER)
    late.be_refused()
    (refused,) = late.case.refusals

    world.ledger.refuse_late(NUMBER, refused)  # the chain goes on from the cut
    world.anchorage.flush()
    catch_up(world.records, world.anchorage.anchors, NOW)

    assert kinds(report(world)) == [(NUMBER, Kind.CUT_OFF)]


def test_a_whole_case_that_is_gone_is_named(world: World):
    live(world, *two_lives())
    world.anchorage.flush()

    tables = ("ledger", "links", "refusals", "tasks", "clocks", "notices", "documents")
    attack(world.records, *(f"DELETE FROM {table} WHERE case_number = '{NUMBER}'" for table in tables))
    attack(world.records, *(f"DELETE FROM {table} WHERE number = '{NUMBER}'" for table in ("case_facts", "cases")))

    assert kinds(report(world)) == [(NUMBER, Kind.CUT_OFF)]


def test_older_records_that_are_restored_are_named(world: World, settings: Settings, tmp_path: Path):
    life = a_long_life(NUMBER)
    for transition in life.transitions[:4]:
        world.ledger.record(transition)
    world.anchorage.flush()
    with writing(world.records) as connection:
        connection.exec_driver_sql("SELECT 1")
    backup = tmp_path / "backup.db"
    with world.records.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql(f"VACUUM INTO '{backup}'")
    live(world, life)
    world.anchorage.flush()

    world.records.dispose()
    for file in settings.home.glob("records.db*"):
        file.unlink()
    shutil.copy(backup, settings.home / "records.db")
    restored = open_world(settings)

    assert kinds(report(restored)) == [(NUMBER, Kind.CUT_OFF)]
    restored.records.dispose()


def test_an_anchor_that_was_tampered_with_is_named_and_not_caught_up(world: World, caplog):
    live(world, a_short_life(NUMBER))
    world.anchorage.flush()
    path = world.anchorage.anchors.path
    path.write_bytes(path.read_bytes().replace(NUMBER.encode(), OTHER.encode()))

    found = report(world)
    caught = catch_up(world.records, world.anchorage.anchors, NOW)

    assert ("", Kind.ANCHOR) in kinds(found)
    assert caught == 0
    assert ("audit.anchor_wrong", 1) in [(r.message, getattr(r, "count", 0)) for r in caplog.records]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.records.lives import a_long_life
from wiring.settings import Settings
from wiring.world import open_world
world = open_world(Settings(home=Path(sys.argv[1])))
for transition in a_long_life().transitions:
    world.ledger.record(transition)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_has_committed_is_anchored_by_the_next_worker(settings: Settings):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(settings.home)], env=environment, check=False)
    world = open_world(settings)
    before = audited_case(world.records, world.anchorage.anchors, NUMBER, a_long_life().now)

    caught = catch_up(world.records, world.anchorage.anchors, NOW)

    assert killed.returncode == -signal.SIGKILL
    assert before.differences == ()
    assert caught == (before.checked.anchored < before.checked.position)
    found = report(world)
    assert (found.differences, found.waiting) == ((), 0)
    assert catch_up(world.records, world.anchorage.anchors, NOW) == 0
    world.records.dispose()


def test_catching_up_makes_a_long_anchor_short_and_believes_it_still(world: World):
    life = a_long_life(NUMBER)
    for transition in life.transitions:
        world.ledger.record(transition)
        world.anchorage.flush()
    before = world.anchorage.anchors.path.stat().st_size

    catch_up(world.records, world.anchorage.anchors, NOW, longest=100)

    assert world.anchorage.anchors.path.stat().st_size < before / 5
    assert (report(world).differences, report(world).waiting) == ((), 0)


def test_a_case_for_a_page_says_how_far_it_is_anchored(world: World, settings: Settings):
    live(world, a_short_life(NUMBER))
    unanchored = audited_case(world.records, open_anchors(settings), NUMBER, NOW)
    world.anchorage.flush()

    found = audited_case(world.records, open_anchors(settings), NUMBER, NOW)

    assert unanchored.is_late
    assert not found.is_late
    assert found.checked.anchored == found.checked.position == a_short_life().case.seq


def test_no_health_information_is_anchored_or_told(world: World, caplog):
    caplog.set_level(logging.DEBUG)
    live(world, a_long_life(NUMBER))
    world.anchorage.flush()
    cut_off(world, keep=5)
    attack(world.records, f"UPDATE ledger SET text = 'Núñez' WHERE case_number = '{NUMBER}' AND seq = 2")

    said = report(world).model_dump_json() + world.anchorage.anchors.path.read_text() + caplog.text

    assert "Núñez" not in said
    assert "orthopedic" not in said


# -- exported


def test_an_export_holds_lines_chain_and_anchor_and_its_own_recipe_verifies_it(world: World, tmp_path: Path):
    live(world, *two_lives())
    world.anchorage.flush()

    lines = export(world.records, world.anchorage.anchors, tmp_path / "all.zip")

    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        packed.extractall(tmp_path)
        rows = [json.loads(line) for line in packed.read("ledger.jsonl").decode().splitlines()]
    ran = subprocess.run([sys.executable, "verify.py"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ran.stdout == f"{lines} lines are as they were recorded\n"
    assert len(rows) == lines == sum(life.case.seq for life in two_lives())
    assert (tmp_path / "all.zip").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("change", ["text = 'x'", "at = '2026-11-02 00:00:00.000000'", "unsigned = NOT unsigned"])
def test_the_recipe_of_an_export_notices_what_was_changed(world: World, tmp_path: Path, change: str):
    live(world, *two_lives())
    attack(world.records, f"UPDATE ledger SET {change} WHERE case_number = '{NUMBER}' AND seq = 3")

    export(world.records, world.anchorage.anchors, tmp_path / "one.zip", [NUMBER])

    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        packed.extractall(tmp_path)
    ran = subprocess.run([sys.executable, "verify.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, f"{NUMBER}: line 3 is not as it was recorded\n")


def test_the_same_records_give_the_same_bytes(world: World, tmp_path: Path):
    live(world, *two_lives())
    world.anchorage.flush()

    for name in ("one", "two"):
        export(world.records, world.anchorage.anchors, tmp_path / f"{name}.zip", [NUMBER])

    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        assert OTHER not in packed.read("ledger.jsonl").decode() + packed.read("anchor.jsonl").decode()


def test_an_export_overwrites_nothing_and_leaves_no_piece(world: World, tmp_path: Path):
    (tmp_path / "all.zip").write_text("mine")

    with pytest.raises(FileExistsError):
        export(world.records, world.anchorage.anchors, tmp_path / "all.zip")

    assert (tmp_path / "all.zip").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".all")] == []


def test_an_unheard_ledger_anchors_nothing(world: World):
    CaseLedger(world.records).record(Life().transitions[0])

    world.anchorage.flush()

    assert not world.anchorage.anchors.path.exists()
