"""Acting on a case from the terminal: ``second-opinion act``."""

import json as jsonlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.markup import escape

from cli.asking import FOR_THE_DOOR, ask_for, at_a_terminal, in_words
from cli.forms import TerminalAsker
from cli.house import DONE, REFUSED, desk_of, staff
from cli.screen import as_json, complain, console
from policy.actions import ACTIONS
from policy.particulars import Receipt
from policy.people import Actor
from records import queries
from wiring import sending
from wiring.correlation import at_a_door, bound
from wiring.sending import ActionError, ActionKept, read_action
from wiring.settings import Settings
from wiring.staff import staff_path
from wiring.temporal import TemporalError
from wiring.world import World, open_world


async def act_on(
    settings: Settings,
    case: str,
    signal: str,
    *,
    actor: str,
    data: str | None,
    attach: tuple[Path, ...],
    action_id: str,
    json: bool,
) -> int:
    """Sends an action as its signal and prints the case's answer; the exit code says whether it was applied.

    Without ``data`` somebody at a terminal is asked for the fields; elsewhere there are none. Raises FormLeft.
    """
    given = {} if data is None else fields_of(data)
    world = open_world(settings)
    fields = given | attached(world, attach)
    if data is None and not json and at_a_terminal():
        fields = _asked(settings, world, case, signal, fields, actor)
    receipt = await send(settings, world, case, signal, fields, actor=actor, action_id=action_id)
    return answer(receipt, case, json=json)


def _asked(
    settings: Settings, world: World, case: str, signal: str, known: dict[str, Any], actor: str
) -> dict[str, Any]:
    """The fields, by the form. What cannot be sent anyhow is said before anything is asked."""
    who, number = person(settings, actor), queries.find_number(world.records, case)
    if number is None:
        raise ActionError(no_case(case))
    if signal not in ACTIONS:
        read_action(signal, {})  # says which there are
    title = f"{signal} on {number}, as {who.id}"
    return ask_for(ACTIONS[signal], TerminalAsker(), title, known=known, skip=FOR_THE_DOOR, people=staff(settings))


def attached(world: World, files: tuple[Path, ...]) -> dict[str, Any]:
    """Files taken into the document store, as the field that names them. Raises ActionError or AdapterError."""
    stored = [world.documents.put(path.name, _bytes(path)) for path in files]
    return {"attachments": [document.model_dump(mode="json") for document in stored]} if stored else {}


async def send(
    settings: Settings,
    world: World,
    case: str,
    signal: str,
    fields: Mapping[str, Any],
    *,
    actor: str,
    action_id: str = "",
) -> Receipt:
    """The case's answer to an action of a member of the staff. Raises ActionError, ActionKept.

    The action is kept before anybody is asked: when the server is away it is delivered later.
    """
    number = queries.find_number(world.records, case) or case
    who = person(settings, actor).model_dump(mode="json")
    body = {**fields, "actor": who, "action_id": action_id or str(uuid4())}
    try:
        with bound(at_a_door()):
            return await sending.send(world, partial(desk_of, settings, world), number, signal, body)
    except ActionKept as kept:
        if isinstance(kept.__cause__, TemporalError):  # at a terminal one can start the server
            raise ActionKept(f"{kept} {kept.__cause__}") from None
        raise


def answer(receipt: Receipt, case: str, *, json: bool, done: str = "") -> int:
    """Prints a case's answer; the exit code says whether the action was applied.

    ``done`` is what can be said of it in plainer words than the signal's name.
    """
    if json:
        as_json(receipt)
    elif receipt.accepted:
        console.print(f"[green]Done:[/] {escape(done or f'{receipt.action} on {case}')}", soft_wrap=True)
    else:
        reason, *fields = in_words(receipt)
        complain(f"Refused: {reason} The refusal is part of the case's story.", *fields)
    return DONE if receipt.accepted else REFUSED


def person(settings: Settings, actor: str) -> Actor:
    """A member of the staff, by id. Raises ActionError, naming those there are."""
    cast = staff(settings)
    if actor not in cast:
        raise ActionError(f"{actor} is not in {staff_path(settings)}. Known: {', '.join(cast)}.")
    return cast[actor]


def no_case(case: str) -> str:
    """What is said where there is no such case."""
    return f"There is no case {case}; list them with: second-opinion list"


def fields_of(data: str) -> dict[str, Any]:
    """What ``--data`` gives: a JSON object, or a file that holds one (``@FILE``). Raises ActionError."""
    try:
        text = _bytes(Path(data[1:])).decode() if data.startswith("@") else data
        fields = jsonlib.loads(text)
    except ValueError as trouble:
        raise ActionError(f"--data is not JSON: {trouble}") from trouble
    if not isinstance(fields, dict):
        raise ActionError("--data must be a JSON object")
    return fields


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise ActionError(f"{path} cannot be read: {trouble.strerror}.") from trouble
