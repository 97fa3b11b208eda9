"""Which task is meant, whose list it is, what completes it, and what is asked again before anything is sent."""

import json
from threading import Event

import pytest

from cli.asking import agrees, ask_for, choose_way, is_final, wanted
from cli.completing import the_ways, told_apart, ways_to_complete
from cli.forms import FormLeft
from cli.main import run
from cli.screen import json_line
from cli.taskform import introduction, may_work, objection
from cli.tasks import FITS, choose
from cli.worklists import chosen, heading, keep_watching, plain
from policy.actions import ACTIONS, Determine, SignExpiredDetermination
from policy.people import Role
from policy.tasks import TaskKind, TaskState, draft_of
from records.rows import TaskRow
from tests.builders import CASE_MANAGER, CMO, MONDAY, OTHER_CASE_MANAGER
from tests.policy.steps import CASE_MANAGER_AND_CMO, DENIAL, SUPERVISOR, does, in_review, next_hour, opened, the_task
from wiring.questions import AnswerError
from wiring.sending import ActionError

NUMBER = "SO-2026-000001"


class Script:
    """Answers from a list, and keeps what was said and asked. An exception in the list is how somebody leaves."""

    def __init__(self, *answers):
        self.answers, self.heard = list(answers), []

    def ask(self, question):
        self.heard.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer

    def say(self, text):
        self.heard.append(text)


def a_row(task_id="T1", **changes):
    given = {
        "case_number": NUMBER, "task_id": task_id, "kind": TaskKind.COMPLETENESS_REVIEW, "clause": "P2",
        "title": "Review the referral for completeness", "state": TaskState.READY, "roles": (Role.CASE_MANAGER,),
        "owner": "", "escalated": False, "opened_at": MONDAY, "ended_at": None, "ended_by": "", "revision": 1,
        "priority": 5, "next_due": None, "next_due_rule": "", "suspended_until": None, "delegated_by": "", "asked": "",
        "answer_by": None, "outcome": "", "comments": 0, "line": "commercial", "case_priority": "standard",
        "specialty": "orthopedic surgery", "stage": "completeness_review",
    }  # fmt: skip
    return TaskRow.model_validate({**given, **changes})


def everything(_):
    return True


def nothing(_):
    return False


# -- which task is meant


def test_the_only_task_that_fits_is_meant_and_so_is_the_only_one_there_is():
    mine, other = a_row("T2", owner="cm.alvarez"), a_row("T3", owner="cm.brown")

    assert choose([mine, other], NUMBER, "", lambda row: row.owner == "cm.alvarez") == mine
    assert choose([other], NUMBER, "", nothing) == other  # the case says what is wrong with it
    assert choose([mine, other], NUMBER, "t3", nothing) == other


@pytest.mark.parametrize(
    ("rows", "task", "says"),
    [
        ((), "", "SO-2026-000001 has no open task. Look at it with: second-opinion show SO-2026-000001"),
        (("T2", "T3"), "", "SO-2026-000001 has several open tasks; say which. Open now:\n  T2  Review"),
        (
            ("T2",),
            "T1",
            "T1 is no open task of SO-2026-000001. Open now:\n  T2  Review the referral for completeness (c",
        ),
    ],
)
def test_where_no_task_can_be_meant_the_open_ones_are_listed(rows, task, says):
    with pytest.raises(ActionError) as refused:
        choose([a_row(one) for one in rows], NUMBER, task, everything)

    assert str(refused.value).startswith(says)


def test_what_fits_depends_on_what_is_done_and_by_whom():
    free, hers = a_row(), a_row(owner=CASE_MANAGER.id, delegated_by="cm.brown", state=TaskState.SUSPENDED)
    asked = a_row(asked=CASE_MANAGER.id)

    assert FITS["claim_task"](free, CASE_MANAGER)
    assert FITS["claim_task"](asked, CASE_MANAGER)
    assert not FITS["claim_task"](free, CMO)
    assert not FITS["claim_task"](asked, OTHER_CASE_MANAGER)
    assert FITS["release_task"](asked, CASE_MANAGER)
    assert all(FITS[signal](hers, CASE_MANAGER) for signal in ("delegate_task", "return_task", "resume_task"))
    assert not any(FITS[signal](hers, CASE_MANAGER) for signal in ("claim_task", "suspend_task", "nominate_task"))


