"""The figures count what they say they count, and each cell knows its cases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from policy.lifecycle import Outcome
from policy.particulars import Agreement, ChangedBecause
from policy.report.clocks import ClockFact
from policy.report.drill import stands_behind, stands_behind_delegated
from policy.report.facts import CaseFact, fact_of
from policy.report.figures import Figures
from policy.report.period import parsed
from policy.report.release import SMALLEST, released
from policy.report.shape import Basis, Share, Table
from policy.report.tally import TOTAL, Spans
from policy.request import LineOfBusiness
from policy.rule import Obligation
from policy.timeframes import ClockState
from reporting.synthetic import Made, cases, delegated
from tests.records.lives import a_long_life, a_short_life
from tests.reporting.made import AS_OF, compiled_of

PERIOD = parsed("2026-Q4")
MONDAY = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # Monday 2026-11-02 10:00 PST
HOUR = timedelta(hours=1)
DENIED = fact_of(a_short_life().case)


def tables_of(*facts: CaseFact, clocks: tuple[ClockFact, ...] = ()) -> dict[str, Table]:
    figures = Figures(PERIOD, AS_OF)
    figures.see(facts)
    figures.see_clocks(clocks)
    return {table.id: table for table in figures.tables()}


def share_of(table: Table, row: str, column: str) -> Share:
    share = table.cell(row, column).share
    assert share
    return share


def but(fact: CaseFact, **changes) -> CaseFact:
    return fact.model_copy(update=changes)


def test_two_lives_are_counted_by_who_asked_and_how_it_ended():
    found = tables_of(DENIED, fact_of(a_long_life("SO-2026-000002").case))

    assert found["requests-by-requester"].cell("member", "received").count == 2
    ended = found["outcomes-by-line"]
    assert share_of(ended, "medi_cal", "approved").words == "1 of 2 (50.0 %)"
    assert share_of(ended, TOTAL, "denied").words == "1 of 2 (50.0 %)"
    assert found["placement-by-tier"].cell("plan", "placed").count == 1
    assert found["tiers-left"].cell("ppg-in_words", "left").count == 1
    assert found["information-items"].cell("test_results", "asked").count == 1
    assert share_of(found["consultations"], TOTAL, "against").words == "0 of 1 (0.0 %)"


def test_a_case_counts_in_the_quarter_of_los_angeles_in_which_it_was_received():
    midnight = datetime(2026, 10, 1, 7, 0, tzinfo=UTC)  # Thursday 2026-10-01 00:00 PDT

    found = tables_of(but(DENIED, received_at=midnight), but(DENIED, received_at=midnight - HOUR))

    assert found["requests-by-line"].cell(TOTAL, "received").count == 1


def test_a_denial_that_was_overturned_later_stays_a_denial_of_its_quarter():
    later = datetime(2027, 2, 1, 18, 0, tzinfo=UTC)  # Monday 2027-02-01
    changed = but(DENIED, changed_at=later, changed_outcome=Outcome.APPROVED, changed_because=ChangedBecause.APPEAL)

    found = tables_of(changed)

    assert share_of(found["outcomes-by-line"], TOTAL, "denied").part == 1
    assert share_of(found["outcomes-by-line"], TOTAL, "overturned").words == "1 of 1 (100.0 %)"
    assert share_of(found["cms-0057"], "4-approved-after-appeal", "medi-cal").part == 1
    assert share_of(found["cms-0057"], "2-standard-approved", "medi-cal").part == 0


def test_the_public_metrics_leave_out_commercial_lines_and_what_needs_no_authorization():
    found = tables_of(but(DENIED, line=LineOfBusiness.COMMERCIAL), but(DENIED, prior_authorization=False))

    assert [cell.share and cell.share.of for cell in found["cms-0057"].rows[1].cells] == [0, 0, 0, 0]


def test_a_third_opinions_own_case_is_no_request():
    found = tables_of(but(DENIED, number="SO-2026-000001-3", third_of="SO-2026-000001"))

    assert found["requests-by-line"].cell(TOTAL, "received").count == 0


def test_median_mean_and_percentile_are_those_of_the_definitions():
    spans = Spans()
    for hours in (1, 2, 3, 4, 5, 6, 7, 8, 9, 100):
        spans.add(MONDAY, MONDAY + HOUR * hours)

    assert [cell.amount for cell in spans.cells()] == [Decimal("5.5"), Decimal("14.5"), Decimal("9.0")]
    assert [cell.amount for cell in Spans().cells()] == [None, None, None]


def clock(state: ClockState, *, ended: datetime | None = MONDAY, cause: str = "") -> ClockFact:
    return ClockFact(
        case_number="SO-2026-000001",
        line=LineOfBusiness.CMC,
        obligation=Obligation.CONSULTATION_REPORT,
        rule="R",
        state=state,
        anchored_at=MONDAY - 5 * HOUR,
        due_at=MONDAY - HOUR,
        ended_at=ended,
        cause=cause,
    )


def test_clocks_are_met_breached_or_stand_overdue():
    found = tables_of(
        clocks=(
            clock(ClockState.MET),
            clock(ClockState.BREACHED, cause="waiting for: Obtain the report"),
            clock(ClockState.BREACHED, ended=None),
            clock(ClockState.WAIVED),
        )
    )

    assert share_of(found["clocks"], "consultation_report", "met").words == "1 of 3 (33.3 %)"
    assert found["clocks"].cell("consultation_report", "median").amount == Decimal("5.0")
    assert [row.label for row in found["breach-causes"].rows] == [
        "Consultation report: done too late",
        "Consultation report: waiting for: Obtain the report",
    ]
    overdue = found["reports-overdue"]
    assert [share_of(overdue, TOTAL, c).part for c in ("in-time", "late", "out")] == [1, 1, 1]


def test_behind_every_cell_that_can_be_opened_stand_as_many_cases_as_it_counts():
    made = Made(cases=150, delegated=80)
    facts, packets, report = list(cases(made)), list(delegated(made)), compiled_of(made)
    opened = 0
    for table in report.tables:
        for row in table.rows:
            for cell in row.cells:
                if cell.drill is None:
                    continue
                if cell.drill.basis is Basis.DELEGATED:
                    found = sum(stands_behind_delegated(p, cell.drill, report.period) for p in packets)
                else:
                    found = sum(stands_behind(f, cell.drill, report.period) for f in facts)
                wanted = cell.share.part if cell.share else cell.count
                assert found == wanted, (table.id, row.id, cell)
                opened += 1
    assert opened > 200


def test_the_order_in_which_cases_are_seen_changes_nothing():
    facts = list(cases(Made(cases=60, quarters=1, last="2026-Q4")))

    assert tables_of(*facts) == tables_of(*reversed(facts))


def test_what_leaves_the_plan_has_no_small_number_and_none_that_gives_one_away():
    report = released(compiled_of(Made(cases=120, delegated=60)))

    gone = 0
    for table in report.tables:
        for index in range(len(table.columns)):
            cells = [row.cells[index] for row in table.rows]
            assert not [c for c in cells if c.count is not None and 0 < c.count < SMALLEST]
            assert not [c for c in cells if c.share and 0 < c.share.part < SMALLEST]
            gone += sum(cell.suppressed for cell in cells)
        assert not [c for row in table.rows for c in row.cells if c.drill]
    assert gone > 20
    assert report.released
    assert all(point.share.part >= SMALLEST for chart in report.funnels for point in chart.points if point.share.part)


@pytest.mark.parametrize("agreement", Agreement)
def test_opinions_are_compared_or_cannot_be(agreement):
    found = tables_of(but(DENIED, reported_at=MONDAY, agreement=agreement))["concordance"]

    compared = 0 if agreement is Agreement.NOT_COMPARABLE else 1
    assert found.cell(TOTAL, "compared").count == compared
    assert found.cell(TOTAL, "not-comparable").count == 1 - compared
