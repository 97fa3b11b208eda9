"""The proposal on the page of a placement: rung by rung, chosen by a link, sent with the form. P6.a and P6.b.

Temporal is away: what is sent is kept, and can be read as it was sent.
"""

import json
from datetime import date

import pytest

from records.directory import prepare
from tests.builders import MONDAY
from tests.policy.physicians import POPPY, a_physician, an_npi
from tests.portal.conftest import Portal
from tests.portal.filling import forms_in

NEAR, FAR, UNLICENSED = 1, 2, 3


def page(portal: Portal, path: str = "", status: int = 200) -> str:
    answer = portal.as_("cm.alvarez").get(f"/cases/{portal.numbers['placement']}{path}")
    assert answer.status_code == status
    return " ".join(answer.text.split())


@pytest.fixture
def directory(portal: Portal) -> str:
    """Two who can be chosen, of the plan, and one of the PPG who cannot."""
    physicians = (
        a_physician(NEAR, affiliations=(POPPY,)),
        a_physician(FAR, affiliations=(POPPY,)),
        a_physician(UNLICENSED, licences=()),
    )
    made = portal.world.directory.import_version(
        prepare(physicians), label="x", source="x", in_force_from=date(2020, 1, 1), at=MONDAY
    )
    return made.version.id


@pytest.mark.usefixtures("directory")
def test_the_page_shows_each_rung_with_its_candidates_tests_and_why_it_was_passed_over(portal: Portal) -> None:
    html = page(portal)

    assert "Whom the ladder leads to" in html
    assert "Passed over: no eligible physician for orthopedic surgery in the PPG: 1 has no licence on record." in html
    assert "licensed: failed (the physician's licence is not on record)" in html.replace("&#39;", "'")
    assert f"do/place_opinion?task=T3&amp;pick={an_npi(NEAR)}" in html
    assert f"pick={an_npi(UNLICENSED)}" not in html


@pytest.mark.usefixtures("directory")
def test_choosing_a_candidate_fills_in_the_form(portal: Portal) -> None:
    action = f"/cases/{portal.numbers['placement']}/do/place_opinion"

    fields = forms_in(page(portal, f"/do/place_opinion?task=T3&pick={an_npi(NEAR)}"))[action]

    assert (fields["tier"], fields["professional.npi"]) == (["plan"], [an_npi(NEAR)])
    assert fields["licence"] == [f"SYN-{NEAR}"]
    assert fields["passed_over.ppg"][0].startswith("no eligible physician for orthopedic surgery in the PPG")
    assert "considered" not in fields


@pytest.mark.usefixtures("directory")
def test_who_cannot_be_chosen_fills_in_nothing_and_the_page_says_why(portal: Portal) -> None:
    html = page(portal, f"/do/place_opinion?task=T3&pick={an_npi(UNLICENSED)}", status=422)

    assert "cannot be chosen: the physician" in html


def test_without_a_directory_the_page_shows_the_tiers_as_before(portal: Portal) -> None:
    assert "Whom the ladder leads to" not in page(portal)
    assert "No directory is in force" in page(portal, f"/do/place_opinion?task=T3&pick={an_npi(NEAR)}", status=422)


def test_another_than_the_proposed_one_is_asked_for_a_reason_and_the_proposal_goes_along(
    portal: Portal, directory: str
) -> None:
    action = f"/cases/{portal.numbers['placement']}/do/place_opinion"
    form = forms_in(page(portal, f"/do/place_opinion?task=T3&pick={an_npi(FAR)}"))[action]

    confirmation = portal.as_("cm.alvarez").post(action, data=form)

    body = json.loads(forms_in(confirmation.text)[action]["body"][0])
    assert (body["directory_version"], body["proposed_npi"]) == (directory, an_npi(NEAR))
    assert [(one["npi"], one["passed"]) for one in body["considered"]] == [
        (an_npi(UNLICENSED), False),
        (an_npi(NEAR), True),
        (an_npi(FAR), True),
    ]
