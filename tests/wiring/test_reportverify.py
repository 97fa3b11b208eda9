"""Real cases, third opinions, reopened ones and delegates' packets: each counts once, and what is altered is found."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, delete, text, update

from policy.case import Case
from policy.delegateacting import act as act_on_packet
from policy.delegateactions import DelegatedAction, SupplementCopy, WaiveFinding
from policy.delegatecase import DelegatedCase, receive_packet
from policy.delegated import DeciderRole, DelegatedPacket, MemberMatch
from policy.delegatefindings import Check, Part
from policy.delegatelife import code
from policy.delegatetransition import between as between_packets
from policy.people import Actor, Role
from policy.report.period import parsed
from policy.report.shape import CommitteeReport, Difference, Reconciliation
from policy.request import LineOfBusiness
from policy.third_opinion import brought_home, own_case, taken_in
from policy.transition import between
from records.database import open_records, writing
from records.delegatedledger import DelegatedRecords, DelegatedRegister
from records.intake import IntakeRegister
from records.ledger import CaseLedger
from records.tables import CASE_FACTS, DELEGATED_CASES, DELEGATED_FINDINGS, INTAKE
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_first_opinion, a_report, a_request, plan_physician
from tests.delegates import COPIED, RECORD, a_decider, a_packet, an_approval
from tests.policy.steps import DENIAL, DESIGNEE
from tests.records.lives import HOUR, Life, a_long_life, a_short_life
from tests.reporting.made import AS_OF
from wiring.reports import compiled
from wiring.reportverify import numbers, reconciled

QUARTER = parsed("2026-Q4")
STAFF = {actor.id: actor.npi for actor in (CMO, DESIGNEE)}
SUPERVISOR = Actor(id="sv.okafor", roles=(Role.SUPERVISOR,))
LATE = MONDAY + timedelta(days=150)  # Thursday 2027-04-01, in another quarter
APPROVAL: dict[str, Any] = {"outcome": "approved", "because": "grievance", "rationale": "The record shows the need."}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_records(f"sqlite:///{tmp_path / 'records.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def house(engine: Engine) -> "House":
    return House(engine)


class House:
    """Records into which lives are told, and a report of what is in them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._register, self._ledger = IntakeRegister(engine), CaseLedger(engine)
        self._packets, self._delegated = DelegatedRegister(engine), DelegatedRecords(engine)

    def takes(self, *lives: Life) -> None:
        for life in lives:
            place = self._register.reserve(life.case.request, MONDAY)
            assert place.case_number == life.case.number
            for transition in life.transitions:
                self._ledger.record(transition)

    def takes_third(self, *values: Case) -> None:
        """A third opinion's own case, value by value."""
        for before, after in zip((None, *values), values, strict=False):
            self._ledger.record(between(before, after, after.story[-1].at))

    def takes_packet(
        self, packet: DelegatedPacket, *actions: DelegatedAction, match: MemberMatch | None = None
    ) -> DelegatedCase:
        (entered,) = self._packets.enter([packet], COPIED)
        case = receive_packet(entered.number, packet, COPIED, match=match or entered.match)
        values = [case]
        for action in actions:
            case = act_on_packet(case, action, action.at)
            assert not case.refusals
            values.append(case)
        values.append(code(case, COPIED + HOUR * 9))
        for before, after in zip((None, *values), values, strict=False):
            self._delegated.record(between_packets(before, after, COPIED))
        return values[-1]

    def report(self, period: str = "2026-Q4") -> tuple[CommitteeReport, Reconciliation]:
        report = reconciled(self.engine, compiled(self.engine, parsed(period), AS_OF), AS_OF, staff=STAFF)
        assert report.reconciliation
        return report, report.reconciliation

    def finds(self) -> tuple[Difference, ...]:
        return self.report()[1].differences


def differing() -> Life:
    """A Medicare case whose second physician advises against the surgery: its third opinion has a case of its own."""
    first = a_first_opinion(recommends=True)
    life = Life("SO-2026-000001", a_request(line=LineOfBusiness.MEDICARE_ADVANTAGE, first_opinion=first))
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("determine", CMO, outcome="approved", rationale="Needed.")
    life.act("place_opinion", CASE_MANAGER, **plan_physician())
    life.act("receive_report", CASE_MANAGER, **a_report(recommends=False))
    return life


