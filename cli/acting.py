"""Acting on a case from the terminal: ``second-opinion act``."""

import json as jsonlib
from pathlib import Path
from typing import Any
from uuid import uuid4

from cli.house import DONE, REFUSED, at_the_desk, staff
from cli.screen import as_json, complain, console
from records import queries
from wiring.desk import ActionError
from wiring.settings import Settings


async def act_on(
    settings: Settings,
    case: str,
    signal: str,
    *,
    actor: str,
    data: str,
    attach: tuple[Path, ...],
    action_id: str,
    json: bool,
) -> int:
    """Sends an action as its signal and prints the case's answer; the exit code says whether it was applied."""
    body = _body(settings, actor, data, action_id)
    async with at_the_desk(settings) as (desk, world):
        number = queries.find_number(world.records, case) or case
        if attach:
            stored = [world.documents.put(path.name, _bytes(path)) for path in attach]
            body["attachments"] = [a.model_dump(mode="json") for a in stored]
        receipt = await desk.act(number, signal, body)
    if json:
        as_json(receipt)
    elif receipt.accepted:
        console.print(f"[green]Done:[/] {signal} on {number}")
    else:
        clause = f" ({receipt.clause})" if receipt.clause else ""
        complain(f"Refused: {receipt.reason}{clause}. The refusal is part of the case's story.")
    return DONE if receipt.accepted else REFUSED


def _body(settings: Settings, actor: str, data: str, action_id: str) -> dict[str, Any]:
    cast = staff(settings)
    if actor not in cast:
        raise ActionError(f"{actor} is not in {settings.staff_file}. Known: {', '.join(cast)}.")
    text = _bytes(Path(data[1:])).decode() if data.startswith("@") else data
    try:
        fields = jsonlib.loads(text)
    except ValueError as trouble:
        raise ActionError(f"--data is not JSON: {trouble}") from trouble
    if not isinstance(fields, dict):
        raise ActionError("--data must be a JSON object")
    return {**fields, "actor": cast[actor].model_dump(mode="json"), "action_id": action_id or str(uuid4())}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise ActionError(f"{path} cannot be read: {trouble.strerror}.") from trouble
