"""Actions that a door has received and no case has answered yet: nothing that a person does is lost meanwhile."""

from typing import NamedTuple

from sqlalchemy import Engine, bindparam, delete, select

from policy.actions import ACTIONS
from policy.staffaction import StaffAction
from records.database import reading, writing
from records.statements import inserting
from records.tables import KEPT

OF = (
    (KEPT.c.case_number == bindparam("case"))
    & (KEPT.c.action_id == bindparam("id"))
    & (KEPT.c.digest == bindparam("digest_"))
)
FOUND = select(KEPT.c.signal, KEPT.c.body).where(OF)
WAITING = select(KEPT.c.case_number, KEPT.c.signal, KEPT.c.body, KEPT.c.correlation).order_by(
    KEPT.c.received_at, KEPT.c.action_id
)
ANSWERED = delete(KEPT).where(OF)


class Kept(NamedTuple):
    """An action under way; ``correlation`` is the id that its door gave to all that follows from it."""

    case_number: str
    action: StaffAction
    correlation: str


class KeptActions:
    """The actions under way. Every method raises RecordsError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, case_number: str, action: StaffAction, correlation: str = "") -> StaffAction:
        """The action as it is kept: the same one sent again has the time at which it came first."""
        row = {
            "case_number": case_number,
            "action_id": action.action_id,
            "digest": action.digest("at"),
            "signal": action.SIGNAL,
            "body": action.model_dump_json(),
            "received_at": action.at,
            "correlation": correlation,
        }
        with writing(self._engine) as connection:
            connection.execute(inserting(connection.dialect.name, KEPT.name, change=False), [row])
            found = connection.execute(FOUND, _key(case_number, action)).one()
        return _action(found.signal, found.body)

    def forget(self, case_number: str, action: StaffAction) -> None:
        """The case has answered: its own history and ledger tell the action from now on."""
        with writing(self._engine) as connection:
            connection.execute(ANSWERED, _key(case_number, action))

    def waiting(self) -> list[Kept]:
        """What no case has answered yet, in the order in which it came."""
        with reading(self._engine) as connection:
            found = connection.execute(WAITING)
            return [Kept(row.case_number, _action(row.signal, row.body), row.correlation) for row in found]


def _key(case_number: str, action: StaffAction) -> dict[str, str]:
    return {"case": case_number, "id": action.action_id, "digest_": action.digest("at")}


def _action(signal: str, body: str) -> StaffAction:
    return ACTIONS[signal].model_validate_json(body)
