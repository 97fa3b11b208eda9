"""The stages of a case and the permitted moves between them: one table. Policy 90.2.17, Procedure 1 to 9."""

from enum import StrEnum

from policy.verdict import Allowed, Refused, Verdict


class Stage(StrEnum):
    """Where a case stands."""

    COMPLETENESS_REVIEW = "completeness_review"
    INFORMATION_REQUESTED = "information_requested"
    PHYSICIAN_REVIEW = "physician_review"
    CONSULTATIVE_REVIEW = "consultative_review"
    PLACEMENT = "placement"
    CONSULTATION_REPORT = "consultation_report"
    THIRD_OPINION = "third_opinion"
    FILING = "filing"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How a request ended."""

    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


BEFORE_DETERMINATION = (
    Stage.COMPLETENESS_REVIEW,
    Stage.INFORMATION_REQUESTED,
    Stage.PHYSICIAN_REVIEW,
    Stage.CONSULTATIVE_REVIEW,
)

MOVES: dict[Stage, tuple[Stage, ...]] = {
    # P2, P3: complete, or ask for what is missing
    Stage.COMPLETENESS_REVIEW: (Stage.INFORMATION_REQUESTED, Stage.PHYSICIAN_REVIEW, Stage.FILING),
    Stage.INFORMATION_REQUESTED: (Stage.COMPLETENESS_REVIEW, Stage.FILING),
    # P4, P5: approve, deny, or refer
    Stage.PHYSICIAN_REVIEW: (Stage.CONSULTATIVE_REVIEW, Stage.PLACEMENT, Stage.FILING),
    # P6: the recommendation goes back to the physician, who signs
    Stage.CONSULTATIVE_REVIEW: (Stage.PHYSICIAN_REVIEW, Stage.FILING),
    # P6a, P6b, P7; a third opinion has a case of its own (T1), or, where that was lost, is placed here
    Stage.PLACEMENT: (Stage.CONSULTATION_REPORT,),
    Stage.CONSULTATION_REPORT: (Stage.PLACEMENT, Stage.THIRD_OPINION, Stage.FILING),
    Stage.THIRD_OPINION: (Stage.PLACEMENT, Stage.FILING),
    # P9, P11; a denial that is changed to an approval goes to placement, a letter that came back is filed, too
    Stage.FILING: (Stage.CLOSED, Stage.PLACEMENT),
    Stage.CLOSED: (Stage.PLACEMENT, Stage.FILING),
}


def may_move(here: Stage, there: Stage) -> Verdict:
    """Whether a case may go from one stage to another."""
    if there in MOVES[here]:
        return Allowed()
    return Refused(reason=f"a case in {here} cannot go to {there}", clause="Procedure")
