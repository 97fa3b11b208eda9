"""Marks: texts that stand for a person's data, high in entropy, and how they are found in bytes whatever carries them.

Every mark of a kind begins with the same few characters, its stem: bytes are searched for the few stems, and only where
one stands for whole marks. All marks are ASCII, so that JSON's escapes and URL quoting leave them as they are.
"""

import base64
import gzip
import random
import string
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from policy.directory import check_digit

WORD = "Qyzxw"
AREA, YEAR, NPI = "619-730-", "1913-", "19731"


class Whose(StrEnum):
    """Where a mark comes from, and so where it may be found."""

    PERSON = "person"  # nowhere
    TYPED = "typed"  # in the histories: somebody sent it past our doors, in clear
    ECHOED = "echoed"  # at the terminal of whoever typed it: the name of a field that there is not
    PLANTED = "planted"  # where it was planted: the hunt proves itself


@dataclass(frozen=True)
class Mark:
    """A text to be looked for; ``about`` says what it stands for."""

    text: str
    about: str
    whose: Whose = Whose.PERSON

    @property
    def stem(self) -> str:
        """What all marks of its kind begin with."""
        return next(stem for stem in (WORD, AREA, YEAR, NPI) if self.text.startswith(stem))

    @property
    def forms(self) -> tuple[tuple[str, str], ...]:
        """Stem and text, also without hyphens and in other letter cases."""
        bare = {(self.stem.replace("-", ""), self.text.replace("-", "")), (self.stem, self.text)}
        cases = (str, str.lower, str.upper)
        return tuple(dict.fromkeys((case(stem), case(text)) for stem, text in sorted(bare) for case in cases))


class Marks:
    """Makes marks, the same ones in every run."""

    def __init__(self, seed: int = 90217) -> None:
        self._dice = random.Random(seed)
        self.made: dict[str, Mark] = {}

    def word(self, about: str, whose: Whose = Whose.PERSON) -> str:
        return self._new(lambda: WORD + self._some(string.ascii_lowercase, 9), about, whose)

    def phone(self, about: str) -> str:
        return self._new(lambda: AREA + self._some(string.digits, 4), about)

    def day(self, about: str) -> str:
        return self._new(lambda: f"{YEAR}{self._dice.randint(1, 12):02}-{self._dice.randint(1, 28):02}", about)

    def npi(self, about: str) -> str:
        def a_number() -> str:
            nine = NPI + self._some(string.digits, 4)
            return f"{nine}{check_digit(nine)}"

        return self._new(a_number, about)

    def of(self, whose: Whose) -> dict[str, Mark]:
        return {text: mark for text, mark in self.made.items() if mark.whose is whose}

    def _new(self, make: Callable[[], str], about: str, whose: Whose = Whose.PERSON) -> str:
        text = next(text for text in iter(make, None) if text not in self.made)
        self.made[text] = Mark(text, about, whose)
        return text

    def _some(self, letters: str, count: int) -> str:
        return "".join(self._dice.choice(letters) for _ in range(count))


# -- encodings: each gives a stem a prefix of what it gives the text that begins with it


def _base64(offset: int) -> Callable[[bytes], bytes]:
    """What stands in base64 whatever comes before and after, ``offset`` bytes into a group of three."""
    first = (0, 2, 3)[offset]

    def inner(plain: bytes) -> bytes:
        whole = (offset + len(plain)) * 8 // 6
        return base64.b64encode(bytes(offset) + plain)[first:whole]

    return inner


@dataclass(frozen=True)
class Encoding:
    """How a text may lie in bytes; with ``folded`` letter case is left aside, in the bytes as in what is looked for."""

    name: str
    of: Callable[[bytes], bytes]
    folded: bool = False


ENCODINGS = (
    Encoding("plain", bytes, folded=True),
    Encoding("UTF-16", lambda plain: b"".join(bytes((byte, 0)) for byte in plain)[:-1], folded=True),  # of both orders
    Encoding("hexadecimal", lambda plain: plain.hex().encode()),
    Encoding("hexadecimal in capitals", lambda plain: plain.hex().upper().encode()),
    Encoding("base64", _base64(0)),
    Encoding("base64, one in", _base64(1)),
    Encoding("base64, two in", _base64(2)),
)


@dataclass(frozen=True, order=True)
class Found:
    """A mark in a place: at which byte, in which encoding, and what stands around it."""

    place: str
    about: str
    text: str
    encoding: str
    around: bytes = field(compare=False)


class Searcher:
    """Looks for marks in bytes, and in what is packed in them."""

    def __init__(self, marks: Marks) -> None:
        self._needles: dict[tuple[Encoding, bytes], list[tuple[bytes, Mark]]] = {}
        for mark in marks.made.values():
            for stem, text in mark.forms:
                for encoding in ENCODINGS:
                    first, whole = (
                        encoding.of((part.lower() if encoding.folded else part).encode()) for part in (stem, text)
                    )
                    self._needles.setdefault((encoding, first), []).append((whole, mark))

    def found(self, place: str, data: bytes) -> set[Found]:
        """The marks that stand in the data, each once for each encoding."""
        lowered = data.lower()
        found: set[Found] = set()
        for (encoding, stem), needles in self._needles.items():
            hay = lowered if encoding.folded else data
            wholes = dict(needles)
            for at in _places_of(stem, hay):
                for whole, mark in wholes.items():
                    if hay.startswith(whole, at):
                        around = data[max(0, at - 60) : at + len(whole) + 20]
                        found.add(Found(place, mark.about, mark.text, encoding.name, around))
        for unpacked in _unpacked(data):
            found |= self.found(place, unpacked)
        return found


def _places_of(stem: bytes, data: bytes) -> Iterator[int]:
    at = data.find(stem)
    while at >= 0:
        yield at
        at = data.find(stem, at + 1)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What the data is when it was packed by gzip or zlib as a whole."""
    for magic, unpack in ((b"\x1f\x8b", gzip.decompress), (b"\x78", zlib.decompress)):
        if data.startswith(magic):
            try:
                yield unpack(data)
            except (OSError, EOFError, zlib.error):
                continue
