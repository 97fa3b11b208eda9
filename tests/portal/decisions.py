"""Delegated decisions for the portal's tests: spoilt packets, registered and recorded as their stories would."""

from datetime import timedelta
from typing import Any

from policy.delegateacting import act
from policy.delegateactions import DELEGATED_ACTIONS
from policy.delegatecase import DelegatedCase, receive_packet
from policy.delegated import DelegatedPacket, NoticeGiven
from policy.delegatetransition import between
from policy.people import Actor
from portal.pages import now
from tests.delegates import a_packet
from tests.portal.conftest import Portal


def fresh(**changes: Any) -> DelegatedPacket:
    """A packet that was decided an hour ago, with nothing to be found in it."""
    decided = now() - timedelta(hours=1)
    given = {
        "received_by_delegate_at": decided - timedelta(hours=20),
        "decided_at": decided,
        "provider_notice": NoticeGiven(at=decided),
        "member_notice": NoticeGiven(at=decided),
    }
    return a_packet(**{**given, **changes})


def enter(portal: Portal, *packets: DelegatedPacket) -> list[str]:
    """Their numbers, as a door registers them."""
    return [one.number for one in portal.world.packets.enter(packets, now())]


def begin(portal: Portal, **changes: Any) -> DelegatedCase:
    """A decision whose copy has just come, checked and recorded; without its medical record unless that is given."""
    packet = fresh(**{"record_attachment": None, **changes})
    (entered,) = portal.world.packets.enter((packet,), now())
    case = receive_packet(entered.number, packet, entered.received_at, match=entered.match)
    portal.world.delegated.record(between(None, case, now()))
    portal.world.packets.mark_started([entered.number], now())
    return case


def does(portal: Portal, case: DelegatedCase, actor: Actor, signal: str, **fields: Any) -> DelegatedCase:
    """The decision after an action, recorded."""
    action = DELEGATED_ACTIONS[signal].model_validate(
        {"action_id": f"a-{case.seq}", "actor": actor, "at": now(), **fields}
    )
    after = act(case, action, now())
    portal.world.delegated.record(between(case, after, now()))
    return after


def rest(portal: Portal, before: DelegatedCase, after: DelegatedCase) -> DelegatedCase:
    """What changed is recorded."""
    portal.world.delegated.record(between(before, after, now()))
    return after
