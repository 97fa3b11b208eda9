"""What somebody looks for in the directory, and whether a physician fits it on a day. Policy 90.2.17, P6.

What is not asked for keeps nobody out. Days are those of Los Angeles.
"""

import unicodedata
from datetime import date
from enum import StrEnum

from policy.directory import Affiliation, Physician, PracticeLocation
from policy.distance import Point, middle_of
from policy.standing import miles_from
from policy.taxonomy import spelt
from policy.verdict import Value


class Network(StrEnum):
    """How a physician stands to the plan's network by an affiliation that holds on the day."""

    IN = "in"
    CONTRACTED = "contracted"
    OUT = "out"


class Sought(Value):
    """What is looked for. ``place``: a city, or a ZIP code; ``within`` miles of its middle, where the table has it.

    ``organization`` is a part of a name. ``specialties`` are names of which one is enough, in small letters.
    """

    name: str = ""
    npi: str = ""
    specialties: frozenset[str] = frozenset()
    organization: str = ""
    language: str = ""
    place: str = ""
    within: float | None = None
    network: Network | None = None
    accepting: bool = False

    @property
    def middle(self) -> Point | None:
        """The middle of the ZIP code that was given; None for a city, and for a ZIP code that the table lacks."""
        return middle_of(self.place) if self.place else None

    def fits(self, physician: Physician, day: date) -> bool:
        """Whether a physician is one of those who are looked for, as the directory has it on a day."""
        return (
            (not self.npi or physician.npi == self.npi)
            and (not self.name or is_called(physician.name, self.name))
            and (not self.specialties or any(spelt(s.name) in self.specialties for s in physician.specialties))
            and (not self.language or self.language in physician.languages)
            and (not self.accepting or any(place.accepts_patients for place in physician.locations))
            and self._is_affiliated(physician, day)
            and self._is_there(physician)
        )

    def _is_affiliated(self, physician: Physician, day: date) -> bool:
        in_force = [a for a in physician.affiliations if a.holds_on(day)]
        if self.organization and not any(spelt(self.organization) in spelt(a.organization) for a in in_force):
            return False
        return self.network is None or self.network in networks(in_force)

    def _is_there(self, physician: Physician) -> bool:
        if not self.place:
            return True
        middle = self.middle
        if middle is None or self.within is None:
            return any(_lies_in(place, self.place) for place in physician.locations)
        miles = miles_from(physician, middle)
        return miles is not None and miles <= self.within


def networks(in_force: list[Affiliation]) -> frozenset[Network]:
    """How somebody with these affiliations stands to the network; whoever has none that leads into it is out."""
    found = {Network.IN for a in in_force if a.in_network} | {Network.CONTRACTED for a in in_force if a.contracted}
    return frozenset(found or {Network.OUT})


def folded(name: str) -> str:
    """A name without what people leave out when they type it: capitals, accents, hyphens."""
    plain = unicodedata.normalize("NFKD", name.replace("-", " ").replace(",", " "))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def is_called(name: str, typed: str) -> bool:
    """Whether each word that was typed begins a word of the name, whatever its case and accents."""
    parts = folded(name).split()
    return all(any(part.startswith(word) for part in parts) for word in folded(typed).split())


def _lies_in(place: PracticeLocation, wanted: str) -> bool:
    return spelt(wanted) in spelt(place.address.city) or place.address.postal_code.startswith(wanted)
