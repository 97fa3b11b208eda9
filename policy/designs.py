"""Which letter has which parts, and what each part carries of the checklist: read from policy/words/letters.toml.

The design of a letter is the same in every language; only the words differ. Two designs for the same letter, or a part
that nobody described, are errors at import that name them.
"""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from itertools import combinations
from typing import Self

from pydantic import Field, model_validator

from policy.particulars import NoticeKind, Recipient
from policy.request import LineOfBusiness
from policy.verdict import Value


class Part(Value):
    """One part of a letter. ``when`` and ``unless`` name a fact that must be there, or must not.

    ``bold`` is what the law wants in boldface. Of ``statutory`` words no reading level is asked.
    """

    elements: tuple[str, ...] = Field(min_length=1)
    when: str = ""
    unless: str = ""
    statutory: bool = False
    bold: tuple[str, ...] = ()

    def stands(self, facts: Mapping[str, object]) -> bool:
        """Whether the part belongs in a letter with these facts."""
        return (not self.when or bool(facts.get(self.when))) and not (self.unless and facts.get(self.unless))


class Design(Value):
    """The parts of a letter in their order, and what is enclosed. Without lines it is for all of them, and for none."""

    kinds: tuple[NoticeKind, ...]
    recipients: tuple[Recipient, ...]
    lines: tuple[LineOfBusiness, ...] = ()
    subject: str
    parts: tuple[str, ...]
    enclosures: tuple[str, ...] = ()

    def fits(self, kind: NoticeKind, recipient: Recipient, line: LineOfBusiness | None) -> bool:
        """Whether it is the design of such a letter."""
        return kind in self.kinds and recipient in self.recipients and (not self.lines or line in self.lines)

    def overlaps(self, other: Self) -> bool:
        """Whether a letter could have either design."""
        lines = not self.lines or not other.lines or set(self.lines) & set(other.lines)
        return bool(set(self.kinds) & set(other.kinds) and set(self.recipients) & set(other.recipients) and lines)


class Designs(Value):
    """All of them, with the parts and the enclosures that they name."""

    part: dict[str, Part]
    enclosure: dict[str, tuple[str, ...]]
    letter: tuple[Design, ...]

    @model_validator(mode="after")
    def _are_whole(self) -> Self:
        for design in self.letter:
            unknown = (set(design.parts) - set(self.part)) | (set(design.enclosures) - set(self.enclosure))
            if unknown:
                raise ValueError(f"letter {design.subject}: nothing describes {sorted(unknown)}")
        for one, other in combinations(self.letter, 2):
            if one.overlaps(other):
                raise ValueError(f"letters {one.subject} and {other.subject} are for the same kind, reader and line")
        return self

    def of(self, kind: NoticeKind, recipient: Recipient, line: LineOfBusiness | None) -> Design | None:
        """The design of a letter; None where no such letter goes to such a reader."""
        return next((design for design in self.letter if design.fits(kind, recipient, line)), None)


DESIGNS = Designs(**tomllib.loads(files("policy").joinpath("words", "letters.toml").read_text(encoding="utf-8")))