def third_of(life: Life) -> tuple[Case, ...]:
    """Its third opinion's own case, from the opening to the report, which agrees with the first opinion."""
    own = Life(life.case.number)
    own.case, own.now = own_case(life.case), life.now
    own.cases = [own.case]
    own.act("place_opinion", CASE_MANAGER, **plan_physician("1992999890"))
    own.act("receive_report", CASE_MANAGER, **a_report(recommends=True))
    return tuple(own.cases)


def reopened(at: timedelta = HOUR) -> Life:
    """Denied and closed; then a grievance is upheld, and the second opinion is given after all."""
    life = a_short_life()
    life.now += at
    life.act("change_determination", DESIGNEE, **APPROVAL)
    life.send_letters()
    life.act("place_opinion", CASE_MANAGER, **plan_physician())
    life.act("receive_report", CASE_MANAGER, **a_report())
    life.send_letters()
    life.close()
    return life


def counted(report: CommitteeReport, table: str, column: str, row: str = "all") -> int:
    cell = report.table(table).cell(row, column)
    return cell.share.part if cell.share else cell.count or 0


# -- each request counts once


def test_a_third_opinions_own_case_is_no_request_and_counts_as_a_third_opinion(house: House):
    life = differing()
    third = third_of(life)
    home = taken_in(life.case, brought_home(third[-1]), third[-1].story[-1].at + HOUR)
    life.become(home)
    house.takes(life)
    house.takes_third(*third)

    report, result = house.report()

    assert result.differences == ()
    assert (report.cases, result.cases) == (1, 1)
    for table in ("requests-by-line", "requests-by-requester", "requests-by-reason", "requests-by-ppg"):
        assert counted(report, table, "received") == 1, table
    assert counted(report, "outcomes-by-line", "answered") == 1
    assert counted(report, "outcomes-by-category", "decided") == 1
    assert counted(report, "placement-by-tier", "placed") == 1
    assert counted(report, "concordance", "differ-on-surgery") == 1
    assert counted(report, "third-opinions", "opened") == 1
    assert counted(report, "third-opinions", "first") == 1
    assert sum(p.share.of for p in report.over_time[0].quarters) == 1
    assert numbers(house.engine, QUARTER) == ["SO-2026-000001"]


def test_a_third_opinions_own_case_that_is_made_a_request_is_found(house: House):
    life = differing()
    house.takes(life)
    house.takes_third(*third_of(life))
    with writing(house.engine) as connection:
        connection.execute(update(CASE_FACTS).where(CASE_FACTS.c.number.endswith("-3")).values(third_of=""))

    found = house.finds()

    assert ("SO-2026-000001-3", "is_request") in {(one.case_number, one.field) for one in found}
    assert "requests-by-line, all" in {one.figure for one in found}


def test_a_reopened_case_counts_once_by_its_first_determination(house: House):
    house.takes(reopened())

    report, result = house.report()

    assert result.differences == ()
    assert report.cases == 1
    ended = {column: counted(report, "outcomes-by-line", column) for column in ("answered", "approved", "denied")}
    assert ended == {"answered": 1, "approved": 0, "denied": 1}
    assert counted(report, "outcomes-by-line", "overturned") == 1
    assert counted(report, "outcomes-by-category", "decided") == 1
    assert counted(report, "decision-times", "decided") == 1


def test_a_case_that_is_reopened_in_another_quarter_is_decided_in_neither_twice(house: House):
    house.takes(reopened(at=LATE - MONDAY))

    first, second = house.report("2026-Q4"), house.report("2027-Q2")

    assert (first[1].differences, second[1].differences) == ((), ())
    assert [counted(r, "outcomes-by-line", "answered") for r, _ in (first, second)] == [1, 0]
    assert [counted(r, "requests-by-line", "received") for r, _ in (first, second)] == [1, 0]
    assert [counted(r, "placement-by-tier", "placed") for r, _ in (first, second)] == [0, 1]


# -- physicians


