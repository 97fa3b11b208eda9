"""Cases that have gone their whole way: recorded in real records, their packets in a real cabinet."""

from datetime import datetime
from pathlib import Path

from adapters.cabinet import key_of
from policy.calendar import local_day
from policy.case import Case
from policy.filing import closed, filed
from policy.people import PersonName
from policy.request import LineOfBusiness
from policy.transition import between
from tests.adapters.samples import a_denied_case, a_packet, post_all
from tests.builders import MONDAY, a_member, a_request, hours
from wiring.settings import read_settings
from wiring.world import World, open_world

COMMERCIAL = LineOfBusiness.COMMERCIAL
EVENING = MONDAY + hours(8)  # Monday 2026-11-02 18:00 PST


class Drawer:
    """The world of the settings, with a way to fill its cabinet."""

    def __init__(self) -> None:
        self.world: World = open_world(read_settings())

    def open_case(
        self, number: str, family: str = "Núñez", given: str = "Ana", *, letters: bool = True, **changes: object
    ) -> Case:
        """A case that is decided, recorded, and not filed; its letters have left, or are owed."""
        name = PersonName(family=family, given=given)
        request = a_request(**{"member": a_member(name=name), "external_reference": f"REF-{number}", **changes})
        case = a_denied_case(number, request)
        case = post_all(self.world.outbox, case, MONDAY + hours(3)) if letters else case
        self.world.ledger.record(between(None, case, MONDAY + hours(3)))
        return case

    def file(self, number: str, at: datetime = EVENING, *, damage: bool = False, **changes: object) -> Case:
        """A case that is closed, its packet in the cabinet, as on Monday 2026-11-02 unless told otherwise."""
        case = self.open_case(number, **changes)  # type: ignore[arg-type]
        if damage:
            self.world.outbox.path_of(case.notices[0].document).write_bytes(b"%PDF-1.7 something else")
        filing = self.world.cabinet.file(a_packet(case, filed_at=at, filed_on=local_day(at)))
        done = closed(filed(case, filing, at), at)
        self.world.ledger.record(between(case, done, at))
        return done

    def path(self, case: Case):
        """Where the packet lies."""
        assert case.filing
        return Path(self.world.cabinet.place) / case.filing.path

    def line(self, case: Case):
        """Where its line of the register lies."""
        (found,) = (Path(self.world.cabinet.place) / ".register").rglob(f"{key_of(case.number)}.json")
        return found
