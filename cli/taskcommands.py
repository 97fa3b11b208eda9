"""``second-opinion task``: one command for each thing that people do to a task, in WS-HumanTask's words."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from cli.options import Attached, Data, Json, Reason, To, Who, Yes

app = App(name="task")

Until = Annotated[str, Parameter(help="2026-11-24 09:00 (Los Angeles time), tomorrow 9:00, or in 2 hours.")]
Nominees = Annotated[tuple[str, ...], Parameter(name="--to", help="Who is asked, in this order. Default: the panel's.")]


@app.command
async def claim(case: str, task: str = "", *, actor: Who, json: Json = False) -> int:
    """Take a task, so that nobody else works on it."""
    return await _operate("claim_task", case, task, actor, json=json, done="is yours.")


@app.command
async def release(case: str, task: str = "", *, actor: Who, json: Json = False) -> int:
    """Give a task back to its group, or decline one that you are asked for."""
    return await _operate("release_task", case, task, actor, json=json, done="is no longer yours.")


@app.command
async def assign(case: str, task: str = "", *, to: To, actor: Who, reason: Reason = "", json: Json = False) -> int:
    """Give a task to a person, whoever has it now. For supervisors."""
    return await _operate("assign_task", case, task, actor, json=json, done=f"is {to}'s now.", to=to, reason=reason)


@app.command
async def delegate(case: str, task: str = "", *, to: To, actor: Who, reason: Reason = "", json: Json = False) -> int:
    """Hand a task that is yours on to a colleague, who can return it."""
    done = f"is {to}'s now, who can return it to you."
    return await _operate("delegate_task", case, task, actor, json=json, done=done, to=to, reason=reason)


@app.command(name="return")
async def return_(case: str, task: str = "", *, actor: Who, reason: Reason = "", json: Json = False) -> int:
    """Give a task that was delegated to you back to the one who delegated it."""
    return await _operate("return_task", case, task, actor, json=json, done="is returned.", reason=reason)


@app.command
async def suspend(case: str, task: str = "", *, until: Until, reason: Reason, actor: Who, json: Json = False) -> int:
    """Put a task aside until a time; it comes back by itself. No clock stops."""
    from cli.screen import now
    from policy.timeframes import spoken
    from wiring.questions import moment

    wakes = moment(until, now())
    done = f"is put aside until {spoken(wakes)}. No clock stops meanwhile."
    return await _operate("suspend_task", case, task, actor, json=json, done=done, until=wakes, reason=reason)


@app.command
async def resume(case: str, task: str = "", *, actor: Who, json: Json = False) -> int:
    """Take up a suspended task before its time."""
    return await _operate("resume_task", case, task, actor, json=json, done="is taken up again.")


@app.command
async def comment(
    case: str,
    task: str = "",
    *,
    text: Annotated[str, Parameter(help="What there is to say.")],
    actor: Who,
    json: Json = False,
) -> int:
    """Say something about a task; the story of the case keeps it."""
    return await _operate("add_comment", case, task, actor, json=json, done="has your comment.", text=text)


@app.command
async def draft(case: str, task: str = "", *, data: Data, actor: Who, json: Json = False) -> int:
    """Keep what you have entered so far with the task; the form of complete offers it. {} keeps none."""
    import json as jsonlib

    from cli.acting import fields_of

    fields = fields_of(data or "{}")
    text = jsonlib.dumps(fields, ensure_ascii=False) if fields else ""
    done = "keeps your draft." if text else "has no draft now."
    return await _operate("save_draft", case, task, actor, json=json, done=done, draft=text)


@app.command
async def complete(
    case: str,
    *given: str,
    actor: Who,
    data: Data = None,
    attach: Attached = (),
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Do what a task waits for. Without --data a form asks for it, at a terminal.

    Parameters
    ----------
    case
        A case number, or the external reference of its request.
    given
        The task, as T2, and the action, as determine. Both may be left out where only one fits.
    yes
        Send it without asking first. A denial that the form has asked for wants its word all the same.
    """
    from cli.completing import complete as completed
    from wiring.settings import read_settings

    return await completed(read_settings(), case, given, actor=actor, data=data, attach=attach, yes=yes, json=json)


@app.command
async def skip(case: str, task: str = "", *, reason: Reason, actor: Who, json: Json = False) -> int:
    """Skip a task that is not needed, where the policy's edition allows it."""
    return await _operate("skip_task", case, task, actor, json=json, done="is skipped.", reason=reason)


@app.command
async def escalate(case: str, task: str = "", *, reason: Reason, actor: Who, json: Json = False) -> int:
    """Bring a task before the supervisor."""
    done = "is before the supervisor."
    return await _operate("escalate_task", case, task, actor, json=json, done=done, reason=reason)


@app.command
async def nominate(
    case: str,
    task: str = "",
    *,
    to: Nominees = (),
    actor: Who,
    reason: Reason = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Ask people for a task in order. Without --to the panel proposes them, and you are asked before they are."""
    if to:
        done = f"is offered to {', then '.join(to)}."
        return await _operate("nominate_task", case, task, actor, json=json, done=done, nominees=to, reason=reason)
    from cli.tasks import nominate as nominated
    from wiring.settings import read_settings

    return await nominated(read_settings(), case, task, actor=actor, reason=reason, yes=yes, json=json)


@app.command
async def lift(
    case: str,
    task: str = "",
    *,
    person: Annotated[str, Parameter(help="The id of who is let.")],
    reason: Reason,
    actor: Who,
    json: Json = False,
) -> int:
    """Let a person work on a task in spite of the plan's own separation of duties. For administrators."""
    done = f"can be worked on by {person}."
    return await _operate("lift_exclusion", case, task, actor, json=json, done=done, person=person, reason=reason)


async def _operate(
    signal: str,
    case: str,
    task: str,
    actor: str,
    *,
    json: bool,
    done: str,
    **fields: Any,  # noqa: ANN401 - the action's
) -> int:
    from cli.tasks import operate
    from wiring.settings import read_settings

    return await operate(read_settings(), signal, case, task, fields, actor=actor, done=done, json=json)
