"""A letter is made from any content: its parts in their order, its words in its reader's language, its checklist kept.

Letters to professionals are in English; a member's is in the member's language where there is a catalogue for it, else
in English with the taglines. What its checklist asks for and no part of it carries stops the letter: it is refused.
"""

from datetime import date

from policy.catalogue import ENGLISH, Catalogue, Said, catalogue_in, fill
from policy.channels import Route
from policy.checklist import CHECKLISTS
from policy.contents import CaseContent, Content
from policy.designs import DESIGNS, Design
from policy.letter import Letter, Section
from policy.particulars import NoticeKind, Recipient
from policy.plan import PLAN
from policy.verdict import Refused, Value


class Envelope(Value):
    """What of a letter its content does not know: its key, its reader and how to reach and address that reader.

    ``kind`` is the notice's own, where it differs from the content's. ``language`` is the reader's (ISO 639).
    ``physician`` signs above the department, with the ``licence`` if there is one.
    """

    key: str
    kind: NoticeKind | None = None
    recipient: Recipient
    written_on: date
    addressee: str
    address_lines: tuple[str, ...] = ()
    physician: str = ""
    licence: str = ""
    language: str = ENGLISH
    large_print: bool = False
    routes: tuple[Route, ...] = ()


def letter_of(content: Content, envelope: Envelope) -> Letter | Refused:
    """The letter that says a content to the reader of an envelope.

    Refused, with the element or fact as its field, when no such letter goes to such a reader, when a fact that it must
    say is blank, or when its checklist asks for what it does not carry.
    """
    to_member = envelope.recipient is Recipient.MEMBER
    design = DESIGNS.of(content.KIND, envelope.recipient, content.line)
    if design is None:
        return Refused(reason=f"no {_plain(content.KIND)} goes to a {_plain(envelope.recipient)}", field="recipient")
    words = catalogue_in(envelope.language if to_member else ENGLISH)
    said = _said(content, envelope, words)
    sections = _sections(content, design, words, said)
    if isinstance(sections, Refused):
        return sections
    lacking = _lacking(content, envelope, design, sections)
    if lacking is not None:  # a refusal is falsy
        return lacking
    return Letter(
        key=envelope.key,
        kind=envelope.kind or content.KIND,
        case_number=content.case_number,
        written_on=envelope.written_on,
        dated=words.written(envelope.written_on, words.dated),
        addressee=envelope.addressee,
        address_lines=envelope.address_lines or (words.no_address,),
        subject=fill(words.subject[design.subject], said),
        salutation=fill(words.salutation, said),
        sections=sections,
        closing=words.closing,
        signed_by=_signed(envelope, words),
        language=words.language,
        wanted_language=envelope.language if to_member else ENGLISH,
        large_print=envelope.large_print,
        enclosures=design.enclosures,
        routes=envelope.routes,
    )


def _said(content: Content, envelope: Envelope, words: Catalogue) -> dict[str, Said]:
    """Every fact in words, by the name of its placeholder."""
    facts = content.facts()
    said = {name: words.say(fact, facts) for name, fact in facts.items()}
    if isinstance(content, CaseContent):
        said["specialty"] = words.named(content.specialty)
    return said | PLAN.facts(words.language) | {"addressee": envelope.addressee}


def _signed(envelope: Envelope, words: Catalogue) -> str:
    physician = words.signed(envelope.physician, envelope.licence)
    return "\n".join(filter(None, (physician, PLAN.facts(words.language)["plan_department"])))


def _sections(
    content: Content, design: Design, words: Catalogue, said: dict[str, Said]
) -> tuple[Section, ...] | Refused:
    facts, made = content.facts(), []
    for name in design.parts:
        part = DESIGNS.part[name]
        if not part.stands(facts):
            continue
        section = words.section(name, part, said)
        if isinstance(section, Refused):
            return section
        made.append(section)
    return tuple(made)


def _lacking(content: Content, envelope: Envelope, design: Design, sections: tuple[Section, ...]) -> Refused | None:
    """The first element of the checklist that nothing in the letter or its enclosures carries."""
    carried = {element for section in sections for element in section.elements}
    carried |= {element for name in design.enclosures for element in DESIGNS.enclosure[name]}
    asked = CHECKLISTS.required(content.KIND, envelope.recipient, content.line, content.OUTCOME, envelope.written_on)
    for element, row in asked.items():
        if element not in carried:
            what = CHECKLISTS.element[element]
            return Refused(reason=f"the letter must say, and does not: {what}", clause=row.citation, field=element)
    return None


def _plain(code: str) -> str:
    return code.replace("_", " ")
