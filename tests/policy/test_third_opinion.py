"""When a third opinion opens, and all the ways in which it does not."""

import pytest

from policy.case import Case
from policy.request import FirstOpinion, LineOfBusiness
from policy.third_opinion import opens_third_opinion
from tests.builders import CASE_MANAGER, a_first_opinion, a_professional, a_recommendation, a_report, plan_physician
from tests.policy.steps import approved, differing, does, placed

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


@pytest.mark.parametrize("third", [True, False])
def test_no_fourth_opinion_opens_whatever_the_third_says(third):
    case = does(differing(), CASE_MANAGER, "place_opinion", **plan_physician("1992999890"))

    after = does(case, CASE_MANAGER, "receive_report", **a_report(recommends=third))

    refused = opens_third_opinion(after)
    assert not refused
    assert refused.reason == "The third opinion has been given"
