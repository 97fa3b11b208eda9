"""How long a closed case is kept: the latest of its line's rules, and a legal hold beyond it. Procedure 9."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from policy.clauses import Clause
from policy.edition import EDITIONS, Edition
from policy.people import Actor, Role
from policy.request import LineOfBusiness
from policy.retention import ClosedCase, Standing, judge, keep_until, may_hold, may_release
from policy.rule import CountedFrom, Retention
from tests.builders import CASE_MANAGER

EDITION = EDITIONS[-1]
MONDAY_NOON = datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
NEW_YEARS_EVE = datetime(2027, 1, 1, 7, 59, tzinfo=UTC)  # Thursday 2026-12-31 23:59 PST
NEW_YEAR = datetime(2027, 1, 1, 8, 0, tzinfo=UTC)  # Friday 2027-01-01 00:00 PST


def closed(line: LineOfBusiness = LineOfBusiness.MEDI_CAL, at: datetime | None = MONDAY_NOON) -> ClosedCase:
    return ClosedCase(line=line, closed_at=at)


def edition_with(*rows: Retention) -> Edition:
    return EDITION.model_copy(update={"retention": rows})


def a_row(rule: str, years: int, counted_from: CountedFrom = CountedFrom.CLOSING) -> Retention:
    return Retention(
        id=rule, lines=tuple(LineOfBusiness), years=years, counted_from=counted_from, citation="x", source="y"
    )


def staff(*roles: Role) -> Actor:
    return Actor(id="who", name="Who", roles=roles)


# -- until when


@pytest.mark.parametrize(
    ("line", "day", "citation"),
    [
        (LineOfBusiness.MEDI_CAL, date(2036, 12, 31), "42 CFR 438.3(u)"),
        (LineOfBusiness.MEDICARE_ADVANTAGE, date(2036, 12, 31), "42 CFR 422.504(d)"),
        (LineOfBusiness.D_SNP, date(2036, 12, 31), "42 CFR 422.504(d)"),
        (LineOfBusiness.CMC, date(2036, 12, 31), "42 CFR 422.504(d)"),
        (LineOfBusiness.COMMERCIAL, date(2031, 11, 2), "28 CCR 1300.85.1"),
    ],
)
def test_each_line_is_kept_until_its_latest_day(line, day, citation):
    keep = keep_until(closed(line), EDITION)

    assert keep is not None
    assert (keep.day, keep.citation) == (day, citation)


def test_the_reason_says_how_many_years_from_when_and_how_sure_the_source_is():
    keep = keep_until(closed(), EDITION)

    assert keep is not None
    assert keep.reason == "10 years from the end of the year of closing (2026-12-31)"
    assert (keep.rule, keep.status) == ("RET-MEDICAID", "part")


@pytest.mark.parametrize(("at", "year"), [(NEW_YEARS_EVE, 2036), (NEW_YEAR, 2037)])
def test_the_year_of_closing_is_that_of_los_angeles(at, year):
    keep = keep_until(closed(at=at), EDITION)

    assert keep is not None
    assert keep.day == date(year, 12, 31)


def test_of_several_rules_the_latest_day_governs_and_of_equal_days_the_first_rule():
    edition = edition_with(a_row("SHORT", 3), a_row("LONG", 7), a_row("ALSO", 7))

    keep = keep_until(closed(), edition)

    assert keep is not None
    assert (keep.rule, keep.day) == ("LONG", date(2033, 11, 2))


def test_a_leap_day_that_the_year_lacks_becomes_the_first_of_march():
    leap_day = datetime(2028, 2, 29, 20, 0, tzinfo=UTC)

    keep = keep_until(closed(at=leap_day), edition_with(a_row("FIVE", 5)))

    assert keep is not None
    assert keep.day == date(2033, 3, 1)


def test_a_case_that_is_not_closed_has_no_day():
    assert keep_until(closed(at=None), EDITION) is None


# -- on a day


@pytest.mark.parametrize(
    ("day", "standing"), [(date(2036, 12, 31), Standing.KEPT), (date(2037, 1, 1), Standing.COULD_GO)]
)
def test_a_case_is_kept_through_its_last_day_and_could_go_on_the_next(day, standing):
    assert judge(closed(), EDITION, day, held=False).standing is standing


def test_a_hold_keeps_a_case_whatever_the_day():
    judged = judge(closed(), EDITION, date(2099, 1, 1), held=True)

    assert judged.standing is Standing.HELD
    assert judged.keep is not None
    assert judged.keep.day == date(2036, 12, 31)


def test_an_open_case_never_could_go():
    assert judge(closed(at=None), EDITION, date(2099, 1, 1), held=False).standing is Standing.OPEN
    assert judge(closed(at=None), EDITION, date(2099, 1, 1), held=True).standing is Standing.HELD


# -- who may


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.ADMINISTRATOR])
def test_a_supervisor_or_an_administrator_places_and_lifts_a_hold(role):
    assert may_hold(staff(role))
    assert may_release(staff(Role.CMO, role))


def test_an_auditor_places_a_hold_and_does_not_lift_it():
    assert may_hold(staff(Role.AUDITOR))
    assert not may_release(staff(Role.AUDITOR))


def test_who_may_not_is_told_who_may_and_under_which_clause():
    refused = may_hold(CASE_MANAGER)

    assert not refused
    assert refused.reason == ("cm.alvarez may not: a legal hold is what a supervisor, auditor or administrator places")
    assert refused.clause == Clause.P9


# -- the table


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda e: e.id)
def test_every_row_says_where_it_comes_from_and_every_line_has_one(edition):
    assert all(row.citation in edition.citations and row.source.strip() for row in edition.retention)
    assert {line for row in edition.retention for line in row.lines} == set(LineOfBusiness)


def test_an_edition_that_says_nothing_of_a_line_is_an_error():
    rows = tuple(row for row in EDITION.retention if LineOfBusiness.COMMERCIAL not in row.lines)

    with pytest.raises(ValidationError, match="nothing says how long records of line commercial are kept"):
        rebuilt(rows)


def test_a_retention_that_cites_what_is_not_registered_is_an_error():
    with pytest.raises(ValidationError, match=r"a retention or a rule of some lines cites \['x'\]"):
        rebuilt((*EDITION.retention, a_row("MORE", 1)))


def rebuilt(rows: tuple[Retention, ...]) -> Edition:
    """The edition, checked anew with other rows."""
    return Edition.model_validate({**dict(EDITION), "retention": rows})
