"""A directory's files become a version, and a case its proposal, as the doors ask for both."""

from collections.abc import Iterator
from datetime import date

import pytest

from adapters.directoryfiles import DirectoryFileError
from policy.acting import act
from policy.candidates import Proposal
from policy.case import open_case
from policy.routing import Tier
from policy.verdict import Refused
from records.directory import prepare
from tests.adapters.listings import a_row, written
from tests.builders import CASE_MANAGER, CMO, MONDAY, a_professional, a_request, action
from tests.demonstration_directory import NPPES_COLUMNS
from tests.policy.physicians import POPPY, a_physician, an_npi
from wiring.directories import Format, import_directory, read_directory
from wiring.proposals import NO_DIRECTORY, placement_of, proposal_for
from wiring.settings import Settings
from wiring.world import World, open_world

DAY = date(2026, 11, 2)  # a Monday


@pytest.fixture
def world(tmp_path) -> Iterator[World]:
    world = open_world(Settings(home=tmp_path / "var"))
    yield world
    world.records.dispose()


def with_directory(world: World, *physicians, on: date = DAY) -> str:
    return world.directory.import_version(
        prepare(physicians), label="x", source="x", in_force_from=on, at=MONDAY
    ).version.id


def opened(world: World, **changes) -> str:
    return world.register.reserve(a_request(**changes), MONDAY).case_number


def chosen(proposal: Proposal | Refused) -> str:
    assert isinstance(proposal, Proposal)
    return proposal.chosen.candidate.professional.npi if proposal.chosen else ""


def test_a_case_has_its_proposal_from_the_version_in_force_on_the_day(world):
    version = with_directory(world, a_physician(1), a_physician(2, "cardiology"))
    with_directory(world, a_physician(3), on=date(2026, 11, 3))

    proposal = proposal_for(world, opened(world), at=MONDAY)

    assert isinstance(proposal, Proposal)
    assert (proposal.directory_version, proposal.on) == (version, DAY)
    assert chosen(proposal) == an_npi(1)


def test_another_version_can_be_named(world):
    with_directory(world, a_physician(1))
    later = with_directory(world, a_physician(3), on=date(2026, 11, 3))

    assert chosen(proposal_for(world, opened(world), at=MONDAY, version=later)) == an_npi(3)


def test_whom_the_member_designated_is_looked_at_whatever_the_specialty(world):
    with_directory(world, a_physician(1), a_physician(2, "cardiology"))
    number = opened(world, designated_professional=a_professional(an_npi(2), name="Dr. Ana Ruiz"))

    proposal = proposal_for(world, number, at=MONDAY)

    assert isinstance(proposal, Proposal)
    assert proposal.wish.endswith("who is not proposed: the physician's specialty is not orthopedic surgery.")


def test_who_decided_in_the_case_is_not_proposed_where_the_case_is_known(world):
    surgeon = CMO.model_copy(update={"npi": an_npi(1)})
    with_directory(world, a_physician(1), a_physician(2, affiliations=(POPPY,)))
    number = opened(world)
    case = open_case(number, a_request(), MONDAY)
    for name, who, fields in (
        ("confirm_completeness", CASE_MANAGER, {}),
        ("determine", surgeon, {"outcome": "approved", "rationale": "Useful."}),
    ):
        case = act(case, action(name, who, MONDAY, **fields), MONDAY)

    assert case.determination
    known, unknown = (proposal_for(world, number, at=MONDAY, case=one) for one in (case, None))

    assert (chosen(known), chosen(unknown)) == (an_npi(2), an_npi(1))
    assert isinstance(known, Proposal)
    assert "1 was involved" in known.passed_over[Tier.PPG]


def test_without_a_directory_or_a_case_there_is_a_reason_instead(world):
    number = opened(world)

    nothing, no_case = proposal_for(world, number, at=MONDAY), proposal_for(world, "SO-2026-000009", at=MONDAY)
    no_version = proposal_for(world, number, at=MONDAY, version="2020-01-01-1")

    assert nothing == Refused(reason=NO_DIRECTORY, field="directory")
    assert isinstance(no_case, Refused)
    assert "There is no case SO-2026-000009" in no_case.reason
    assert isinstance(no_version, Refused)
    assert "There is no directory 2020-01-01-1" in no_version.reason


