"""Tasks while time passes: who is asked is reminded, then replaced; what was put aside comes back by itself."""

from datetime import timedelta

from policy.nomination import StaffMember
from policy.people import Role
from policy.tasks import TaskKind, TaskState
from tests.builders import CASE_MANAGER, CMO, CONSULTANT, OTHER_CASE_MANAGER
from tests.failedtasks import failed_tasks
from tests.policy.steps import consultation
from workflows.inspection import WAITING_FOR

SECOND = CONSULTANT.model_copy(update={"id": "md.vance", "npi": "1992999908"})


async def referred(stage):
    """A case that waits for a consultative review, with two of the specialty on the panel."""
    stage.panel.staff = (StaffMember(actor=SECOND, load=3), StaffMember(actor=CONSULTANT, load=1))
    played = await stage.open()
    await played.does(CASE_MANAGER, "confirm_completeness")
    await played.does(CMO, "refer_to_consultation", question="Is it reasonable?")
    await played.recorded()
    return played


async def test_the_specialist_with_the_least_to_do_is_asked_first(stage):
    played = await referred(stage)

    case = await played.case()

    task = case.task(TaskKind.CONSULTATIVE_REVIEW)
    assert [n.person.id for n in task.nominees] == [CONSULTANT.id, SECOND.id]
    assert "md.osei is asked (orthopedic surgery, 1 open task, no turn yet)" in case.story[-1].text
    assert task.answer_by - task.nominated_at <= timedelta(hours=48)


async def test_who_does_not_answer_is_reminded_then_replaced_and_then_the_supervisor_has_it(stage):
    played = await referred(stage)

    case = await played.passes(timedelta(days=4))

    told = [e.text for e in case.story if e.event in ("task:reminded", "task:passed-over", "task:nominated")]
    assert [text.split(" (")[0] for text in told] == [
        "T3: md.osei is asked",
        "T3: md.osei has not answered",
        "T3: md.osei has not answered",
        "T3: md.vance is asked",
        "T3: md.vance has not answered",
        "T3: md.vance has not answered",
    ]
    task = case.task(TaskKind.CONSULTATIVE_REVIEW)
    assert (task.asked, task.escalated) == ("", True)
    described = await played.handle.describe()
    assert Role.SUPERVISOR.value in described.typed_search_attributes[WAITING_FOR]


async def test_who_is_asked_may_claim_it_and_nobody_else(stage):
    played = await referred(stage)

    await played.does(SECOND, "claim_task", task_id="T3")
    await played.does(CONSULTANT, "claim_task", task_id="T3")
    case = await played.case()

    assert case.task(TaskKind.CONSULTATIVE_REVIEW).owner == CONSULTANT.id
    assert case.refusals[-1].reason == "md.osei is asked for this task; a supervisor can assign it to another"


async def test_a_consultation_given_by_the_one_who_was_asked_goes_back_to_the_physician(stage):
    played = await referred(stage)

    await played.does(CONSULTANT, "submit_consultation", **consultation())
    case = await played.case()

    assert case.task(TaskKind.PHYSICIAN_REVIEW).excluded[-1].who == CASE_MANAGER.id
    assert case.tasks[2].outcome == "submit_consultation"


async def test_a_suspended_task_comes_back_by_itself_and_no_clock_has_stopped(stage):
    played = await stage.open()
    until = await stage.now() + timedelta(hours=20)
    due = (await played.case()).governing_clock.due_at

    await played.does(CASE_MANAGER, "suspend_task", task_id="T1", until=until, reason="The clinic opens tomorrow.")
    aside = (await played.case()).tasks[0]
    case = await played.passes(timedelta(hours=21))

    assert (aside.state, aside.suspended_until) == (TaskState.SUSPENDED, until)
    assert (case.tasks[0].state, case.tasks[0].suspended_until) == (TaskState.READY, None)
    assert case.governing_clock.due_at == due


async def test_what_was_received_while_no_worker_ran_is_applied_in_order_at_the_time_of_the_door(stage):
    played = await stage.open()
    at = await stage.now()
    await stage.env.sleep(timedelta(hours=3))  # nobody got round to it

    await played.does(CASE_MANAGER, "claim_task", task_id="T1", at=at + timedelta(minutes=1))
    await played.does(CASE_MANAGER, "confirm_completeness", at=at + timedelta(minutes=2))
    await played.does(CMO, "claim_task", task_id="T2", at=at + timedelta(minutes=3))
    await played.does(CMO, "determine", at=at + timedelta(minutes=4), outcome="approved", rationale="R1 applies.")
    case = await played.case()

    assert case.refused_count == 0
    assert case.determination.at == at + timedelta(minutes=4)
    assert [t.opened_at - at for t in case.tasks[1:]] == [timedelta(minutes=2), timedelta(minutes=4)]


async def test_a_claim_and_its_release_by_a_stranger_change_nothing_but_the_story(stage):
    played = await stage.open()
    await played.does(CASE_MANAGER, "claim_task", task_id="T1")

    await played.does(OTHER_CASE_MANAGER, "release_task", task_id="T1")
    case = await played.case()

    assert (case.tasks[0].owner, case.refused_count) == (CASE_MANAGER.id, 1)


async def test_a_case_that_nobody_disturbs_has_no_failed_workflow_task(stage):
    played = await referred(stage)

    await played.passes(timedelta(days=4))
    history = await played.handle.fetch_history()

    assert failed_tasks(history.events) == []
