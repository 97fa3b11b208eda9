"""What is found in a delegate's copy: Procedure 10 (P10), clocks by the delegate's receipt."""

from datetime import UTC, datetime, timedelta

import pytest

from policy.delegatechecks import check
from policy.delegated import DeciderRole, DelegatedPacket, DelegateOutcome, ExtensionTaken, MemberMatch, NoticeGiven
from policy.delegatefindings import Check, Finding, Result, Settled
from policy.edition import EDITIONS
from policy.request import Item, LineOfBusiness, Priority
from policy.rule import ExtensionReason
from tests.builders import CLINICAL
from tests.delegates import COPIED, DECIDED, LETTER, RECEIVED, a_decider, a_packet, an_approval

EDITION = EDITIONS[-1]


def checked(packet: DelegatedPacket, at: datetime = COPIED, **more: MemberMatch) -> dict[Check, Finding]:
    return {f.check: f for f in check(packet, at, EDITION, **more)}


def failed(packet: DelegatedPacket, at: datetime = COPIED, **more: MemberMatch) -> list[Check]:
    return [what for what, found in checked(packet, at, **more).items() if found.result is Result.FAILED]


@pytest.mark.parametrize("line", [line for line in LineOfBusiness if line is not LineOfBusiness.CMC])
@pytest.mark.parametrize("outcome", DelegateOutcome)
def test_a_whole_copy_in_time_has_no_finding_and_every_check_is_kept(line, outcome):
    found = checked(a_packet(line=line, outcome=outcome))

    assert list(found) == list(Check)
    assert {f.result for f in found.values()} <= {Result.PASSED, Result.NOT_ASKED}
    assert all(f.settled is None and f.sentence for f in found.values())


def test_a_decision_is_measured_from_the_delegate_s_receipt_and_not_from_ours():
    monday_after = datetime(2026, 11, 9, 20, 0, tzinfo=UTC)  # Monday 2026-11-09 12:00 PST, day 7
    tuesday = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)  # Tuesday 2026-11-10 00:00 PST

    def decided(at: datetime) -> Finding:
        told = {"provider_notice": NoticeGiven(at=at), "member_notice": NoticeGiven(at=at)}
        return checked(a_packet(decided_at=at, **told), at + timedelta(hours=1))[Check.DECISION_IN_TIME]

    assert decided(monday_after).result is Result.PASSED
    assert decided(tuesday).result is Result.FAILED
    assert decided(tuesday).rule
    assert decided(tuesday).due_at == datetime(2026, 11, 10, 7, 59, 59, tzinfo=UTC)
    assert decided(tuesday).happened_at == tuesday


def test_the_forwarded_request_of_the_regulator_s_example_was_due_a_week_after_the_delegate_had_it():
    received = datetime(2026, 9, 14, 16, 0, tzinfo=UTC)  # Monday 2026-09-14 09:00 PDT
    decided = datetime(2026, 9, 22, 16, 0, tzinfo=UTC)  # Tuesday 2026-09-22 09:00 PDT
    told = {"provider_notice": None, "member_notice": None}
    packet = a_packet(received_by_delegate_at=received, decided_at=decided, **told)

    found = checked(packet, decided)[Check.DECISION_IN_TIME]

    assert found.result is Result.FAILED
    assert found.due_at == datetime(2026, 9, 22, 6, 59, 59, tzinfo=UTC)  # Monday 2026-09-21 23:59:59 PDT


def test_a_late_decision_is_one_finding_and_its_notices_inside_the_limit_are_not_found_late_once_more():
    packet = a_packet(
        line=LineOfBusiness.D_SNP,
        received_by_delegate_at=DECIDED - timedelta(days=40),
        letter_elements=EDITION.delegation.letter[LineOfBusiness.D_SNP],
    )

    assert failed(packet) == [Check.DECISION_IN_TIME]
    assert checked(packet)[Check.MEMBER_NOTICE_IN_TIME].result is Result.NOT_ASKED


def test_an_expedited_decision_has_hours_also_over_a_weekend():
    friday = datetime(2026, 11, 6, 18, 0, tzinfo=UTC)  # Friday 2026-11-06 10:00 PST
    late = friday + timedelta(hours=73)
    given = {"priority": Priority.EXPEDITED, "received_by_delegate_at": friday, "decided_at": late}

    found = checked(a_packet(**given, provider_notice=None, member_notice=None), late)[Check.DECISION_IN_TIME]

    assert found.result is Result.FAILED
    assert found.due_at == friday + timedelta(hours=72)


def test_a_lawful_extension_moves_the_limit_and_an_unlawful_one_is_a_finding():
    decided = RECEIVED + timedelta(days=16)  # Wednesday 2026-11-18
    times = {
        "decided_at": decided,
        "provider_notice": NoticeGiven(at=decided),
        "member_notice": NoticeGiven(at=decided),
    }

    def extended(reason: ExtensionReason, days: int = 3) -> list[Check]:
        taken = ExtensionTaken(reason=reason, notified_at=RECEIVED + timedelta(days=days))
        return failed(a_packet(**times, extension=taken), decided)

    assert extended(ExtensionReason.INFORMATION_MISSING) == []
    assert extended(ExtensionReason.CONTRACTED_PROVIDER_RECORDS) == [Check.DECISION_IN_TIME, Check.EXTENSION_LAWFUL]
    assert extended(ExtensionReason.INFORMATION_MISSING, days=9) == [Check.EXTENSION_LAWFUL]


