"""The ledger's lines are chained in the transaction that writes them; whatever is done to them later is named."""

import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import Engine, insert, text

from policy.chain import Head, How, hash_of
from policy.chaincheck import CaseChecked, Kind, check
from policy.particulars import StoryEntry
from records import audit, projections
from records.chain import adopt
from records.database import alembic_config, open_engine, upgrade, writing
from records.delegatedledger import DelegatedRecords, DelegatedRegister
from records.errors import RecordsError
from records.ledger import CaseLedger
from records.tables import CASES, LEDGER
from tests.builders import MONDAY
from tests.delegates import a_packet
from tests.records.attacks import attack, write_anew
from tests.records.lives import Life, a_long_life, a_short_life

NUMBER, OTHER = "SO-2026-000001", "SO-2026-000002"
OTHERS = "case_number = 'SO-2026-000001' AND seq = 3"


@pytest.fixture
def heads() -> list[Head]:
    return []


@pytest.fixture
def two_cases(engine: Engine, heads: list[Head]) -> Engine:
    """Two whole lives, every head of which was heard."""
    ledger = CaseLedger(engine, heads.append)
    for life in (a_long_life(NUMBER), a_short_life(OTHER, external_reference="REF-2")):
        for transition in life.transitions:
            ledger.record(transition)
    return engine


def checked(engine: Engine, number: str = NUMBER, anchored: list[Head] | None = None) -> CaseChecked:
    (chain,) = audit.chains(engine, [number])
    return check(*chain, [head for head in anchored or [] if head.case_number == number])


def kinds(found: CaseChecked) -> list[tuple[Kind, int | None]]:
    return [(one.kind, one.line) for one in found.differences]


# -- as it is written


def test_every_line_of_a_whole_life_is_chained(two_cases: Engine, heads: list[Head]):
    found = checked(two_cases, NUMBER, heads)

    assert found.is_unbroken
    assert found.lines == found.position == found.anchored == a_long_life().case.seq
    assert found.later == 0
    assert heads[-1] == Head(OTHER, checked(two_cases, OTHER).position, checked(two_cases, OTHER).hash)


def test_recording_again_and_out_of_order_chains_each_line_once(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    ledger.record(life.transitions[0])

    for transition in random.Random(5).sample(life.transitions, len(life.transitions)) * 2:
        ledger.record(transition)

    found = checked(engine)
    assert found.is_unbroken
    assert found.position == life.case.seq


def test_a_transition_that_is_undone_is_heard_by_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    heard: list[Head] = []

    def broken(_: object) -> list[projections.Row]:
        raise OSError("the machine stops here")

    monkeypatch.setattr(projections, "refusals", broken)
    with pytest.raises(OSError, match="stops"):
        CaseLedger(engine, heard.append).record(Life().transitions[0])

    assert heard == []


def test_sixteen_writers_of_one_case_fork_no_chain(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    copies = life.transitions * 8
    random.Random(3).shuffle(copies)
    ledger.record(life.transitions[0])

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ledger.record, copies))

    found = checked(engine)
    assert found.is_unbroken
    assert found.position == life.case.seq


WRITER = """
import random, sys
from records.database import open_records
from records.ledger import CaseLedger
from tests.records.lives import a_long_life
ledger, life = CaseLedger(open_records(sys.argv[1])), a_long_life()
ledger.record(life.transitions[0])
for transition in random.Random(int(sys.argv[2])).sample(life.transitions, len(life.transitions)):
    ledger.record(transition)
"""


def test_processes_that_write_at_once_fork_no_chain(engine: Engine):
    url = engine.url.render_as_string(hide_password=False)

    writers = [subprocess.Popen([sys.executable, "-c", WRITER, url, str(seed)]) for seed in range(2)]

    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = checked(engine)
    assert found.is_unbroken
    assert found.position == a_long_life().case.seq


def test_the_lines_of_a_delegated_decision_are_chained(engine: Engine):
    number = "DD-2026-000001"
    records = DelegatedRecords(engine)
    DelegatedRegister(engine).enter([a_packet()], MONDAY)

    records.add_late(number, StoryEntry(seq=1, at=MONDAY, event="note", text="Seen.", clause="any"))
    before = checked(engine, number)
    attack(engine, "UPDATE delegated_lines SET text = 'Unseen.'")

    assert (before.is_unbroken, before.position) == (True, 1)
    assert kinds(checked(engine, number)) == [(Kind.CHANGED, 1_000_001)]


