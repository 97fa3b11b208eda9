"""What a channel is: somebody who carries a letter to its reader, and what comes in the way. Procedure 3, 5, 7 and 8.

``dispatch`` goes through a letter's routes; ``printing``, ``emailing`` and ``faxing`` are the carriers.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from adapters.shelf import AdapterError, Shelf
from policy.channels import Attempt, Channel, Route, StillTrying
from policy.letter import Letter

Clock = Callable[[], datetime]
"""The present moment, aware, UTC. Wiring gives the real one."""

KEY_BYTES = 32
NAME_LETTERS = 32  # of a SHA-256 in hexadecimal: 128 bits


class NotYet(AdapterError, StillTrying):  # noqa: N818 - as ChannelRefusal
    """The channel is away, or has not answered yet. It is asked again until the route's patience is over."""


class ChannelRefusal(Exception):  # noqa: N818 - an answer of the channel, not a fault of ours
    """The channel will never carry this letter by this route. The message is the reason, free of personal data."""


class Carrier(Protocol):
    """Carries letters by one channel. Both calls are safe to repeat, and to make after a kill."""

    @property
    def channel(self) -> Channel:
        """The channel that it carries letters by."""

    def hand_over(self, letter: Letter, route: Route, pdf: bytes) -> Attempt:
        """Give a letter away, once; the attempt has LEFT, with the channel's own proof.

        Raises ChannelRefusal for good, NotYet to be asked again, and any other AdapterError when a folder of ours
        cannot be used: that is no fault of the channel's, and no patience runs out over it.
        """

    def take_back(self, letter: Letter, route: Route) -> bool:
        """Whether nothing will come of what was handed over so far, so that the next route cannot make it two."""


class BlindNames:
    """Names for the outside that say nothing of a letter: a digest under a key that never leaves this installation.

    A plain digest of a letter's key could be guessed, and would tell who guesses that a case ended with a denial.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def of(self, letter: Letter, route: Route) -> str:
        """The name of a letter on a route: the same however often it is asked for. Raises AdapterError."""
        key = self._shelf.put("key", secrets.token_bytes(KEY_BYTES))
        told = "\n".join((letter.key, route.channel, *route.to))
        return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()[:NAME_LETTERS]
