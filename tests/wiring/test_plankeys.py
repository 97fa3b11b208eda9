"""The plan's keys: made once, their owner's alone, several with one that wraps; a missing one is a sentence."""

import base64
import json
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import MONDAY
from wiring.errors import KeyRingError
from wiring.plankeys import KeyRing, Wrapped

KEY, BOUND = os.urandom(32), b"key ck-1 so-SO-2026-000001"
ROTATES = """
import pathlib, sys
from datetime import UTC, datetime
from wiring.plankeys import KeyRing
sys.stdin.readline()
print(KeyRing(pathlib.Path(sys.argv[1])).rotate(datetime.now(UTC)).id)
"""


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    ring = KeyRing(tmp_path / "keys" / "plan-keys.json")
    ring.make_first(MONDAY)
    return ring


def refusal(ring: KeyRing, wrapped: Wrapped, bound: bytes = BOUND) -> str:
    with pytest.raises(KeyRingError) as refused:
        ring.unwrap(wrapped, bound)
    return str(refused.value)


def test_the_file_and_its_folder_are_their_owners_alone(ring: KeyRing):
    assert stat.S_IMODE(ring.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(ring.file.with_suffix(".lock").stat().st_mode) == 0o600


def test_the_first_key_is_made_once(ring: KeyRing):
    (first,) = ring.held()

    assert ring.make_first(MONDAY) is None
    assert ring.held() == [first]
    assert first.made_at == MONDAY


def test_what_is_wrapped_opens_for_what_it_is_bound_to_and_for_nothing_else(ring: KeyRing):
    wrapped = ring.wrap(KEY, BOUND)

    assert ring.unwrap(wrapped, BOUND) == KEY
    assert KEY not in wrapped.data
    assert "does not open a case's key that names it" in refusal(ring, wrapped, b"key ck-1 so-SO-2026-000002")


def test_after_a_rotation_the_new_key_wraps_and_the_old_one_still_opens(ring: KeyRing):
    elsewhere = KeyRing(ring.file)  # another process
    before = elsewhere.wrap(KEY, BOUND)

    new = ring.rotate(MONDAY + timedelta(days=30))

    assert [key.id for key in ring.held()] == [new.id, before.plan_key]
    assert elsewhere.unwrap(before, BOUND) == KEY
    assert elsewhere.unwrap(ring.wrap(KEY, BOUND), BOUND) == KEY
    assert elsewhere.wrap(KEY, BOUND).plan_key == new.id


def test_of_processes_that_rotate_at_once_none_loses_a_key(ring: KeyRing):
    command = [sys.executable, "-c", ROTATES, str(ring.file)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    made = {one.communicate("\n", timeout=60)[0].strip() for one in running}

    assert len(made) == 4
    assert made < {key.id for key in ring.held()}


def test_a_key_that_is_missing_is_one_sentence_and_it_opens_again_when_it_is_back(ring: KeyRing):
    wrapped = ring.wrap(KEY, BOUND)
    away = ring.file.with_name("away")
    ring.file.rename(away)

    said = refusal(ring, wrapped)
    with pytest.raises(KeyRingError, match=r"There is no plan key in .*plan-keys.json: put the file back"):
        ring.wrap(KEY, BOUND)
    away.rename(ring.file)

    assert said == f"The plan key {wrapped.plan_key} is not in {ring.file}: put it back, and what waits for it goes on."
    assert ring.unwrap(wrapped, BOUND) == KEY


def test_a_key_that_was_altered_is_not_taken_for_the_one_that_it_names(ring: KeyRing):
    listed = json.loads(ring.file.read_text())
    listed["keys"][0]["key"] = base64.b64encode(os.urandom(32)).decode()
    ring.file.write_text(json.dumps(listed))

    with pytest.raises(KeyRingError, match="holds no plan keys, or was altered: put the file back as it was"):
        ring.held()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": []}', '{"keys": [{"id": "pk-1"}]}', '{"keys": [7]}'])
def test_a_file_that_is_none_of_ours_is_one_sentence(ring: KeyRing, content: str):
    ring.file.write_text(content)

    with pytest.raises(KeyRingError, match="holds no plan keys, or was altered"):
        ring.held()


def test_a_file_that_others_can_read_is_not_used(ring: KeyRing):
    ring.file.chmod(0o640)

    with pytest.raises(KeyRingError, match=r"Others can read the plan keys in .*chmod 600"):
        ring.held()


def test_keys_from_the_environment_count_alone_and_the_first_wraps(tmp_path: Path):
    old, new = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    before = KeyRing(tmp_path / "none", old)
    ring = KeyRing(tmp_path / "none", f"{new}, {old}")

    wrapped = before.wrap(KEY, BOUND)

    assert ring.unwrap(wrapped, BOUND) == KEY
    assert ring.wrap(KEY, BOUND).plan_key == ring.held()[0].id != wrapped.plan_key
    assert ring.make_first(MONDAY) is None
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyRingError, match="put a new one before them there instead"):
        ring.rotate(MONDAY)


@pytest.mark.parametrize("given", ["short", "c2hvcnQ=", "!", "A" * 44 + ","])
def test_what_is_no_key_in_the_environment_is_one_sentence_without_it(tmp_path: Path, given: str):
    with pytest.raises(KeyRingError) as refused:
        KeyRing(tmp_path / "none", given).held()

    assert "SECOND_OPINION_PLAN_KEY holds no plan key: give 32 random bytes in base64" in str(refused.value)
    assert given not in str(refused.value)


def test_no_key_is_shown_where_a_ring_is_printed(ring: KeyRing):
    (key,) = ring.held()

    assert base64.b64encode(key.secret).decode() not in repr(key)
    assert repr(key.secret) not in repr(key)