def test_who_waited_for_information_has_sent_a_pend_notice_in_time():
    complete = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)  # Wednesday 2026-11-18
    decided = complete + timedelta(days=1)
    times = {
        "line": LineOfBusiness.COMMERCIAL,
        "information_complete_at": complete,
        "decided_at": decided,
        "provider_notice": NoticeGiven(at=decided),
        "member_notice": NoticeGiven(at=decided),
        "letter_elements": EDITION.delegation.letter[LineOfBusiness.COMMERCIAL],
    }

    assert failed(a_packet(**times, pend_notice_at=RECEIVED + timedelta(days=2)), decided) == []
    assert failed(a_packet(**times), decided) == [Check.PEND_NOTICE_IN_TIME]
    assert failed(a_packet(**times, pend_notice_at=complete), decided) == [Check.PEND_NOTICE_IN_TIME]


@pytest.mark.parametrize(
    ("field", "late", "what"),
    [
        ("provider_notice", timedelta(hours=24, seconds=1), Check.PROVIDER_NOTICE_IN_TIME),
        ("member_notice", timedelta(days=3), Check.MEMBER_NOTICE_IN_TIME),  # two business days: Friday 2026-11-06
    ],
)
def test_a_notice_that_is_late_or_not_on_record_is_a_finding(field, late, what):
    assert failed(a_packet(**{field: NoticeGiven(at=DECIDED + late)}), DECIDED + timedelta(hours=20)) == [what]
    assert failed(a_packet(**{field: None})) == [what]


def test_the_copy_comes_by_the_end_of_the_next_business_day():
    thursday = datetime(2026, 11, 6, 7, 59, 59, tzinfo=UTC)  # Thursday 2026-11-05 23:59:59 PST

    assert failed(a_packet(), thursday) == []
    assert failed(a_packet(), thursday + timedelta(seconds=1)) == [Check.COPY_IN_TIME]
    assert "the plan's own figure" in checked(a_packet())[Check.COPY_IN_TIME].sentence


def test_a_closed_day_gives_the_copy_another_day():
    tuesday = datetime(2026, 11, 10, 20, 0, tzinfo=UTC)  # Tuesday 2026-11-10; Wednesday 2026-11-11 is Veterans Day
    told = {"provider_notice": NoticeGiven(at=tuesday), "member_notice": NoticeGiven(at=tuesday)}
    packet = a_packet(received_by_delegate_at=tuesday - timedelta(days=1), decided_at=tuesday, **told)

    assert failed(packet, datetime(2026, 11, 13, 7, 0, tzinfo=UTC)) == []  # Thursday 2026-11-12 23:00 PST
    assert failed(packet, datetime(2026, 11, 13, 9, 0, tzinfo=UTC)) == [Check.COPY_IN_TIME]


def test_what_the_checklist_asks_for_and_the_record_itself_must_be_there():
    lacking = tuple(i for i in CLINICAL if i.item is not Item.TEST_RESULTS)

    assert failed(a_packet(information=lacking)) == [Check.RECORD_COMPLETE]
    assert failed(a_packet(record_attachment=None)) == [Check.RECORD_COMPLETE]
    assert "Test results" in checked(a_packet(information=lacking))[Check.RECORD_COMPLETE].sentence


def test_only_a_licensed_physician_denies_or_modifies():
    nurse = a_decider(role=DeciderRole.CLINICIAN)

    for outcome in (DelegateOutcome.DENIED, DelegateOutcome.MODIFIED):
        assert failed(a_packet(outcome=outcome, decider=nurse)) == [Check.DECIDER_MAY_DECIDE]
    assert failed(a_packet(decider=a_decider(licence=""))) == [Check.DECIDER_MAY_DECIDE]
    assert failed(an_approval(decider=nurse)) == []


def test_non_clinical_staff_approve_by_stated_criteria_only():
    clerk = a_decider(role=DeciderRole.NON_CLINICAL, licence="", npi="")

    assert failed(an_approval(decider=clerk)) == []
    assert failed(an_approval(decider=clerk, criteria="")) == [Check.DECIDER_MAY_DECIDE]


def test_who_treats_the_member_decides_nothing_and_without_an_npi_nobody_can_tell():
    assert failed(a_packet(decider=a_decider(npi="1992999874"))) == [Check.DECIDER_NOT_INVOLVED]
    assert failed(a_packet(decider=a_decider(npi=""))) == [Check.DECIDER_NOT_INVOLVED]


def test_a_denial_states_its_reasons_and_its_letter_is_whole():
    assert failed(a_packet(rationale="", criteria="")) == [Check.REASONS_GIVEN]
    assert failed(a_packet(letter_attachment=None)) == [Check.LETTER_COMPLETE]
    assert failed(a_packet(letter_elements=("reasons",))) == [Check.LETTER_COMPLETE]
    assert failed(a_packet(letter_elements=(), letter_attachment=LETTER)) == []
    assert failed(an_approval(rationale="")) == []


def test_a_member_who_does_not_agree_with_an_earlier_request_is_a_finding():
    assert failed(a_packet(), match=MemberMatch.CONFLICT) == [Check.MEMBER_AGREES]
    assert failed(a_packet(), match=MemberMatch.MATCHED) == []


def test_every_failure_is_open_and_names_what_it_rests_on():
    spoilt = a_packet(
        decider=a_decider(role=DeciderRole.CLINICIAN, npi="1992999874"),
        record_attachment=None,
        letter_attachment=None,
        provider_notice=None,
        rationale="",
    )

    found = [f for f in check(spoilt, COPIED, EDITION) if f.result is Result.FAILED]

    assert len(found) == 6
    assert all(f.settled is Settled.OPEN and f.citation and f.counts_against for f in found)
    assert not any("Núñez" in f.sentence or "Frey" in f.sentence for f in found)