# -- whose list it is


def test_with_a_person_the_lists_are_hers_and_her_groups_unless_one_is_chosen():
    none = {"mine": False, "group": False, "everybodys": False}

    assert chosen(CASE_MANAGER, **none) == ("mine", "group")
    assert chosen(CASE_MANAGER, **{**none, "mine": True}) == ("mine",)
    assert chosen(CASE_MANAGER, **{**none, "everybodys": True}) == ("all",)
    assert chosen(None, **none) == ("all",)
    with pytest.raises(AnswerError, match="Choose one of --mine, --group and --all"):
        chosen(CASE_MANAGER, **{**none, "mine": True, "group": True})
    with pytest.raises(AnswerError, match="Add --as WHO to --group"):
        chosen(None, **{**none, "group": True})


def test_an_empty_list_says_whose_it_is_and_what_to_do_next():
    mine = heading("mine", CASE_MANAGER, claimable=True)
    group = heading("group", SUPERVISOR, claimable=False)

    assert mine[1] == "cm.alvarez has no task. Take one with: second-opinion task claim CASE TASK --as cm.alvarez"
    assert heading("mine", CASE_MANAGER, claimable=False)[1] == "cm.alvarez has no task."
    assert group[1].startswith("Nothing waits for the group (supervisor). What is escalated:")
    assert heading("all", None, claimable=False)[1] == "Nothing waits for anybody."


def test_programs_get_one_list_as_a_list_and_several_by_name():
    row = a_row()

    assert plain({"all": [row]}) == [row]
    assert plain({"mine": [], "group": [row]}) == {"mine": [], "group": [row]}


@pytest.mark.parametrize("words", [("--mine",), ("--as", "cm.alvarez", "--mine", "--all"), ("--as", "nobody.here")])
def test_a_list_that_cannot_be_meant_is_one_sentence_and_an_exit_code(words, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path))

    code = run(["tasks", *words])

    assert code in (1, 2)
    assert capsys.readouterr().err.count("\n") <= 3


# -- watching


def test_watching_prints_at_once_and_then_only_what_has_changed(capsys):
    stopped, seen = Event(), [[], [], [a_row()], [a_row()], [a_row("T2")]]

    def look():
        rows = seen.pop(0)
        if not seen:
            stopped.set()
        return {"all": rows}

    code = keep_watching(look, lambda lists: json_line(plain(lists)), stopped, every=0)

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [[row["task_id"] for row in rows] for rows in printed] == [[], ["T1"], ["T2"]]


# -- completing


def test_the_task_and_the_action_come_in_any_order_and_either_may_lack():
    assert told_apart(()) == ("", "")
    assert told_apart(("t2",)) == ("T2", "")
    assert told_apart(("determine",)) == ("", "determine")
    assert told_apart(("determine", "T2")) == told_apart(("T2", "determine")) == ("T2", "determine")
    with pytest.raises(AnswerError, match="at most one task"):
        told_apart(("T1", "T2"))


def test_every_kind_of_task_has_a_way_to_complete_it_and_another_way_is_no_way():
    assert all(ways_to_complete(kind) for kind in TaskKind)
    assert the_ways(a_row(), "") == ("confirm_completeness", "request_information")
    assert the_ways(a_row(), "request_information") == ("request_information",)
    with pytest.raises(AnswerError, match=r"determine does not complete T1 of .*What does:\n  confirm_"):
        the_ways(a_row(), "determine")


def test_only_a_denial_is_final():
    assert is_final("determine", {"outcome": "denied"})
    assert is_final(SignExpiredDetermination.SIGNAL, {"statement": "The time has passed."})
    assert not is_final("determine", {"outcome": "approved"})
    assert not is_final("confirm_completeness", {})


def test_whoever_gives_json_is_told_the_fields_and_an_example():
    heading, *lines = wanted("determine")

    assert heading == "Its fields:"
    assert lines[0] == "  outcome (needed): the decision; of: approved, denied"
    assert lines[2].startswith("  criteria (may be left out): ")
    assert json.loads(lines[3].removeprefix("For example: --data '").removesuffix("'")) == Determine.EXAMPLE


