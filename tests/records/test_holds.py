"""Legal holds in the records, on SQLite and on PostgreSQL."""

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Engine

from records.database import alembic_config, writing
from records.errors import RecordsError
from records.holds import LegalHolds
from records.ledger import CaseLedger
from tests.builders import MONDAY
from tests.records.lives import Life

NUMBER = "SO-2026-000001"
LATER = MONDAY + timedelta(days=9)


@pytest.fixture
def holds(engine: Engine, ledger: CaseLedger) -> LegalHolds:
    ledger.record(Life(NUMBER).transitions[0])
    return LegalHolds(engine)


def test_holds_are_numbered_and_each_is_lifted_once(holds: LegalHolds):
    first = holds.place(NUMBER, at=MONDAY, by="sv.okafor", reason="Subpoena")
    second = holds.place(NUMBER, at=MONDAY, by="au.silva", reason="Audit")

    lifted = [holds.lift(NUMBER, 1, at=LATER, by="ad.moreno", because="Settled") for _ in range(2)]

    assert (first.number, second.number, lifted) == (1, 2, [True, False])
    assert holds.standing() == {NUMBER: [second]}
    assert holds.of(NUMBER) == [
        first.model_copy(update={"lifted_at": LATER, "lifted_by": "ad.moreno", "lifted_because": "Settled"}),
        second,
    ]


def test_only_a_case_of_the_records_can_be_held(holds: LegalHolds):
    with pytest.raises(RecordsError, match="SO-9 is not in the records: it cannot be held"):
        holds.place("SO-9", at=MONDAY, by="sv.okafor", reason="Subpoena")

    assert holds.standing() == {}
    assert not holds.lift("SO-9", 1, at=LATER, by="sv.okafor", because="Settled")


def test_the_migration_is_not_undone_while_there_is_a_hold(holds: LegalHolds, engine: Engine):
    placed = holds.place(NUMBER, at=MONDAY, by="sv.okafor", reason="Subpoena")

    with pytest.raises(RuntimeError, match="There are legal holds"), writing(engine) as connection:
        command.downgrade(alembic_config(connection), "0005")

    assert holds.of(NUMBER) == [placed]
