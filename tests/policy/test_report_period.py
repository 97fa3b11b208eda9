"""A period is whole days in Los Angeles, written as people write it."""

from datetime import UTC, date, datetime

import pytest

from policy.report.period import looking_back, parsed, quarter_before, report_day


@pytest.mark.parametrize(
    ("text", "first", "last", "name"),
    [
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30), "2026-Q3"),
        ("2026q4", date(2026, 10, 1), date(2026, 12, 31), "2026-Q4"),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024-02"),
        ("2026-01-01..2026-03-31", date(2026, 1, 1), date(2026, 3, 31), "2026-Q1"),
        ("2026-01-05..2026-03-31", date(2026, 1, 5), date(2026, 3, 31), "2026-01-05..2026-03-31"),
    ],
)
def test_a_period_is_read_and_named(text, first, last, name):
    period = parsed(text)

    assert (period.days, period.name) == ((first, last), name)


@pytest.mark.parametrize("text", ["", "2026-Q5", "2026-13", "Q3", "2026-03-31..2026-01-01", "2026-02-30..2026-03-01"])
def test_what_is_no_period_is_refused_with_how_it_is_written(text):
    with pytest.raises(ValueError, match=r"is no period; write 2026-Q3, 2026, 2026-10 or"):
        parsed(text)


def test_a_quarter_begins_and_ends_at_midnight_in_los_angeles():
    quarter = parsed("2026-Q4")

    assert quarter.holds(datetime(2026, 10, 1, 7, 0, tzinfo=UTC))  # Thursday 2026-10-01 00:00 PDT
    assert not quarter.holds(datetime(2026, 10, 1, 6, 59, 59, tzinfo=UTC))
    assert quarter.holds(datetime(2027, 1, 1, 7, 59, 59, tzinfo=UTC))  # Thursday 2026-12-31 23:59:59 PST
    assert not quarter.holds(datetime(2027, 1, 1, 8, 0, tzinfo=UTC))
    assert not quarter.holds(None)


def test_looking_back_ends_with_the_period_and_takes_whole_quarters():
    assert looking_back(parsed("2026-Q3"), 4).days == (date(2025, 10, 1), date(2026, 9, 30))
    assert looking_back(parsed("2026"), 4).days == (date(2026, 1, 1), date(2026, 12, 31))
    assert looking_back(parsed("2026"), 8).days == (date(2025, 1, 1), date(2026, 12, 31))


def test_the_quarter_is_reported_on_the_first_business_day_after_it():
    # Friday 2027-01-01 is a holiday; Monday 2027-01-04 is the first business day.
    assert report_day(parsed("2026-Q4")) == date(2027, 1, 4)
    assert quarter_before(date(2027, 1, 4)).name == "2026-Q4"