@pytest.fixture
def decided(house: House) -> House:
    """Three cases that the CMO decided, and one that a designee did."""
    for count in (1, 2, 3):
        house.takes(a_short_life(f"SO-2026-00000{count}", external_reference=f"REF-{count}"))
    other = Life("SO-2026-000004", a_request(external_reference="REF-4"))
    other.act("confirm_completeness", CASE_MANAGER)
    other.act("determine", DESIGNEE, **DENIAL)
    house.takes(other)
    return house


def _set(engine: Engine, table: Table, number: str, **values: Any) -> None:
    with writing(engine) as connection:
        name = "case_number" if "case_number" in table.c else "number"
        connection.execute(update(table).where(table.c[name] == number).values(**values))


def test_what_physicians_decided_is_reconciled_with_the_accounts_of_the_ledger(decided: House):
    report, result = decided.report()

    by_physician = next(f for f in report.funnels if f.id == "denials-by-physician")
    assert {point.id for point in by_physician.points} == {CMO.npi, DESIGNEE.npi}
    assert result.differences == ()


def test_a_case_that_stands_under_another_physician_is_found_and_so_is_each_count(decided: House):
    _set(decided.engine, CASE_FACTS, "SO-2026-000002", physician=DESIGNEE.npi)

    said = {one.sentence for one in decided.finds()}

    assert f"SO-2026-000002: physician is {DESIGNEE.npi} here, and {CMO.npi} (md.chen) in the ledger" in said
    assert f"denials-by-physician, {CMO.npi}: share is 2 of 2 here, and 3 of 3 in the ledger" in said
    assert f"late-decisions-by-physician, {DESIGNEE.npi}: share is 0 of 2 here, and 0 of 1 in the ledger" in said


def test_of_who_is_not_in_the_staff_file_most_cases_say_the_npi_and_the_result_says_so(decided: House):
    _set(decided.engine, CASE_FACTS, "SO-2026-000002", physician="1992999007")

    report = reconciled(decided.engine, compiled(decided.engine, QUARTER, AS_OF), AS_OF)

    assert report.reconciliation
    found = {(one.case_number, one.report_says) for one in report.reconciliation.differences if one.case_number}
    assert found == {("SO-2026-000002", "1992999007")}
    assert "the NPI of 2 accounts that are not in the staff file (md.chen, md.lind)" in str(
        report.reconciliation.not_derived
    )


@pytest.mark.parametrize(
    ("field", "value"), [("questioned", "1992999007"), ("organization", "Birch IPA"), ("purpose", "treatment_options")]
)
def test_what_the_request_said_is_held_against_the_request_as_it_came(house: House, field: str, value: str):
    house.takes(differing())
    was = compiled(house.engine, QUARTER, AS_OF)
    _set(house.engine, CASE_FACTS, "SO-2026-000001", **{field: value})

    found = house.finds()

    assert compiled(house.engine, QUARTER, AS_OF) != was
    assert ("SO-2026-000001", field) in {(one.case_number, one.field) for one in found}
    assert {one.figure for one in found if one.figure}


def test_of_a_case_whose_request_came_by_no_door_the_rest_is_derived_and_the_result_says_so(house: House):
    house.takes(a_short_life())
    with writing(house.engine) as connection:
        connection.execute(delete(INTAKE))

    _, result = house.report()

    assert result.differences == ()
    assert "reasons, purpose, PPG and questioned physician of 1 requests that the register does not have" in (
        result.not_derived
    )


# -- delegates


def supplement(case: str = "", **fields: Any) -> SupplementCopy:
    given = {"action_id": "s-1", "actor": CASE_MANAGER, "at": COPIED + HOUR, "case_number": case}
    return SupplementCopy.model_validate({**given, **fields})


def waive(check: Check) -> WaiveFinding:
    return WaiveFinding(action_id="w-1", actor=SUPERVISOR, at=COPIED + HOUR * 2, check=check, reason="By fax.")


def packet(reference: str, **changes: Any) -> DelegatedPacket:
    return a_packet(external_reference=reference, **changes)


