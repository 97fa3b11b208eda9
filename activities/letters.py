"""Write and send letters: to the provider for information, to both parties, to the second-opinion physician.

Policy 90.2.17, Procedure 3, 5, 7 and 8. One call sends all letters of one occasion; each letter has its own idempotency
key, so that a repetition sends only those that have not left. Those that left are answered at once, without the others.
"""

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.ports import Mailroom
from policy.channels import StillTrying
from policy.dispatch import Delivery
from policy.letter import Letter


class LetterSteps:
    """The steps that write to people."""

    def __init__(self, mailroom: Mailroom) -> None:
        self._mailroom = mailroom

    @activity.defn
    def ask_for_information(self, letters: tuple[Letter, ...]) -> tuple[Delivery, ...]:
        """Ask the treating provider for what is missing, and tell the member about the delay (P3)."""
        return self._post(letters)

    @activity.defn
    def notify_parties(self, letters: tuple[Letter, ...]) -> tuple[Delivery, ...]:
        """Tell member and provider about the determination or the withdrawal (P5)."""
        return self._post(letters)

    @activity.defn
    def refer_to_opinion_physician(self, letters: tuple[Letter, ...]) -> tuple[Delivery, ...]:
        """Authorize the physician who gives the opinion, tell the member where to go, chase the report (P6, P7, P8)."""
        return self._post(letters)

    @activity.defn
    def share_report(self, letters: tuple[Letter, ...]) -> tuple[Delivery, ...]:
        """Share the consultation report with the PCP, the member and the treating provider (P7)."""
        return self._post(letters)

    def _post(self, letters: tuple[Letter, ...]) -> tuple[Delivery, ...]:
        return sent_by(self._mailroom, letters)


def sent_by(mailroom: Mailroom, letters: tuple[Letter, ...]) -> tuple[Delivery, ...]:
    """Send each letter, also when another cannot be sent; give back what became of those that could.

    The story asks again for the others: a mail server that is away keeps back no printed letter, and no proof of
    one. Raises ApplicationError when none could be sent; it says how many, and by its type what kind of trouble.
    """
    deliveries: list[Delivery] = []
    troubles: list[Exception] = []
    for letter in letters:
        try:
            deliveries.append(mailroom.post(letter))
        except Exception as trouble:  # noqa: BLE001 - whatever ails one letter must not keep back the others
            troubles.append(trouble)
    if troubles and not deliveries:
        waits = all(isinstance(trouble, StillTrying) for trouble in troubles)
        raise ApplicationError(
            f"None of {len(letters)} letters could be sent: {type(troubles[0]).__name__}",
            type="LettersNotSent",
            category=ApplicationErrorCategory.BENIGN if waits else ApplicationErrorCategory.UNSPECIFIED,
        ) from None
    return tuple(deliveries)