def test_the_chain_refuses_to_be_changed_replaced_or_forked(two_cases: Engine):
    replace = "INSERT OR REPLACE" if two_cases.dialect.name == "sqlite" else "INSERT"
    fork = f"{replace} INTO links SELECT case_number, position, seq, how, previous, '' FROM links"

    for statement in ("UPDATE links SET hash = ''", "DELETE FROM links", fork):
        with pytest.raises(RecordsError, match=r"append-only|duplicate"), writing(two_cases) as connection:
            connection.execute(text(statement))

    assert checked(two_cases).is_unbroken


# -- what is done to it


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-11-02 00:00:00.000000+00:00'",
        "event = 'nothing'",
        "text = 'Nothing happened.'",
        "text = ''",
        "actor = 'somebody.else'",
        "clause = 'another'",
        "unsigned = NOT unsigned",
    ],
)
def test_a_column_that_is_changed_is_named_by_its_line(two_cases: Engine, change: str):
    attack(two_cases, f"UPDATE ledger SET {change} WHERE {OTHERS}")

    found = checked(two_cases)

    assert kinds(found) == [(Kind.CHANGED, 3)]
    assert found.differences[0].sentence == f"Case {NUMBER}: line 3 has been changed."
    assert checked(two_cases, OTHER).is_unbroken


def test_a_line_that_is_numbered_anew_is_missing_and_put_in(two_cases: Engine):
    attack(two_cases, f"UPDATE ledger SET seq = 900 WHERE {OTHERS}")

    assert kinds(checked(two_cases)) == [(Kind.MISSING, 3), (Kind.INSERTED, 900)]


def test_a_line_that_is_moved_to_another_case_is_missing_and_put_in(two_cases: Engine):
    attack(two_cases, f"UPDATE ledger SET case_number = '{OTHER}', seq = 900 WHERE {OTHERS}")

    assert kinds(checked(two_cases)) == [(Kind.MISSING, 3)]
    assert kinds(checked(two_cases, OTHER)) == [(Kind.INSERTED, 900)]


@pytest.mark.parametrize("rubbish", ["x'ff00ff'", "x'00'", "42"])
def test_rubbish_in_a_column_is_a_change_and_stops_no_audit(two_cases: Engine, rubbish: str):
    if two_cases.dialect.name != "sqlite":
        pytest.skip("only SQLite takes anything in any column")
    for column in ("at", "text", "unsigned"):
        attack(two_cases, f"UPDATE ledger SET {column} = {rubbish} WHERE {OTHERS}")

    assert kinds(checked(two_cases)) == [(Kind.CHANGED, 3)]


def test_rubbish_in_the_chain_itself_stops_no_audit_either(two_cases: Engine):
    if two_cases.dialect.name != "sqlite":
        pytest.skip("only SQLite takes anything in any column")
    attack(two_cases, f"UPDATE links SET position = 'x', seq = x'ff', how = x'ff', hash = x'ff' WHERE {OTHERS}")

    assert not checked(two_cases).is_unbroken


def test_a_line_that_is_taken_out_is_missing(two_cases: Engine):
    attack(two_cases, f"DELETE FROM ledger WHERE {OTHERS}")

    assert kinds(checked(two_cases)) == [(Kind.MISSING, 3)]


def test_a_line_that_is_taken_out_with_its_link_is_missing(two_cases: Engine):
    attack(two_cases, *(f"DELETE FROM {table} WHERE {OTHERS}" for table in ("ledger", "links")))

    found = checked(two_cases)

    assert kinds(found) == [(Kind.MISSING, 4)]
    assert "link 3 is missing before line 4" in found.differences[0].sentence


def test_a_gap_that_is_closed_by_new_positions_shows_all_the_same(two_cases: Engine):
    last = "DELETE FROM links WHERE case_number = 'SO-2026-000001' AND position > 4"
    attack(two_cases, *(f"DELETE FROM {table} WHERE {OTHERS}" for table in ("ledger", "links")), last)
    attack(two_cases, "UPDATE links SET position = 3 WHERE case_number = 'SO-2026-000001' AND position = 4")

    assert {Kind.OUT_OF_ORDER, Kind.CHANGED} <= {kind for kind, _ in kinds(checked(two_cases))}


