"""A door: opens second-opinion requests from a JSON, JSON lines or CSV file, or from standard input.

python starter.py examples/intake/01-approved-at-once.json
"""

import argparse
import asyncio

from cli.house import EXPECTED, exit_code, leave
from cli.opening import open_requests
from cli.screen import complain
from wiring.settings import read_settings
from wiring.uncaught import tell_uncaught


def main() -> int:
    """Opens the requests; the exit code is explained in ``cli/house.py``."""
    tell_uncaught()
    parser = argparse.ArgumentParser(description="Open second-opinion requests from an intake file.")
    parser.add_argument("file", help="a JSON, JSON lines or CSV file; - for standard input")
    parser.add_argument("--partial", action="store_true", help="open the good rows, write the bad ones beside the file")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    asked = parser.parse_args()
    try:
        return asyncio.run(open_requests(read_settings(), asked.file, partial=asked.partial, json=asked.json))
    except EXPECTED as trouble:
        complain(str(trouble))
        return exit_code(trouble)


if __name__ == "__main__":
    leave(main())
