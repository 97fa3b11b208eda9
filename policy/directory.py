"""The directory of physicians: who could give an opinion, as the plan's dated lists have it. Policy 90.2.17, P6.

A physician here is what a list says, no more: nothing is guessed where a list is silent. Days are those of Los Angeles,
first and last included.
"""

import re
from datetime import date
from typing import Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from policy.people import Address
from policy.taxonomy import CODE
from policy.verdict import Entered, Value

NPI = re.compile(r"[12][0-9]{9}")
ISSUER = "80840"  # health, United States: what stands before an NPI when its check digit is made (ISO/IEC 7812)
STATE = "^[A-Z]{2}$"


def is_npi(text: str) -> bool:
    """Whether ten digits are a National Provider Identifier: 1 or 2 first, the check digit right (45 CFR 162.406)."""
    return bool(NPI.fullmatch(text)) and check_digit(text[:9]) == int(text[9])


def check_digit(first_nine: str) -> int:
    """The tenth digit of an NPI, by Luhn's formula over 80840 and the nine digits before it."""
    total = 0
    for place, digit in enumerate(reversed(ISSUER + first_nine)):
        weighed = int(digit) * (1 if place % 2 else 2)
        total += weighed - 9 if weighed > 9 else weighed
    return -total % 10


class Dated(Entered):
    """What holds from a day to a day, both included; without a day there is no such limit on record."""

    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise ValueError("ends before it begins; give the days in order")
        return self

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class ListedSpecialty(Entered):
    """A specialty with its taxonomy code, where it has one."""

    name: str = Field(min_length=1, max_length=100)
    code: str = Field("", pattern=f"({CODE})|^$")
    primary: bool = False


class BoardCertification(Dated):
    """A certificate: of which board, in what, since when and until when."""

    board: str = Field(min_length=1, max_length=200)
    specialty: str = Field(min_length=1, max_length=100)


class Licence(Entered):
    """A licence to practise; without ``expires`` its last day is not on record."""

    state: str = Field(pattern=STATE)
    number: str = Field(min_length=1, max_length=40)
    expires: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it holds on a day, as far as is on record."""
        return self.expires is None or day <= self.expires


class Affiliation(Dated):
    """With which organization (PPG, IPA, group) a physician works, and what that means for the plan's members."""

    organization: str = Field("", max_length=100, description="empty: with none")
    in_network: bool = Field(False, description="belongs to the plan's network")
    contracted: bool = Field(False, description="has a contract with the plan itself")


class PracticeLocation(Entered):
    """Where members are seen. ``accepts_patients`` is None where the lists do not say."""

    address: Address
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    phone: str = Field("", max_length=40)
    fax: str = Field("", max_length=40)
    accepts_patients: bool | None = None


class Physician(Dated):
    """A physician of a directory. ``since`` and ``until`` are the days of the listing itself."""

    npi: str
    name: str = Field(min_length=1, max_length=200)
    specialties: tuple[ListedSpecialty, ...] = Field(min_length=1)
    certifications: tuple[BoardCertification, ...] = ()
    licences: tuple[Licence, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()
    locations: tuple[PracticeLocation, ...] = ()
    languages: tuple[str, ...] = Field((), description="ISO 639 codes, beside English")
    excluded_since: date | None = Field(None, description="since when programs exclude the physician (42 CFR 1001)")

    @field_validator("npi")
    @classmethod
    def _is_an_npi(cls, given: str) -> str:
        if not is_npi(given):
            raise ValueError("is no NPI: ten digits, 1 or 2 first, the last one a check digit; look it up in NPPES")
        return given

    @field_validator("languages")
    @classmethod
    def _are_codes(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch("[a-z]{2,3}", code) for code in given):
            raise ValueError("holds what is no ISO 639 code; give codes of two or three letters, as es")
        return given

    @property
    def specialty(self) -> str:
        """The primary specialty; the first one where none is marked."""
        return next((s.name for s in self.specialties if s.primary), self.specialties[0].name)


class DirectoryVersion(Value):
    """One import of a directory. It is in force from its day until the day of a later one; it is never changed.

    ``id`` is the day and the number of the import on it, as ``2026-11-23-1``; ``digest`` is of what it holds.
    """

    id: str
    label: str
    source: str
    in_force_from: date
    imported_at: AwareDatetime
    count: int
    digest: str


class RefusedEntry(Value):
    """A row or resource that was refused: where it stands, whose it is by NPI, in which field what is wrong."""

    place: str
    npi: str = ""
    field: str
    problem: str


class ImportReport(Value):
    """What became of the files of a version: how they are made, what was refused and why, what was left out."""

    kind: str
    refused: tuple[RefusedEntry, ...] = ()
    left_out: dict[str, int] = {}

    @property
    def places(self) -> int:
        """How many rows or resources were refused, whatever the number of their faults."""
        return len({one.place for one in self.refused})
