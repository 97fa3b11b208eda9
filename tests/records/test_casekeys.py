"""The keys of cases in the records, on both engines: one for a workflow, wrapped anew, destroyed for good."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine

from policy.chaincheck import check
from policy.delegatecase import DelegatedState, receive_packet
from policy.delegatetransition import between
from policy.particulars import StoryEntry
from policy.verdict import Refused
from records import audit, queries
from records.casekeys import CaseKeyRecords, WrappedKey
from records.chain import adopt
from records.database import alembic_config, writing
from records.delegated import one
from records.delegatedledger import DelegatedRecords, DelegatedRegister
from records.holds import LegalHolds
from records.ledger import CaseLedger
from tests.builders import MONDAY
from tests.delegates import COPIED, a_packet
from tests.records.lives import Life, a_long_life

NUMBER = "SO-2026-000001"
CASE, OTHER = f"so-{NUMBER}", "so-SO-2026-000002"
LATER = MONDAY + timedelta(days=9)
WHO: dict[str, Any] = {"at": LATER, "by": "ad.moreno", "reason": "Retention ended"}


@pytest.fixture
def keys(engine: Engine) -> CaseKeyRecords:
    return CaseKeyRecords(engine)


def a_key(number: int, workflow: str = CASE, plan_key: str = "pk-1") -> WrappedKey:
    return WrappedKey(
        key_id=f"ck-{number}", workflow_id=workflow, plan_key=plan_key, wrapped=f"w-{number}", made_at=MONDAY
    )


def a_line(event: str) -> StoryEntry:
    return StoryEntry(seq=0, at=LATER, event=event, text="", actor="sv.okafor", clause="")


def closed(ledger: CaseLedger) -> None:
    life = a_long_life(NUMBER)
    for transition in life.transitions:
        ledger.record(transition)


def test_the_first_key_of_a_workflow_stands(keys: CaseKeyRecords):
    with ThreadPoolExecutor(4) as hands:
        kept = list(hands.map(keys.keep, [a_key(number) for number in range(8)]))

    assert len({key.key_id for key in kept}) == 1
    assert keys.of_workflow(CASE) == keys.by_id(kept[0].key_id) == kept[0]
    assert keys.of_workflow(OTHER) is None
    assert keys.by_id("ck-99") is None


def test_keys_are_wrapped_anew_once_and_not_over_what_changed_meanwhile(keys: CaseKeyRecords):
    old = [keys.keep(a_key(number, f"so-{number}")) for number in range(3)]
    new = keys.keep(a_key(9, "so-9", "pk-2"))

    first = keys.wrapped_by_others("pk-2", after="", limit=2)
    changed = keys.wrap_anew([(key, "pk-2", "anew") for key in first])
    again = keys.wrap_anew([(key, "pk-2", "anew") for key in first])

    assert first == old[:2]
    assert (changed, again) == (2, 0)
    assert keys.wrapped_by_others("pk-2", after="", limit=9) == [old[2]]
    assert keys.count() == {"pk-1": 1, "pk-2": 3}
    assert keys.by_id(new.key_id) == new


def test_an_open_case_is_not_shredded(keys: CaseKeyRecords, ledger: CaseLedger):
    ledger.record(Life(NUMBER).transitions[0])
    kept = keys.keep(a_key(1))

    refused = keys.shred(NUMBER, (CASE,), **WHO)

    assert isinstance(refused, Refused)
    assert refused.reason == "the case is open, and could not go on without its key"
    assert keys.of_workflow(CASE) == kept


def test_a_ledger_stays_unbroken_when_its_case_is_shredded(engine: Engine, keys: CaseKeyRecords, ledger: CaseLedger):
    closed(ledger)
    keys.keep(a_key(1))

    keys.shred(NUMBER, (CASE,), **WHO)

    (chain,) = audit.chains(engine, [NUMBER])
    checked = check(*chain, [])
    assert chain.lines[-1].event == "case:shredded"
    assert (checked.differences, checked.position) == ((), len(chain.lines))


def test_a_closed_case_is_shredded_once_with_a_line_in_its_ledger(
    keys: CaseKeyRecords, ledger: CaseLedger, engine: Engine
):
    closed(ledger)
    kept, other = keys.keep(a_key(1)), keys.keep(a_key(2, OTHER))
    holds = LegalHolds(engine)
    holds.place(NUMBER, at=MONDAY, by="sv.okafor", reason="Subpoena")

    held = keys.shred(NUMBER, (CASE,), **WHO)
    holds.lift(NUMBER, 1, at=MONDAY, by="sv.okafor", because="Settled")
    done = [keys.shred(NUMBER, (CASE, f"{CASE}-3"), **WHO) for _ in range(2)]
    found = queries.case(engine, NUMBER)

    assert isinstance(held, Refused)
    assert held.reason == "a legal hold stands on the case: its history is kept as well"
    assert done == [1, 0]
    assert keys.of_workflow(CASE) == kept.model_copy(update={"wrapped": "", "destroyed_at": LATER})
    assert keys.of_workflow(OTHER) == other
    assert keys.keep(a_key(3)).destroyed_at == LATER
    assert keys.wrap_anew([(kept, "pk-2", "anew")]) == 0
    assert found
    assert [(line.actor, line.text) for line in found.ledger if line.event == "case:shredded"] == [
        (
            "ad.moreno",
            "The key of the case's history was destroyed; nobody can read that history again: Retention ended",
        )
    ]
    assert adopt(engine, NUMBER) == 0  # no line lies outside the chain


def test_a_delegated_decision_is_shredded_when_it_is_closed_and_the_plans_own_case_is_not_held(
    keys: CaseKeyRecords, ledger: CaseLedger, engine: Engine
):
    closed(ledger)
    (entered,) = DelegatedRegister(engine).enter([a_packet()], COPIED)
    delegated, workflow = DelegatedRecords(engine), f"so-{entered.number}"
    kept = keys.keep(a_key(1, workflow))
    case = receive_packet(entered.number, a_packet(), COPIED, match=entered.match)
    ended = case.but(closed_at=LATER, state=DelegatedState.CLOSED)
    holds = LegalHolds(engine)

    still_open = keys.shred(entered.number, (workflow,), **WHO)
    delegated.record(between(None, ended, LATER))
    delegated.add_late(entered.number, a_line("delegated:pulled-up"), pulled_up_as=NUMBER)
    holds.place(NUMBER, at=MONDAY, by="sv.okafor", reason="Subpoena")
    held = keys.shred(entered.number, (workflow,), **WHO)
    holds.lift(NUMBER, 1, at=MONDAY, by="sv.okafor", because="Settled")
    done = [keys.shred(entered.number, (workflow,), **WHO) for _ in range(2)]
    found = one(engine, entered.number)

    assert isinstance(still_open, Refused)
    assert isinstance(held, Refused)
    assert (still_open.reason[:16], held.reason[:12]) == ("the case is open", "a legal hold")
    assert done == [1, 0]
    assert keys.of_workflow(workflow) == kept.model_copy(update={"wrapped": "", "destroyed_at": LATER})
    assert found
    assert [line.event for line in found.ledger][-2:] == ["delegated:pulled-up", "case:shredded"]
    assert adopt(engine, entered.number) == 0


def test_the_migration_is_not_undone_while_there_is_a_key(keys: CaseKeyRecords, engine: Engine):
    kept = keys.keep(a_key(1))

    with pytest.raises(RuntimeError, match="There are keys of cases"), writing(engine) as connection:
        command.downgrade(alembic_config(connection), "0009")

    assert keys.of_workflow(CASE) == kept
