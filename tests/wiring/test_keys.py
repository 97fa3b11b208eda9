"""The vault: keys that are made once, that only their owner can read, and that are replaced before they end."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OKPKey

from adapters.shelf import AdapterError, Shelf
from policy.actions import AddComment
from policy.staffaction import StaffAction
from policy.trust import Proof, Trust
from tests.builders import CMO, MONDAY, action
from wiring.keys import DOOR_LIFE, Vault, VaultError, open_vault
from wiring.settings import Settings
from workflows.signatures import check

CASE = "SO-2026-000001"
DAY, NONE = timedelta(hours=24), timedelta()
FIRST_ROOT = """
import pathlib, sys, wiring.keys
print("ready", flush=True)
sys.stdin.readline()
print(*wiring.keys.Vault(pathlib.Path(sys.argv[1])).roots)
"""


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "keys")


def signed(vault: Vault, after: timedelta = NONE, lifetime: timedelta = DAY) -> StaffAction:
    """An action that is signed so long after Monday."""
    return vault.sign(action("add_comment", CMO, MONDAY + after, text="Called."), CASE, lifetime=lifetime)


def proof(act: StaffAction, roots: tuple[str, ...], after: timedelta = NONE) -> Proof:
    return check(act, CASE, Trust(roots=roots), act.at + after)


def fingerprints(vault: Vault) -> list[str]:
    return [door.fingerprint for door in vault.door_keys()]


def files(vault: Vault) -> list[Path]:
    return [path for path in sorted(vault.folder.rglob("*")) if path.is_file()]


def refusal(vault: Vault) -> str:
    """Why nothing can be signed; it never shows a key."""
    with pytest.raises(VaultError) as refused:
        signed(vault)
    said = str(refused.value)
    texts = [path.read_text(errors="replace") for path in files(vault)]
    assert refused.value.__cause__ is None
    assert not any(line in said for text in texts for line in text.split() if len(line) > 12)
    return said


# -- making


def test_nothing_is_made_before_it_is_needed(tmp_path):
    vault = open_vault(Settings(home=tmp_path / "var"))

    assert vault.folder == tmp_path / "var" / "keys"
    assert (vault.root_keys(), vault.door_keys(), vault.signing_door(MONDAY)) == ([], [], None)
    assert not vault.folder.exists()


def test_only_the_owner_has_rights(vault):
    before = os.umask(0)
    signed(vault)
    os.umask(before)

    assert [path.suffix for path in files(vault)] == [".jws", ".pem", ".pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files(vault)} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (vault.folder, vault.folder / "doors")} == {0o700}


def test_processes_that_start_at_once_have_the_same_root(tmp_path):
    command = [sys.executable, "-c", FIRST_ROOT, str(tmp_path / "keys")]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": "."})
        for _ in range(4)
    ]
    assert [python.stdout and python.stdout.readline() for python in running] == ["ready\n"] * 4
    for python in running:
        assert python.stdin is not None
        python.stdin.write("\n")
        python.stdin.flush()
    said = {python.communicate(timeout=30)[0] for python in running}

    assert len(said) == 1
    assert said == {f"{' '.join(Vault(tmp_path / 'keys').roots)}\n"}


def test_threads_that_sign_at_once_make_one_door_key(vault):
    with ThreadPoolExecutor(8) as threads:
        acts = list(threads.map(lambda _: signed(vault), range(32)))

    assert len(fingerprints(vault)) == 1
    assert all(proof(act, vault.roots).is_signed for act in acts)


def test_what_a_kill_leaves_behind_is_no_key(vault):
    vault.rotate_door(MONDAY)
    (vault.folder / "doors" / ".unfinished-1").write_bytes(b"half a key")
    (vault.folder / "doors" / "0123456789abcdef.jws").write_text("its key was never written")

    assert proof(signed(vault), vault.roots).is_signed


def test_a_statement_holds_as_long_as_it_is_to_and_a_day_at_most(vault):
    brief, long = signed(vault, lifetime=timedelta(hours=1)), signed(vault, lifetime=timedelta(days=9))

    assert [proof(brief, vault.roots, timedelta(hours=h)).is_signed for h in (1, 2)] == [True, False]
    assert [proof(long, vault.roots, timedelta(hours=h)).is_signed for h in (24, 25)] == [True, False]


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_a_time_that_fits_no_certificate_is_one_sentence(vault, year):
    with pytest.raises(VaultError, match=f"^No action of the year {year} can be signed"):
        signed(vault, MONDAY.replace(year=year) - MONDAY)


# -- rotating


def test_a_door_key_is_used_until_its_last_tenth(vault):
    first = vault.rotate_door(MONDAY).fingerprint
    signed(vault, DOOR_LIFE * 0.89)
    kept = fingerprints(vault)
    act = signed(vault, DOOR_LIFE * 0.91)

    assert kept == [first]
    assert len(fingerprints(vault)) == 2
    assert vault.door_keys()[0].until == MONDAY + DOOR_LIFE * 1.91
    assert proof(act, vault.roots).is_signed


def test_a_door_key_that_has_ended_is_replaced(vault):
    vault.rotate_door(MONDAY)

    assert proof(signed(vault, DOOR_LIFE * 3), vault.roots).is_signed
    assert len(fingerprints(vault)) == 2


def test_a_process_whose_clock_is_a_little_behind_uses_the_same_door_key(vault):
    vault.rotate_door(MONDAY)
    signed(vault, -timedelta(minutes=4))

    assert len(fingerprints(vault)) == 1


def test_the_last_of_several_new_door_keys_signs(vault):
    made = [vault.rotate_door(MONDAY).fingerprint for _ in range(4)]

    assert fingerprints(vault) == made[::-1]
    assert vault.signing_door(MONDAY) == vault.door_keys()[0]


def test_a_new_root_comes_first_and_certifies_with_the_others(vault):
    first = vault.roots
    signed(vault)

    made = vault.rotate_root(MONDAY)

    assert vault.roots == (made.public, *first)
    assert [root.name for root in vault.root_keys()] == ["root-2.pem", "root.pem"]
    assert [len(door.certificates) for door in vault.door_keys()] == [2, 1]
    assert [proof(signed(vault), (root,)).is_signed for root in vault.roots] == [True, True]


def test_of_many_roots_the_newest_certify_and_no_door_key_is_made_in_vain(vault):
    for _ in range(10):
        vault.rotate_root(MONDAY)
    made = fingerprints(vault)
    act = AddComment.model_validate_json(signed(vault).model_dump_json())  # with room for eight certificates

    assert len(vault.roots) == 10
    assert [proof(act, (root,)).is_signed for root in vault.roots] == [True] * 8 + [False] * 2
    assert fingerprints(vault) == made


def test_a_door_key_of_a_root_that_is_gone_does_not_sign(vault):
    vault.rotate_door(MONDAY)
    (vault.folder / "root.pem").write_bytes(OKPKey.generate_key("Ed25519").as_pem(private=True))

    assert proof(signed(vault), vault.roots).is_signed
    assert len(fingerprints(vault)) == 2


def test_with_a_disk_that_is_full_the_present_door_key_signs_to_its_end(vault, monkeypatch):
    def full(*_: object) -> bytes:
        raise AdapterError(f"The folder {vault.folder} cannot be written to: No space left on device.")

    roots = vault.roots
    vault.rotate_door(MONDAY)
    monkeypatch.setattr(Shelf, "put", full)

    assert proof(signed(vault, DOOR_LIFE * 0.95), roots).is_signed
    with pytest.raises(VaultError, match=r"No space left on device\. .* SECOND_OPINION_KEYS\.$"):
        signed(vault, DOOR_LIFE * 1.01)


# -- without a private root, and with one from the environment


def test_a_door_without_a_root_signs_until_its_certificate_ends_and_then_says_so(vault):
    roots = vault.roots
    vault.rotate_door(MONDAY)
    (vault.folder / "root.pem").unlink()

    assert proof(signed(vault, DOOR_LIFE * 0.99), roots).is_signed
    assert vault.roots == ()
    with pytest.raises(VaultError, match=r"no new door key; the last one ended on 2026-12-02 at 18:00 UTC\. Set "):
        signed(vault, DOOR_LIFE * 1.01)


def test_the_public_half_of_a_root_is_believed_and_certifies_nothing(vault):
    roots = vault.roots
    vault.rotate_door(MONDAY)
    (vault.folder / "root.pem").write_bytes(vault.root_keys()[0].key.as_pem())

    assert vault.roots == roots
    assert not vault.root_keys()[0].is_private
    assert proof(signed(vault), vault.roots).is_signed
    with pytest.raises(VaultError, match="holds no private root key"):
        vault.rotate_door(MONDAY)


def test_a_root_from_the_environment_is_in_no_file_and_shown_nowhere(tmp_path, monkeypatch):
    pem = OKPKey.generate_key("Ed25519").as_pem(private=True).decode()
    monkeypatch.setenv("SECOND_OPINION_ROOT_KEY", pem)
    settings = Settings(home=tmp_path)
    vault = open_vault(settings)

    assert proof(signed(vault), vault.roots).is_signed
    assert [root.name for root in vault.root_keys()] == ["SECOND_OPINION_ROOT_KEY"]
    assert {path.parent.name for path in files(vault)} == {"doors"}
    assert pem.splitlines()[1] not in f"{settings!r} {vault.root_keys()!r} {vault.door_keys()!r}"
    with pytest.raises(VaultError, match="put the new one there instead"):
        vault.rotate_root(MONDAY)


# -- what cannot be used


def test_a_key_that_others_can_read_is_not_used(vault):
    signed(vault)
    root = vault.folder / "root.pem"
    root.chmod(0o640)

    assert refusal(vault) == f"Others can read the key file {root}; take the right from them: chmod 600 {root}"


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"no key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        OKPKey.generate_key("Ed25519").as_pem(private=True)[:-40],
        OKPKey.generate_key("Ed25519").as_pem(private=True, password="secret"),
        OKPKey.generate_key("X25519").as_pem(private=True),
        OKPKey.generate_key("Ed448").as_pem(private=True),
        ECKey.generate_key("P-256").as_pem(private=True),
    ],
    ids=["empty", "text", "garbage", "half", "encrypted", "X25519", "Ed448", "EC"],
)
@pytest.mark.parametrize("name", ["root.pem", "root-7.pem", "doors/0123456789abcdef.pem"])
def test_a_key_file_that_is_no_such_key_is_named(vault, name, pem):
    signed(vault)
    path = vault.folder / name
    path.write_bytes(pem)
    path.chmod(0o600)

    assert refusal(vault) == f"{path} is not an unencrypted Ed25519 key in PEM form; put the right one there."


@pytest.mark.parametrize("text", ["", "no certificate", "é", "another key's"])
def test_a_certificate_that_is_not_the_keys_own_is_named(vault, text):
    other, path = (vault.folder / "doors" / f"{vault.rotate_door(MONDAY).fingerprint}.jws" for _ in range(2))
    path.write_text(other.read_text() if text == "another key's" else text, encoding="utf-8")

    assert refusal(vault).startswith(f"{path} is not the certificate of the private key beside it")


def test_a_key_file_that_cannot_be_read_is_named(vault):
    (vault.folder / "root.pem").mkdir(parents=True)

    assert refusal(vault) == f"The key file {vault.folder / 'root.pem'} cannot be read: Is a directory."
