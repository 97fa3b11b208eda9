"""Free ports for servers that tests start: below the ephemeral range, so that no client takes one in between."""

import os
import random
import socket
from collections import deque

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
MOST_WORKERS = 16  # those of one run never choose the same port, before anything listens there
_given: deque[int] = deque(maxlen=100)  # what was given before those has been used, and is free again
_dice = random.SystemRandom()  # which no test seeds


def free_port() -> int:
    """A port of the loopback address that nothing listens at, and that this process has not been given lately."""
    while True:
        port = _dice.randrange(20_000 + WORKER % MOST_WORKERS, 30_000, MOST_WORKERS)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.append(port)
        return port