def test_a_file_tells_its_format_by_how_it_begins(tmp_path):
    table = written(tmp_path / "physicians.txt", NPPES_COLUMNS, [a_row()])
    bundle = tmp_path / "bundle.txt"
    bundle.write_text('\ufeff \n{"resourceType": "Bundle", "entry": []}')

    assert (read_directory(table).kind, read_directory(bundle).kind) == (Format.NPPES, Format.PLAN_NET)
    with pytest.raises(DirectoryFileError, match="is not JSON at line 1"):
        read_directory(table, format_=Format.PLAN_NET)
    with pytest.raises(DirectoryFileError, match="cannot be read: no such file"):
        read_directory(tmp_path / "none")


def test_a_file_without_a_sound_physician_is_no_directory(tmp_path, world):
    reading = read_directory(written(tmp_path / "physicians.csv", NPPES_COLUMNS, [a_row(zip="1")]))

    with pytest.raises(DirectoryFileError, match=r"physicians.csv has no physician who could be listed"):
        import_directory(world.directory, reading, label="", in_force_from=DAY, at=MONDAY)
    assert world.directory.versions() == []


# -- the placement that a candidate becomes


def proposed(world: World, *physicians) -> Proposal:
    with_directory(world, *physicians)
    found = proposal_for(world, opened(world), at=MONDAY)
    assert isinstance(found, Proposal)
    return found


def test_a_candidate_becomes_a_placement_that_the_rules_take(world):
    found = proposed(world, a_physician(1))

    fields = placement_of(found, an_npi(1))

    assert not isinstance(fields, Refused)
    case = open_case("SO-2026-000001", a_request(), MONDAY)
    for who, signal, given in (
        (CASE_MANAGER, "confirm_completeness", {}),
        (CMO, "determine", {"outcome": "approved", "rationale": "Reason R1 applies."}),
        (CASE_MANAGER, "place_opinion", fields),
    ):
        case = act(case, action(signal, who, MONDAY, **given), MONDAY)
    opinion = case.opinions[-1]
    assert (opinion.candidate.professional.npi, opinion.proposed_npi) == (an_npi(1), an_npi(1))
    assert opinion.directory_version == found.directory_version
    assert [(one.npi, one.passed) for one in opinion.considered] == [(an_npi(1), True)]


def test_who_is_not_proposed_or_does_not_qualify_becomes_no_placement(world):
    found = proposed(world, a_physician(1), a_physician(2, licences=()))

    unknown, barred = placement_of(found, an_npi(9)), placement_of(found, an_npi(2))

    assert isinstance(unknown, Refused)
    assert isinstance(barred, Refused)
    assert barred.reason.startswith("Dr. Ada Testwood 2 cannot be chosen: the physician's licence is not on record;")


def test_who_declined_is_passed_over_in_the_next_proposal(world):
    with_directory(world, a_physician(1), a_physician(2))
    number = opened(world)
    case = open_case(number, a_request(), MONDAY)
    for who, signal in ((CASE_MANAGER, "confirm_completeness"), (CMO, "determine")):
        given = {"outcome": "approved", "rationale": "Reason R1 applies."} if signal == "determine" else {}
        case = act(case, action(signal, who, MONDAY, **given), MONDAY)
    first = proposal_for(world, number, at=MONDAY, case=case)
    assert isinstance(first, Proposal)
    fields = placement_of(first, chosen(first))
    assert not isinstance(fields, Refused)
    case = act(case, action("place_opinion", CASE_MANAGER, MONDAY, **fields), MONDAY)
    case = act(case, action("decline_placement", CASE_MANAGER, MONDAY, reason="On leave."), MONDAY)

    again = proposal_for(world, number, at=MONDAY, case=case)

    assert (chosen(first), chosen(again)) == (an_npi(1), an_npi(2))
