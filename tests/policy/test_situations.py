"""What holds for every situation, whatever happens in it and when. POL-4."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy.calendar import CLOSED_DAYS, CalendarName, add_business_days, local_day
from policy.edition import EDITIONS
from policy.request import LineOfBusiness, Priority
from policy.rule import Decided, ExtensionReason
from policy.situations import Answer, Event, EventKind, Situation, as_json, clocks_of
from policy.timeframes import DECISION_LIMITS
from tests.policy.steps import HOUR

MEDICARE = (LineOfBusiness.MEDICARE_ADVANTAGE, LineOfBusiness.D_SNP)
FAST_OR_NOT = (Priority.STANDARD, Priority.EXPEDITED)
TAKEN = [(line, priority) for line in LineOfBusiness for priority in (FAST_OR_NOT if line in MEDICARE else Priority)]
TUESDAY_2019, FRIDAY_2029 = datetime(2019, 1, 1, 8, tzinfo=UTC), datetime(2029, 6, 1, tzinfo=UTC)
SATURDAY_CMC_ENDS = SUNDAY_D_SNP_BEGINS = datetime(2023, 1, 1, 8, tzinfo=UTC)  # midnight in Los Angeles
LATER_KINDS = [kind for kind in EventKind if kind not in (EventKind.RECEIVED, EventKind.EXTENDED)]
REASONS = [*ExtensionReason, "we were busy"]

hours = st.integers(0, 500)


def event(kind: EventKind, at: datetime, **more: Any) -> Event:
    return Event(kind=kind, at=at, **more)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A situation that can be counted, without an extension."""
    line, priority = draw(st.sampled_from(TAKEN))
    first = SUNDAY_D_SNP_BEGINS if line is LineOfBusiness.D_SNP else TUESDAY_2019
    last = SATURDAY_CMC_ENDS if line is LineOfBusiness.CMC else FRIDAY_2029
    received = first + timedelta(seconds=draw(st.integers(0, int((last - first).total_seconds()) - 1)))
    later = draw(st.lists(st.tuples(st.sampled_from(LATER_KINDS), hours), max_size=4))
    outcome = draw(st.none() | st.sampled_from(Decided))
    return Situation(
        id="any",
        line=line,
        priority=priority,
        requires_prior_authorization=draw(st.booleans()),
        imminent_threat=draw(st.booleans()),
        events=(
            event(EventKind.RECEIVED, received),
            *(event(kind, received + n * HOUR, outcome=outcome) for kind, n in later),
        ),
    )


def received_at(situation: Situation) -> datetime:
    return situation.events[0].at


def with_event(situation: Situation, extra: Event) -> Situation:
    return situation.model_copy(update={"events": (*situation.events, extra)})


def dues(answer: Answer) -> dict[str, datetime]:
    """When each clock is due, by the clock's name; no two have one name."""
    assert len({c.id for c in answer.clocks}) == len(answer.clocks)
    return {c.id: c.due_at for c in answer.clocks}


extensions = st.tuples(hours, st.sampled_from(REASONS))


def extended(situation: Situation, extension: tuple[int, str]) -> Situation:
    after, reason = extension
    return with_event(situation, event(EventKind.EXTENDED, received_at(situation) + after * HOUR, reason=reason))


@contextmanager
def more_closed(days: Iterable[date]) -> Iterator[None]:
    """Both calendars, with more days on which nobody works."""
    with pytest.MonkeyPatch.context() as patch:
        for name in CalendarName:
            patch.setitem(CLOSED_DAYS, name, CLOSED_DAYS[name].union(days))
        add_business_days.cache_clear()
        yield
    add_business_days.cache_clear()


# -- properties of every situation


@given(situations())
def test_a_situation_that_can_be_counted_has_clocks_and_no_errors(situation):
    answer = clocks_of(situation)

    assert answer.errors == ()
    assert answer.clocks or situation.first(EventKind.INFORMATION_REQUESTED)


@given(situations(), st.none() | extensions)
def test_no_clock_is_due_before_its_anchor_and_staff_act_between_the_two(situation, extension):
    for clock in clocks_of(extended(situation, extension) if extension else situation).clocks:
        assert clock.anchored_at <= clock.due_at
        assert clock.anchored_at <= clock.act_by <= clock.due_at


@given(situations(), st.none() | extensions)
def test_every_clock_rests_on_a_registered_citation(situation, extension):
    registered = {citation for edition in EDITIONS for citation in edition.citations}

    for clock in as_json(clocks_of(extended(situation, extension) if extension else situation))["clocks"]:
        assert clock["citations"]
        assert set(clock["citations"]) <= registered


@given(situations(), st.none() | extensions)
def test_one_limit_governs_the_decision_and_it_is_the_earliest(situation, extension):
    clocks = as_json(clocks_of(extended(situation, extension) if extension else situation))["clocks"]

    limits = [datetime.fromisoformat(c["due_at"]) for c in clocks if c["obligation"] in DECISION_LIMITS]
    governing = [datetime.fromisoformat(c["due_at"]) for c in clocks if c["governs"]]

    assert governing == ([min(limits)] if limits else [])


@given(situations(), st.sets(st.integers(0, 40), max_size=8))
def test_more_closed_days_never_make_a_limit_earlier(situation, offsets):
    before = dues(clocks_of(situation))

    with more_closed(local_day(received_at(situation)) + timedelta(days=n) for n in offsets):
        after = dues(clocks_of(situation))

    assert after.keys() == before.keys()
    assert all(after[name] >= due_at for name, due_at in before.items())


@given(situations(), hours)
def test_an_upgrade_to_expedited_never_makes_the_governing_limit_later(situation, after):
    request = event(EventKind.EXPEDITE_REQUESTED, received_at(situation) + after * HOUR)

    before, upgraded = clocks_of(situation).governing, clocks_of(with_event(situation, request)).governing

    assert (before is None) or (upgraded is not None and upgraded.due_at <= before.due_at)


@given(situations(), extensions)
def test_an_extension_that_is_taken_never_makes_a_limit_earlier(situation, extension):
    before, answer = dues(clocks_of(situation)), clocks_of(extended(situation, extension))
    assume(not answer.errors)

    after = dues(answer)

    assert after.keys() == {*before, "extension"}
    assert all(after[name] >= due_at for name, due_at in before.items())


@given(situations(), st.lists(st.integers(-14 * 60, 14 * 60), min_size=5, max_size=5))
def test_the_offset_in_which_a_time_is_written_changes_nothing(situation, minutes):
    zones = [timezone(timedelta(minutes=n)) for n in minutes]
    written = zip(situation.events, zones, strict=False)

    elsewhere = tuple(e.model_copy(update={"at": e.at.astimezone(zone)}) for e, zone in written)

    assert as_json(clocks_of(situation.model_copy(update={"events": elsewhere}))) == as_json(clocks_of(situation))
