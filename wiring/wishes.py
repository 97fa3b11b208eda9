"""How a member wants to be reached and written to, in words for every door. Civil Code 56.107.

A confidential contact stands in the place of every other address, number and e-mail address: those are not among what
is shown here, so that nobody at a screen takes them for the ones to use.
"""

from policy.people import Member, WrittenBy
from policy.verdict import Value

BY = {WrittenBy.POST: "by post", WrittenBy.EMAIL: "by e-mail"}
NEEDS = {WrittenBy.POST: "address", WrittenBy.EMAIL: "e-mail address"}

# ISO 639 codes, by their English names: those in which Californians most often ask for letters.
LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "fa": "Farsi",
    "fr": "French",
    "hi": "Hindi",
    "hmn": "Hmong",
    "hy": "Armenian",
    "it": "Italian",
    "ja": "Japanese",
    "km": "Khmer",
    "ko": "Korean",
    "lo": "Lao",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "es": "Spanish",
    "th": "Thai",
    "tl": "Tagalog",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}


class Wishes(Value):
    """How a member wants letters, and the only places to reach the member at.

    ``warning`` stands beside a confidential contact, and is empty without one.
    """

    letters: str
    language: str
    warning: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""


def wishes(member: Member) -> Wishes:
    """What a member asked for: ``by e-mail, large print, Spanish``, and where to write, call and send e-mail to."""
    reach = member.confidential or member
    language = LANGUAGES.get(member.language, f"language {member.language}")
    return Wishes(
        letters=", ".join(filter(None, (_way(member), "large print" if member.large_print else "", language))),
        language=language,
        warning=_warning(member),
        address=", ".join(reach.address.lines) if reach.address else "",
        phone=reach.phone,
        email=reach.email,
    )


def _warning(member: Member) -> str:
    if member.confidential is None:
        return ""
    return f"Confidential {'address' if member.confidential.address else 'contact'}: use only this"


def _way(member: Member) -> str:
    """By which way; and that a confidential contact has none of the kind, if so."""
    by, only = member.letters_by, member.confidential
    there = only is None or (only.email if by is WrittenBy.EMAIL else only.address)
    return BY[by] if there else f"{BY[by]} (there is no confidential {NEEDS[by]})"
