"""``second-opinion audit``: verified, exported, adopted."""

import asyncio
import json
import zipfile
from time import monotonic, sleep

import pytest
from sqlalchemy import insert

from cli.main import run
from cli.serving import anchoring
from records import projections
from records.database import writing
from records.ledger import CaseLedger
from records.tables import LEDGER
from tests.records.attacks import attack
from tests.records.lives import Life, a_short_life
from wiring.settings import read_settings
from wiring.world import open_world

NUMBER = "SO-2026-000001"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path / "var"))
    return tmp_path


@pytest.fixture(autouse=True)
def world():
    opened = open_world(read_settings())
    for transition in a_short_life(NUMBER).transitions:
        opened.ledger.record(transition)
    opened.anchorage.flush()
    yield opened
    opened.records.dispose()


@pytest.fixture
def ask(capsys):
    def asked(*words):
        code = run(["audit", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def test_a_ledger_as_it_was_recorded_is_unbroken(ask):
    code, out, err = ask("verify")

    assert (code, err) == (0, "")
    assert f"{a_short_life().case.seq} lines of 1 cases: unbroken, each since its first line." in out
    assert "Anchored until 20" in out


def test_what_was_changed_is_named_and_what_to_do(world, ask):
    attack(world.records, "UPDATE ledger SET text = 'x' WHERE seq = 2")

    code, out, _ = ask("verify", NUMBER)
    json_code, answer, _ = ask("verify", "--json")

    assert (code, json_code) == (1, 1)
    assert f"changed Case {NUMBER}: line 2 has been changed." in out
    assert "Keep the records and the anchor as they are" in out
    (difference,) = json.loads(answer)["differences"]
    assert (difference["case_number"], difference["line"], difference["kind"]) == (NUMBER, 2, "changed")


def test_a_case_that_was_deleted_can_be_asked_for_by_its_number(world, ask):
    tables = ("ledger", "links", "refusals", "tasks", "clocks", "notices", "documents", "case_facts", "cases")
    attack(world.records, *(f"DELETE FROM {table}" for table in tables))

    code, out, _ = ask("verify", NUMBER.lower())

    assert code == 1
    assert f"Case {NUMBER}: the whole case is gone" in out


def test_a_case_that_never_was_is_not_found(ask):
    code, _, err = ask("verify", "SO-2026-999999")

    assert code == 1
    assert "There is no case SO-2026-999999." in err


def test_a_case_is_exported_and_not_twice_to_one_file(ask, home):
    first = ask("export", NUMBER, "--to", str(home / "case.zip"))
    second = ask("export", "--all", "--to", str(home / "case.zip"))
    neither = ask("export", "--to", str(home / "other.zip"))
    nowhere = ask("export", "--all", "--to", str(home / "none" / "case.zip"))

    assert (first[0], second[0], neither[0], nowhere[0]) == (0, 2, 2, 3)
    assert "is there already, and is not overwritten" in second[2]
    assert "Name a case, or give --all." in neither[2]
    assert "cannot be written" in nowhere[2]
    with zipfile.ZipFile(home / "case.zip") as packed:
        assert packed.namelist() == ["README.txt", "verify.py", "ledger.jsonl", "anchor.jsonl"]


def test_lines_of_an_older_worker_are_adopted(world, ask):
    line = projections.lines(Life(NUMBER).transitions[0])[0] | {"seq": 700}
    with writing(world.records) as connection:
        connection.execute(insert(LEDGER), [line])

    before = ask("verify")[0]
    adopted = ask("adopt", NUMBER)
    after = ask("verify")

    assert (before, adopted[0], after[0]) == (1, 0, 0)
    assert f"{NUMBER}: 1 lines adopted." in adopted[1]
    assert "1 lines were chained after they were written" in after[1]


def anchored_with(world, number):
    """What is anchored, once a case is."""
    deadline = monotonic() + 20
    while number not in world.anchorage.anchors.read().latest and monotonic() < deadline:
        sleep(0.02)
    return world.anchorage.anchors.read().latest


def test_a_worker_anchors_what_others_left_and_at_its_end_what_it_has_recorded(world):
    two = a_short_life("SO-2026-000002", external_reference="REF-2").transitions
    unheard = CaseLedger(world.records)
    for transition in two[:2]:
        unheard.record(transition)

    async def work():
        async with anchoring(world):
            caught_up = await asyncio.to_thread(anchored_with, world, "SO-2026-000002")
            for transition in two[2:]:
                world.ledger.record(transition)
        return caught_up

    caught_up = asyncio.run(work())

    assert caught_up["SO-2026-000002"] == two[1].revision
    assert world.anchorage.anchors.read().latest["SO-2026-000002"] == two[-1].revision
