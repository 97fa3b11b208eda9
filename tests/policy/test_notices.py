"""What each letter says and to whom, and which clocks end when it has left."""

import pytest

from policy.catalogue import CATALOGUES
from policy.particulars import NoticeKind
from policy.people import Address
from policy.plan import PLAN
from policy.request import Item, LineOfBusiness
from tests.builders import CASE_MANAGER, a_member, a_report, plan_physician
from tests.policy.letters import (
    APART,
    CASES,
    COST,
    MEMBER,
    OWED,
    PCP,
    PHYSICIAN,
    PROVIDER,
    STATEMENT,
    letter,
    notice,
    says,
)
from tests.policy.steps import (
    DENIAL,
    approved,
    denied,
    does,
    pending,
    placed,
    reported,
    third,
    withdrawn,
)

every_letter = pytest.mark.parametrize(
    ("kind", "recipient"),
    [pytest.param(k, r, id=f"{k} to {r}") for k, recipients in OWED.items() for r in recipients],
)
every_line = pytest.mark.parametrize("line", LineOfBusiness)


APPEAL_65, HEARING = "You may appeal within 65 calendar days", "State Hearing within 120 calendar days"
DMHC = "1-888-466-2219"
RIGHTS = {
    LineOfBusiness.COMMERCIAL: ("file a grievance", "within 3 days", "Independent Medical Review", "6 months", DMHC),
    LineOfBusiness.MEDI_CAL: ("You may appeal within 60 calendar days", HEARING, "within 10 calendar days", DMHC),
    LineOfBusiness.MEDICARE_ADVANTAGE: ("reconsideration within 65 calendar days", "within 72 hours", "representative"),
    LineOfBusiness.D_SNP: (APPEAL_65, "reconsideration", "within 72 hours", "representative", "send us evidence"),
    LineOfBusiness.CMC: (APPEAL_65, HEARING, "within 10 calendar days", "grievance", DMHC),
}

# -- every letter


@pytest.mark.parametrize("kind", OWED)
def test_each_kind_of_letter_is_owed_to_its_recipients(kind):
    assert tuple(dict.fromkeys(n.recipient for n in CASES[kind].notices if n.kind is kind)) == OWED[kind]


def test_every_kind_of_letter_is_of_a_case_or_made_from_a_content_of_its_own():
    assert set(OWED) | {kind for kind, _ in APART} == set(NoticeKind)


@every_letter
def test_every_letter_is_composed_and_names_member_and_case(kind, recipient):
    case = CASES[kind]

    written = letter(case, kind, recipient)

    assert written.key == notice(case, kind, recipient).key
    assert written.subject
    assert written.salutation == f"Dear {written.addressee}:"
    assert written.address_lines
    assert written.signed_by
    assert f"Member: Ana María Núñez. Case: {case.number}. Received Monday, November 2, 2026." in says(written)


@every_letter
def test_no_file_name_holds_a_persons_name(kind, recipient):
    case = CASES[kind]
    request = case.request
    people = (request.pcp, request.treating_provider, *(o.candidate.professional for o in case.opinions))
    names = {request.member.name.family, request.member.name.given, *(word for p in people for word in p.name.split())}

    name = letter(case, kind, recipient).file_name

    assert name == notice(case, kind, recipient).key.replace("/", "-")
    assert not [part for part in names if part.casefold() in name.casefold()]
    assert request.member.member_id not in name


@pytest.mark.parametrize(
    ("kind", "recipient", "name"),
    [
        (NoticeKind.APPROVAL, MEMBER, "Ana María Núñez"),
        (NoticeKind.APPROVAL, PROVIDER, "Dr. Tom Reed"),
        (NoticeKind.REPORT_COPY, PCP, "Dr. Ines Vega"),
        (NoticeKind.AUTHORIZATION, PHYSICIAN, "Dr. Lena Sato"),
    ],
)
def test_a_letter_goes_to_its_recipient(kind, recipient, name):
    assert letter(CASES[kind], kind, recipient).addressee == name


def test_the_member_is_written_to_at_the_address_that_came_last():
    later = Address(line1="7 Birch Road", city="Burbank", state="CA", postal_code="91501")
    answer = [{"item": "member_address", "address": later.model_dump()}]
    case = pending(Item.MEMBER_ADDRESS, member=a_member(address=None))
    nowhere = letter(case, NoticeKind.PEND, MEMBER)

    case = does(case, CASE_MANAGER, "receive_information", information=answer)

    assert "Address not on file" in nowhere.address_lines[0]
    assert letter(case, NoticeKind.PEND, MEMBER).address_lines == later.lines


@pytest.mark.parametrize("language", ["es", "hy", "tlh"])
def test_a_member_is_written_to_in_a_language_that_there_are_words_for_and_a_provider_in_english(language):
    case = approved(member=a_member(language=language, large_print=True))
    to_member, to_provider = (letter(case, NoticeKind.APPROVAL, reader) for reader in (MEMBER, PROVIDER))

    assert to_member.language == (language if language in CATALOGUES else "en")
    assert (to_member.wanted_language, to_member.large_print) == (language, True)
    assert (to_provider.language, to_provider.wanted_language, to_provider.large_print) == ("en", "en", False)


