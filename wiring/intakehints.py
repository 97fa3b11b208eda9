"""What a request can be opened with and somebody should still look at: hints, which refuse nothing. Policy P1 and P3.

A hint names the field and says what follows from it. It never holds what was typed: it may be health information.
"""

import re
from collections.abc import Iterator

from policy.complaints import FieldError
from policy.people import Member, Professional, WrittenBy
from policy.request import Request

DIGITS_OF_A_NUMBER = re.compile(r"1?[0-9]{10}")  # in the United States, with or without the country's 1
BETWEEN_DIGITS = re.compile(r"[\s().+/-]")


def hints(request: Request) -> tuple[FieldError, ...]:
    """What somebody should look at, by field; the same for the same request."""
    faxes = (_fax(path, who) for path, who in _professionals(request))
    return (*_letters(request.member), *(hint for hint in faxes if hint))


def _letters(member: Member) -> Iterator[FieldError]:
    """Where a confidential contact, which stands in the place of every other (Civil Code 56.107), leaves no way."""
    only = member.confidential
    if only is None:
        return
    if not (only.address or only.email):
        what = "has no address and no e-mail address, so that no letter reaches the member; ask the member for one"
        yield FieldError(field="member.confidential", problem=what)
    elif member.letters_by is WrittenBy.EMAIL and not only.email:
        what = "is email, and the confidential contact has no e-mail address; ask for one, or whether post will do"
        yield FieldError(field="member.letters_by", problem=what)
    elif member.letters_by is WrittenBy.POST and not only.address:
        what = "is post, and the confidential contact has no address; ask for one, or whether e-mail will do"
        yield FieldError(field="member.letters_by", problem=what)


def _fax(path: str, who: Professional) -> FieldError | None:
    if not who.fax or DIGITS_OF_A_NUMBER.fullmatch(BETWEEN_DIGITS.sub("", who.fax)):
        return None
    what = "does not read as ten digits, such as 213-555-0102; a letter that cannot be faxed goes by post"
    return FieldError(field=f"{path}.fax", problem=what)


def _professionals(request: Request) -> Iterator[tuple[str, Professional]]:
    yield "pcp", request.pcp
    yield "treating_provider", request.treating_provider
    if request.first_opinion:
        yield "first_opinion.professional", request.first_opinion.professional
    for place, who in enumerate(request.also_involved):
        yield f"also_involved.{place}", who
    if request.designated_professional:
        yield "designated_professional", request.designated_professional
