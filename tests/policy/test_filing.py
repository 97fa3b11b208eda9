"""The packet: its place, its name, its order, and what must be done before."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy.case import Case
from policy.filing import Packet, alphabetical, filed, may_file, packet, still_open
from policy.lifecycle import Outcome, Stage
from policy.particulars import NoticeEnd, NoticeKind
from policy.people import PersonName
from policy.request import Item
from tests.builders import CASE_MANAGER, a_member, a_report, a_request, an_incomplete_request
from tests.policy.steps import (
    NUMBER,
    a_filing,
    approved,
    denied,
    differing,
    does,
    finished,
    letters_left,
    next_hour,
    opened,
    placed,
    reported,
    third,
    withdrawn,
)

MONDAY_EVENING = datetime(2026, 11, 3, 7, 59, tzinfo=UTC)  # Monday 2026-11-02 23:59 PST
ATTACHMENT = {"name": "mri.pdf", "sha256": "12" * 32, "size": 90_000}
REPORT = {"name": "report.pdf", "sha256": "ef" * 32, "size": 120_000}


def a_packet(
    family: str = "Núñez", given: str = "Ana María", suffix: str = "", at: datetime = MONDAY_EVENING
) -> Packet:
    member = a_member(name=PersonName(family=family, given=given, suffix=suffix))
    return packet(letters_left(denied(member=member)), at)


# -- folder and name


def test_the_folder_is_category_year_month_and_day_in_los_angeles():
    assert a_packet().folder == "Prior Authorizations/2026/11/2026-11-02"


def test_one_minute_later_it_is_the_folder_of_the_next_day():
    tuesday = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)

    assert a_packet(at=tuesday).folder == "Prior Authorizations/2026/11/2026-11-03"


def test_the_file_is_named_by_lastname_firstname_and_case():
    assert a_packet().file_name == f"Núñez, Ana María — {NUMBER}.pdf"


def test_a_decomposed_name_gives_the_same_file_name_as_a_composed_one():
    decomposed = unicodedata.normalize("NFD", "Núñez")

    assert a_packet(decomposed).file_name == a_packet().file_name


@pytest.mark.parametrize(
    ("family", "part"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "_"),
        (".", "_"),
        ("C:\\Windows", "C__Windows"),
        ("Nu\x00l", "Nu_l"),
        ("line\nbreak", "line_break"),
        ("\u202egnp", "_gnp"),
        (" .hidden. ", "hidden"),
        ("NUL.txt", "NUL_.txt"),
        ("con .x", "con_ .x"),
        ("Contreras", "Contreras"),
        ('a*b?c"d<e>f|g', "a_b_c_d_e_f_g"),
    ],
)
def test_a_hostile_name_loses_what_could_lead_elsewhere(family, part):
    assert a_packet(family).file_name == f"{part}, Ana María — {NUMBER}.pdf"


def check_is_one_path_component(name: str) -> None:
    assert name.endswith(f" — {NUMBER}.pdf")
    assert not set(name) & set('/\\\x00:*?"<>|')
    assert name.isprintable()
    assert not name.startswith((".", " "))
    assert len(name.encode()) <= 255


names = st.text(min_size=1, max_size=200).filter(str.strip)
SOME_PACKET = a_packet()


@given(names, names)
@example("/" * 200, "." * 200)
@example("李" * 200, "😀" * 200)
def test_any_name_stays_one_component_of_a_path(family, given_name):
    member = a_member(name=PersonName(family=family, given=given_name))

    filed_packet = SOME_PACKET.model_copy(update={"request": a_request(member=member)})

    check_is_one_path_component(filed_packet.file_name)


# -- order


def ordered(*names: PersonName) -> list[str]:
    return [name.full for name in sorted(names, key=alphabetical)]


def test_the_alphabet_ignores_diacritics_and_case():
    names = (PersonName(family=f, given="Ana") for f in ("Zamora", "Ñuñez", "nunes", "Nuñoz", "Álvarez", "de la Cruz"))

    assert ordered(*names) == ["Ana Álvarez", "Ana de la Cruz", "Ana nunes", "Ana Ñuñez", "Ana Nuñoz", "Ana Zamora"]


def test_letters_with_a_stroke_stand_with_their_plain_ones():
    names = (
        PersonName(family=f, given="An") for f in ("Zamora", "Đặng", "Daniels", "Łukasik", "Lopez", "Øst", "Ortiz")
    )

    in_order = ["An Đặng", "An Daniels", "An Lopez", "An Łukasik", "An Ortiz", "An Øst", "An Zamora"]
    assert ordered(*names) == in_order


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "OBrien"),
        ("O’Brien", "O'Brien"),
        ("Smith-Jones", "SmithJones"),
        ("Weiß", "Weiss"),
        ("Nu\u0301", "Nú"),
    ],
)
def test_hyphens_apostrophes_and_spellings_of_one_letter_do_not_count(one, other):
    assert alphabetical(PersonName(family=one, given="A")) == alphabetical(PersonName(family=other, given="A"))


def test_the_given_name_orders_within_a_family_and_the_suffix_within_a_given_name():
    names = (
        PersonName(family="Reed", given="Tom", suffix="Sr."),
        PersonName(family="Reed", given="Zoe"),
        PersonName(family="Reed", given="Tom", suffix="Jr."),
        PersonName(family="Reed", given="Tom"),
    )

    assert ordered(*names) == ["Tom Reed", "Tom Reed Jr.", "Tom Reed Sr.", "Zoe Reed"]


def test_the_drawer_is_ordered_by_date_then_alphabet():
    tuesday = datetime(2026, 11, 3, 20, 0, tzinfo=UTC)
    packets = [a_packet("Álvarez", at=tuesday), a_packet("Zamora"), a_packet("Ñuñez"), a_packet("Nunes")]

    families = [p.request.member.name.family for p in sorted(packets, key=lambda p: p.filing_order)]

    assert families == ["Nunes", "Ñuñez", "Zamora", "Álvarez"]


@given(names, names)
def test_any_two_names_can_be_ordered(one, other):
    keys = [alphabetical(PersonName(family=n, given=n)) for n in (one, other)]

    assert sorted(keys) in (keys, keys[::-1])


# -- what must be done before


@pytest.mark.parametrize(
    ("case", "named"),
    [
        pytest.param(opened(), "Review the referral for completeness; an outcome", id="just opened"),
        pytest.param(letters_left(approved()), "Place the opinion with a qualified physician", id="approved"),
        pytest.param(
            denied(),
            "denial to the provider has not left; letter: denial to the member has",
            id="letters owed",
        ),
        pytest.param(
            letters_left(denied(), NoticeKind.APPROVAL), "denial to the provider has not left", id="none left"
        ),
        pytest.param(letters_left(placed()), "report: the second opinion's has not come", id="no report"),
        pytest.param(letters_left(differing()), "third opinion: SO-2026-000001-3 goes on", id="a third opinion"),
        pytest.param(letters_left(third()), "(third opinion)", id="a third opinion to place"),
    ],
)
def test_what_is_still_open_is_named(case: Case, named):
    refused = may_file(case)

    assert not refused
    assert named in refused.reason
    assert refused.clause == "P9"
    with pytest.raises(ValueError, match="still open"):
        packet(case, next_hour(case))


def test_what_is_still_open_is_a_list_of_lines_without_a_persons_name():
    assert still_open(placed()) == (
        "task: Obtain the consultation report (second opinion)",
        *(
            f"letter: {letter} has not left"
            for letter in (
                "approval to the provider",
                "approval to the member",
                "authorization to the opinion physician",
                "authorization to the member",
            )
        ),
        "report: the second opinion's has not come",
    )


@pytest.mark.parametrize("done", [denied, reported, withdrawn])
def test_a_case_with_nothing_open_may_be_filed(done):
    case = letters_left(done())

    assert may_file(case)
    assert still_open(case) == ()


def test_the_packet_holds_letters_in_their_order_then_reports_then_attachments():
    information = [{"item": "test_results", "attachment": ATTACHMENT}]
    request = an_incomplete_request(Item.TEST_RESULTS).model_dump()
    case = placed(information=(*request["information"], *information))
    case = letters_left(does(case, CASE_MANAGER, "receive_report", **a_report(attachments=[REPORT])))

    filed_packet = packet(case, next_hour(case))

    assert [a.name for a in filed_packet.attachments] == ["report.pdf", "mri.pdf"]
    assert list(filed_packet.letters) == [n.document for n in case.notices]
    assert filed_packet.outcome is Outcome.APPROVED
    assert filed_packet.determination == case.determination
    assert filed_packet.opinions == case.opinions


def test_letters_are_filed_in_the_order_in_which_they_left():
    case = letters_left(denied())
    first, second, *rest = case.notices
    late = first.model_copy(update={"sent_at": next_hour(case)})

    filed_packet = packet(case.but(notices=(late, second, *rest)), next_hour(case))

    assert filed_packet.letters == (second.document, *(n.document for n in rest), first.document)


def test_a_letter_that_came_back_or_was_voided_is_noted_and_every_letter_has_its_digest():
    case = letters_left(denied())
    first, second = case.notices
    at = datetime(2026, 11, 5, 18, 0, tzinfo=UTC)  # Thursday 2026-11-05
    back = first.model_copy(update={"ended_as": NoticeEnd.RETURNED, "ended_at": at, "ended_why": "no such address"})
    void = second.model_copy(update={"ended_as": NoticeEnd.VOID, "ended_at": at})

    filed_packet = packet(case.but(notices=(back, void)), next_hour(case))

    assert filed_packet.letter_notes == {
        first.document: "Came back on Thu 2026-11-05 10:00 PST: no such address",
        second.document: "Voided on Thu 2026-11-05 10:00 PST",
    }
    assert filed_packet.letter_digests == {n.document: n.sha256 for n in case.notices}


def test_filing_and_closing_are_told_and_nothing_runs_any_more():
    case = finished(reported())

    assert [e.event for e in case.story[-3:]] == ["case:coded", "case:filed", "case:closed"]
    assert case.stage is Stage.CLOSED
    assert case.open_clocks == ()
    assert case.filing is not None


def test_a_withdrawn_case_closes_without_a_category_and_names_what_never_came():
    case = finished(withdrawn(information=()))

    assert case.category == ""
    assert case.story[-1].text == (
        "Closed: withdrawn (never supplied: diagnosis, clinical_history, treatment_plan, test_results)"
    )


def test_the_place_of_the_packet_is_kept():
    case = letters_left(denied())
    where = a_filing(next_hour(case))

    assert filed(case, where, next_hour(case)).filing == where