@pytest.fixture
def delegates(house: House) -> House:
    """A good copy, an approval, one with two faults of which one is waived, and one whose lack was supplied."""
    house.takes_packet(packet("A"))
    house.takes_packet(an_approval(external_reference="B"))
    house.takes_packet(packet("C", member_notice=None, record_attachment=None), waive(Check.RECORD_COMPLETE))
    house.takes_packet(packet("D", record_attachment=None), supplement(record_attachment=RECORD))
    return house


def test_what_delegates_decided_and_how_they_kept_the_terms_is_reconciled(delegates: House):
    report, result = delegates.report()

    assert (result.differences, result.delegated) == ((), 4)
    scores = report.table("delegate-scores")
    cells = dict(zip((column.id for column in scores.columns), scores.rows[0].cells, strict=True))
    shares = {name: cell.share.words for name, cell in cells.items() if cell.share}
    assert shares["faultless"].startswith("2 of 4")
    assert (shares[Part.RECORD][:6], shares[Part.LETTER][:6]) == ("3 of 4", "3 of 3")
    assert any("How delegates kept the plan's terms (of how many: Notices in time)" in w for w in result.not_derived)


def _outcome(connection: Connection) -> None:
    connection.execute(update(DELEGATED_CASES).where(FIRST).values(outcome="approved"))


def _delegate(connection: Connection) -> None:
    connection.execute(update(DELEGATED_CASES).where(FIRST).values(delegate="Birch IPA"))


def _month(connection: Connection) -> None:
    moved = COPIED - timedelta(days=60)
    connection.execute(update(DELEGATED_CASES).where(FIRST).values(decided_at=moved))


def _fault(connection: Connection) -> None:
    connection.execute(update(DELEGATED_FINDINGS).values(counts=False))


def _notice(connection: Connection) -> None:
    one = DELEGATED_FINDINGS.c.number == "DD-2026-000001", DELEGATED_FINDINGS.c.part == Part.NOTICES
    connection.execute(update(DELEGATED_FINDINGS).where(*one).values(counts=True))


def _line(connection: Connection) -> None:
    connection.execute(text("DROP TRIGGER delegated_lines_refuses_update"))
    said = "UPDATE delegated_lines SET text = replace(text, ': denied', ': approved') WHERE number = 'DD-2026-000001'"
    connection.execute(text(said))


FIRST = DELEGATED_CASES.c.number == "DD-2026-000001"


@pytest.mark.parametrize(
    ("tamper", "figure"),
    [
        (_outcome, "delegated-outcomes"),
        (_delegate, "delegated-denials-by-delegate"),
        (_month, "delegated-denials-over-time"),
        (_fault, "delegate-scores"),
        (_notice, "delegate-scores"),
        (_line, "delegated-outcomes"),
    ],
)
def test_a_delegated_decision_that_was_altered_is_found_and_so_is_each_count(
    delegates: House, tamper: Callable[[Connection], None], figure: str
):
    with writing(delegates.engine) as connection:
        tamper(connection)

    found = delegates.finds()

    assert {one.case_number for one in found} & {"DD-2026-000001", "DD-2026-000003", "DD-2026-000004"}
    assert figure in {one.figure.partition(",")[0] for one in found}


def test_what_only_a_supplement_brought_to_light_is_no_difference_and_is_said(house: House):
    said = packet("A", record_attachment=None)
    clinician = a_decider(role=DeciderRole.CLINICIAN)
    house.takes_packet(said, supplement(record_attachment=RECORD, decider=clinician))

    _, result = house.report()

    assert result.differences == ()
    assert "faults of 1 delegated decisions that only a later supplement brought to light" in result.not_derived


# -- what is said of it


def test_what_is_counted_once_only_is_named(house: House):
    house.takes(a_long_life())

    said = " ".join(house.report()[1].not_derived)

    for what in ("Median, hours", "What overdue obligations waited for", "CMS-0057-F", "expected rates"):
        assert what in said
    for what in ("Requests by", "Outcomes by", "What delegates decided"):
        assert what not in said


def test_an_empty_quarter_agrees_and_says_that_it_is_empty(house: House):
    _, result = house.report("2025-Q1")

    assert (result.agrees, result.cases, result.delegated) == (True, 0, 0)
