"""The words of the letters, one catalogue per language: reads policy/words/<language>.toml once, at import.

A fact becomes text here: a day with its name, a length of time, an item, a number. A placeholder is filled once, so
that braces in a person's name are text like any other. A catalogue that lacks words is an error at import, by name.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from enum import Enum
from importlib.resources import files
from typing import Self

from pydantic import Field, model_validator

from policy.contents import Committee, CopyItem, Ordinal, Practice, Span
from policy.designs import DESIGNS, Part
from policy.edition import CostShare
from policy.letter import Section
from policy.request import Item
from policy.rule import Unit
from policy.taxonomy import spelt
from policy.verdict import Refused, Value

ENGLISH = "en"
PLACEHOLDER = re.compile(r"\{(\w+)\}")
CAMEL = re.compile(r"(?<!^)(?=[A-Z])")
LABELLED: tuple[type[Enum], ...] = (Ordinal, Item, CostShare, CopyItem, Committee)

Said = str | tuple[str, ...]


class Words(Value):
    """What a part says. An item that is nothing but a placeholder becomes one item for each of its fact's."""

    heading: str = ""
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def placeholders(self) -> frozenset[str]:
        """The facts that the words ask for."""
        return frozenset(PLACEHOLDER.findall("\n".join((self.heading, *self.paragraphs, *self.items))))


class Catalogue(Value):
    """All words of one language. ``day`` and ``dated`` are how a date is written in a text, and at a letter's head.

    ``licensed`` is how a physician with a licence signs. ``specialty`` calls the specialties of our tables by their
    names in this language; English has none, since a specialty is typed in English.
    """

    language: str = Field(pattern="^[a-z]{2,3}$")
    name: str
    day: str
    dated: str
    salutation: str
    closing: str
    licensed: str
    no_address: str
    weekdays: tuple[str, ...] = Field(min_length=7, max_length=7)
    months: tuple[str, ...] = Field(min_length=12, max_length=12)
    labels: dict[str, dict[str, str]]
    subject: dict[str, str]
    part: dict[str, Words]
    specialty: dict[str, str] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        subjects = {design.subject for design in DESIGNS.letter}
        labels = {_kind(each): {member.name.lower() for member in each} for each in LABELLED}
        labels |= {form: {unit.value for unit in Unit} for form in ("one", "many")}
        lacking = (set(DESIGNS.part) ^ set(self.part)) | (subjects ^ set(self.subject))
        lacking |= {f"{kind}.{name}" for kind, names in labels.items() for name in names ^ set(self.labels[kind])}
        if lacking:
            raise ValueError(f"catalogue {self.language}: too much or too little: {sorted(lacking)}")
        return self

    def say(self, fact: object, facts: Mapping[str, object]) -> Said:
        """A fact in words; nothing for what is not there. ``facts`` are those beside it, for words that need them."""
        match fact:
            case None | False:
                return ""
            case tuple():
                return tuple(str(self.say(each, facts)) for each in fact)
            case CostShare():
                ordinal = self.labels["ordinal"][str(getattr(facts.get("ordinal"), "name", "second")).lower()]
                return fill(self.labels["cost_share"][fact.name.lower()], {"ordinal": ordinal})
            case Enum() if type(fact) in LABELLED:
                return self.labels[_kind(type(fact))][fact.name.lower()]
            case date():
                return self.written(fact, self.day)
            case Practice():
                return "\n".join((f"{fact.physician}, {self.named(fact.specialty)}", *fact.lines))
            case Span():
                form = "one" if fact.amount == 1 else "many"
                return fill(self.labels[form][fact.unit], {"amount": str(fact.amount)})
            case _:
                return str(fact)

    def named(self, specialty: str) -> str:
        """A specialty's name in this language; as it was typed, where it is none of our tables."""
        return self.specialty.get(spelt(specialty), specialty)

    def signed(self, physician: str, licence: str) -> str:
        """How a physician signs."""
        return fill(self.licensed, {"physician": physician, "licence": licence}) if licence else physician

    def written(self, day: date, form: str) -> str:
        """A day in words."""
        parts = {"weekday": self.weekdays[day.weekday()], "month": self.months[day.month - 1]}
        return fill(form, parts | {"number": str(day.day), "year": str(day.year)})

    def section(self, name: str, part: Part, said: Mapping[str, Said]) -> Section | Refused:
        """A part of a letter with its facts; refused when one of them is blank, since a letter has no holes."""
        words = self.part[name]
        for placeholder in sorted(words.placeholders):
            fact = said.get(placeholder, "")
            if not (fact.strip() if isinstance(fact, str) else fact):
                return Refused(reason=f"the letter cannot say its part '{name}' without this fact", field=placeholder)
        return Section(
            heading=fill(words.heading, said),
            paragraphs=tuple(fill(text, said) for text in words.paragraphs),
            items=tuple(item for text in words.items for item in _items(text, said)),
            elements=part.elements,
            bold=part.bold,
        )


def fill(words: str, said: Mapping[str, Said]) -> str:
    """The words with their placeholders filled, each once: what is filled in is never read again."""
    return PLACEHOLDER.sub(lambda found: ", ".join(_several(said.get(found[1], ""))), words)


def _items(words: str, said: Mapping[str, Said]) -> tuple[str, ...]:
    whole = PLACEHOLDER.fullmatch(words)
    return _several(said.get(whole[1], "")) if whole else (fill(words, said),)


def _several(said: Said) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said


def _kind(labelled: type[Enum]) -> str:
    return CAMEL.sub("_", labelled.__name__).lower()


def _read_catalogues() -> dict[str, Catalogue]:
    folder = files("policy").joinpath("words")
    names = sorted(f.name for f in folder.iterdir() if re.fullmatch(r"[a-z]{2,3}\.toml", f.name))
    read = (Catalogue(**tomllib.loads(folder.joinpath(name).read_text(encoding="utf-8"))) for name in names)
    return {catalogue.language: catalogue for catalogue in read}


CATALOGUES = _read_catalogues()


def catalogue_in(language: str) -> Catalogue:
    """The words in a language; in English where there are none in it."""
    return CATALOGUES.get(language, CATALOGUES[ENGLISH])
