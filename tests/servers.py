"""The embedded Temporal server, for tests that need one and are not about it."""

import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from wiring.devserver import EmbeddedServer, embedded_server
from wiring.settings import Settings
from workflows.inspection import SEARCH_ATTRIBUTES


@asynccontextmanager
async def a_server(
    settings: Settings, search_attributes: Mapping[str, str] = SEARCH_ATTRIBUTES
) -> AsyncIterator[EmbeddedServer]:
    """The server of ``settings.home`` without its UI, while the block lasts.

    Nobody needs it afterwards, so it is killed: it takes a second and a half to stop when it is asked.
    """
    async with embedded_server(settings, search_attributes, ui=False) as server:
        try:
            yield server
        finally:
            with suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGKILL)
