"""Whom the ladder proposes for a case's opinion: ``second-opinion candidates``. Policy 90.2.17, P6.a and P6.b."""

from typing import Any

from rich.markup import escape

from cli.acting import no_case
from cli.house import DONE, REFUSED, desk_of, server_address
from cli.screen import as_json, complain, console, errors, now, table
from policy.candidates import Proposal, Proposed, ProposedRung
from policy.case import Case
from policy.routing import UNAVAILABLE
from policy.verdict import Refused
from records import queries
from wiring.proposals import placement_of, proposal_for
from wiring.sending import ActionError
from wiring.settings import Settings
from wiring.temporal import TemporalError, named_cluster
from wiring.world import World, open_world
from workflows.inspection import words

AS_REGISTERED = (
    "Nobody answered for the case: the request as it was registered counts, without who reviewed or decided."
)


async def propose_for(settings: Settings, case: str, *, version: str, limit: int, pick: str, json: bool) -> int:
    """Prints the proposal for a case; 1 when there is no such case or no directory, or the one picked cannot be chosen.

    ``pick``: the NPI of a candidate; then the fields of the placement are printed, as JSON for ``task complete``.
    """
    world = open_world(settings)
    number = queries.find_number(world.records, case)
    if number is None:
        complain(no_case(case))
        return REFUSED
    standing = await _case(settings, world, number)
    found = proposal_for(world, number, at=now(), case=standing, version=version)
    if isinstance(found, Refused):
        complain(found.reason)
        return REFUSED
    if pick:
        return _picked(number, found, pick)
    notes = (*found.notes, *(() if standing else (AS_REGISTERED,)))
    if json:
        as_json(_as_json(number, found, notes))
    else:
        _print(number, found, notes, limit)
    return DONE


def _picked(number: str, found: Proposal, npi: str) -> int:
    """The fields on standard output, and what a person has still to say on the other stream."""
    fields = placement_of(found, npi)
    if isinstance(fields, Refused):
        complain(fields.reason)
        return REFUSED
    as_json(fields)
    if fields["proposed_npi"] != npi:
        complain("Another physician is proposed: add departure_reason, or the case refuses the placement.")
    errors.print(
        f"Place it with: second-opinion task complete {number} place_opinion --as WHO --data -", soft_wrap=True
    )
    return DONE


async def _case(settings: Settings, world: World, number: str) -> Case | None:
    """The case as it stands, where a server runs and a worker answers."""
    if not named_cluster() and server_address(settings) is None:
        return None
    try:
        return await (await desk_of(settings, world)).case(number)
    except (TemporalError, ActionError):
        return None


def _print(number: str, proposal: Proposal, notes: tuple[str, ...], limit: int) -> None:
    what = f"{escape(proposal.specialty)}, {words(proposal.care)}, by directory {proposal.directory_version}"
    console.print(f"[bold]Candidates for {number}[/]: {what}, on {proposal.on}", soft_wrap=True)
    for rung in proposal.rungs:
        table(
            f"{words(rung.tier)}: {rung.eligible} of {len(rung.proposed)} can be chosen",
            ("npi", "name", "organization", "distance", "language", "tests"),
            (_row(one, proposal) for one in rung.proposed[:limit]),
            empty=f"{words(rung.tier)}: nobody of the specialty is listed.",
        )
        _after(rung, limit)
    chosen = proposal.chosen.candidate.professional if proposal.chosen else None
    whom = f"[green]{escape(chosen.name)}[/], NPI {chosen.npi}" if chosen else "[yellow]nobody[/]"
    console.print(f"Proposed: {whom}. A person places the opinion.", soft_wrap=True)
    for sentence in filter(None, (proposal.wish, *notes)):
        console.print(escape(sentence), soft_wrap=True)


def _after(rung: ProposedRung, limit: int) -> None:
    if len(rung.proposed) > limit:
        console.print(f"and {len(rung.proposed) - limit} more; --limit shows them.")
    if rung.passed_over:
        console.print(f"Passed over: {escape(rung.passed_over)}.", soft_wrap=True)


def _row(one: Proposed, proposal: Proposal) -> tuple[str, ...]:
    who = one.candidate.professional
    mark = " [green](proposed)[/]" if one == proposal.chosen else ""
    mark += " (the member's choice)" if one.is_the_members_wish else ""
    return (
        who.npi,
        escape(who.name) + mark,
        escape(who.organization) or "-",
        escape(one.distance.removeprefix("about ")),
        "yes" if one.speaks_the_members_language else "no",
        "\n".join((_tests(one), *(escape(note) for note in one.notes))),
    )


def _tests(one: Proposed) -> str:
    failed = [test.reason for test in one.tests if not test.passed]
    failed += [UNAVAILABLE[bar] for bar in one.considered.unavailable]
    return f"[red]{escape('; '.join(failed))}[/]" if failed else f"[green]all {len(one.tests)} passed[/]"


def _as_json(number: str, proposal: Proposal, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "case": number,
        "directory_version": proposal.directory_version,
        "on": proposal.on.isoformat(),
        "care": proposal.care,
        "specialty": proposal.specialty,
        "proposed": _candidate(proposal.chosen) if proposal.chosen else None,
        "passed_over": dict(proposal.passed_over),
        "rungs": [
            {
                "tier": rung.tier,
                "candidates": [_candidate(one) for one in rung.proposed],
                "passed_over": rung.passed_over,
            }
            for rung in proposal.rungs
        ],
        "wish": proposal.wish,
        "notes": notes,
    }


def _candidate(one: Proposed) -> dict[str, Any]:
    return {
        **one.candidate.model_dump(mode="json"),
        "can_be_chosen": one.can_be_chosen,
        "tests": [test.model_dump(mode="json") for test in one.tests],
        "unavailable": one.considered.unavailable,
        "reasons": one.considered.reasons,
        "distance": one.distance,
        "speaks_the_members_language": one.speaks_the_members_language,
        "is_the_members_wish": one.is_the_members_wish,
        "notes": one.notes,
    }
