"""Readable physicians of a directory. All are synthetic."""

from datetime import date
from typing import Any

from policy.directory import (
    Affiliation,
    BoardCertification,
    Licence,
    ListedSpecialty,
    Physician,
    PracticeLocation,
    check_digit,
)
from policy.people import Address

ALDER = Affiliation(organization="Alder IPA", in_network=True)
BIRCH = Affiliation(organization="Birch IPA", in_network=True)
POPPY = Affiliation(organization="Golden Poppy Specialists", in_network=True, contracted=True)
UNIVERSITY = Affiliation(organization="Mission Oak University Hospital")
IN_FORCE = date(2030, 12, 31)


def an_npi(number: int) -> str:
    nine = f"29929{number:04}"
    return f"{nine}{check_digit(nine)}"


def a_place(postal_code: str = "90031", **changes: Any) -> PracticeLocation:
    address = Address(line1="100 Synthetic Way", city="Los Angeles", state="CA", postal_code=postal_code)
    return PracticeLocation(**{"address": address, "accepts_patients": True, **changes})


def a_physician(number: int = 1, specialty: str = "orthopedic surgery", **changes: Any) -> Physician:
    """A board-certified, licensed physician of Alder IPA, three miles from the member of ``builders.a_request``."""
    given = {
        "npi": an_npi(number),
        "name": f"Dr. Ada Testwood {number}",
        "specialties": (ListedSpecialty(name=specialty),),
        "certifications": (BoardCertification(board="American Board", specialty=specialty),),
        "licences": (Licence(state="CA", number=f"SYN-{number}", expires=IN_FORCE),),
        "affiliations": (ALDER,),
        "locations": (a_place(),),
    }
    return Physician(**{**given, **changes})
