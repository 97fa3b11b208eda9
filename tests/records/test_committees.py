"""Committees' reports in the records, on both engines: kept, finished, never changed, listed. Procedure 12."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError

from policy.calendar import end_of_day
from policy.committee.file import CommitteeFile, Made, begin, finished
from policy.committee.time import ring
from policy.committee.transition import between
from policy.report.period import parsed
from policy.tasks import TaskState
from records import committees
from records.audit import chains
from records.committees import CommitteeReports
from records.database import writing
from records.errors import RecordsError
from tests.committees import CHAIR, PLAN, READY, SUPERVISOR, THEN, a_report, an_order, does, presented, ready


@pytest.fixture
def records(engine: Engine) -> CommitteeReports:
    return CommitteeReports(engine)


def recorded(records: CommitteeReports, file: CommitteeFile) -> CommitteeFile:
    records.record(between(None, file, THEN))
    return file


def decided(records: CommitteeReports) -> CommitteeFile:
    return recorded(records, does(presented(), CHAIR, "decide_action", **PLAN))


def test_figures_are_kept_until_the_report_is_finished_and_never_changed_then(records: CommitteeReports):
    file = recorded(records, begin(an_order(), READY))
    first = records.keep("2026-Q3", a_report(late=1))
    second = records.keep("2026-Q3", a_report(late=2))
    before = records.is_finished("2026-Q3")
    recorded(records, finished(file, Made(as_of=READY, digest="d" * 64), READY))
    third = records.keep("2026-Q3", a_report(late=3))

    assert [first, second, third] == [a_report(late=1), a_report(late=2), a_report(late=2)]
    assert records.report("2026-Q3") == a_report(late=2)
    assert [before, records.is_finished("2026-Q3")] == [False, True]


@pytest.mark.parametrize("change", ["UPDATE committee_reports SET report = '{}'", "DELETE FROM committee_reports"])
def test_the_database_itself_refuses_to_change_a_finished_report(engine: Engine, records: CommitteeReports, change):
    recorded(records, ready())

    with pytest.raises((RecordsError, DatabaseError)), writing(engine) as connection:
        connection.execute(text(change))

    assert committees.one(engine, "2026-Q3")


def test_figures_of_a_report_that_nobody_asked_for_are_not_kept(records: CommitteeReports):
    with pytest.raises(RecordsError, match="first line"):
        records.keep("2026-Q3", a_report())


def test_a_transition_is_recorded_once_however_often_it_comes_and_an_older_one_changes_nothing(
    engine: Engine, records: CommitteeReports
):
    early = presented()
    file = decided(records)
    for again in (file, early, file):
        recorded(records, again)

    found = committees.one(engine, "2026-Q3")
    assert found
    assert [line.seq for line in found.ledger] == list(range(1, file.seq + 1))
    assert [(a.id, a.owner, a.due) for a in found.actions] == [("A1", "sv.okafor", date(2026, 11, 20))]
    assert (found.report.open_actions, found.report.next_due) == (1, end_of_day(date(2026, 11, 20)))
    (chained,) = chains(engine, ["2026-Q3"])
    assert len(chained.links) == len(chained.lines) == file.seq


def test_the_work_of_an_owner_is_what_is_open_and_due_soonest_first(engine: Engine, records: CommitteeReports):
    file = presented()
    for days in (20, 5):
        file = does(file, CHAIR, "decide_action", **{**PLAN, "due": None, "due_in_business_days": days})
    recorded(records, file)

    assert [a.id for a in committees.work(engine, owner=SUPERVISOR.id)] == ["A2", "A1"]
    assert committees.work(engine, owner="cm.alvarez") == []
    assert len(committees.work(engine)) == 2


def test_the_next_report_shows_what_was_decided_before_and_how_it_stands(records: CommitteeReports):
    file = decided(records)
    next_quarter = parsed("2026-Q4")
    (standing,) = records.earlier("2026-Q4", next_quarter)
    recorded(records, ring(file, end_of_day(date(2026, 11, 20))))
    (overdue,) = records.earlier("2026-Q4", next_quarter)
    done = file.actions[0].ended(TaskState.COMPLETED, datetime(2026, 12, 1, 18, tzinfo=UTC), "sv.okafor", "Done.")
    later = ring(file, end_of_day(date(2026, 11, 20))).change_actions([done]).tell(THEN, "action:completed", "A1")
    recorded(records, later)
    (ended,) = records.earlier("2026-Q4", next_quarter)

    assert (standing.report, standing.owner, standing.due) == ("2026-Q3", "sv.okafor", date(2026, 11, 20))
    assert standing.action.startswith("A1: corrective action plan: Reports of second opinions came late")
    assert [standing.state, overdue.state, ended.state] == ["open", "overdue", "completed: Done."]
    assert records.earlier("2026-Q3", parsed("2026-Q3")) == ()
    assert records.earlier("2026-Q2", parsed("2026-Q2")) == ()
    assert records.earlier("2029-Q1", parsed("2029-Q1")) == ()


def test_reports_are_listed_the_latest_first_and_the_latest_edition_is_found(engine: Engine, records: CommitteeReports):
    recorded(records, ready())
    recorded(records, ready(edition=2, why="A PPG sent a case late."))
    recorded(records, begin(an_order(period=parsed("2026-Q2")), READY))

    assert [row.number for row in committees.listed(engine)] == ["2026-Q3-e2", "2026-Q3", "2026-Q2"]
    latest = committees.latest_edition(engine, parsed("2026-Q3"), ())
    assert latest
    assert (latest.number, latest.corrects) == ("2026-Q3-e2", "2026-Q3")
    assert committees.latest_edition(engine, parsed("2026-Q1"), ()) is None


def test_what_the_workflow_did_and_has_not_told_the_records_yet_is_seen_at_once(
    engine: Engine, records: CommitteeReports
):
    before = recorded(records, presented())
    after = does(before, CHAIR, "decide_action", **PLAN)
    found = committees.one(engine, "2026-Q3")
    assert found

    seen = committees.brought_up_to(found, after, THEN)
    recorded(records, after)

    assert found.actions == ()
    assert seen == committees.one(engine, "2026-Q3")
