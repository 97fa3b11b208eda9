"""The proposal for a case, as every door shows it: the ladder's candidates, from the directory in force. P6.a, P6.b."""

from datetime import datetime

from policy.calendar import local_day
from policy.candidates import Proposal, candidates, wanted_specialties
from policy.case import Case
from policy.directory import Physician
from policy.edition import edition_on
from policy.placement import took_part
from policy.request import Request
from policy.verdict import Refused
from wiring.world import World

NO_DIRECTORY = "No directory is in force; import one with: second-opinion directory import FILE"


def proposal_for(
    world: World, case_number: str, *, at: datetime, case: Case | None = None, version: str = ""
) -> Proposal | Refused:
    """Whom the ladder leads to in a case, at a time; or why nothing can be proposed. Raises RecordsError.

    ``case``: the case as it stands, where the door has it. Without it the request as it was registered counts, and
    nobody is known who reviewed, decided or gave an opinion meanwhile: the placement itself still refuses them.
    ``version`` names a version of the directory; without it the one in force on the day counts.
    """
    request = case.request if case else world.register.request_of(case_number)
    if request is None:
        return Refused(reason=f"There is no case {case_number}; list them with: second-opinion list", field="case")
    day = local_day(at)
    found = world.directory.version(version) if version else world.directory.in_force_on(day)
    if found is None:
        missing = f"There is no directory {version}; list them with: second-opinion directory list"
        return Refused(reason=missing if version else NO_DIRECTORY, field="directory")
    parameters = (case.edition if case else edition_on(day)).parameters
    return candidates(
        request,
        _in_question(world, found.id, request),
        day,
        directory_version=found.id,
        already_gave=took_part(case) if case else frozenset(),
        network_is_open=parameters.primary_care_network_designation,
        equivalent_specialty_allowed=parameters.equivalent_specialty_for_opinions,
    )


def _in_question(world: World, version: str, request: Request) -> list[Physician]:
    """Those of the specialty or an equivalent one, and whom the member designated."""
    found = world.directory.find(version, specialties=wanted_specialties(request))
    designated = request.designated_professional
    wish = world.directory.physician(version, designated.npi) if designated else None
    return [*found, *([wish] if wish and wish not in found else [])]
