"""The saved views: one list for Temporal, records, terminal and pages; the real server is in the journeys."""

import re
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.options import ViewName
from policy.attention import Attention
from policy.delegatecase import DelegatedState
from policy.edition import EDITIONS
from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import LineOfBusiness, Priority
from policy.tasks import DEFINITIONS
from records.worklists import LAST_WARNING, CaseFilter
from wiring.views import BY_NAME, VIEWS, address, links, of_ppg, tomorrow
from workflows.inspection import ATTRIBUTES, SEARCH_ATTRIBUTES

MOST = {"Keyword": 10}  # of a type, on a server with a SQL store; 3 of each other
WINTER = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # Monday 2026-11-23 23:30 PST
SUMMER = datetime(2026, 7, 1, 6, 30, tzinfo=UTC)  # Tuesday 2026-06-30 23:30 PDT
CODES = {
    "CaseStage": {*Stage, *(f"delegated_{state}" for state in DelegatedState)},
    "CaseOutcome": {*Outcome},
    "LineOfBusiness": {*LineOfBusiness},
    "CasePriority": {*Priority},
    "WaitingFor": {
        *(role for definition in DEFINITIONS.values() for role in definition.potential_owners),
        Role.SUPERVISOR,
        "delegate",
    },
    "Attention": {*Attention},
}


def test_there_are_no_more_search_attributes_than_a_server_takes():
    kinds = [attribute.type for attribute in ATTRIBUTES]

    assert {kind: kinds.count(kind) for kind in kinds if kinds.count(kind) > MOST.get(kind, 3)} == {}
    assert len(SEARCH_ATTRIBUTES) == len(ATTRIBUTES)


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda attribute: attribute.name)
def test_the_table_names_every_value_that_the_code_can_give(attribute):
    assert attribute.meaning
    assert attribute.used_for
    if attribute.name in CODES:
        assert set(re.findall(r"`(\w+)`", attribute.values)) == {str(code) for code in CODES[attribute.name]}


def test_a_view_has_one_name_everywhere():
    assert get_args(ViewName) == tuple(view.name for view in VIEWS)
    assert len(BY_NAME) == len(VIEWS)


def test_every_edition_gives_as_many_warnings_as_the_records_count():
    assert {len(edition.parameters.warn_at) for edition in EDITIONS} == {LAST_WARNING}


@pytest.mark.parametrize(("at", "ends"), [(WINTER, "2026-11-24T08:00:00Z"), (SUMMER, "2026-07-01T07:00:00Z")])
def test_today_ends_in_los_angeles(at, ends):
    assert f"NextDue < '{ends}'" in BY_NAME["due-today"].query(at)
    assert BY_NAME["due-today"].chosen(at).due_before == tomorrow(at)


def test_no_view_asks_what_the_server_refuses():
    for view in VIEWS:
        query = view.query(WINTER)

        assert "ORDER BY" not in query
        assert query.count("'") % 2 == 0
        assert view.chosen(WINTER) != CaseFilter()


def test_a_link_leads_to_the_list_of_its_query_and_is_none_where_nobody_knows_the_ui():
    for link in links("https://plan.example/temporal", WINTER):
        asked = urlsplit(link.address)
        assert (asked.netloc, asked.path) == ("plan.example", "/temporal/namespaces/default/workflows")
        assert parse_qs(asked.query) == {"query": [link.query]}
    assert {link.address for link in links("", WINTER)} == {""}
    assert address("", "x") == ""


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("Sierra Vista IPA", "Ppg = 'Sierra Vista IPA'"),
        ("O'Brien IPA", "Ppg = 'O''Brien IPA'"),
        ('The "Best" \\ IPA', "Ppg = 'The ''Best'' / IPA'"),
        ("' OR CaseStage != '", "Ppg = ''' OR CaseStage != '''"),
    ],
)
def test_a_physician_organization_is_asked_for_by_a_name_that_stays_a_name(name, condition):
    assert of_ppg(name) == condition


def test_a_filter_beside_a_view_narrows_it():
    view = BY_NAME["at-risk"].chosen(WINTER)

    both = view.and_also(CaseFilter(line=LineOfBusiness.CMC, ppg="Sierra Vista IPA"))

    assert (both.attention, both.is_open) == (Attention.AT_RISK, True)
    assert (both.line, both.ppg) == (LineOfBusiness.CMC, "Sierra Vista IPA")
