"""By which way a letter reaches its reader, in which order ways are tried, and what became of each attempt.

Policy 90.2.17, Procedure 3, 5, 7 and 8. The provider hears of a determination first by telephone or fax (H&S
1367.01(h)(3)); a member's confidential address stands in the place of every other one (Civil Code 56.107).
"""

from datetime import timedelta
from enum import StrEnum

from pydantic import AwareDatetime

from policy.verdict import Value


class Channel(StrEnum):
    """The ways out of the house. Print is the post; a telephone call is made by a person, as a task."""

    PRINT = "print"
    EMAIL = "email"
    FAX = "fax"
    TELEPHONE = "telephone"


class Route(Value):
    """One way to one reader: ``to`` is the lines of an address, or the one number or address of the other channels.

    ``patience`` is how long a channel that is down is tried before the next route. ``password`` opens the attachment
    of an e-mail; the reader knows it already.
    """

    channel: Channel
    to: tuple[str, ...]
    patience: timedelta = timedelta()
    password: str = ""


class Result(StrEnum):
    """What became of an attempt."""

    LEFT = "left"
    FAILED = "failed"
    RETURNED = "returned"
    REACHED = "reached"
    NOT_REACHED = "not_reached"


class StillTrying(Exception):  # noqa: N818 - no fault of anybody's
    """A channel is away, or has not answered yet; the same question is to be asked again later."""


class Attempt(Value):
    """One attempt to reach a reader. ``proof`` is the channel's own word: a manifest line, a queue id, a fax report.

    ``reason`` says why it failed or what was said; ``by`` is the member of staff, for a call.
    """

    channel: Channel
    at: AwareDatetime
    result: Result
    proof: str = ""
    reason: str = ""
    by: str = ""