@every_letter
def test_members_get_the_taglines_and_the_nondiscrimination_notice_and_nobody_else_does(kind, recipient):
    enclosed = letter(CASES[kind], kind, recipient).enclosures

    assert (set(enclosed) >= {"taglines", "nondiscrimination"}) is (recipient is MEMBER)
    assert recipient is MEMBER or not enclosed


# -- the determination


@every_line
def test_the_approval_says_so_and_what_it_costs(line):
    case = approved(line=line)

    text = says(letter(case, NoticeKind.APPROVAL, MEMBER))

    assert "We approved a second opinion in orthopedic surgery." in text
    assert "for a second opinion only" in text
    assert COST[line] in text
    assert "appeal" not in text


@every_line
def test_the_provider_reads_of_an_approval_what_the_member_is_told_about_cost(line):
    case = approved(line=line)

    text = says(letter(case, NoticeKind.APPROVAL, PROVIDER))

    assert f"What the member is told about cost: {COST[line]}" in text
    assert "beyond any copayment" not in text


@every_line
def test_the_denial_gives_the_reasons_the_criteria_and_the_rights_of_the_line(line):
    case = denied(line=line)

    text = says(letter(case, NoticeKind.DENIAL, MEMBER))

    assert "We did not approve a second opinion in orthopedic surgery. Dr. Mei Chen made this decision on" in text
    assert DENIAL["rationale"] in text
    assert "Criteria used: MCG 4.2" in text
    assert all(right in text for right in RIGHTS[line])


def test_the_provider_learns_who_denied_and_whom_to_speak_with():
    text = says(letter(denied(), NoticeKind.DENIAL, PROVIDER))

    assert DENIAL["rationale"] in text
    assert "Decided by Dr. Mei Chen. You may speak with the physician who decided." in text
    assert f"Direct telephone: {PLAN.peer_telephone}." in text
    assert "your right" not in text.casefold()


@pytest.mark.parametrize("kind", [NoticeKind.APPROVAL, NoticeKind.DENIAL])
def test_a_determination_is_signed_by_the_physician_who_made_it(kind):
    for recipient in OWED[kind]:
        assert letter(CASES[kind], kind, recipient).signed_by.startswith("Dr. Mei Chen, license A55501")


def test_the_denial_of_an_expired_request_gives_the_physicians_statement_and_the_law():
    kind = NoticeKind.EXPIRED_DETERMINATION
    text = says(letter(CASES[kind], kind, MEMBER))

    assert STATEMENT in text
    assert "The law that counts a request not decided in time as denied: 42 CFR 438.404(c)(5)" in text
    assert "Criteria used" not in text


# -- the opinion


@every_line
def test_the_member_learns_who_gives_the_opinion_where_and_what_it_costs(line):
    case = placed(line=line)

    text = says(letter(case, NoticeKind.AUTHORIZATION, MEMBER))

    assert "Dr. Lena Sato, orthopedic surgery\nPlan Specialists\n500 Clinic Way\nPasadena, CA 91101" in text
    assert COST[line] in text


@every_line
def test_the_physician_is_authorized_for_the_opinion_only_and_told_where_the_report_goes(line):
    case = placed(line=line)

    text = says(letter(case, NoticeKind.AUTHORIZATION, PHYSICIAN))

    assert "You are authorized to give a second opinion in orthopedic surgery; nothing else is." in text
    assert "send your consultation report" in text
    assert "Dr. Ines Vega" in text
    assert f"What the member is told about cost: {COST[line]}" in text
    assert "beyond any copayment" not in text


def test_the_letters_of_a_third_opinion_speak_of_the_third():
    case = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    assert "a third opinion" in says(letter(case, NoticeKind.AUTHORIZATION, PHYSICIAN))
    assert letter(case, NoticeKind.AUTHORIZATION, MEMBER).subject == "The doctor for your third opinion"


@pytest.mark.parametrize("recipient", OWED[NoticeKind.REPORT_COPY])
def test_the_copy_of_the_report_gives_findings_and_recommendations(recipient):
    text = says(letter(reported(), NoticeKind.REPORT_COPY, recipient))

    assert all(part in text for part in ("Dr. Lena Sato", a_report()["findings"], a_report()["recommendations"]))


def test_the_third_opinion_is_covered_even_if_the_procedure_is_not():
    case = third()

    text = says(letter(case, NoticeKind.THIRD_OPINION, MEMBER))

    assert "even if we find later that the procedure itself is not covered" in text
    assert "results of tests already done" in text
    assert COST[case.request.line].replace("second", "third") in text


@pytest.mark.parametrize("recipient", OWED[NoticeKind.WITHDRAWAL])
def test_a_withdrawal_says_that_nothing_was_decided(recipient):
    text = says(letter(withdrawn(), NoticeKind.WITHDRAWAL, recipient))

    assert "was withdrawn. No decision was made. A new request can be made at any time." in text
