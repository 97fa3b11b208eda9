"""Who read a case's history in clear is told in its ledger: once for a while, chained, and beside the story's lines."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from policy.chain import Head
from policy.chaincheck import check
from policy.delegatecase import receive_packet
from policy.delegatetransition import between
from records import audit, queries
from records.delegatedledger import DelegatedRecords, DelegatedRegister
from records.ledger import CaseLedger
from records.readings import READ, HistoryReadings
from records.statements import FIRST_LATE
from tests.builders import CASE_MANAGER, MONDAY
from tests.delegates import a_packet
from tests.records.lives import Life

NUMBER, NOBODYS = "SO-2026-000001", "SO-2026-000099"
MINUTE = timedelta(minutes=1)
OKAFOR: dict[str, Any] = {"by": "sv.okafor"}


@pytest.fixture
def life(ledger: CaseLedger) -> Life:
    """A case that is open, and recorded as far as it has come."""
    begun = Life(NUMBER)
    for transition in begun.transitions:
        ledger.record(transition)
    return begun


@pytest.fixture
def readings(engine: Engine) -> HistoryReadings:
    return HistoryReadings(engine)


def told(engine: Engine) -> list[tuple[str, int]]:
    """Who read the case, and in which minute after Monday's beginning."""
    file = queries.case(engine, NUMBER)
    assert file is not None
    return [(line.actor, (line.at - MONDAY) // MINUTE) for line in file.ledger if line.event == READ]


@pytest.mark.usefixtures("life")
def test_what_a_person_reads_of_a_case_in_five_minutes_is_one_line(engine: Engine, readings: HistoryReadings):
    for minute in (0, 1, 4, 5, 6, 20):
        readings.note({NUMBER}, at=MONDAY + minute * MINUTE, **OKAFOR)
    readings.note({NUMBER}, by="au.silva", at=MONDAY + 4 * MINUTE)

    assert told(engine) == [("sv.okafor", 0), ("sv.okafor", 5), ("sv.okafor", 20), ("au.silva", 4)]


@pytest.mark.usefixtures("life")
def test_what_is_no_case_is_told_apart_and_noted_nowhere(engine: Engine, readings: HistoryReadings):
    found = readings.note({NUMBER, NOBODYS, "", "(shared)"}, at=MONDAY, **OKAFOR)

    assert found == {NUMBER}
    assert readings.note(set(), at=MONDAY, **OKAFOR) == set()
    (chain,) = audit.chains(engine, [NOBODYS])
    assert (chain.lines, chain.links) == ([], [])


def test_the_story_goes_on_beside_it_and_the_chain_is_unbroken(
    engine: Engine, ledger: CaseLedger, life: Life, readings: HistoryReadings
):
    readings.note({NUMBER}, at=MONDAY, **OKAFOR)
    before = len(life.transitions)
    life.act("add_comment", CASE_MANAGER, text="The clinic calls back.")
    for transition in life.transitions[before:]:
        ledger.record(transition)

    file = queries.case(engine, NUMBER)
    (chain,) = audit.chains(engine, [NUMBER])
    assert file is not None
    assert file.case.revision == life.transitions[-1].revision
    assert [line.seq for line in file.ledger if line.seq < FIRST_LATE] == [e.seq for e in life.case.story]
    assert check(*chain, []).differences == ()


def test_a_delegated_decision_has_its_line_in_its_own_ledger(engine: Engine, readings: HistoryReadings):
    (entered,) = DelegatedRegister(engine).enter((a_packet(),), MONDAY)
    case = receive_packet(entered.number, a_packet(), MONDAY, match=entered.match)
    DelegatedRecords(engine).record(between(None, case, MONDAY))

    found = readings.note({entered.number}, at=MONDAY, **OKAFOR)

    (chain,) = audit.chains(engine, [entered.number])
    assert found == {entered.number}
    assert (chain.lines[-1].event, chain.lines[-1].actor, chain.lines[-1].seq) == (READ, "sv.okafor", FIRST_LATE)
    assert check(*chain, []).differences == ()


@pytest.mark.usefixtures("life")
def test_who_is_told_of_heads_hears_of_a_new_line_and_of_no_other(engine: Engine):
    heard: list[Head] = []
    readings = HistoryReadings(engine, heard.append)

    for minute in (0, 1):
        readings.note({NUMBER}, at=MONDAY + minute * MINUTE, **OKAFOR)

    (chain,) = audit.chains(engine, [NUMBER])
    assert [(head.case_number, head.position, head.hash) for head in heard] == [
        (NUMBER, chain.links[-1].position, chain.links[-1].hash)
    ]


@pytest.mark.usefixtures("life")
def test_many_requests_at_once_are_one_line(engine: Engine, readings: HistoryReadings):
    with ThreadPoolExecutor(4) as hands:
        found = list(hands.map(lambda _: readings.note({NUMBER}, at=MONDAY, **OKAFOR), range(12)))

    assert found == [{NUMBER}] * 12
    assert told(engine) == [("sv.okafor", 0)]
