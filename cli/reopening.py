"""``second-opinion reopen``: a closed case's denial is changed, or a letter of it came back."""

from collections.abc import Mapping

from cli.acting import answer, no_case, send
from policy.lateractions import ChangeDetermination
from policy.letteractions import ReportReturnedLetter
from records import queries
from wiring.sending import ActionError
from wiring.settings import Settings
from wiring.world import World, open_world

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
    world = open_world(settings)
    if because == LETTER_RETURNED:
        key = _key_of_letter(world, case, back["letter_key"])
        signal, fields = ReportReturnedLetter.SIGNAL, {**back, "letter_key": key}
    else:
        given = {name: value for name, value in changes.items() if value}
        signal, fields = ChangeDetermination.SIGNAL, {**given, "because": because.replace("-", "_")}
    receipt = await send(settings, world, case, signal, fields, actor=actor, action_id=action_id)
    return answer(receipt, case, json=json, done=f"{case} is reopened.")


def _key_of_letter(world: World, case: str, given: str) -> str:
    """The letter that is meant, by its key or by its document. Raises ActionError, which names the case's letters."""
    number = queries.find_number(world.records, case)
    file = queries.case(world.records, number) if number else None
    if file is None:
        raise ActionError(no_case(case))
    for letter in file.notices:
        if given in (letter.key, letter.document):
            return letter.key
    keys = ", ".join(letter.key for letter in file.notices if letter.sent_at) or "none that left"
    raise ActionError(f"--letter: {number} has no letter {given!r}. Its letters: {keys}.")
