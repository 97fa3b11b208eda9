"""A limit that counts from complete information is held by law while information is outstanding (H&S 1367.01(h)(5))."""

from policy.acting import act
from policy.case import Case, open_case
from policy.request import Item, LineOfBusiness
from policy.rule import Anchor, Obligation
from policy.timeframes import ClockState
from tests.builders import CASE_MANAGER, MONDAY, a_request, action, hours


def held(line: LineOfBusiness) -> Case:
    """A complete request of Monday 2026-11-02, for which the first opinion's report is asked on the same day."""
    case = open_case("SO-2026-000001", a_request(line=line), MONDAY)
    ask = action("request_information", CASE_MANAGER, MONDAY + hours(2), items=(Item.FIRST_OPINION_REPORT,))
    return act(case, ask, MONDAY + hours(2))


def test_the_limit_from_information_is_held_and_the_one_from_the_request_runs_on():
    case = held(LineOfBusiness.MEDI_CAL)

    states = {c.obligation: c.state for c in case.clocks}

    assert states[Obligation.DECISION] is ClockState.PAUSED
    assert states[Obligation.DECISION_OUTER] is ClockState.RUNNING
    assert case.decision_limit == next(c.due_at for c in case.clocks if c.obligation is Obligation.DECISION_OUTER)


def test_when_the_information_comes_the_limit_runs_afresh_from_then():
    later = MONDAY + hours(50)  # Wednesday 2026-11-04 12:00 PST
    came = [{"item": "first_opinion_report", "text": "Fusion is recommended."}]

    case = act(
        held(LineOfBusiness.COMMERCIAL), action("receive_information", CASE_MANAGER, later, information=came), later
    )

    running = [c for c in case.open_clocks if c.obligation is Obligation.DECISION]
    assert [(c.id, c.anchor, c.anchored_at) for c in running] == [
        ("decision:KK-STD#2", Anchor.INFORMATION_COMPLETE, later)
    ]
    assert not case.refusals
