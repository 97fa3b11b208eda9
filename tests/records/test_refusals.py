"""What was refused is kept beside its line in the ledger, also when it came after the story had ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from policy.complaints import FieldError
from policy.particulars import RefusedAction, StoryEntry
from records import queries
from records.errors import RecordsError
from records.ledger import CaseLedger
from records.rows import CaseFile, RefusalRow
from tests.builders import CASE_MANAGER, MONDAY, a_request
from tests.records.lives import Life, a_long_life, a_short_life

FIELDS = (FieldError(field="findings", problem='Ñ: "quoted" \\ \x00'), FieldError(field="(whole)", problem=""))


def record_all(ledger: CaseLedger, *lives: Life) -> None:
    for life in lives:
        for transition in life.transitions:
            ledger.record(transition)


def file_of(engine: Engine, life: Life) -> CaseFile:
    found = queries.case(engine, life.case.number)
    assert found
    return found


def too_late(**changes: Any) -> RefusedAction:
    given = {
        "at": MONDAY + timedelta(days=60),
        "action": "add_comment",
        "action_id": "late-1",
        "actor": CASE_MANAGER.id,
        "reason": "the case is closed",
        "clause": "P1",
        "fields": FIELDS,
        "size": 512,
        "digest": "ab" * 32,
    }
    return RefusedAction(**{**given, **changes})


def as_row(case_number: str, refused: RefusedAction) -> RefusalRow:
    return RefusalRow(case_number=case_number, **dict(refused))


def test_a_refused_action_is_kept_with_the_number_of_its_line(engine: Engine, ledger: CaseLedger):
    life = a_long_life()

    record_all(ledger, life)

    kept = file_of(engine, life)
    (refused,) = life.case.refusals
    assert kept.refusals == (as_row(life.case.number, refused),)
    (line,) = (line for line in kept.ledger if line.event == "action:refused")
    assert line.seq == refused.seq


def test_a_refusal_that_is_recorded_again_is_there_once(engine: Engine, ledger: CaseLedger):
    life = a_long_life()

    record_all(ledger, life, life)

    assert len(queries.refusals(engine)) == 1


def test_every_field_of_a_refusal_comes_back(engine: Engine, ledger: CaseLedger):
    life = Life()
    seq = life.case.seq + 1
    refused = too_late(seq=seq, at=life.now, size=10**30)
    life.become(life.case.but(refusals=(refused,)).tell(life.now, "action:refused", "add_comment: no"))

    record_all(ledger, life)

    assert queries.refusals(engine) == [as_row(life.case.number, refused).model_copy(update={"size": 2**63 - 1})]


def test_refusals_come_newest_first_of_one_case_or_of_all(engine: Engine, ledger: CaseLedger):
    first, second = Life("SO-2026-000001"), Life("SO-2026-000002", a_request(external_reference="R2"))
    first.be_refused()
    second.now += timedelta(minutes=5)
    for life in (second, first):
        life.be_refused()
    record_all(ledger, first, second)

    found = [(row.case_number[-1], row.at) for row in queries.refusals(engine)]
    of_the_first = [row.at for row in queries.refusals(engine, "SO-2026-000001")]
    second_page = queries.refusals(engine, limit=1, offset=1)

    assert found == [
        ("1", first.now),
        ("2", second.now),
        ("1", first.case.refusals[0].at),
    ]
    assert of_the_first == [first.now, first.case.refusals[0].at]
    assert [row.at for row in second_page] == [second.now]
    assert queries.refusals(engine, "SO-2026-000009") == []


def test_a_line_that_nobody_signed_for_says_so(engine: Engine, ledger: CaseLedger):
    life = Life()
    line = StoryEntry(seq=life.case.seq + 1, at=life.now, event="case:commented", text="Hm.", actor="x", unsigned=True)
    life.become(life.case.but(story=(*life.case.story, line), seq=line.seq))

    record_all(ledger, life)

    *signed, last = file_of(engine, life).ledger
    assert last.unsigned
    assert not any(line.unsigned for line in signed)


def test_a_late_action_is_a_line_of_its_own_a_refusal_and_a_count(engine: Engine, ledger: CaseLedger):
    life = a_short_life()
    record_all(ledger, life)
    before = file_of(engine, life)

    seq = ledger.refuse_late(life.case.number, too_late(seq=3))

    after = file_of(engine, life)
    assert seq == 1_000_001
    assert after.refusals == (as_row(life.case.number, too_late(seq=seq)),)
    assert after.ledger[:-1] == before.ledger
    assert after.ledger[-1].model_dump(exclude={"case_number", "at"}) == {
        "seq": seq,
        "event": "action:refused",
        "text": "add_comment: the case is closed",
        "actor": CASE_MANAGER.id,
        "clause": "P1",
        "unsigned": False,
    }
    assert after.case == before.case.model_copy(update={"refused_count": 1})


def test_the_same_late_action_sent_again_is_the_first_one(engine: Engine, ledger: CaseLedger):
    life = a_short_life()
    record_all(ledger, life)
    first = ledger.refuse_late(life.case.number, too_late())
    once = file_of(engine, life)

    again = ledger.refuse_late(life.case.number, too_late(at=MONDAY + timedelta(days=61)))

    assert again == first
    assert file_of(engine, life) == once


@pytest.mark.parametrize(
    "changes", [{"action_id": "late-2"}, {"digest": "cd" * 32}], ids=["another id", "other content"]
)
def test_another_late_action_is_the_next_line(engine: Engine, ledger: CaseLedger, changes: dict[str, str]):
    life = a_short_life()
    record_all(ledger, life)
    ledger.refuse_late(life.case.number, too_late())

    seq = ledger.refuse_late(life.case.number, too_late(**changes))

    assert seq == 1_000_002
    assert file_of(engine, life).case.refused_count == 2


def test_late_actions_without_an_id_are_all_kept(engine: Engine, ledger: CaseLedger):
    life = a_short_life()
    record_all(ledger, life)

    numbers = [ledger.refuse_late(life.case.number, too_late(action_id="")) for _ in range(3)]

    assert numbers == [1_000_001, 1_000_002, 1_000_003]
    assert [row.seq for row in file_of(engine, life).refusals] == numbers


def test_each_case_numbers_its_own_late_actions(engine: Engine, ledger: CaseLedger):
    one, other = a_short_life("SO-2026-000001"), a_short_life("SO-2026-000002", external_reference="R2")
    record_all(ledger, one, other)

    numbers = [ledger.refuse_late(life.case.number, too_late()) for life in (one, other)]

    assert numbers == [1_000_001, 1_000_001]
    assert len(queries.refusals(engine)) == 2


def test_a_late_action_of_an_unknown_case_is_an_error_that_says_so(engine: Engine, ledger: CaseLedger):
    with pytest.raises(RecordsError, match=r"Case SO-2026-000009 is not in the records: nothing can be refused"):
        ledger.refuse_late("SO-2026-000009", too_late())

    assert queries.refusals(engine) == []


def test_a_story_told_again_takes_no_late_lines_number_and_keeps_its_count(engine: Engine, ledger: CaseLedger):
    life = a_long_life()
    record_all(ledger, life)
    ledger.refuse_late(life.case.number, too_late())
    before = file_of(engine, life)

    record_all(ledger, life)
    life.become(life.case.tell(life.now, "case:told", "After a reset"))
    ledger.record(life.transitions[-1])

    after = file_of(engine, life)
    assert [line.seq for line in after.ledger] == [*range(1, life.case.seq + 1), 1_000_001]
    assert before.case.refused_count == after.case.refused_count == 2
    assert after.case.revision == life.case.seq


def test_sixteen_doors_that_refuse_the_same_write_one_line_and_others_one_each(engine: Engine, ledger: CaseLedger):
    life = a_short_life()
    record_all(ledger, life)
    sent = [too_late(action_id=f"late-{n % 8}") for n in range(32)]

    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(lambda refused: ledger.refuse_late(life.case.number, refused), sent))

    kept = file_of(engine, life)
    assert sorted(set(numbers)) == [row.seq for row in kept.refusals] == list(range(1_000_001, 1_000_009))
    assert kept.case.refused_count == 8
