"""The staff file: who is read from it, what is said of a file that is wrong, and what a worker does without one."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from cli.house import staff
from policy.people import Actor, Role
from policy.tasks import HumanTask, TaskKind
from tests.builders import MONDAY
from wiring.settings import Settings, SettingsError
from wiring.staff import StaffEntry, read_staff
from wiring.world import open_world

CAST = Path(__file__).parents[2] / "examples" / "cast.json"
CONSULTANT = {"id": "md.osei", "roles": ["consultant"], "specialty": "orthopedic surgery", "npi": "1992999031"}
CASE_MANAGER = {"id": "cm.brown", "roles": ["case_manager"]}


def a_file(folder: Path, content: Any) -> Path:
    path = folder / "staff.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def said_of(path: Path) -> str:
    with pytest.raises(SettingsError) as error:
        read_staff(path)
    return str(error.value).removeprefix(f"The staff file {path} cannot be ")


def test_staff_are_read_by_id_in_their_order_with_how_much_each_can_take(tmp_path: Path):
    path = a_file(tmp_path, [{**CONSULTANT, "capacity": 3}, CASE_MANAGER])

    found = read_staff(path)

    assert list(found) == ["md.osei", "cm.brown"]
    assert found["md.osei"] == StaffEntry(actor=Actor.model_validate(CONSULTANT), capacity=3)
    assert found["cm.brown"].capacity == 0


def test_the_demonstrations_cast_has_somebody_for_every_role():
    found = read_staff(CAST)

    assert {role for entry in found.values() for role in entry.actor.roles} == set(Role)
    assert [(e.actor.id, e.actor.name) for e in found.values()][-3:] == [
        ("ad.moreno", "Ines Moreno"),
        ("au.silva", "Rui Silva"),
        ("co.grant", "Pat Grant"),
    ]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({**CONSULTANT, "npi": "Secret"}, "npi: "),
        ({**CONSULTANT, "roles": []}, "roles: "),
        ({**CONSULTANT, "roles": ["Secret"]}, "roles.0: "),
        ({"roles": ["cmo"]}, "id: Field required"),
        ({**CONSULTANT, "capacity": -1}, "capacity: "),
        ({**CONSULTANT, "capacity": "Secret"}, "capacity: "),
        ({**CONSULTANT, "rolls": "Secret"}, "rolls: Extra inputs are not permitted"),
        ("Secret", "(whole): "),
        (CASE_MANAGER, "id: an earlier entry has it"),
    ],
)
def test_what_is_wrong_is_named_by_entry_and_field_without_what_stands_there(tmp_path: Path, entry: Any, field: str):
    said = said_of(a_file(tmp_path, [CASE_MANAGER, entry]))

    assert said.startswith(f"used: entry 2, {field}")
    assert "Secret" not in said


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path):
    said = said_of(a_file(tmp_path, [{**CONSULTANT, "npi": "1"}, CASE_MANAGER, {**CONSULTANT, "roles": []}]))

    assert "entry 1, npi: " in said
    assert "entry 3, roles: " in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[{", "used: it is not JSON."),
        ("[" * 100_000, "used: it is not JSON."),
        ('{"id": "md.osei"}', "used: it must hold a JSON list."),
    ],
    ids=["no JSON", "too deep", "no list"],
)
def test_a_file_that_holds_no_staff_is_one_sentence(tmp_path: Path, content: str, said: str):
    assert said_of(a_file(tmp_path, content)) == said


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path):
    assert said_of(tmp_path / "nobody.json") == "read: no such file or directory."


def test_those_who_act_at_the_terminal_are_the_actors_of_the_file(tmp_path: Path):
    settings = Settings(home=tmp_path, staff_file=a_file(tmp_path, [{**CONSULTANT, "capacity": 3}]))

    assert staff(settings) == {"md.osei": Actor.model_validate(CONSULTANT)}


def test_the_terminal_says_what_is_wrong_with_its_staff(tmp_path: Path):
    settings = Settings(home=tmp_path, staff_file=tmp_path / "nobody.json")

    with pytest.raises(SettingsError, match=r"nobody\.json cannot be read: no such file"):
        staff(settings)


def test_the_panel_of_a_world_is_its_staff_and_knows_the_time(tmp_path: Path):
    file = a_file(tmp_path, [{**CONSULTANT, "capacity": 3}, CASE_MANAGER])
    world = open_world(Settings(home=tmp_path, staff_file=file))
    review = HumanTask(id="T1", kind=TaskKind.CONSULTATIVE_REVIEW, note="orthopedic surgery", opened_at=MONDAY)

    found = world.panel.candidates(review)

    assert [(member.actor.id, member.capacity) for member in found] == [("md.osei", 3)]
    world.records.dispose()


def test_a_worker_without_staff_has_nobody_to_ask_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    settings = Settings(home=tmp_path, staff_file=a_file(tmp_path, [{**CONSULTANT, "npi": "Secret"}]))

    with caplog.at_level(logging.WARNING):
        world = open_world(settings)
        members = world.panel.members()

    (line,) = caplog.records
    assert members == ()
    assert line.message == "panel.nobody"
    assert "entry 1, npi" in str(vars(line)["told"])
    assert "Secret" not in str(vars(line))
    world.records.dispose()
