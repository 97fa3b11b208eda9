"""``second-opinion keys``: which keys there are and which sign, without ever showing a private one."""

import json

import pytest

from cli.main import run


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path))
    return tmp_path


def ask(capsys, *words):
    code = run(["keys", *words])
    return code, capsys.readouterr()


def listed(capsys):
    code, said = ask(capsys, "--json")
    assert code == 0
    return json.loads(said.out)


def test_an_empty_vault_says_how_keys_come_and_makes_none(capsys, home):
    code, said = ask(capsys)

    assert code == 0
    assert f"There are no keys in {home / 'keys'} yet" in said.out
    assert "second-opinion keys rotate" in said.out
    assert listed(capsys) == {"folder": str(home / "keys"), "roots": [], "doors": [], "plan_keys": []}
    assert list(home.iterdir()) == []


def test_a_new_door_key_signs_and_the_older_one_stays(capsys):
    first = ask(capsys, "rotate")
    second = ask(capsys, "rotate")

    found = listed(capsys)
    assert (first[0], second[0]) == (0, 0)
    assert [door["signs"] for door in found["doors"]] == [True, False]
    assert f"New door key {found['doors'][0]['fingerprint']}: it signs from now until" in second[1].out
    assert found["doors"][0]["until"] > found["doors"][0]["since"]
    assert len(found["roots"]) == 1


def test_a_new_root_comes_with_a_door_key(capsys):
    ask(capsys, "rotate")
    code, said = ask(capsys, "rotate", "--root")

    found = listed(capsys)
    assert code == 0
    assert [(root["where"], root["certifies"]) for root in found["roots"]] == [("root-2.pem", True), ("root.pem", True)]
    assert f"New root key {found['roots'][0]['fingerprint']}" in said.out
    assert f"New door key {found['doors'][0]['fingerprint']}" in said.out


def test_the_tables_show_what_signs_and_no_private_key(capsys, home):
    ask(capsys, "rotate")
    ask(capsys, "rotate")
    _, said = ask(capsys)
    _, as_json = ask(capsys, "--json")

    secrets = [path.read_text().splitlines()[1] for path in home.rglob("*.pem")]
    assert len(secrets) == 3
    assert not any(secret in said.out + as_json.out for secret in secrets)
    assert [said.out.count(word) for word in ("certifies doors", " signs ", "not used")] == [1, 1, 1]


def test_a_key_that_others_can_read_is_one_sentence(capsys, home):
    ask(capsys, "rotate")
    (home / "keys" / "root.pem").chmod(0o644)

    code, said = ask(capsys)

    assert code == 3
    assert f"chmod 600 {home / 'keys' / 'root.pem'}" in said.err
