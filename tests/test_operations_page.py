"""The page on operations names commands, services, variables, numbers and search attributes that exist."""

import re
import shlex
from pathlib import Path

import pytest

from tests.production import services, unknown_command
from wiring.settings import FROM_FILE, PREFIX, SECRETS, Settings
from workflows.inspection import SEARCH_ATTRIBUTES

pytestmark = pytest.mark.documents

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SERVICES = services((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
TYPED = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)
IN_PROSE = [words for words in re.findall(r"`((?:second-opinion|docker compose) [^`]+)`", PAGE) if "…" not in words]
WORDS = [shlex.split(line.partition("  #")[0].partition(" > ")[0]) for line in (*TYPED, *IN_PROSE)]
OF_COMPOSE = list(dict.fromkeys(tuple(words[2:]) for words in WORDS if words[:2] == ["docker", "compose"]))
OURS = list(
    dict.fromkeys(tuple(words[words.index("second-opinion") + 1 :]) for words in WORDS if "second-opinion" in words)
)


def test_the_page_has_commands_to_check():
    assert len(OURS) > 20
    assert len(OF_COMPOSE) > 15


LACKING = {("tokens", "new"), ("tokens", "revoke")}  # named in prose, without what they want to know


@pytest.mark.parametrize("words", [words for words in OURS if words not in LACKING], ids=" ".join)
def test_a_command_is_one_of_ours_with_options_that_it_takes(words):
    assert list(unknown_command(list(words))) == []


def test_a_command_that_does_not_exist_is_noticed():
    assert list(unknown_command(["restore", "--to", "x"]))
    assert list(unknown_command(["replicate"]))


@pytest.mark.parametrize("words", OF_COMPOSE, ids=" ".join)
def test_a_command_of_compose_names_services_that_are_there(words):
    verb, *rest = words
    named = [word for word in rest if not word.startswith("-")]
    named = [word.partition("=")[0] for word in named[: 1 if verb in ("run", "exec") else None]]

    assert verb in {"build", "config", "exec", "run", "start", "stop", "up"}
    assert set(named) <= SERVICES.keys()


def test_search_attributes_settings_and_numbers_are_those_of_the_code():
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|$", PAGE, re.MULTILINE))
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    settings |= {f"{PREFIX}{name.upper()}{FROM_FILE}" for name in SECRETS}
    numbers = set(re.findall(r"`(second_opinion_\w+)`", PAGE))
    told = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")

    assert rows == SEARCH_ATTRIBUTES
    assert set(re.findall(rf"{PREFIX}\w+", PAGE)) <= settings
    assert {number for number in numbers if number not in told} == set()


def test_every_service_that_can_be_scaled_or_stopped_is_on_the_page():
    assert {name for name in SERVICES if f"`{name}`" not in PAGE and name not in PAGE} == set()
