"""When a third opinion opens, and all the ways in which it does not."""

import pytest

from policy.case import Case
from policy.edition import EDITIONS
from policy.filing import joined
from policy.lifecycle import Stage
from policy.particulars import Agreement, NoticeKind, Recipient
from policy.request import FirstOpinion, LineOfBusiness, Recommendation
from policy.third_opinion import belongs_to, brought_home, compare, opens_third_opinion, own_case, taken_in
from tests.builders import (
    CASE_MANAGER,
    a_first_opinion,
    a_member,
    a_professional,
    a_recommendation,
    a_report,
    plan_physician,
)
from tests.policy.letters import composed
from tests.policy.steps import DESIGNEE, approved, differing, does, letters_left, next_hour, placed, refusal, third

ADVANTAGE = LineOfBusiness.MEDICARE_ADVANTAGE
WITHOUT_THE_RULE = (LineOfBusiness.MEDI_CAL, LineOfBusiness.COMMERCIAL)
SILENT = FirstOpinion(professional=a_professional())


def with_report(
    first: FirstOpinion | None, second: bool | None, *, line: LineOfBusiness = ADVANTAGE, major: bool = True
) -> Case:
    """A case whose second physician recommends the procedure, does not, or does not say in structure."""
    report = a_report()
    if second is not None:
        report["recommendation"] = a_recommendation(recommends=second, major=major).model_dump(mode="json")
    return does(placed(line=line, first_opinion=first), CASE_MANAGER, "receive_report", **report)


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
@pytest.mark.parametrize("line", [ADVANTAGE, LineOfBusiness.D_SNP, LineOfBusiness.CMC])
def test_a_third_opinion_opens_on_medicare_lines_when_the_first_two_differ_about_surgery(line, first, second):
    case = placed(line=line, first_opinion=a_first_opinion(recommends=first))
    given = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=second))

    assert opens_third_opinion(given)


@pytest.mark.parametrize(("first_major", "second_major"), [(True, False), (False, True)])
def test_it_is_enough_that_one_of_the_two_speaks_of_surgery(first_major, second_major):
    case = with_report(a_first_opinion(recommends=True, major=first_major), second=False, major=second_major)

    assert opens_third_opinion(case)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        pytest.param(with_report(None, False), "not on record in structure", id="no first opinion"),
        pytest.param(with_report(SILENT, False), "not on record in structure", id="the first does not say"),
        pytest.param(with_report(a_first_opinion(), None), "not on record in structure", id="nor does the second"),
        pytest.param(with_report(a_first_opinion(recommends=True), True), "agree", id="both for surgery"),
        pytest.param(with_report(a_first_opinion(recommends=False), False), "agree", id="both against it"),
        pytest.param(
            with_report(a_first_opinion(major=False), second=False, major=False), "neither surgery", id="no surgery"
        ),
        *(
            pytest.param(with_report(a_first_opinion(), False, line=line), "does not cover this line", id=line.value)
            for line in WITHOUT_THE_RULE
        ),
        pytest.param(approved(first_opinion=a_first_opinion()), "has been given", id="no second opinion yet"),
    ],
)
def test_no_third_opinion_opens(case, reason):
    refused = opens_third_opinion(case)

    assert not refused
    assert reason in refused.reason
    assert refused.clause == "T1"


@pytest.mark.parametrize("recommends", [True, False])
def test_no_fourth_opinion_opens_whatever_the_third_says(recommends):
    case = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    after = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=recommends))

    refused = opens_third_opinion(after)
    assert not refused
    assert refused.reason == "The third opinion has been given"


# -- two recommendations compared


def said(recommends: bool, *, major: bool = True, procedure: str = "lumbar fusion") -> Recommendation:
    return Recommendation(procedure=procedure, recommends_procedure=recommends, is_surgery_or_major=major)


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        pytest.param(said(True), said(True), Agreement.AGREE, id="both for it"),
        pytest.param(said(False), said(False), Agreement.AGREE, id="both against it"),
        pytest.param(said(True), said(False), Agreement.DIFFER_ON_SURGERY, id="one against surgery"),
        pytest.param(said(True, major=False), said(False), Agreement.DIFFER_ON_SURGERY, id="only one calls it surgery"),
        pytest.param(said(True, major=False), said(False, major=False), Agreement.DIFFER_OTHERWISE, id="no surgery"),
        pytest.param(None, said(True), Agreement.NOT_COMPARABLE, id="the first says nothing"),
        pytest.param(said(True), None, Agreement.NOT_COMPARABLE, id="the second says nothing"),
        pytest.param(said(True), said(True, procedure=" Lumbar  FUSION"), Agreement.AGREE, id="written otherwise"),
        pytest.param(
            said(True), said(True, procedure="physical therapy", major=False), Agreement.DIFFER_ON_SURGERY, id="therapy"
        ),
        pytest.param(said(True), said(True, procedure="discectomy"), Agreement.NOT_COMPARABLE, id="two surgeries"),
        pytest.param(
            said(False), said(False, procedure="discectomy"), Agreement.NOT_COMPARABLE, id="neither, of different ones"
        ),
    ],
)
def test_two_recommendations_agree_differ_or_cannot_be_compared(first, second, result):
    found = compare(first, second)

    assert found.result is result
    assert found.why
    assert compare(second, first).result is result


