"""The demonstration's directory is what its generator makes, is sound, and agrees with the demonstration's requests."""

import json
from datetime import date
from functools import cache
from typing import Any

import pytest

from policy.candidates import Proposal, candidates
from policy.directory import Physician, is_npi
from policy.request import Request
from policy.routing import Tier
from tests.demonstration_directory import FOLDER, ROOT, files
from wiring.directories import Reading, read_directory

DAY = date(2026, 11, 23)  # a Monday
REQUESTS = sorted((ROOT / "examples" / "intake").glob("*.json"))


@cache
def reading() -> Reading:
    return read_directory(FOLDER / "physicians.csv", roster=FOLDER / "roster.csv")


@cache
def everybody() -> tuple[Physician, ...]:
    return tuple(Physician.model_validate_json(row) for row in reading().prepared.rows.values())


def without_documents(value: Any) -> Any:
    """A request whose documents, which lie elsewhere, are left out."""
    if isinstance(value, dict):
        return {name: without_documents(part) for name, part in value.items() if not name.startswith("attachment")}
    if isinstance(value, list):
        return [without_documents(part) for part in value if not (isinstance(part, dict) and "attachment" in part)]
    return value


def example(file: Any) -> tuple[Proposal, list[dict[str, Any]]]:
    """The proposal for an example request, and the placements that its play has."""
    given = json.loads(file.read_text(encoding="utf-8"))
    acts = given.pop("demonstration")["acts"]
    request = Request.model_validate(without_documents(given))
    placed = [act["fields"] for act in acts if act["signal"] == "place_opinion"]
    return candidates(request, everybody(), DAY), placed


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_every_file_is_as_the_generator_makes_it(file):
    assert file.read_text(encoding="utf-8") == files()[file], "run: python -m tests.demonstration_directory"


def test_all_of_it_is_sound_and_there_are_some_hundreds():
    assert reading().report.refused == []
    assert 300 <= len(everybody()) <= 400


def test_the_invented_say_so_and_the_others_stand_in_the_requests():
    cast = "".join(file.read_text(encoding="utf-8") for file in REQUESTS)

    for one in everybody():
        assert is_npi(one.npi)
        assert one.npi.startswith("29929") or one.npi in cast
        assert all(licence.number.startswith("SYN-") for licence in one.licences)
        assert all("-555-01" in place.phone for place in one.locations if place.phone)


@pytest.mark.parametrize("file", REQUESTS, ids=lambda file: file.stem)
def test_what_the_demonstration_places_is_what_the_ladder_would_allow(file):
    proposal, placed = example(file)

    for fields in placed:
        npi, tier = fields["professional"]["npi"], Tier(fields["tier"])
        (found,) = (one for r in proposal.rungs for one in r.proposed if one.candidate.professional.npi == npi)
        assert found.can_be_chosen
        assert found.candidate.tier is tier
        assert set(fields.get("passed_over", {})) == set(proposal.passed_over)


def test_some_have_nobody_in_the_ppg_and_some_only_out_of_network():
    tiers = {}
    for file in REQUESTS:
        proposal, _ = example(file)
        assert proposal.chosen, file.name
        tiers[file.name[:2]] = proposal.chosen.candidate.tier

    assert (tiers["15"], tiers["07"], tiers["02"]) == (Tier.PLAN, Tier.OUT_OF_NETWORK, Tier.PPG)
