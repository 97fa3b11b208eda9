"""The policy as dated data: it is whole, and an edition that is not says which row is wrong."""

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from pydantic import ValidationError

from policy.edition import EDITIONS, CostShare, Edition, edition_named, edition_on
from policy.request import Item, LineOfBusiness, Priority
from policy.rule import Anchor, Obligation
from tests.builders import a_request

NEWEST = EDITIONS[-1]
A_WEDNESDAY_IN_2022 = date(2022, 6, 15)
A_WEDNESDAY_IN_2026 = date(2026, 11, 25)


def the_table(**changes: Any) -> dict[str, Any]:
    """The edition of 2021-03 as it stands in its file, with some fields changed."""
    text = files("policy").joinpath("editions/2021-03.toml").read_text(encoding="utf-8")
    return {**tomllib.loads(text), **changes}


def rows(rule: str, obligation: str, **changes: Any) -> list[dict[str, Any]]:
    """All time frames, with one of them changed."""
    return [
        {**row, **changes} if (row["id"], row["obligation"]) == (rule, obligation) else row
        for row in the_table()["timeframe"]
    ]


def test_the_edition_on_file_loads():
    edition = Edition(**the_table())

    assert edition.id == "2021-03"
    assert edition == edition_named("2021-03")


def test_the_edition_in_force_is_chosen_by_day_and_the_first_one_holds_for_days_before_it():
    saturday_of_effect = date(2019, 6, 1)

    assert edition_on(A_WEDNESDAY_IN_2026) == NEWEST
    assert edition_on(saturday_of_effect).effective_from == saturday_of_effect
    assert edition_on(date(2019, 5, 31)) == EDITIONS[0]


def test_an_edition_that_was_never_ours_is_an_error():
    with pytest.raises(KeyError):
        edition_named("1999-01")


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda e: e.id)
def test_every_time_frame_says_where_it_comes_from(edition):
    assert all(row.citation.strip() and row.source.strip() for row in edition.timeframe)
    assert edition.deemed_denial.citation
    assert edition.third_opinion.citation


PRIORITIES = {
    LineOfBusiness.CMC: set(Priority),
    LineOfBusiness.MEDI_CAL: set(Priority),
    LineOfBusiness.COMMERCIAL: set(Priority),
    LineOfBusiness.MEDICARE_ADVANTAGE: {Priority.STANDARD, Priority.EXPEDITED},
    LineOfBusiness.D_SNP: {Priority.STANDARD, Priority.EXPEDITED},
}


@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize("authorization", [True, False], ids=["prior authorization", "none needed"])
def test_every_line_has_exactly_one_decision_row_for_each_of_its_priorities(line, authorization):
    day = A_WEDNESDAY_IN_2022 if line is LineOfBusiness.CMC else A_WEDNESDAY_IN_2026

    decided_by = {
        priority: [
            row.obligation
            for row in NEWEST.timeframes(
                a_request(line=line, requires_prior_authorization=authorization), priority, day
            )
            if row.obligation is Obligation.DECISION
        ]
        for priority in Priority
    }

    assert {priority for priority, found in decided_by.items() if found} == PRIORITIES[line]
    assert all(len(found) <= 1 for found in decided_by.values())


@pytest.mark.parametrize("line", LineOfBusiness)
def test_wherever_a_decision_is_due_both_notices_are(line):
    day = A_WEDNESDAY_IN_2022 if line is LineOfBusiness.CMC else A_WEDNESDAY_IN_2026

    for priority in PRIORITIES[line]:
        found = {r.obligation: r.anchor for r in NEWEST.timeframes(a_request(line=line), priority, day)}

        assert found[Obligation.PROVIDER_NOTICE] is Anchor.DECIDED
        assert found[Obligation.MEMBER_NOTICE] is Anchor.DECIDED


@pytest.mark.parametrize("line", [LineOfBusiness.MEDI_CAL, LineOfBusiness.D_SNP, LineOfBusiness.MEDICARE_ADVANTAGE])
@pytest.mark.parametrize(
    "day", [date(2025, 12, 31), date(2026, 1, 1)], ids=["Wednesday 2025-12-31", "Thursday 2026-01-01"]
)
def test_no_day_falls_between_the_rows_of_2025_and_those_of_2026(line, day):
    found = NEWEST.timeframes(a_request(line=line), Priority.STANDARD, day)

    assert [r.obligation for r in found].count(Obligation.DECISION) == 1


def test_the_urgent_opinion_is_due_only_for_an_imminent_threat():
    calm, threatened = (
        {r.id for r in NEWEST.timeframes(a_request(imminent_threat=t), Priority.STANDARD, A_WEDNESDAY_IN_2026)}
        for t in (False, True)
    )

    assert threatened - calm == {"KK-2OP-URG"}


@pytest.mark.parametrize("line", LineOfBusiness)
def test_every_line_says_what_the_member_pays(line):
    assert NEWEST.cost[line] in CostShare


# -- an edition that is not whole


def test_two_rows_for_the_same_day_are_an_error_that_names_both():
    one_day_too_long = rows("MCAL-STD-A", "decision", to=date(2026, 1, 1))

    with pytest.raises(ValidationError, match="MCAL-STD-A and MCAL-STD-B overlap on decision"):
        Edition(**the_table(timeframe=one_day_too_long))


