"""Free ports for servers that tests start: below the ephemeral range, so that no client takes one in between."""

import random
import socket


def free_port() -> int:
    while True:
        port = random.randint(20_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
