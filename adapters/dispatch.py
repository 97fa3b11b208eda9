"""The mailroom: a letter goes its routes, in their order, until one of them carries it. Procedure 3, 5, 7 and 8.

What happened lies write-once in a folder of our own: the letter as it was first given, when each route was first
tried, how each ended, and the delivery, which is what every later call answers.
"""

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from pydantic import AwareDatetime

from adapters.channels import Carrier, ChannelRefusal, Clock, NotYet
from adapters.mailroom import Outbox, delivery_of, document_of
from adapters.shelf import Shelf
from policy.channels import Attempt, Channel, Result, Route
from policy.dispatch import Delivery
from policy.letter import Letter
from policy.verdict import Value

log = logging.getLogger(__name__)

SENDING = ".sending"
NOT_SET_UP = "not set up in this installation"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Begun(Value):
    """When a route was first tried: its patience counts from here."""

    at: AwareDatetime


Noted = TypeVar("Noted", bound=Value)


class Mailroom:
    """Sends each letter once, by the first of its routes that works; one without routes only lies in the outbox.

    A telephone route is passed over: a person calls. A channel that this installation does not have is recorded as a
    failed attempt, because the story must be able to say why a member's own choice was not followed.
    """

    def __init__(self, outbox: Outbox, notes: Shelf, carriers: Iterable[Carrier], clock: Clock) -> None:
        self._outbox = outbox
        self._carriers = {carrier.channel: carrier for carrier in carriers}
        self._clock = clock
        self._shelf = notes
        # What a channel took, until it is noted: a disk that is full just then must not make us send it again.
        self._taken: dict[tuple[str, int], Attempt] = {}

    def post(self, letter: Letter) -> Delivery:
        """Send one letter, once per ``letter.key``; the first one given stays, whatever a later one says.

        Raises NotYet while a route is to be tried again, and AdapterError when a folder cannot be used; both times the
        same call later goes on from there.
        """
        if not letter.routes:
            delivery = self._outbox.post(letter)
            log.info("letter.put_out", extra={"letter": letter.key})
            return delivery
        notes = _Notes(self._shelf, letter)
        with notes.alone():
            return notes.delivery or self._send(notes.settled(letter), letter, notes)

    def _send(self, letter: Letter, given: Letter, notes: "_Notes") -> Delivery:
        pdf = self._outbox.put_out(letter)
        attempts: list[Attempt] = []
        for number, route in enumerate(letter.routes, 1):
            if route.channel is Channel.TELEPHONE:
                continue
            attempt = notes.attempt(number) or self._try(number, letter, _unlocked(route, given), pdf, notes)
            attempts.append(attempt)
            if attempt.result is Result.LEFT:
                break
        left = bool(attempts) and attempts[-1].result is Result.LEFT
        delivery = delivery_of(letter, pdf)
        return notes.deliver(delivery.model_copy(update={"attempts": tuple(attempts), "is_undeliverable": not left}))

    def _try(self, number: int, letter: Letter, route: Route, pdf: bytes, notes: "_Notes") -> Attempt:
        """One route, tried once. Raises NotYet while its patience lasts."""
        name = (letter.key, number)
        attempt = self._taken.get(name) or self._outcome(letter, route, pdf, partial(notes.begin, number))
        self._taken[name] = attempt
        noted = notes.end(number, attempt)
        del self._taken[name]
        if attempt.result is Result.FAILED and attempt.reason != NOT_SET_UP:
            log.warning("letter.not_left", extra={"letter": letter.key, "channel": route.channel})
        elif attempt.result is Result.LEFT:
            log.info("letter.left", extra={"letter": letter.key, "channel": route.channel})
        return noted

    def _outcome(self, letter: Letter, route: Route, pdf: bytes, begin: Callable[[datetime], datetime]) -> Attempt:
        """``begin`` notes when the route was first tried; only a channel that keeps us waiting needs to know."""
        carrier, now = self._carriers.get(route.channel), self._clock()
        if carrier is None:
            return self._failed(route, NOT_SET_UP)
        try:
            return carrier.hand_over(letter, route, pdf)
        except ChannelRefusal as refusal:
            return self._failed(route, str(refusal))
        except NotYet as trouble:
            # Tried first and given up afterwards: a worker that was down over the patience has not asked meanwhile.
            begun = begin(now)
            if self._clock() - begun < route.patience or not carrier.take_back(letter, route):
                raise
            return self._failed(route, f"no answer for {_spoken(self._clock() - begun)}: {trouble}")

    def _failed(self, route: Route, reason: str) -> Attempt:
        return Attempt(channel=route.channel, at=self._clock(), result=Result.FAILED, reason=reason)


class _Notes:
    """What is known of one letter's sending, each note a file that is written once."""

    def __init__(self, shelf: Shelf, letter: Letter) -> None:
        self._shelf = shelf
        self._folder = document_of(letter)

    def alone(self) -> AbstractContextManager[None]:
        """As long as it lasts nobody else sends this letter."""
        return self._shelf.alone(f"{self._folder}/lock")

    @property
    def delivery(self) -> Delivery | None:
        return self._get("delivery", Delivery)

    def deliver(self, delivery: Delivery) -> Delivery:
        return self._put("delivery", delivery)

    def settled(self, letter: Letter) -> Letter:
        """The letter as it was first given. No password is kept: it comes with each call."""
        routes = tuple(route.model_copy(update={"password": ""}) for route in letter.routes)
        return self._put("letter", letter.model_copy(update={"routes": routes}))

    def begin(self, number: int, now: datetime) -> datetime:
        return self._put(f"{number}-begun", Begun(at=now)).at

    def attempt(self, number: int) -> Attempt | None:
        return self._get(f"{number}-ended", Attempt)

    def end(self, number: int, attempt: Attempt) -> Attempt:
        return self._put(f"{number}-ended", attempt)

    def _get(self, name: str, kind: type[Noted]) -> Noted | None:
        found = self._shelf.get(f"{self._folder}/{name}.json")
        return kind.model_validate_json(found) if found else None

    def _put(self, name: str, note: Noted) -> Noted:
        lies = self._shelf.put(f"{self._folder}/{name}.json", note.model_dump_json().encode())
        return type(note).model_validate_json(lies)


def _unlocked(route: Route, given: Letter) -> Route:
    """The route with its password, from the letter as it is given now."""
    same = (r.password for r in given.routes if (r.channel, r.to) == (route.channel, route.to))
    return route.model_copy(update={"password": next(same, "")})


def _spoken(span: timedelta) -> str:
    """A span as a person says it: 4 hours, 2 days."""
    unit, name = (
        (DAY, "day") if span >= 2 * DAY else (HOUR, "hour") if span >= HOUR else (timedelta(minutes=1), "minute")
    )
    count = span // unit
    return f"{count} {name}{'' if count == 1 else 's'}"