def test_the_same_row_twice_is_an_error_that_names_it():
    twice = [*the_table()["timeframe"], the_table()["timeframe"][0]]

    with pytest.raises(ValidationError, match="CMC-STD and CMC-STD overlap on decision"):
        Edition(**the_table(timeframe=twice))


def test_rows_for_different_prior_authorization_do_not_overlap():
    advantage = [row for row in NEWEST.timeframe if row.id in ("MA-STD-B", "MA-STD-NPA")]

    assert not advantage[0].overlaps(advantage[1])


def test_a_line_of_which_nothing_says_what_the_member_pays_is_an_error_that_names_the_line():
    whole = the_table()
    without = {line: share for line, share in whole["cost"].items() if line != "d_snp"}

    with pytest.raises(ValidationError, match="nothing says what the member pays on line d_snp"):
        Edition(**{**whole, "cost": without})


@pytest.mark.parametrize("blank", ["citation", "source"])
def test_a_time_frame_without_citation_or_source_is_an_error(blank):
    unfounded = rows("MCAL-EXP", "decision", **{blank: ""})

    with pytest.raises(ValidationError, match=blank):
        Edition(**the_table(timeframe=unfounded))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({"unit": "business_days"}, "MCAL-EXP: business days need a calendar", id="no calendar"),
        pytest.param({"calendar": "state"}, "MCAL-EXP: business days need a calendar", id="hours with a calendar"),
        pytest.param({"amount": 0}, "MCAL-EXP: needs an amount", id="no amount"),
    ],
)
def test_a_time_frame_that_cannot_be_counted_is_an_error_that_names_it(changes, problem):
    with pytest.raises(ValidationError, match=problem):
        Edition(**the_table(timeframe=rows("MCAL-EXP", "decision", **changes)))


def test_a_gap_after_a_row_that_ends_is_an_error_that_names_the_row():
    one_day_too_short = rows("MCAL-STD-A", "decision", to=date(2025, 12, 30))

    with pytest.raises(ValidationError, match="a gap after MCAL-STD-A on 2025-12-31 for medi_cal, standard"):
        Edition(**the_table(timeframe=one_day_too_short))


def test_a_row_that_ends_without_any_other_after_it_leaves_a_gap():
    without = [row for row in the_table()["timeframe"] if (row["id"], row["obligation"]) != ("MCAL-STD-B", "decision")]

    with pytest.raises(ValidationError, match="a gap after MCAL-STD-A on 2026-01-01 for medi_cal, standard"):
        Edition(**the_table(timeframe=without))


def test_a_disabled_row_closes_no_gap():
    with pytest.raises(ValidationError, match="a gap after MCAL-STD-A on 2026-01-01 for medi_cal, standard"):
        Edition(**the_table(timeframe=rows("MCAL-STD-B", "decision", disabled=True)))


def test_only_the_rows_of_a_line_that_has_ended_need_no_others_after_them():
    with pytest.raises(ValidationError, match="a gap after CMC-STD on 2023-01-01 for cmc, standard"):
        Edition(**the_table(lines_ended={"cmc": date(2023, 1, 31)}))


@pytest.mark.parametrize("citation", ["42 CFR 999.1", "42 CFR 438.210(d)(2); 42 CFR 999.1"], ids=["alone", "second"])
def test_a_citation_that_is_not_registered_is_an_error_that_names_row_and_citation(citation):
    extensions = the_table()["extension"]
    unregistered = [{**e, "citation": citation} if e["id"] == "MCAL-EXP-EXT" else e for e in extensions]

    with pytest.raises(ValidationError, match=r"MCAL-EXP cites what is not registered: \['42 CFR 999.1'\]"):
        Edition(**the_table(timeframe=rows("MCAL-EXP", "decision", citation=citation)))
    with pytest.raises(ValidationError, match=r"MCAL-EXP-EXT cites what is not registered: \['42 CFR 999.1'\]"):
        Edition(**the_table(extension=unregistered))


def test_a_choice_about_an_unknown_parameter_is_an_error_that_names_it():
    first, *others = the_table()["choice"]

    with pytest.raises(ValidationError, match=r"a choice about no parameter: \['follow_the_leader'\]"):
        Edition(**the_table(choice=[{**first, "parameter": "follow_the_leader"}, *others]))


@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize("priority", Priority)
def test_a_disabled_row_never_makes_a_clock(line, priority):
    disabled = {row.id for row in NEWEST.timeframe if row.disabled}
    found = NEWEST.timeframes(a_request(line=line, priority=priority), priority, A_WEDNESDAY_IN_2026)

    assert disabled == {"WATCH-AB512"}
    assert disabled.isdisjoint(row.id for row in found)


def test_a_disabled_row_that_is_enabled_competes_with_the_law():
    enabled = [{**row, "disabled": False} for row in the_table()["timeframe"]]

    with pytest.raises(ValidationError, match="KK-STD and WATCH-AB512 overlap on decision"):
        Edition(**the_table(timeframe=enabled))


def test_a_misspelt_field_of_an_edition_is_an_error():
    misspelt = rows("MCAL-EXP", "decision", until=date(2030, 1, 1))

    with pytest.raises(ValidationError, match="until"):
        Edition(**the_table(timeframe=misspelt))


def test_an_item_is_called_in_a_letter_as_the_checklist_calls_it_or_by_its_own_name():
    assert NEWEST.label(Item.TEST_RESULTS) == "Test results that bear on the question"
    assert NEWEST.label(Item.FIRST_OPINION_REPORT) == "First opinion report"
