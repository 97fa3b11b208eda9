"""``second-opinion reopen``: a closed case's denial is changed, or a letter of it came back."""

from collections.abc import Mapping

from cli.acting import answer, send
from policy.lateractions import ChangeDetermination
from policy.letteractions import ReportReturnedLetter
from wiring.settings import Settings
from wiring.world import open_world

LETTER_RETURNED = "letter-returned"


async def reopen_case(
    settings: Settings,
    case: str,
    because: str,
    changes: Mapping[str, str],
    back: Mapping[str, str],
    *,
    actor: str,
    action_id: str,
    json: bool,
) -> int:
    """Sends what reopens the case as its action, and prints the answer; the exit code says whether it was applied.

    ``changes`` are the new determination's fields, ``back`` those of the letter that came back: ``because`` says which
    of the two count. Raises what ``act`` raises.
    """
    if because == LETTER_RETURNED:
        signal, fields = ReportReturnedLetter.SIGNAL, dict(back)
    else:
        given = {name: value for name, value in changes.items() if value}
        signal, fields = ChangeDetermination.SIGNAL, {**given, "because": because.replace("-", "_")}
    receipt = await send(settings, open_world(settings), case, signal, fields, actor=actor, action_id=action_id)
    return answer(receipt, case, json=json, done=f"{case} is reopened.")
