"""What the report counts of a delegated decision: one flat, frozen row. Policy 90.2.17, Procedure 10 and 12."""

from pydantic import AwareDatetime

from policy.delegated import DelegateOutcome
from policy.delegatefindings import Part
from policy.request import LineOfBusiness, Priority
from policy.verdict import Value


class DelegatedFact(Value):
    """One packet, in short. ``parts`` are those of the score that were looked at; ``faults`` are those that failed.

    ``received_at`` is the delegate's receipt of the request, ``copied_at`` the plan's of the copy. ``decider`` is the
    NPI of who decided, where it is known.
    """

    number: str
    delegate: str
    line: LineOfBusiness
    priority: Priority
    specialty: str
    prior_authorization: bool = True
    received_at: AwareDatetime
    decided_at: AwareDatetime
    copied_at: AwareDatetime
    outcome: DelegateOutcome
    decider: str = ""
    extended: bool = False
    category: str = ""
    parts: tuple[Part, ...] = ()
    faults: tuple[Part, ...] = ()

    @property
    def is_adverse(self) -> bool:
        """Whether it counts as a denial."""
        return self.outcome.is_adverse