def test_the_comparison_stands_in_the_case_and_in_its_story():
    case = differing()

    assert case.comparison is not None
    assert case.comparison.result is Agreement.DIFFER_ON_SURGERY
    assert "opinions:compared" in [e.event for e in case.story]


def test_a_plan_can_add_lines_and_confirm_opinions_that_agree(monkeypatch):
    rule = EDITIONS[0].third_opinion
    wider = rule.model_copy(update={"lines": (*rule.lines, LineOfBusiness.COMMERCIAL), "confirmatory": (ADVANTAGE,)})
    monkeypatch.setitem(EDITIONS[0].__dict__, "third_opinion", wider)

    added = with_report(a_first_opinion(), second=False, line=LineOfBusiness.COMMERCIAL)
    confirmed = with_report(a_first_opinion(), second=True)

    assert (added.stage, confirmed.stage) == (Stage.THIRD_OPINION, Stage.THIRD_OPINION)
    own = own_case(confirmed)
    letter = composed(own, own.notices[0], next_hour(own))
    assert "confirms theirs is covered" in " ".join(p for s in letter.sections for p in s.paragraphs)


def copy_for(case: Case, recipient: Recipient) -> str:
    """The words of somebody's copy of the last report."""
    kinds = (n for n in case.notices if n.kind is NoticeKind.REPORT_COPY)
    notice = next(n for n in kinds if n.recipient is recipient)
    return " ".join(p for s in composed(case, notice, next_hour(case)).sections for p in s.paragraphs)


WHY_NONE = {"en": "does not have this rule", "es": "no tiene esa regla"}


@pytest.mark.parametrize("language", WHY_NONE)
@pytest.mark.parametrize("line", WITHOUT_THE_RULE)
def test_the_members_copy_says_why_no_third_opinion_opened_on_a_line_without_the_rule(line, language):
    member = a_member(language=language)
    case = placed(line=line, member=member, first_opinion=a_first_opinion(recommends=True))

    case = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=False))

    assert WHY_NONE[language] in copy_for(case, Recipient.MEMBER)
    assert WHY_NONE[language] not in copy_for(case, Recipient.PCP)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(differing(), id="one opens"),
        pytest.param(with_report(a_first_opinion(), True, line=LineOfBusiness.COMMERCIAL), id="they agree"),
        pytest.param(with_report(None, False, line=LineOfBusiness.COMMERCIAL), id="the first does not say"),
    ],
)
def test_no_copy_speaks_of_the_line_where_the_line_is_not_the_reason(case):
    assert WHY_NONE["en"] not in copy_for(case, Recipient.MEMBER)


# -- its own case


def test_the_third_physician_is_told_which_reports_and_results_there_are():
    own = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    notice = next(n for n in own.notices if n.recipient is Recipient.OPINION_PHYSICIAN)

    items = [item for s in composed(own, notice, next_hour(own)).sections for item in s.items]

    assert any("Report of the second opinion, Dr. Lena Sato, November 2, 2026" in i for i in items)
    assert len(items) > 1


def test_what_the_third_opinion_brings_home_ends_the_waiting():
    own = does(third(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))
    own = letters_left(does(own, CASE_MANAGER, "receive_report", **a_report(recommends=False)))

    case = taken_in(differing(), brought_home(joined(own, next_hour(own))), next_hour(own))

    assert case.stage is Stage.FILING
    assert [o.ordinal for o in case.opinions] == [2, 3]
    assert {n.kind for n in case.third_letters} == {
        NoticeKind.THIRD_OPINION, NoticeKind.AUTHORIZATION, NoticeKind.REPORT_COPY
    }  # fmt: skip


def test_a_third_opinion_without_its_report_does_not_come_home():
    with pytest.raises(ValueError, match="with its report"):
        brought_home(third())


@pytest.mark.parametrize(
    ("number", "of"),
    [("SO-2026-000001-3", "SO-2026-000001"), ("SO-2026-000001", ""), ("SO-2026-3", ""), ("", "")],
)
def test_a_third_opinions_number_says_to_which_case_it_belongs(number, of):
    assert belongs_to(number) == of


def test_the_determination_of_a_third_opinion_is_changed_in_the_case_that_it_belongs_to():
    refused = refusal(third(), DESIGNEE, "change_determination", because="appeal", outcome="approved", rationale="x")

    assert "SO-2026-000001; change it there" in refused.reason
