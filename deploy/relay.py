"""The way out for mail, and nothing else: what comes in goes to the same port of the mail server, byte for byte.

TLS stays between the worker and the mail server, with the server's own certificate, and so does every answer: whether a
mail was taken, must wait or is refused is the mail server's word. Reads nothing, keeps nothing; standard library only.

python relay.py smtp.example.org 587
"""

import asyncio
import contextlib
import sys

EVERYWHERE = "0.0.0.0"  # noqa: S104 - a network of two
CONNECT_SECONDS = 20
AT_ONCE = 64 * 1024  # bytes


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """One direction, until its end."""
    with contextlib.suppress(OSError):
        while part := await source.read(AT_ONCE):
            target.write(part)
            await target.drain()
    with contextlib.suppress(OSError):
        target.close()
        await target.wait_closed()


async def relay(host: str, port: int, at: str = EVERYWHERE, at_port: int | None = None) -> asyncio.Server:
    """Listens; every connection becomes one to the mail server. One that cannot be reached ends the connection."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                out_reader, out_writer = await asyncio.open_connection(host, port)
        except OSError as trouble:  # a time that is up is one, too
            sys.stderr.write(f"{host}:{port} cannot be reached: {type(trouble).__name__}\n")
            writer.close()
            return
        await asyncio.gather(carry(reader, out_writer), carry(out_reader, writer))

    return await asyncio.start_server(connected, at, port if at_port is None else at_port)


async def main(host: str, port: str) -> None:
    """Serves until it is stopped."""
    await (await relay(host, int(port))).serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(*sys.argv[1:]))
