"""The referral form: everything the policy asks to be on it is on it. Procedure 2 to 9 and 11."""

from pathlib import Path
from typing import Any

from adapters.binder import bind
from adapters.form import sections, words
from adapters.mailroom import Outbox
from policy.case import Case
from policy.clauses import Clause
from policy.filing import Packet, packet
from policy.particulars import Basis
from policy.request import Purpose, Reason, RequesterKind
from policy.routing import FeeArrangement, Tier
from tests.adapters.samples import a_complete_case, a_denied_case, a_packet, an_approved_case, post_all, step, text_of
from tests.builders import CASE_MANAGER, INTAKE, MONDAY, a_report, hours, plan_physician
from tests.policy.steps import approved, does, letters_left, next_hour


def form_of(packet: Packet) -> str:
    return text_of(bind(packet, []).pdf)


def denied(**fields: Any) -> Case:
    """A denied case whose letters count as sent."""
    case = a_denied_case(**fields)
    sent = tuple(notice.model_copy(update={"sent_at": MONDAY + hours(3)}) for notice in case.notices)
    return case.but(notices=sent)


def test_an_approved_case_shows_the_whole_procedure(tmp_path: Path) -> None:
    packet = a_packet(an_approved_case(Outbox(tmp_path), reasons=(Reason.R1, Reason.RX), reason_text="To be sure."))

    form = form_of(packet)

    for words_on_it in (
        "Name Ana María Núñez Member number M-0001 Date of birth May 4, 1961 Telephone 213-555-0101",
        "Address 12 Alder Street Los Angeles, CA 90012",
        "Received Monday, November 2, 2026, 10:00 AM PST",
        "Line of business Medi-Cal Priority Standard",
        "Requested by Ana María Núñez (member) Sender's reference REF-1",
        "Primary care physician Dr. Ines Vega family medicine, Alder IPA, NPI 1992999866",
        "First opinion by Dr. Tom Reed",
        f"× R1 {Clause.R1.text} R2",
        "× RX another reason, in words In the requester's words To be sure.",
        "Diagnosis or presenting problem diagnosis on record",
        "Test results that bear on the question test_results on record",
        "Question Is the fusion reasonable? Findings Imaging is unclear.",
        "Recommendation The second opinion is recommended. Rationale Therapy was not exhausted.",
        "Dr. Kofi Osei, licence A55502 Monday, November 2, 2026, 1:00 PM PST",
        "Outcome Approved Basis Consultation Rationale Reason R1 applies.",
        "Dr. Mei Chen, licence A55501 Monday, November 2, 2026, 2:00 PM PST Physician's signature",
        "Second opinion Procedure 6.b, 7 and 8 Given by Dr. Lena Sato",
        "Credentials Licence A77701, board-certified Found in Plan-contracted Fee Plan pays",
        "Passed over: Participating provider group (PPG) every orthopedic surgeon of the IPA was involved",
        "Findings Moderate stenosis.",
        "Recommendations Physical therapy first.",
        "Authorization AUTH-SO-2026-000123-2 Valid 2026-11-02 to 2027-01-31",
        "Code SO-A-SP-PLAN Meaning Approved, specialty, plan-contracted",
    ):
        assert words_on_it in form


def test_a_denied_case_shows_rationale_criteria_and_who_signed() -> None:
    form = form_of(a_packet(denied()))

    assert "Outcome Denied Basis Physician review" in form
    assert "Rationale Therapy was not tried. Criteria Guideline S-820 Dr. Mei Chen, licence A55501" in form
    assert "Meaning Denied by the CMO or designee" in form
    assert "Second opinion Procedure 6" not in form


def test_a_withdrawn_case_says_that_nobody_decided(tmp_path: Path) -> None:
    case = step(a_complete_case(), "withdraw_request", INTAKE, MONDAY + hours(2), reason="The member recovered.")
    packet = a_packet(post_all(Outbox(tmp_path), case, MONDAY + hours(2)))

    form = form_of(packet)

    assert "Outcome Withdrawn Decided by No determination was made" in form
    assert "Physician's signature" not in form
    assert "Category in MHC" not in form


def test_long_and_hostile_texts_stay_text() -> None:
    typed = "#panic() *bold* <b> $x$ \\ " + "long " * 3000

    form = form_of(a_packet(denied(rationale=f"{typed}\n\nSecond paragraph: #read()")))

    assert "Rationale #panic() *bold* <b> $x$ \\ long long" in form
    assert "Second paragraph: #read()" in form


def test_every_choice_has_words_for_people() -> None:
    shown = [words(value) for kind in (Tier, FeeArrangement, Purpose, RequesterKind, Basis) for value in kind]

    assert all(word[0].isupper() and "_" not in word for word in shown)


def test_the_form_follows_the_order_of_the_procedure(tmp_path: Path) -> None:
    headings = [section.heading for section in sections(a_packet(an_approved_case(Outbox(tmp_path))))]

    assert headings == [
        "Request",
        "Member",
        "Physicians around the case",
        "Reasons",
        "Information",
        "Consultative review",
        "Determination",
        "Second opinion",
        "The opinions compared",
        "Category in MHC",
    ]


def test_a_placement_shows_who_was_considered_who_declined_the_fee_and_the_appointments() -> None:
    considered = [
        {"npi": "1992999882", "name": "Dr. Lena Sato", "tier": "plan", "passed": True},
        {"npi": "1992999890", "name": "Dr. Amir Nazari", "tier": "plan", "passed": True, "reasons": ["is farther"]},
    ]
    first = plan_physician(considered=considered, proposed_npi="1992999882", directory_version="2026-11-02-1")
    case = does(approved(), CASE_MANAGER, "place_opinion", **first)
    case = does(case, CASE_MANAGER, "decline_placement", how="not_in_time", reason="Eight weeks.")
    pending = plan_physician("1992999890", fee="letter_of_agreement_pending")
    case = does(case, CASE_MANAGER, "place_opinion", **pending)
    case = does(case, CASE_MANAGER, "record_fee_agreement", reference="LOA-7", signed_on="2026-11-02")
    case = does(case, CASE_MANAGER, "record_appointment", when="2026-11-13T09:30:00-08:00")
    case = letters_left(does(case, CASE_MANAGER, "receive_report", **a_report()))

    opinions = [section for section in sections(packet(case, next_hour(case))) if "opinion" in section.heading]
    declined, given = (section for section in opinions if section.fields[0][0] == "Given by")

    assert declined.heading == "Second opinion, not given"
    assert ("Ended: Not in time", "Eight weeks.") in declined.texts
    assert dict(declined.texts)["Considered"].splitlines() == [
        "Dr. Lena Sato, NPI\u00a01992999882, Plan-contracted: the ladder led to this physician",
        "Dr. Amir Nazari, NPI\u00a01992999890, Plan-contracted: is farther",
    ]
    assert dict(given.fields) | {
        "Fee": "Agreed",
        "Letter of agreement": "LOA-7, signed on 2026-11-02",
        "Authorization": "AUTH-SO-2026-000001-2-2",
        "Appointment": "Friday, November 13, 2026, 9:30 AM PST: made",
    } == dict(given.fields)
