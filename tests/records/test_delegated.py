"""Delegates' packets in the records, on both engines: numbered, matched, recorded, listed, counted. Procedure 10."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from policy.delegateacting import act
from policy.delegateactions import WaiveFinding
from policy.delegatecase import Compliance, DelegatedCase, DelegatedState, receive_packet
from policy.delegated import Delegate, DelegatedPacket, MemberMatch
from policy.delegatefindings import Check, Part, Result, Settled
from policy.delegatelife import closed, code
from policy.delegatescore import Rate, measured, scores
from policy.delegatetransition import between
from policy.particulars import Filing, StoryEntry
from policy.people import Actor, Role
from records import delegated
from records.database import writing
from records.delegated import DelegatedFilter, DelegatedTally
from records.delegatedledger import DelegatedRecords, DelegatedRegister, Registered, ReviewIntake
from records.errors import RecordsError
from records.intake import IntakeRegister
from tests.builders import MONDAY, a_member, a_request
from tests.delegates import COPIED, a_packet, an_approval

SUPERVISOR = Actor(id="sv.okafor", roles=(Role.SUPERVISOR,))


@pytest.fixture
def packets(engine: Engine) -> DelegatedRegister:
    return DelegatedRegister(engine)


@pytest.fixture
def records(engine: Engine) -> DelegatedRecords:
    return DelegatedRecords(engine)


def taken_in(packets: DelegatedRegister, *some: DelegatedPacket) -> list[Registered]:
    return list(packets.enter(some, COPIED))


def recorded(packets: DelegatedRegister, records: DelegatedRecords, packet: DelegatedPacket) -> DelegatedCase:
    (entered,) = taken_in(packets, packet)
    case = receive_packet(entered.number, packet, COPIED, match=entered.match)
    records.record(between(None, case, COPIED))
    return case


def other(reference: str, **changes: Any) -> DelegatedPacket:
    return a_packet(external_reference=reference, **changes)


def test_packets_are_numbered_in_their_order_and_the_same_one_twice_is_one(packets: DelegatedRegister):
    first = taken_in(packets, other("A"), other("B"))
    again = taken_in(packets, other("B"), other("C"))

    assert [one.number for one in first] == ["DD-2026-000001", "DD-2026-000002"]
    assert [(one.number, one.is_new) for one in again] == [("DD-2026-000002", False), ("DD-2026-000003", True)]
    assert again[0].received_at == COPIED


def test_two_delegates_may_use_the_same_reference(packets: DelegatedRegister):
    birch = a_packet(delegate=Delegate(organization="Birch Medical Group"))

    assert len({one.number for one in taken_in(packets, a_packet(), birch)}) == 2


def test_one_that_was_sent_with_other_content_keeps_the_whole_file_out(packets: DelegatedRegister):
    taken_in(packets, other("A"))

    (conflict,) = taken_in(packets, other("B"), other("A", rationale="Another."))

    assert not conflict.same_content
    assert conflict.external_reference == "A"
    assert len(packets.unstarted()) == 1


def test_packets_that_come_at_once_have_numbers_of_their_own(packets: DelegatedRegister):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: taken_in(packets, other(f"R-{n}"))[0].number, range(24)))

    assert len(set(found)) == 24
    assert max(found) == "DD-2026-000024"


def test_a_member_is_matched_with_earlier_requests_and_with_the_rows_before(
    packets: DelegatedRegister, register: IntakeRegister
):
    register.reserve(a_request(), MONDAY)
    changed = {"member": a_member(birth_date="1961-04-05")}

    known, against, new = taken_in(
        packets, other("A"), other("B", **changed), other("C", member=a_member(member_id="X"))
    )
    (later,) = taken_in(packets, other("D", member=a_member(member_id="X")))

    matches = [one.match for one in (known, against, new, later)]
    assert matches == [MemberMatch.MATCHED, MemberMatch.CONFLICT, MemberMatch.UNKNOWN, MemberMatch.MATCHED]


def test_what_waits_comes_back_whole_until_its_story_has_begun(packets: DelegatedRegister, records: DelegatedRecords):
    first, second = taken_in(packets, other("A"), other("B"))

    waiting = packets.unstarted()
    packets.mark_started([first.number], COPIED)
    records.record(between(None, receive_packet(second.number, waiting[1].packet, COPIED), COPIED))

    assert [w.packet for w in waiting] == [other("A"), other("B")]
    assert packets.unstarted() == []


def test_a_transition_is_recorded_once_and_an_older_one_changes_nothing(
    engine: Engine, packets: DelegatedRegister, records: DelegatedRecords
):
    case = recorded(packets, records, a_packet(record_attachment=None))
    waiver = WaiveFinding(
        action_id="a", actor=SUPERVISOR, at=COPIED, check=Check.RECORD_COMPLETE, reason="Seen on paper."
    )
    waived = act(case, waiver, COPIED)

    for _ in range(2):
        records.record(between(case, waived, COPIED))
        records.record(between(None, case, COPIED))

    file = delegated.one(engine, case.number)
    assert file
    assert (file.case.state, file.case.faults, file.case.open_findings) == (DelegatedState.COMPLETE, 0, 0)
    assert [line.seq for line in file.ledger] == list(range(1, waived.seq + 1))
    assert [f.code for f in file.findings] == list(Check)
    assert {f.code: f.settled for f in file.findings}[Check.RECORD_COMPLETE] is Settled.WAIVED


def test_a_case_that_began_without_our_door_is_registered_by_its_first_transition(
    engine: Engine, records: DelegatedRecords
):
    case = receive_packet("DD-2026-000009", a_packet(), COPIED)

    records.record(between(None, case, COPIED))

    assert delegated.find_number(engine, "ALDER-1") == "DD-2026-000009"
    stranger = case.but(number="DD-2026-000010")
    second = between(stranger, stranger.tell(COPIED, "a", "b"), COPIED)
    with pytest.raises(RecordsError, match="DD-2026-000010 is not in the records"):
        records.record(second)


def test_the_lines_are_append_only(engine: Engine, packets: DelegatedRegister, records: DelegatedRecords):
    recorded(packets, records, a_packet())

    for statement in ("UPDATE delegated_lines SET text = ''", "DELETE FROM delegated_lines"):
        with pytest.raises(RecordsError, match="append-only"), writing(engine) as connection:
            connection.execute(text(statement))


def test_lists_show_no_name_unless_asked_and_keep_to_what_was_asked(
    engine: Engine, packets: DelegatedRegister, records: DelegatedRecords
):
    recorded(packets, records, other("A"))
    recorded(packets, records, other("B", record_attachment=None))
    birch = other("C", delegate=Delegate(organization="Birch Medical Group"))
    filed = code(recorded(packets, records, birch), COPIED)
    ended = closed(filed, Filing(path="a/Núñez.pdf", sha256="0" * 64, pages=3, filed_at=COPIED), COPIED)
    records.record(between(filed, ended, COPIED))

    def references(**asked: Any) -> list[str]:
        return sorted(row.external_reference for row in delegated.listed(engine, **asked))

    assert references() == ["A", "B", "C"]
    assert references(with_findings=True) == ["B"]
    assert references(open_only=True) == ["A", "B"]
    assert references(delegate="Birch Medical Group") == ["C"]
    assert references(since=COPIED + timedelta(days=1)) == []
    assert {row.member_family for row in delegated.listed(engine)} == {""}
    assert {row.member_family for row in delegated.listed(engine, with_names=True)} == {"Núñez"}
    assert delegated.filed(engine) == [(ended.number, "a/Núñez.pdf", "0" * 64)]


def test_the_records_count_for_a_score_what_the_rules_count(
    engine: Engine, packets: DelegatedRegister, records: DelegatedRecords
):
    late = an_approval(external_reference="C", provider_notice=None)
    some = (other("A"), other("B", record_attachment=None), late)
    cases = [recorded(packets, records, packet) for packet in some]

    (score,) = scores(delegated.counted(engine))

    by_rule = tuple(measured("Alder IPA", case.packet.decided_at, case.findings) for case in cases)
    assert (score,) == scores(by_rule)
    assert score.packets == Rate(n=3, passed=1)
    assert score.parts[Part.RECORD].passed == score.parts[Part.RECORD].n - 1
    assert sum(f.result is Result.NOT_ASKED for c in cases for f in c.findings) > 0


def test_a_closed_case_takes_a_late_line_and_what_it_was_pulled_up_as(
    engine: Engine, packets: DelegatedRegister, records: DelegatedRecords
):
    case = recorded(packets, records, a_packet())
    review = ReviewIntake(engine, lambda: COPIED)
    request = case.packet.as_request(f"pulled-up:{case.number}")

    numbers = [review.enter(request), review.enter(request)]
    late = StoryEntry(seq=0, at=COPIED, event="delegated:pulled-up", text="Why.", actor="md.chen", clause="P10")
    records.add_late(case.number, late, pulled_up_as=numbers[0])

    file = delegated.one(engine, case.number)
    assert file
    assert numbers == ["SO-2026-000001"] * 2
    assert file.case.pulled_up_as == "SO-2026-000001"
    assert file.ledger[-1].seq > 1_000_000
    assert IntakeRegister(engine).unstarted()[0].request.received_by_delegate_at == case.packet.received_by_delegate_at


def test_a_page_has_what_is_due_soonest_first_and_says_how_many_there_are(
    engine: Engine, packets: DelegatedRegister, records: DelegatedRecords
):
    clear = recorded(packets, records, other("A"))
    open_ = [recorded(packets, records, other(name, record_attachment=None)) for name in "BC"]
    (unchecked,) = taken_in(packets, other("D"))

    first = delegated.page_of(engine, DelegatedFilter(), limit=2)
    rest = delegated.page_of(engine, DelegatedFilter(), offset=2, limit=2)

    assert (first.total, rest.total) == (4, 4)
    assert {row.number for row in first.rows} == {case.number for case in open_}
    assert {row.number for row in rest.rows} == {clear.number, unchecked.number}
    assert not any(row.member_family for row in first.rows)
    assert delegated.page_of(engine, DelegatedFilter(), with_names=True).rows[0].member_family
    assert delegated.page_of(engine, DelegatedFilter(), offset=9).rows == ()


def test_every_filter_leaves_out_what_does_not_fit(
    engine: Engine, packets: DelegatedRegister, records: DelegatedRecords
):
    clear = recorded(packets, records, other("A"))
    birch = Delegate(organization="Birch Medical Group")
    open_ = recorded(packets, records, other("B", record_attachment=None, delegate=birch))
    due = open_.open_clock.due_at if open_.open_clock else COPIED

    def found(**asked: Any) -> list[str]:
        return [row.number for row in delegated.page_of(engine, DelegatedFilter(**asked)).rows]

    assert found(delegate="Birch Medical Group") == [open_.number]
    assert found(state=DelegatedState.COMPLETE) == [clear.number]
    assert found(compliance=Compliance.COMPLIANT) == [clear.number]
    assert found(with_findings=True) == [open_.number]
    assert found(is_open=False) == found(escalated=True) == found(pulled_up=True) == []
    assert found(is_open=True) == [open_.number, clear.number]
    assert found(text="B") == found(text=open_.number) == [open_.number]
    assert found(due_before=due) == []
    assert found(due_before=due + timedelta(seconds=1)) == [open_.number]
    assert delegated.delegates(engine) == ["Alder IPA", "Birch Medical Group"]
    assert delegated.tally(engine) == DelegatedTally(open=2, deficient=1, escalated=0)


def test_of_nothing_there_is_a_tally_too(engine: Engine):
    assert delegated.tally(engine) == DelegatedTally(open=0, deficient=0, escalated=0)
