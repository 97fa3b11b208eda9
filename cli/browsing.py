"""The portal at a terminal: ``second-opinion portal``, and beside the demonstration."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn

from cli.house import DONE
from cli.screen import console
from cli.serving import first_of, stopped_by_signals
from portal.app import create_app
from wiring.devserver import ServerError
from wiring.logs import set_up_logs
from wiring.settings import PREFIX, Settings
from wiring.telemetry import set_up_runtime
from wiring.world import World, open_world

LAST_ANSWERS = 5  # seconds for what is under way at the end: Temporal's UI has always a question open


async def run_portal(settings: Settings) -> int:
    """The portal, until Ctrl-C or SIGTERM. Raises ServerError when its port is taken."""
    set_up_logs(settings.log_format)
    set_up_runtime()
    async with stopped_by_signals() as stopped, portal(settings, open_world(settings)) as address:
        console.print(f"Portal           {address}")
        if not settings.oidc_issuer:
            console.print("[dim]Anybody on this machine can sign in as anybody of the staff file; OIDC ends that.[/]")
        console.print("[dim]Ctrl-C stops it.[/]")
        await first_of(stopped.wait())
    return DONE


@contextlib.asynccontextmanager
async def portal(settings: Settings, world: World) -> AsyncIterator[str]:
    """The portal, serving while the block lasts; its address. Raises ServerError when its port is taken."""
    with _listening(settings) as listener:
        config = uvicorn.Config(
            create_app(settings, world),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LAST_ANSWERS,
        )
        server = _Quiet(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
            if serving.done():
                serving.result()
                raise ServerError("The portal ended before it had begun; its log says why.")
            yield settings.portal_address
        finally:
            server.should_exit = True
            await serving


def with_a_free_port(settings: Settings) -> Settings:
    """The settings, with any free port for the portal when theirs is taken: the demonstration says which."""
    try:
        with _listening(settings):
            return settings
    except ServerError:
        with socket.socket() as any_port:
            any_port.bind((settings.portal_host, 0))
            return settings.model_copy(update={"portal_port": any_port.getsockname()[1]})


class _Quiet(uvicorn.Server):
    """Leaves Ctrl-C to the command that it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """No signal is taken."""
        yield


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.portal_host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.portal_host, settings.portal_port))
    except OSError as trouble:
        listener.close()
        taken = "is taken" if trouble.errno == errno.EADDRINUSE else f"cannot be used ({trouble.strerror})"
        where = f"{settings.portal_host}:{settings.portal_port}"
        raise ServerError(f"The portal's address {where} {taken}; set {PREFIX}PORTAL_PORT to another.") from trouble
    with contextlib.closing(listener):
        yield listener
