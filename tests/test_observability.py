"""The page on observability names every event and every number that there is, and no other."""

import re
from pathlib import Path

import pytest

from wiring.logfields import EVENT
from wiring.telemetry import PREFIXED

pytestmark = pytest.mark.documents

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
SPEAKERS = ("adapters", "cli", "portal", "records", "wiring", "workflows")
LEVELS = "debug|info|warning|error|exception|critical"
SAID = re.compile(
    rf"""(?:\b(?:log|getLogger\(__name__\))\.(?:{LEVELS})\(|_is_away\(|\bwrite\()\s*"([a-z]+\.[a-z_.]+)\""""
)


def test_every_event_is_on_the_page_and_no_other():
    sources = [file.read_text(encoding="utf-8") for folder in SPEAKERS for file in (ROOT / folder).glob("**/*.py")]
    written = {event for source in sources for event in SAID.findall(source)} | {
        "library.said",
        "log.unnamed",
        "log.failed",
    }
    table = PAGE.partition("| event |")[2].partition("\n\n")[0]
    told = {word for row in table.splitlines()[2:] for word in re.findall(r"`([a-z_.]+)`", row.split("|")[1])}

    assert told == written
    assert all(EVENT.fullmatch(event) for event in told)


def test_every_number_of_a_worker_is_on_the_page_and_no_other():
    source = (ROOT / "wiring" / "telemetry.py").read_text(encoding="utf-8")
    made = {PREFIXED + name for name in re.findall(r'_gauge\("(\w+)"', source)}

    assert set(re.findall(rf"^\| `({PREFIXED}\w+)", PAGE, re.MULTILINE)) == made
