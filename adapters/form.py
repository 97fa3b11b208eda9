"""What stands on the policy's referral form, section by section. Policy 90.2.17, Procedure 2 to 9 and 11; Policy."""

from datetime import datetime

from policy.calendar import LOS_ANGELES
from policy.clauses import Clause
from policy.edition import EDITIONS, Edition
from policy.filing import Packet
from policy.opinion import Appointment, ConsideredInShort
from policy.particulars import Consultation, Determination, Opinion
from policy.people import Actor, Professional
from policy.placement import ORDINALS
from policy.request import Care, Information, Reason
from policy.verdict import Value

WORDS = {
    "cmc": "Cal MediConnect",
    "medi_cal": "Medi-Cal",
    "d_snp": "D-SNP",
    "imr": "Independent Medical Review",
    "pcp": "Primary care physician",
    "organization": "Same physician organization",
    "network": "Same network, as the member designated",
    "ppg": "Participating provider group (PPG)",
    "plan": "Plan-contracted",
    "negotiated_for_ppg": "Negotiated by the plan on behalf of the PPG",
}
"""Where an enum's value, with blanks and a capital, is not yet what a person would write."""


class FormSection(Value):
    """A section of the form: short fields, boxes with a mark or without, long texts, and who signed when."""

    heading: str
    clause: str
    fields: tuple[tuple[str, str], ...] = ()
    marks: tuple[tuple[bool, str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    signed: tuple[str, ...] = ()


def sections(packet: Packet) -> tuple[FormSection, ...]:
    """The form of a case, in the order of the procedure; what a case has not had is left out."""
    return (
        _request(packet),
        _member(packet),
        _professionals(packet),
        _reasons(packet),
        _clinical_information(packet),
        *map(_consultation, packet.consultations),
        *(_earlier(made, number) for number, made in enumerate(packet.earlier_determinations, 1)),
        *(() if packet.annexes and not packet.determination else (_determination(packet),)),
        *(_opinion(opinion, packet.request.care) for opinion in packet.opinions),
        *_compared(packet),
        *(FormSection.model_validate(annex.model_dump()) for annex in packet.annexes),
        *_category(packet),
    )


def words(value: str) -> str:
    """An enum's value as a person would write it."""
    return WORDS.get(value) or value.replace("_", " ").capitalize()


def moment(instant: datetime) -> str:
    """Day and time in Los Angeles: ``Monday, November 2, 2026, 10:00 AM PST``."""
    local = instant.astimezone(LOS_ANGELES)
    return f"{local:%A, %B} {local.day}, {local.year}, {local:%I:%M %p %Z}".replace(", 0", ", ")


def _request(packet: Packet) -> FormSection:
    request = packet.request
    speed = words(packet.priority) + (", imminent and serious threat to health" if request.imminent_threat else "")
    return FormSection(
        heading="Request",
        clause="Policy; Procedure 1",
        fields=_given(
            ("Case", packet.case_number),
            ("Received", moment(packet.received_at)),
            ("Line of business", words(request.line)),
            ("Priority", speed),
            ("Requested by", f"{request.requester.name.full} ({words(request.requester.kind).lower()})"),
            ("Sender's reference", request.external_reference),
            ("Purpose", words(request.purpose)),
            ("Specialty asked for", f"{request.specialty} ({words(request.care).lower()})"),
        ),
    )


def _member(packet: Packet) -> FormSection:
    member = packet.request.member
    place = member.confidential or member  # whoever opens the packet must not find the address that is not to be used
    return FormSection(
        heading="Member",
        clause="Procedure 2: demographic information",
        fields=_given(
            ("Name", member.name.full),
            ("Member number", member.member_id),
            ("Date of birth", f"{member.birth_date:%B} {member.birth_date.day}, {member.birth_date.year}"),
            ("Confidential contact", "Use only what stands here (Civil Code 56.107)." if member.confidential else ""),
            ("Telephone", place.phone),
            ("Address", "\n".join(place.address.lines) if place.address else ""),
            ("Preferred language", member.language),
            (
                "Ability to travel",
                {True: "can travel", False: "cannot travel", None: ""}[packet.request.able_to_travel],
            ),
        ),
    )


def _professionals(packet: Packet) -> FormSection:
    request = packet.request
    first, chosen = request.first_opinion, request.designated_professional
    return FormSection(
        heading="Physicians around the case",
        clause="Purpose: who was involved",
        fields=_given(
            ("Primary care physician", _person(request.pcp)),
            ("Treating provider", _person(request.treating_provider)),
            ("First opinion by", _person(first.professional) if first else ""),
            ("Designated by the member", _person(chosen) if chosen else ""),
            *(("Also involved", _person(other)) for other in request.also_involved),
        ),
    )


def _reasons(packet: Packet) -> FormSection:
    request = packet.request
    listed = [reason for reason in Reason if reason is not Reason.RX]
    marks = [(r in request.reasons, r.value, Clause[r.value].text) for r in listed]
    marks.append((Reason.RX in request.reasons, Reason.RX.value, "another reason, in words"))
    return FormSection(
        heading="Reasons",
        clause="Policy, reasons 1 to 5",
        marks=tuple(marks),
        texts=_given(("In the requester's words", request.reason_text)),
    )


def _clinical_information(packet: Packet) -> FormSection:
    edition = _edition(packet)
    came = tuple(_information(edition, information) for information in packet.information)
    return FormSection(
        heading="Information",
        clause="Procedure 2: clinical information",
        texts=came or (("Information", "None came."),),
    )


def _information(edition: Edition, information: Information) -> tuple[str, str]:
    attached = f"Attached: {information.attachment.name}" if information.attachment else ""
    address = "\n".join(information.address.lines) if information.address else ""
    return edition.label(information.item), "\n\n".join(filter(None, (information.text.strip(), address, attached)))


def _consultation(consultation: Consultation) -> FormSection:
    advice = {True: "The second opinion is recommended.", False: "The second opinion is not recommended."}
    given = consultation.recommends
    return FormSection(
        heading="Consultative review",
        clause="Procedure 5 and 6: findings and recommendations",
        fields=(("Referred by", consultation.referred_by), ("Referred", moment(consultation.referred_at))),
        texts=_given(
            ("Question", consultation.question),
            ("Findings", consultation.findings),
            ("Recommendation", advice[given] if given is not None else "No recommendation was given."),
            ("Rationale", consultation.rationale),
        ),
        signed=_signed(consultation.reviewer, consultation.reviewed_at),
    )


def _determination(packet: Packet) -> FormSection:
    made = packet.determination
    outcome = ("Outcome", words(packet.outcome))
    clause = "Procedure 4 to 6"
    if made is None:
        return FormSection(
            heading="Determination", clause=clause, fields=(outcome, ("Decided by", "No determination was made"))
        )
    return _made(made, "Determination")


def _made(made: Determination, heading: str) -> FormSection:
    """A determination as it was made, and what changed it, where it took another's place."""
    return FormSection(
        heading=heading,
        clause="Procedure 4 to 6",
        fields=_given(
            ("Outcome", words(made.outcome)),
            ("Basis", words(made.basis)),
            ("Takes the place of", f"Determination {made.replaces}" if made.replaces else ""),
            ("Changed by", words(made.changed_because) if made.changed_because else ""),
            ("Decided by", made.decided_by),
            ("Reference", made.reference),
        ),
        texts=_given(("Rationale", made.rationale), ("Criteria", made.criteria)),
        signed=_signed(made.physician, made.at),
    )


def _earlier(made: Determination, number: int) -> FormSection:
    return _made(made, f"Determination {number}, since changed")


def _compared(packet: Packet) -> tuple[FormSection, ...]:
    """How the first and the second recommendation stand to each other, and why there is no third opinion (T1)."""
    found, first = packet.comparison, packet.request.first_opinion
    if found is None:
        return ()
    said = first.recommendation if first else None
    stands = "recommended" if said and said.recommends_procedure else "not recommended"
    section = FormSection(
        heading="The opinions compared",
        clause="Third Opinion 1",
        fields=_given(
            ("First opinion by", _person(first.professional) if first else ""),
            ("Procedure in question", f"{said.procedure}: {stands}" if said else ""),
            ("Comparison", words(found.result)),
        ),
        texts=_given(("Why", f"{found.why[:1].upper()}{found.why[1:]}."), ("No third opinion", packet.no_third)),
    )
    return (section,)


def _opinion(opinion: Opinion, care: Care) -> FormSection:
    candidate, report, held = opinion.candidate, opinion.report, opinion.authorization
    certified = "board-certified" if candidate.board_certified else "not board-certified"
    advice = report.recommendation if report else None
    stands = "recommended" if advice and advice.recommends_procedure else "not recommended"
    return FormSection(
        heading=f"{ORDINALS[opinion.ordinal].capitalize()} opinion" + _ended(opinion),
        clause=f"Procedure 6.{'a' if care is Care.PRIMARY_CARE else 'b'}, 7 and 8",
        fields=_given(
            ("Given by", _person(candidate.professional)),
            ("Credentials", f"Licence {candidate.licence}, {certified}"),
            ("Found in", words(candidate.tier)),
            ("Fee", words(opinion.fee)),
            ("Letter of agreement", _agreed(opinion)),
            ("Authorization", held.number if held else ""),
            ("Valid", f"{held.valid_from:%Y-%m-%d} to {held.valid_until:%Y-%m-%d}" if held else ""),
            *(("Extended", why) for why in (held.extended if held else ())),
            ("Directory", opinion.directory_version),
            ("Member's wish", opinion.wish),
            ("Placed by", opinion.placed_by),
            ("Placed", moment(opinion.placed_at)),
            *(("Appointment", _appointment(one)) for one in opinion.appointments),
            ("Report received", moment(report.received_at) if report else "Not received"),
            ("Procedure in question", f"{advice.procedure}: {stands}" if advice else ""),
        ),
        texts=_given(
            (f"Ended: {words(opinion.ended_as)}" if opinion.ended_as else "", opinion.ended_why),
            *((f"Passed over: {words(tier)}", why) for tier, why in opinion.passed_over.items()),
            ("Not the proposed physician, because", opinion.departure_reason),
            ("Considered", "\n".join(_considered(one, opinion) for one in opinion.considered)),
            ("Findings", report.findings if report else ""),
            ("Recommendations", report.recommendations if report else ""),
        ),
    )


def _ended(opinion: Opinion) -> str:
    return "" if opinion.stands else ", not given"


def _agreed(opinion: Opinion) -> str:
    signed = opinion.agreement
    return f"{signed.reference}, signed on {signed.signed_on:%Y-%m-%d}" if signed else ""


def _appointment(one: Appointment) -> str:
    waits = f"the longer wait does no harm, noted by {one.longer_wait_by}: {one.longer_wait_why}"
    notes = filter(None, (one.why, waits if one.longer_wait_by else ""))
    return "; ".join((f"{moment(one.at)}: {words(one.state).lower()}", *notes))


def _considered(one: ConsideredInShort, opinion: Opinion) -> str:
    """One candidate of the proposal, with why the choice passed over this one."""
    led_to = "the ladder led to this physician" if one.npi == opinion.proposed_npi else "could be chosen"
    who = ", ".join(filter(None, (one.name, f"NPI\u00a0{one.npi}", words(one.tier))))
    return f"{who}: {'; '.join(one.reasons) or led_to}"


def _category(packet: Packet) -> tuple[FormSection, ...]:
    label = next((row.label for row in _edition(packet).category if row.code == packet.category), "")
    section = FormSection(
        heading="Category in MHC", clause="Procedure 11", fields=_given(("Code", packet.category), ("Meaning", label))
    )
    return (section,) if packet.category else ()


def _edition(packet: Packet) -> Edition:
    """The edition that the case is bound to: it has the labels."""
    return next((edition for edition in EDITIONS if edition.title == packet.edition_title), EDITIONS[-1])


def _given(*pairs: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((label, value) for label, value in pairs if value.strip())


def _person(professional: Professional) -> str:
    about = filter(None, (professional.specialty, professional.organization, f"NPI\u00a0{professional.npi}"))
    return f"{professional.name}\n{', '.join(about)}"


def _signed(who: Actor | None, at: datetime | None) -> tuple[str, ...]:
    return (who.signature, moment(at)) if who and at else ()
