"""Whether an action was truly sent by whom it says. The signatures themselves are checked in ``workflows/signatures``.

A deployment chooses, and a case keeps its choice for its whole life: ``open`` takes everybody's word (a demonstration),
``flag`` marks what carries no valid statement, ``require`` refuses it.
"""

from enum import StrEnum

from policy.verdict import Allowed, Refused, Value, Verdict


class TrustMode(StrEnum):
    """What becomes of an action without a valid statement of its actor."""

    OPEN = "open"
    FLAG = "flag"
    REQUIRE = "require"


class Trust(Value):
    """The choice that a case was opened under, and the public root keys (base64url, Ed25519) that it believes."""

    mode: TrustMode = TrustMode.OPEN
    roots: tuple[str, ...] = ()


class Proof(Value):
    """What the check of an action's statement came to; ``problem`` says why it proves nothing, in a sentence."""

    is_signed: bool
    problem: str = ""


UNSIGNED = Proof(
    is_signed=False, problem="it carries no signed statement of its actor; send it through one of our doors"
)


def may_be_believed(trust: Trust, proof: Proof) -> Verdict:
    """Whether the case acts on it. What is only marked is allowed."""
    if proof.is_signed or trust.mode is not TrustMode.REQUIRE:
        return Allowed()
    return Refused(reason=f"this case takes signed actions only: {proof.problem}", field="signed_statement")


def is_superseded(trust: Trust, proof: Proof, earlier_was_proven: bool) -> bool:
    """Whether a proven action may take the ``action_id`` that an unproven one came with before.

    Where signatures are required an unproven action was never applied: nobody can use up the true sender's ids.
    """
    return trust.mode is TrustMode.REQUIRE and proof.is_signed and not earlier_was_proven


def is_to_be_marked(trust: Trust, proof: Proof) -> bool:
    """Whether the story marks the action as unsigned."""
    return trust.mode is TrustMode.FLAG and not proof.is_signed
