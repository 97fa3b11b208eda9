"""What every page needs: the settings, the world, the staff, the desk."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import Client

from policy.directory import Physician
from policy.particulars import Receipt
from policy.people import Actor
from portal.drafts import Drafts
from wiring.desk import FrontDesk
from wiring.devserver import UI_PATH, running_server
from wiring.sending import send
from wiring.settings import Settings
from wiring.staff import StaffEntry, read_staff, staff_path
from wiring.temporal import TemporalError, connect, named_cluster
from wiring.world import World


@dataclass
class House:
    """The portal's house. Temporal is asked for when it is needed: pages are read without it."""

    settings: Settings
    world: World
    client: Client | None = None
    drafts: Drafts = field(default_factory=Drafts)
    _connecting: asyncio.Lock = field(default_factory=asyncio.Lock)
    _staff: tuple[object, dict[str, StaffEntry]] = (None, {})
    _listed: tuple[str, tuple[Physician, ...]] = ("", ())

    async def desk(self) -> FrontDesk:
        """The front desk. Raises TemporalError when no server answers."""
        async with self._connecting:
            if self.client is None:
                running = None if named_cluster() else running_server(self.settings)
                if running is None and not named_cluster():
                    raise TemporalError("The Temporal server is not running; start it with: second-opinion server.")
                self.client = await connect(
                    self.settings, running.grpc if running else None, records=self.world.records
                )
        return FrontDesk(self.client, self.world)

    async def send(self, number: str, signal: str, body: Mapping[str, Any]) -> Receipt:
        """Keeps an action and sends it; the case's answer. Raises ActionError, ActionKept or RecordsError."""
        return await send(self.world, self.desk, number, signal, body)

    def listed(self, version: str) -> tuple[Physician, ...]:
        """Everybody in a version of the directory; the last one stays at hand, as no version ever changes."""
        if self._listed[0] != version:
            self._listed = (version, tuple(self.world.directory.find(version)))
        return self._listed[1]

    @property
    def staff(self) -> dict[str, StaffEntry]:
        """The staff by id, as the staff file has it now. Raises SettingsError."""
        file = staff_path(self.settings)
        changed = _changed(file)
        if changed != self._staff[0]:
            self._staff = (changed, read_staff(file))
        return self._staff[1]

    def person(self, who: str) -> Actor | None:
        """A member of the staff; None for one who is not (any more)."""
        entry = self.staff.get(who)
        return entry.actor if entry else None

    @property
    def temporal_ui(self) -> str:
        """Where people find Temporal's own UI: the embedded server's through the portal; empty when nobody says."""
        return self.settings.temporal_ui or (UI_PATH if self.embedded_ui else "")

    @property
    def embedded_ui(self) -> str:
        """The address of the embedded server's UI; empty when it does not run, or another cluster is used."""
        running = None if named_cluster() else running_server(self.settings)
        return running.ui if running and running.ui else ""


def _changed(file: Path) -> object:
    """What differs when another file stands there, also one that was written in the same moment."""
    try:
        found = file.stat()
    except OSError:
        return file
    return file, found.st_ino, found.st_mtime_ns, found.st_size
