"""A letter's content: who it goes to, and what it says in sections. How it looks is the typesetter's affair."""

from datetime import date

from policy.channels import Route
from policy.particulars import NoticeKind
from policy.verdict import Value


class Section(Value):
    """A part of a letter: an optional heading, paragraphs, then a list.

    ``elements`` names what of the letter's checklist stands in it (policy/checklist.py); ``bold`` the words in it that
    the law wants in boldface (H&S 1368.02(b)).
    """

    heading: str = ""
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    bold: tuple[str, ...] = ()


class Letter(Value):
    """A letter's content. ``key`` is the idempotency key: case, kind, ordinal and recipient, never a run's id.

    ``routes`` are the ways to its reader, in the order in which they are tried. ``language`` is ISO 639: the one in
    which the letter is written; ``wanted_language`` is the one that its reader asked for. ``dated`` and ``closing`` are
    in the letter's language: its day, and what stands above the signature. ``enclosures`` names what goes with it
    (policy/words/enclosures.toml): "taglines", "nondiscrimination", "medi_cal_rights". ``copies`` names
    who else gets the letter.
    """

    key: str
    kind: NoticeKind
    case_number: str
    written_on: date
    addressee: str
    address_lines: tuple[str, ...]
    subject: str
    salutation: str
    sections: tuple[Section, ...]
    signed_by: str
    language: str = "en"
    wanted_language: str = "en"
    dated: str = ""
    closing: str = ""
    large_print: bool = False
    enclosures: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()

    @property
    def file_name(self) -> str:
        """The letter's name in the outbox, without its ending: the key with dashes, free of any person's name."""
        return self.key.replace("/", "-")
