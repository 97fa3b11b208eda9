"""A door: hosts workflows and activities. ``--queue`` hosts one task queue only, so that a cluster scales them apart.

python worker.py
python worker.py --queue letters
"""

import argparse
import asyncio

from cli.house import EXPECTED, exit_code, leave
from cli.screen import complain
from cli.serving import run_worker
from wiring.settings import read_settings
from wiring.uncaught import tell_uncaught
from workflows import QUEUES


def main() -> int:
    """Polls until it is stopped; the exit code is explained in ``cli/house.py``."""
    tell_uncaught()
    parser = argparse.ArgumentParser(description="Host the workflows and activities of second-opinion requests.")
    parser.add_argument("--queue", choices=["all", *QUEUES], default="all", help="one task queue only")
    asked = parser.parse_args()
    try:
        return asyncio.run(run_worker(read_settings(), asked.queue))
    except EXPECTED as trouble:
        complain(str(trouble))
        return exit_code(trouble)


if __name__ == "__main__":
    leave(main())