def test_the_first_lines_cannot_go_either(two_cases: Engine):
    some = "case_number = 'SO-2026-000001' AND seq <= 2"
    attack(two_cases, *(f"DELETE FROM {table} WHERE {some}" for table in ("ledger", "links")))

    assert kinds(checked(two_cases)) == [(Kind.MISSING, 3)]


def test_the_newest_lines_that_are_cut_off_are_known_to_the_anchor_alone(two_cases: Engine, heads: list[Head]):
    last = a_long_life().case.seq
    some = f"case_number = 'SO-2026-000001' AND seq > {last - 5}"
    attack(two_cases, *(f"DELETE FROM {table} WHERE {some}" for table in ("ledger", "links")))

    assert checked(two_cases).is_unbroken, "the chain alone cannot know it"
    found = checked(two_cases, NUMBER, heads)
    assert kinds(found) == [(Kind.CUT_OFF, None)]
    assert f"{last} are anchored, {last - 5} are there" in found.differences[0].sentence


def test_a_case_that_is_gone_is_known_to_the_anchor(two_cases: Engine, heads: list[Head]):
    tables = ("ledger", "links", "refusals", "tasks", "clocks", "notices", "documents")
    attack(two_cases, *(f"DELETE FROM {table} WHERE case_number = '{NUMBER}'" for table in tables))
    attack(two_cases, *(f"DELETE FROM {table} WHERE number = '{NUMBER}'" for table in ("case_facts", "cases")))

    assert [chain.case_number for chain in audit.chains(two_cases, also=[NUMBER])] == [NUMBER, OTHER]
    assert kinds(checked(two_cases, NUMBER, heads)) == [(Kind.CUT_OFF, None)]


def test_a_chain_that_is_taken_away_leaves_its_lines_to_say_so(two_cases: Engine):
    attack(two_cases, f"DELETE FROM links WHERE case_number = '{NUMBER}'")

    assert kinds(checked(two_cases)) == [(Kind.MISSING, None)]


@pytest.mark.parametrize("seq", [0, 500])
def test_a_line_that_is_put_in_is_in_no_link(two_cases: Engine, seq: int):
    attack(
        two_cases,
        f"INSERT INTO ledger SELECT case_number, {seq}, at, event, text, actor, clause, unsigned "
        f"FROM ledger WHERE {OTHERS}",
    )

    assert kinds(checked(two_cases)) == [(Kind.INSERTED, seq)]


def test_two_lines_that_change_places_are_out_of_order(two_cases: Engine):
    one, other = "case_number = 'SO-2026-000001' AND seq = ", "UPDATE ledger SET seq = "
    attack(two_cases, f"{other}999 WHERE {one}3", f"{other}3 WHERE {one}5", f"{other}5 WHERE {one}999")

    found = checked(two_cases)

    assert kinds(found) == [(Kind.OUT_OF_ORDER, 3)]
    assert "lines 3 and 5 have changed places" in found.differences[0].sentence


def test_two_links_that_change_places_do_not_follow_each_other(two_cases: Engine):
    one, other = "case_number = 'SO-2026-000001' AND position = ", "UPDATE links SET position = "
    attack(two_cases, f"{other}999 WHERE {one}3", f"{other}3 WHERE {one}4", f"{other}4 WHERE {one}999")

    assert {kind for kind, _ in kinds(checked(two_cases))} == {Kind.OUT_OF_ORDER, Kind.CHANGED}


def test_a_line_with_a_hash_of_its_own_making_fits_its_neighbour_no_more(two_cases: Engine):
    attack(two_cases, f"UPDATE ledger SET text = 'Nothing.' WHERE {OTHERS}")
    (chain,) = audit.chains(two_cases, [NUMBER])
    link, line = chain.links[2], chain.lines[2]
    made = hash_of(link.previous, link.position, link.how, line)
    attack(two_cases, f"UPDATE links SET hash = '{made}' WHERE {OTHERS}")

    found = checked(two_cases)

    assert kinds(found) == [(Kind.OUT_OF_ORDER, 4)]
    assert "line 4 does not follow line 3" in found.differences[0].sentence


