"""Taxonomy codes and our names of specialties, and which certificate certifies for which. Policy 90.2.17, P6.b."""

import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Literal

from pydantic import Field

from policy.eligibility import GROUPS, SpecialtyLikeness, likeness
from policy.verdict import Value

CODE = r"^[0-9A-Z]{9}X$"  # ten characters; the last one of every code in use is X
A_PHYSICIAN = "20"  # how the codes of physicians begin (allopathic and osteopathic)


class TaxonomyRow(Value):
    """A row of ``taxonomy.toml``: a code, our name for it, whether it was looked up, and what certifies for it."""

    code: str = Field(pattern=CODE)
    name: str = Field(min_length=1)
    status: Literal["found", "memory"]
    certificates: tuple[str, ...] = ()


class UncodedSpecialty(Value):
    """A specialty that has no code, and the certificates that certify for it."""

    name: str = Field(min_length=1)
    certificates: tuple[str, ...] = Field(min_length=1)


def specialty_of(code: str) -> str:
    """Our name of a code's specialty; empty for a code that the table lacks."""
    row = ROWS.get(code)
    return row.name if row else ""


def code_of(specialty: str) -> str:
    """The code of a specialty under any of its names; empty for one without a code."""
    return next((row.code for row in ROWS.values() if _are_the_same(row.name, specialty)), "")


def alike(specialty: str) -> frozenset[str]:
    """Every name, in small letters, of a specialty that is the same as this one or equivalent to it."""
    return frozenset({spelt(specialty)} | {n for n in KNOWN if likeness(n, specialty) is not SpecialtyLikeness.OTHER})


def certifies(certificate: str, specialty: str) -> bool:
    """Whether a certificate of that name certifies for the specialty: the same, or as ``taxonomy.toml`` says."""
    names = next((some for name, some in CERTIFICATES.items() if _are_the_same(name, specialty)), ())
    return _are_the_same(certificate, specialty) or any(_are_the_same(certificate, name) for name in names)


def spelt(name: str) -> str:
    """A name as it is compared and looked up: in small letters, with single blanks."""
    return " ".join(name.casefold().split())


def _are_the_same(one: str, other: str) -> bool:
    return likeness(one, other) is SpecialtyLikeness.SAME


def _read() -> tuple[dict[str, TaxonomyRow], tuple[UncodedSpecialty, ...]]:
    table = tomllib.loads(files("policy").joinpath("editions/taxonomy.toml").read_text(encoding="utf-8"))
    rows = [TaxonomyRow.model_validate(row) for row in table["specialty"]]
    return _by_code(rows), tuple(UncodedSpecialty.model_validate(row) for row in table["without_code"])


def _by_code(rows: Iterable[TaxonomyRow]) -> dict[str, TaxonomyRow]:
    found: dict[str, TaxonomyRow] = {}
    for row in rows:
        if row.code in found:
            raise ValueError(f"taxonomy.toml gives the code {row.code} twice")
        found[row.code] = row
    return found


ROWS, WITHOUT_CODE = _read()
CERTIFICATES = {row.name: row.certificates for row in ROWS.values() if row.certificates}
CERTIFICATES |= {row.name: row.certificates for row in WITHOUT_CODE}
KNOWN = frozenset(
    spelt(name)
    for name in (
        *(name for group in GROUPS for name in group.names),
        *(row.name for row in ROWS.values()),
        *(row.name for row in WITHOUT_CODE),
    )
)
