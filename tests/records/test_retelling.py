"""The ledgers are read beside the rows and the requests, number by number, on every database alike."""

from datetime import timedelta

from sqlalchemy import Engine, insert, select, update

from policy.delegatecase import receive_packet
from policy.delegatetransition import between as between_packets
from policy.report.delegateretold import delegated_differences
from policy.report.period import parsed
from policy.report.reconciling import differences, request_differences, row_differences
from policy.third_opinion import own_case
from policy.transition import between
from records import retelling
from records.database import writing
from records.delegatedledger import DelegatedRecords, DelegatedRegister
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASE_FACTS, LEDGER
from tests.builders import MONDAY
from tests.delegates import COPIED, a_packet
from tests.records.lives import a_long_life, a_short_life
from tests.wiring.test_reportverify import differing

QUARTER = parsed("2026-Q4")


def test_a_case_is_read_with_its_row_its_request_and_its_lines(engine: Engine):
    register, ledger = IntakeRegister(engine), CaseLedger(engine)
    differs, third = differing(), own_case(differing().case)
    for life in (differs, a_short_life("SO-2026-000002", external_reference="REF-2"), a_long_life("SO-2026-000003")):
        register.reserve(life.case.request, MONDAY)
        for transition in life.transitions:
            ledger.record(transition)
    ledger.record(between(None, third, MONDAY))

    found = {both.number: both for both in retelling.cases(engine, QUARTER.begins)}

    assert list(found) == ["SO-2026-000001", "SO-2026-000001-3", "SO-2026-000002", "SO-2026-000003"]
    assert [both.is_request for both in found.values()] == [True, False, True, True]
    for both in found.values():
        assert list(differences(both.fact, both.told, QUARTER)) == []
        assert both.fact
        assert both.row
        assert list(row_differences(both.fact, both.row)) == []
        if both.is_request:
            assert both.came
            assert list(request_differences(both.fact, both.came)) == []
            assert both.came.questioned
            assert both.came.reasons


def test_a_request_whose_story_has_not_begun_is_no_case_yet(engine: Engine):
    IntakeRegister(engine).reserve(a_short_life().case.request, MONDAY)

    assert list(retelling.cases(engine, QUARTER.begins)) == []


def test_what_was_over_before_is_not_read_and_what_one_side_hides_the_other_shows(engine: Engine):
    lives = [a_short_life(f"SO-2026-00000{n}", external_reference=f"REF-{n}") for n in (1, 2, 3)]
    for life in lives:
        for transition in life.transitions:
            CaseLedger(engine).record(transition)
    later, lines = MONDAY + timedelta(days=1000), LEDGER.c
    with writing(engine) as connection:
        connection.execute(
            update(CASE_FACTS).where(CASE_FACTS.c.number == lives[2].case.number).values(reported_at=later)
        )
        last = select(LEDGER).where(lines.case_number == lives[1].case.number).order_by(lines.seq.desc())
        line = dict(connection.execute(last).mappings().first() or {})
        connection.execute(insert(LEDGER).values({**line, "seq": line["seq"] + 1, "at": later}))

    found = [both.number for both in retelling.cases(engine, later - timedelta(days=90))]

    assert found == [lives[1].case.number, lives[2].case.number]


def test_a_packet_is_read_by_its_rows_and_by_its_lines(engine: Engine):
    packets = [a_packet(external_reference="A"), a_packet(external_reference="B", record_attachment=None)]
    for entered, packet in zip(DelegatedRegister(engine).enter(packets, COPIED), packets, strict=True):
        case = receive_packet(entered.number, packet, COPIED, match=entered.match)
        DelegatedRecords(engine).record(between_packets(None, case, COPIED))

    found = list(retelling.delegated(engine, QUARTER))
    earlier = list(retelling.delegated(engine, parsed("2026-Q3")))

    assert [both.number for both in found] == ["DD-2026-000001", "DD-2026-000002"]
    assert [list(delegated_differences(both.fact, both.told)) for both in found] == [[], []]
    assert [both.fact for both in earlier] == [None, None]
