"""What the documents say is so: commands, settings, folders, clauses, targets."""

import importlib.util
import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from cli.main import app
from policy.actions import ACTIONS
from policy.clauses import Clause
from wiring.devserver import CODEC_PATH
from wiring.intakefields import COLUMNS, PATHS
from wiring.settings import PREFIX, Settings

specification = importlib.util.spec_from_file_location("generate", Path(__file__).parents[1] / "docs" / "generate.py")
assert specification
assert specification.loader
generate = importlib.util.module_from_spec(specification)
specification.loader.exec_module(generate)

pytestmark = pytest.mark.documents

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ACTIONS_PAGE = (ROOT / "docs" / "actions.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROSE = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def test_every_setting_is_in_the_readme_and_no_other():
    named = set(re.findall(rf"^\| `({PREFIX}\w+)`", README, re.MULTILINE))

    assert named == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_every_command_is_in_the_readme_and_no_other():
    named = set(re.findall(r"^\| `second-opinion (\w+)", README, re.MULTILINE))

    assert named == {name for name in app if not name.startswith("-")}


def test_the_page_on_intake_names_columns_that_exist_and_every_way_to_reach_a_member():
    page = (ROOT / "docs" / "intake.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+\.[a-z_0-9.]+)`", page)) - {"mri.pdf", "many.csv"}
    who = ("member.member_id", "member.birth_date", "member.name.")  # the rest is how to reach the member

    assert named <= COLUMNS.keys() | PATHS.keys()
    assert {column for column in COLUMNS if column.startswith("member.") and not column.startswith(who)} <= named


def test_every_make_target_that_a_document_names_exists():
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))

    for file in PROSE:
        assert set(re.findall(r"`make ([a-z]+)", file.read_text(encoding="utf-8"))) <= targets, file


def test_every_folder_in_the_walk_exists_and_every_package_is_in_it():
    walked = set(re.findall(r"^\| `(\w+)/` \|", README, re.MULTILINE))
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "root_packages"
    ]

    assert all((ROOT / folder).is_dir() for folder in walked)
    assert set(packages) <= walked


@pytest.mark.parametrize("folder", ["policy", "workflows", "activities"])
def test_the_architecture_names_every_module_of(folder):
    modules = {file.name for file in (ROOT / folder).glob("*.py")} - {"__init__.py"}

    assert {name for name in modules if name not in ARCHITECTURE} == set()


def test_every_link_in_the_documents_leads_somewhere():
    for file in PROSE:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


def test_the_constraints_hold_names_and_versions_and_no_addresses():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+]+", line) for line in lines)


@pytest.mark.parametrize("kind", ["rules", "tests"])
@pytest.mark.parametrize("clause", sorted(Clause))
def test_every_clause_is_cited_by_a_rule_and_by_a_test(clause, kind):
    assert generate.citing(getattr(generate, kind)())[clause]


def commands(beginning: str) -> dict[str, list[str]]:
    """The commands of the page of the actions that begin so, by name and input."""
    lines = re.findall(rf"^{beginning} .*$", ACTIONS_PAGE, re.MULTILINE)
    return {line: shlex.split(line) for line in lines}


def given(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def test_every_signal_that_the_documents_send_is_one_that_fits():
    sent = commands("temporal workflow signal")

    for line, words in sent.items():
        assert ACTIONS[given(words, "--name")].model_validate_json(given(words, "--input")), line
    assert [given(words, "--name") for words in sent.values()] == by_section()


def test_every_update_that_the_documents_send_is_one_that_fits():
    sent = commands("temporal workflow update execute")
    bodies = [json.loads(given(words, "--input")) for words in sent.values()]

    assert {given(words, "--name") for words in sent.values()} == {"act"}
    assert [body["action"] for body in bodies] == by_section()
    for body in bodies:
        assert ACTIONS[body.pop("action")].model_validate_json(json.dumps(body))


def by_section() -> list[str]:
    """The actions in the order of their sections: each once."""
    found = [name for name in re.findall(r"^###+ (\w+)$", ACTIONS_PAGE, re.MULTILINE) if name in ACTIONS]
    assert sorted(found) == sorted(ACTIONS)
    return found


@pytest.mark.parametrize("page", generate.pages(), ids=lambda page: page.name)
def test_a_generated_page_says_what_the_rules_say_now(page):
    assert page.read_text(encoding="utf-8") == generate.pages()[page], "run: make rules"


def test_compose_leads_the_temporal_ui_to_the_codec_server():
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    service = compose.partition("temporal-ui:")[2].partition("\n\n")[0]
    ui = dict(re.findall(r"^ +(TEMPORAL_\w+): (.*)$", service, re.MULTILINE))

    assert re.fullmatch(rf"\$\{{PORTAL_URL:\?.*\}}{CODEC_PATH}", ui["TEMPORAL_CODEC_ENDPOINT"])
    assert ui["TEMPORAL_CODEC_PASS_ACCESS_TOKEN"] == '"true"'
    assert re.search(rf"{PREFIX}CODEC_ORIGINS: .*\n +{PREFIX}CODEC_AUDIENCE: ", compose)