def test_a_way_is_chosen_by_number_or_by_word_after_each_was_explained():
    asker = Script("7", "determine")

    assert choose_way(asker, ways_to_complete(TaskKind.PHYSICIAN_REVIEW)) == "determine"
    assert "  determine: Approve or deny the request. A denial names the criteria." in asker.heard[0]
    assert asker.heard[2].startswith("Choose by number, 1 to 2")
    with pytest.raises(FormLeft):
        choose_way(Script(EOFError), ("determine",))


def test_what_the_case_would_refuse_is_asked_again_alone_and_then_sent():
    case = in_review()
    asker = Script("denied", "Not needed.", "", "", "MCG 4.2", "", "deny")

    def objects(fields):
        return objection(case, "determine", CMO, fields, next_hour(case))

    fields = ask_for(Determine, asker, "determine for T2", objects=objects)

    assert fields == {**DENIAL, "rationale": "Not needed."}
    assert "a denial names the criteria it rests on (H&S 1367.01(h)(4)).\n  criteria: a denial" in "\n".join(
        asker.heard
    )
    assert sum(text.startswith("Outcome") for text in asker.heard) == 1


def test_a_denial_wants_its_word_even_from_whoever_has_said_yes():
    with pytest.raises(FormLeft) as left:
        ask_for(Determine, Script("denied", "No.", "", "MCG", "", "yes"), "determine", yes=True)

    assert left.value.answers == {"outcome": "denied", "rationale": "No.", "criteria": "MCG"}
    assert ask_for(Determine, Script("approved", "Yes.", "", ""), "determine", yes=True)["outcome"] == "approved"


def test_what_no_answer_could_mend_is_said_and_what_was_entered_is_not_lost():
    case = does(opened(), CASE_MANAGER, "confirm_completeness")
    asker = Script("approved", "Reason R1 applies.", "", "")

    with pytest.raises(FormLeft) as left:
        ask_for(
            Determine,
            asker,
            "determine",
            objects=lambda fields: objection(case, "determine", CASE_MANAGER, fields, next_hour(case)),
        )

    assert left.value.answers == {"outcome": "approved", "rationale": "Reason R1 applies."}
    assert "actor.roles: this task is for a cmo" in asker.heard[-1]


def test_an_action_is_looked_at_by_the_rules_and_the_case_stays_as_it_was():
    case = in_review()
    at = next_hour(case)
    before = case.model_dump()

    assert objection(case, "determine", CMO, DENIAL, at) is None
    large = objection(case, "determine", CMO, {**DENIAL, "rationale": "x" * 20_001}, at)

    assert large
    assert [error.field for error in large.fields] == ["rationale"]
    assert case.model_dump() == before


def test_who_may_not_have_a_task_hears_it_before_anything_is_asked():
    case = does(opened(), CASE_MANAGER_AND_CMO, "confirm_completeness")
    at = next_hour(case)

    assert may_work(case, the_task(case), CMO, at)
    assert "four eyes" in str(may_work(case, the_task(case), CASE_MANAGER_AND_CMO, at))


def test_a_draft_that_is_no_object_is_no_draft():
    task = the_task(opened())

    assert not any("draft" in line for line in introduction(opened(), task))
    assert "A draft is kept" in introduction(opened(), task.model_copy(update={"draft": "{}"}))[-1]
    assert draft_of(task) == {}
    assert draft_of(task.model_copy(update={"draft": '{"note": "half"}'})) == {"note": "half"}
    assert draft_of(task.model_copy(update={"draft": "[1]"})) == draft_of(task.model_copy(update={"draft": "{"})) == {}


def test_a_question_is_answered_by_enter_or_leaving_as_its_default_says():
    assert agrees(Script(""), "Keep it?", default=True)
    assert not agrees(Script("perhaps", "n"), "Keep it?", default=True)
    assert not agrees(Script(KeyboardInterrupt), "Keep it?", default=True)
    assert not agrees(Script(""), "Ask them?", default=False)


def test_every_action_can_be_described():
    for signal in ACTIONS:
        assert all("None" not in line for line in wanted(signal))