def test_a_chain_that_is_written_anew_is_known_to_the_anchor_alone(two_cases: Engine, heads: list[Head]):
    attack(two_cases, f"UPDATE ledger SET text = 'Nothing.' WHERE {OTHERS}")
    write_anew(two_cases, NUMBER)

    assert checked(two_cases).is_unbroken, "the chain alone cannot know it"
    assert kinds(checked(two_cases, NUMBER, heads)) == [(Kind.REWRITTEN, None)]
    assert checked(two_cases, OTHER, heads).is_unbroken


def test_a_line_that_is_linked_twice_is_a_fork(two_cases: Engine):
    attack(
        two_cases,
        f"INSERT INTO links SELECT case_number, position + 500, seq, how, previous, hash FROM links WHERE {OTHERS}",
    )

    assert (Kind.FORKED, 3) in kinds(checked(two_cases))


def test_anything_done_to_a_link_shows(two_cases: Engine):
    for change in ("seq = 900", "how = 'migrated'", "previous = 'ab'", "hash = 'ab'"):
        with writing(two_cases) as connection:
            before = connection.execute(text(f"SELECT * FROM links WHERE {OTHERS}")).one()
        attack(two_cases, f"UPDATE links SET {change} WHERE {OTHERS}")
        assert not checked(two_cases).is_unbroken, change
        where = "case_number = :case_number AND position = :position"
        attack(
            two_cases,
            f"UPDATE links SET seq = :seq, how = :how, previous = :previous, hash = :hash WHERE {where}",
            **before._mapping,
        )
        assert checked(two_cases).is_unbroken


# -- from before there were chains


@pytest.fixture
def written_before(url: str) -> Callable[[int], Engine]:
    """Records of revision 0009 with so many cases of three lines, brought to the newest revision."""

    def made(cases: int) -> Engine:
        engine = open_engine(url)
        first = Life().transitions[0]
        assert first.request
        with writing(engine) as connection:
            command.upgrade(alembic_config(connection), "0009")
            for number in (f"SO-2026-{n:06}" for n in range(1, cases + 1)):
                row = projections.opening(first, first.request) | {"number": number}
                connection.execute(insert(CASES), [row])
                line = projections.lines(first)[0] | {"case_number": number}
                connection.execute(insert(LEDGER), [line | {"seq": seq} for seq in (1, 2, 1_000_001)])
        upgrade(engine)
        return engine

    return made


def test_what_was_written_before_is_chained_as_it_is(written_before: Callable[[int], Engine]):
    engine = written_before(700)  # more lines than are chained at once

    found = [check(*chain, ()) for chain in audit.chains(engine)]

    assert len(found) == 700
    assert all(one.is_unbroken and (one.lines, one.position, one.later) == (3, 3, 3) for one in found)
    engine.dispose()


def test_a_case_from_before_goes_on_in_its_chain(written_before: Callable[[int], Engine]):
    engine = written_before(1)

    for transition in a_short_life().transitions:
        CaseLedger(engine).record(transition)

    found = checked(engine)
    assert found.is_unbroken
    assert found.later == 3
    assert found.position == found.lines > 3
    engine.dispose()


def test_what_an_older_worker_writes_is_named_until_somebody_adopts_it(two_cases: Engine):
    line = projections.lines(Life(NUMBER).transitions[0])[0] | {"seq": 700}
    with writing(two_cases) as connection:
        connection.execute(insert(LEDGER), [line])
    before = kinds(checked(two_cases))
    heard: list[Head] = []

    count = adopt(two_cases, NUMBER, heard.append)

    after = checked(two_cases, NUMBER, heard)
    assert (before, count) == ([(Kind.INSERTED, 700)], 1)
    assert (after.is_unbroken, after.later, after.anchored) == (True, 1, after.position)
    (chain,) = audit.chains(two_cases, [NUMBER])
    assert chain.links[-1].how == How.ADOPTED
    assert adopt(two_cases, NUMBER) == 0


def test_nobody_adopts_lines_of_a_case_that_is_not_there(engine: Engine):
    with pytest.raises(RecordsError, match="Case SO-1 is not in the records"):
        adopt(engine, "SO-1")
