"""Every letter, on every line, carries what its checklist asks for; one that cannot is refused, never raised."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from policy.alarms import ring
from policy.case import Case
from policy.catalogue import CATALOGUES, ENGLISH
from policy.checklist import CHECKLISTS, Checklists, Requirement
from policy.contents import Approval, Denial
from policy.designs import DESIGNS, Designs
from policy.dispatch import undeliverable
from policy.letter import Letter
from policy.notices import compose
from policy.particulars import NoticeEnd, NoticeKind, Recipient
from policy.people import Actor, PersonName
from policy.plan import PLAN
from policy.request import LineOfBusiness, Priority
from policy.verdict import Refused
from tests.builders import CASE_MANAGER, CMO, a_member, a_professional, plan_physician
from tests.policy.letters import (
    APART,
    MEMBER,
    OWED,
    PCP,
    PHYSICIAN,
    PROVIDER,
    also_owes,
    expired,
    letter,
    letter_apart,
    notice,
    overdue,
    says,
)
from tests.policy.steps import (
    DAY,
    approved,
    denied,
    does,
    in_review,
    next_hour,
    opened,
    pending,
    placed,
    reported,
    third,
    withdrawn,
)

EVERYBODY = (MEMBER, PROVIDER, PCP)


def owing(kind: NoticeKind, **changes: Any) -> Case:
    """A case, on any line, that owes the letters of a kind to everybody who can get one."""
    cases: dict[NoticeKind, Callable[..., Case]] = {
        NoticeKind.ACKNOWLEDGEMENT: opened,
        NoticeKind.INFORMATION_REQUEST: pending,
        NoticeKind.INFORMATION_REMINDER: lambda **c: overdue(pending(**c)),
        NoticeKind.PEND: pending,
        NoticeKind.EXTENSION: extended,
        NoticeKind.EXPEDITE_REFUSED: lambda **c: does(in_review(**c), CMO, "refuse_expedite", reason="No harm."),
        NoticeKind.APPROVAL: approved,
        NoticeKind.DENIAL: denied,
        NoticeKind.EXPIRED_DETERMINATION: expired,
        NoticeKind.AUTHORIZATION: placed,
        NoticeKind.REPORT_REMINDER: lambda **c: overdue(placed(**c)),
        NoticeKind.REPORT_COPY: reported,
        NoticeKind.THIRD_OPINION: reported,
        NoticeKind.WITHDRAWAL: withdrawn,
    }
    made = cases[kind](**changes)
    ordinal = next((n.ordinal for n in made.notices if n.kind is kind), 1)
    return made.plan_notice(kind, next_hour(made), *Recipient, ordinal=ordinal)


def extended(**changes: Any) -> Case:
    """Extended. Where no case of today can be (commercial has no extension, Cal MediConnect ended) it moved there."""
    line = changes.pop("line", LineOfBusiness.MEDI_CAL)
    cannot = line in (LineOfBusiness.COMMERCIAL, LineOfBusiness.CMC)
    lawful = LineOfBusiness.MEDI_CAL if cannot else line
    reason = "further_examination" if lawful is LineOfBusiness.MEDI_CAL else "noncontract_evidence"
    case = in_review(line=lawful, **changes)
    case = does(case, CMO, "extend_decision", reason=reason, explanation="An outside report is awaited.")
    return case.but(request=case.request.model_copy(update={"line": line}))


LETTERS = [
    pytest.param(line, kind, recipient, id=f"{line}: {kind} to {recipient}")
    for line in LineOfBusiness
    for kind in OWED
    for recipient in Recipient
    if DESIGNS.of(kind, recipient, line)
]


IN_LANGUAGES = [
    pytest.param(*each.values, language, id=f"{each.id}, {language}")
    for each in LETTERS
    for language in (CATALOGUES if each.values[2] is MEMBER else (ENGLISH,))
]
"""Every letter in every language that its reader can get it in."""


@pytest.mark.parametrize(("line", "kind", "recipient", "language"), IN_LANGUAGES)
def test_a_letter_composes_on_every_line_and_carries_its_whole_checklist(line, kind, recipient, language):
    case = owing(kind, line=line, member=a_member(language=language))

    written = letter(case, kind, recipient)

    asked = CHECKLISTS.required(kind, recipient, line, case.outcome, written.written_on)
    carried = {element for section in written.sections for element in section.elements}
    carried |= {element for name in written.enclosures for element in DESIGNS.enclosure[name]}
    assert set(asked) <= carried
    assert {"case", "contact"} <= set(asked)
    assert "{" not in says(written)
    assert written.language == language


@pytest.mark.parametrize(("kind", "recipient"), APART, ids=str)
def test_a_letter_that_belongs_to_no_case_carries_its_whole_checklist(kind, recipient):
    written = letter_apart(kind, recipient)

    asked = CHECKLISTS.required(kind, recipient, APART[kind, recipient].line, None, written.written_on)
    assert set(asked) <= carried_by(written)
    assert "{" not in says(written)


def carried_by(written: Letter) -> set[str]:
    enclosed = {element for name in written.enclosures for element in DESIGNS.enclosure[name]}
    return enclosed | {element for section in written.sections for element in section.elements}


@pytest.mark.parametrize("kind", OWED)
def test_to_a_reader_whom_no_such_letter_goes_to_it_is_refused(kind):
    case = owing(kind)
    others = [r for r in Recipient if not DESIGNS.of(kind, r, case.request.line)]

    refusals = [compose(case, notice(case, kind, reader), next_hour(case)) for reader in others]

    assert refusals
    assert all(isinstance(each, Refused) and each.field == "recipient" for each in refusals)


@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize("priority", Priority)
def test_a_delay_is_told_at_any_speed_and_at_any_time(line, priority):
    case = pending(line=line, priority=priority)

    for hours in (1, 80, 500):
        at = next_hour(case) + hours * DAY / 24
        assert says(letter(ring(case, at), NoticeKind.PEND, MEMBER, at=at))


# -- what its law asks

DMHC = ("1-888-466-2219", "1-877-688-9891", "www.dmhc.ca.gov")
DEPARTMENT = {
    "en": "The California Department of Managed Health Care is responsible for regulating",
    "es": "El Departamento de Atención Médica Administrada de California es responsable de regular",
}
KNOX_KEENE = (LineOfBusiness.COMMERCIAL, LineOfBusiness.MEDI_CAL, LineOfBusiness.CMC)
OFFERS_GRIEVANCE = (NoticeKind.PEND, NoticeKind.EXTENSION, NoticeKind.EXPEDITE_REFUSED, NoticeKind.DENIAL)


@pytest.mark.parametrize("kind", OFFERS_GRIEVANCE)
@pytest.mark.parametrize("line", LineOfBusiness)
@pytest.mark.parametrize(("language", "begins"), DEPARTMENT.items())
def test_where_knox_keene_holds_the_departments_paragraph_stands_with_its_numbers_in_boldface(
    line, kind, language, begins
):
    written = letter(owing(kind, line=line, member=a_member(language=language)), kind, MEMBER)

    bold = {words for section in written.sections for words in section.bold}
    text = says(written)
    assert bold == (set(DMHC) if line in KNOX_KEENE else set())
    assert all(words in text for words in bold)
    assert (begins in text) is bool(bold)


@pytest.mark.parametrize(
    ("line", "day", "days"),
    [
        (LineOfBusiness.MEDICARE_ADVANTAGE, "2024-12-31", 60),  # Tuesday
        (LineOfBusiness.MEDICARE_ADVANTAGE, "2025-01-01", 65),  # Wednesday
        (LineOfBusiness.D_SNP, "2024-12-31", 60),
        (LineOfBusiness.D_SNP, "2025-01-01", 65),
        (LineOfBusiness.MEDI_CAL, "2024-12-31", 60),
        (LineOfBusiness.MEDI_CAL, "2025-01-01", 60),
    ],
)
def test_how_long_the_member_may_appeal_goes_by_the_day_of_the_letter(line, day, days):
    at = datetime.fromisoformat(f"{day}T12:00-08:00")

    text = says(letter(denied(line=line), NoticeKind.DENIAL, MEMBER, at=at))

    assert f"within {days} calendar days of this letter" in text


@pytest.mark.parametrize("kind", [NoticeKind.INFORMATION_REQUEST, NoticeKind.INFORMATION_REMINDER, NoticeKind.PEND])
def test_who_is_asked_learns_why_what_until_when_and_whom_to_call(kind):
    text = says(letter(owing(kind), kind, PROVIDER))

    assert "delayed" in text
    assert "Test results that bear on the question" in text
    assert f"{PLAN.director} is responsible for this decision. Direct telephone: {PLAN.peer_telephone}." in text
    assert "We expect to decide by" in text or "We will decide" in text


@pytest.mark.parametrize(("line", "kind", "recipient"), LETTERS)
def test_every_letter_says_where_to_call_and_none_to_a_professional_speaks_of_the_readers_rights(line, kind, recipient):
    text = says(letter(owing(kind, line=line), kind, recipient))

    numbers = (PLAN.telephone, PLAN.tty) if recipient is MEMBER else (PLAN.provider_telephone,)
    assert all(number in text for number in numbers)
    assert recipient is MEMBER or "your right" not in text.casefold()


# -- the texts read right


def test_a_primary_care_physician_who_also_treats_is_named_once():
    one = a_professional(name="Dr. Ines Vega", specialty="family medicine")
    case = placed(pcp=one, treating_provider=one)

    to_physician, to_provider, to_member = (
        says(letter(case, kind, reader))
        for kind, reader in (
            (NoticeKind.AUTHORIZATION, PHYSICIAN),
            (NoticeKind.APPROVAL, PROVIDER),
            (NoticeKind.APPROVAL, MEMBER),
        )
    )

    assert to_physician.count("Dr. Ines Vega") == 1
    assert "sends the consultation report to you, as the member's primary care physician" in to_provider
    assert "your primary care doctor, who also treats you" in to_member


def test_the_report_goes_to_the_initial_professional_too():
    text = says(letter(placed(), NoticeKind.AUTHORIZATION, PHYSICIAN))

    assert "Dr. Ines Vega, to the treating provider, Dr. Tom Reed, to the member, and to us" in text


def test_the_letter_about_a_third_opinion_never_says_that_the_second_costs_nothing():
    case = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    for kind in (NoticeKind.THIRD_OPINION, NoticeKind.AUTHORIZATION):
        text = says(letter(case, kind, MEMBER))
        assert "You do not pay for this third opinion. The plan bears its cost." in text
        assert "this second opinion" not in text


@pytest.mark.parametrize(
    ("phone", "expected"), [("626-555-0150", "626-555-0150"), ("", "Call us, and we will help you set up your visit")]
)
def test_the_member_learns_whom_to_call_for_the_visit(phone, expected):
    physician = a_professional("1992999882", name="Dr. Lena Sato", phone=phone).model_dump(mode="json")
    case = does(approved(), CASE_MANAGER, "place_opinion", **plan_physician(professional=physician))

    assert expected in says(letter(case, NoticeKind.AUTHORIZATION, MEMBER))


def test_an_extension_says_how_long_it_is_and_why_as_far_as_the_case_still_knows():
    case = extended()
    bare = case.but(clocks=tuple(c.model_copy(update={"extended_by": 0}) for c in case.clocks), story=())

    known, forgotten = (says(letter(each, NoticeKind.EXTENSION, MEMBER, at=next_hour(case))) for each in (case, bare))

    assert "We need up to 14 more calendar days to decide" in known
    assert "An outside report is awaited." in known
    assert "We need more time to decide on a second opinion" in forgotten
    assert "We need more facts to make a good decision." in forgotten


# -- what cannot be said is refused


def test_a_denial_is_not_announced_of_an_approval_and_the_other_way_round():
    agreed = does(in_review(), CMO, "determine", outcome="approved", rationale="R1 applies.", criteria="MCG 4.2")

    for case, kind, field in (
        (also_owes(agreed, NoticeKind.DENIAL, MEMBER), NoticeKind.DENIAL, "outcome"),
        (also_owes(denied(), NoticeKind.APPROVAL, MEMBER), NoticeKind.APPROVAL, "outcome"),
        (
            also_owes(denied(), NoticeKind.EXPIRED_DETERMINATION, MEMBER),
            NoticeKind.EXPIRED_DETERMINATION,
            "is_expired",
        ),
    ):
        found = compose(case, notice(case, kind, MEMBER), next_hour(case))
        assert isinstance(found, Refused)
        assert found.field == field


@pytest.mark.parametrize("kind", OWED)
def test_what_the_case_does_not_bear_out_is_refused_and_never_raised(kind):
    case = also_owes(opened(), kind, *OWED[kind])
    bears_out = {NoticeKind.ACKNOWLEDGEMENT, NoticeKind.EXPEDITE_REFUSED, NoticeKind.WITHDRAWAL}
    bears_out |= {NoticeKind.THIRD_OPINION, NoticeKind.EXTENSION}  # each can say it with what every case knows

    found = [compose(case, notice(case, kind, reader), next_hour(case)) for reader in OWED[kind]]

    assert all(isinstance(each, Letter if kind in bears_out else Refused) for each in found)


@pytest.mark.parametrize("kind", [NoticeKind.DELEGATED_COPY_REQUEST, NoticeKind.COMMITTEE_ACTION])
def test_a_letter_that_belongs_to_no_case_is_not_composed_from_one(kind):
    case = also_owes(opened(), kind, MEMBER)

    assert isinstance(compose(case, notice(case, kind, MEMBER), next_hour(case)), Refused)


@pytest.mark.parametrize("blank", ["rationale", "criteria", "physician", "physician_telephone"])
def test_a_denial_without_a_required_fact_cannot_be_made(blank):
    facts = a_denial()

    with pytest.raises(ValidationError, match=blank):
        Denial(**{**facts, blank: "  "})


def test_a_content_that_differs_from_its_outcome_cannot_be_made():
    with pytest.raises(ValidationError, match="outcome"):
        Approval(**a_denial(), cost="nothing")


def a_denial() -> dict[str, Any]:
    return {
        "line": "commercial",
        "case_number": "SO-2026-000001",
        "member": "Ana María Núñez",
        "received_on": date(2026, 11, 2),
        "specialty": "orthopedic surgery",
        "outcome": "denied",
        "decided_on": date(2026, 11, 3),
        "physician": "Dr. Mei Chen",
        "physician_telephone": PLAN.peer_telephone,
        "rationale": "Two opinions are on record.",
        "criteria": "MCG 4.2",
    }


def test_a_letter_that_lacks_an_element_of_its_checklist_is_refused_by_its_citation(monkeypatch):
    short = DESIGNS.model_copy(
        update={
            "letter": tuple(
                d.model_copy(update={"parts": tuple(p for p in d.parts if p != "dmhc")}) for d in DESIGNS.letter
            )
        }
    )
    monkeypatch.setattr("policy.lettering.DESIGNS", short)
    case = denied(line=LineOfBusiness.COMMERCIAL)

    found = compose(case, notice(case, NoticeKind.DENIAL, MEMBER), next_hour(case))

    assert found == Refused(
        reason="the letter must say, and does not: the paragraph of H&S 1368.02(b), its numbers in boldface",
        clause="H&S 1368.02(b)",
        field="dmhc_paragraph",
    )


def test_a_refused_letter_is_told_ends_and_leaves_its_clock_running():
    case = denied()
    owed = notice(case, NoticeKind.DENIAL, MEMBER)

    after = undeliverable(case, owed, "it lacks its reasons", next_hour(case))

    ended = notice(after, NoticeKind.DENIAL, MEMBER)
    assert (ended.ended_as, ended.ended_why, ended.is_owed) == (NoticeEnd.UNDELIVERABLE, "it lacks its reasons", False)
    assert [e.event for e in after.story[-2:]] == ["notice:undeliverable", "task:opened"]
    assert after.open_clocks == case.open_clocks


# -- hostile words

HOSTILE = [
    "#panic() *bold* $x^2$ @ref <label>",
    "<script>alert(1)</script> &amp;",
    "{plan_telephone} {member} {0} {{ }} %s",
    "abc\u202edef\u2066ghi",
    "نص من اليمين",
    "N" * 100,
]


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("kind", OWED)
def test_whatever_people_write_comes_out_as_text(kind, words):
    member = a_member(name=PersonName(family=words, given=words))
    case = owing(kind, member=member)
    case = case.but(request=case.request.model_copy(update={"specialty": words}))

    texts = {r: letter(case, kind, r) for r in Recipient if DESIGNS.of(kind, r, case.request.line)}

    for reader, written in texts.items():
        assert f"Member: {words} {words}." in says(written)
        assert reader is not MEMBER or written.salutation == f"Dear {words} {words}:"


@pytest.mark.parametrize("words", HOSTILE)
def test_a_physicians_words_come_out_as_text(words):
    physician = Actor(id="md.x", name=words, roles=CMO.roles, licence="A1", npi="1992999825")
    case = does(in_review(), physician, "determine", outcome="denied", rationale=words, criteria=words)

    text = says(letter(case, NoticeKind.DENIAL, MEMBER))

    assert f"Criteria used: {words}" in text
    assert text.count(words) >= 4  # who decided, why, by which criteria, and the signature


# -- the rows are whole


def test_every_element_is_asked_for_or_carried_and_every_carried_one_is_explained():
    asked = {element for row in CHECKLISTS.requirement for element in row.elements}
    carried = {e for part in DESIGNS.part.values() for e in part.elements}
    carried |= {e for elements in DESIGNS.enclosure.values() for e in elements}

    assert asked <= carried
    assert asked | carried == set(CHECKLISTS.element)


def test_every_part_and_every_enclosure_stands_in_some_letter():
    assert {name for design in DESIGNS.letter for name in design.parts} == set(DESIGNS.part)
    assert {name for design in DESIGNS.letter for name in design.enclosures} == set(DESIGNS.enclosure)


def test_an_element_that_nothing_explains_is_an_error_that_names_it():
    with pytest.raises(ValidationError, match="unheard_of"):
        Checklists(element={}, requirement=(a_row(elements=("unheard_of",)),), window=())


def test_a_row_without_a_source_is_an_error():
    with pytest.raises(ValidationError, match="source"):
        a_row(source="")


def a_row(**changes: Any) -> Requirement:
    return Requirement(**{"elements": ("case",), "from": "2000-01-01", "citation": "x", "source": "x", **changes})


def test_two_designs_for_one_letter_are_an_error_that_names_them():
    with pytest.raises(ValidationError, match="letters denial and denial are for the same"):
        Designs(part=DESIGNS.part, enclosure=DESIGNS.enclosure, letter=(*DESIGNS.letter, *denials()))


def test_a_letter_with_a_part_that_nobody_described_is_an_error_that_names_it():
    with pytest.raises(ValidationError, match="nothing describes"):
        Designs(part={}, enclosure=DESIGNS.enclosure, letter=denials())


def denials() -> tuple[Any, ...]:
    return tuple(d for d in DESIGNS.letter if d.subject == "denial")
