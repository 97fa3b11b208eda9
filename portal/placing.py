"""The proposal on the page of a placement, and in the action that it becomes. Policy 90.2.17, Procedure 6.a and 6.b.

A person chooses; the page shows whom the ladder leads to, rung by rung, with every test, and fills in the form.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from policy.candidates import Proposal
from policy.case import Case
from policy.verdict import Refused
from portal.pages import now
from portal.session import Visit
from wiring.proposals import found_out, placement_of, proposal_for


async def proposed(visit: Visit, number: str, case: Case | None) -> Proposal | Refused:
    """Whom the ladder leads to now, by the directory in force, for the case as it stands (or was registered)."""
    return await asyncio.to_thread(proposal_for, visit.house.world, number, at=now(), case=case)


async def picked(visit: Visit, number: str, case: Case | None, npi: str) -> tuple[dict[str, Any], str]:
    """The fields of the form for a candidate whom somebody chose on the page; or why there are none."""
    proposal = await proposed(visit, number, case)
    fields = proposal if isinstance(proposal, Refused) else placement_of(proposal, npi)
    return ({}, fields.reason) if isinstance(fields, Refused) else (fields, "")


async def with_proposal(visit: Visit, number: str, case: Case | None, body: Mapping[str, Any]) -> dict[str, Any]:
    """What was entered, and what the door finds out: who stood in the proposal, and whom it led to."""
    proposal = await proposed(visit, number, case)
    if isinstance(proposal, Refused):
        return dict(body)
    who = body.get("professional")
    npi = who.get("npi", "") if isinstance(who, dict) else ""
    return {**body, **found_out(proposal, npi if isinstance(npi, str) else "")}
