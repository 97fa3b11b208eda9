"""What proves who acted, and each thing that does not."""

import base64
import json
from datetime import timedelta, timezone

import pytest

from policy.actions import ACTIONS
from policy.staffaction import StaffAction
from policy.trust import UNSIGNED, Trust
from tests.builders import CASE_MANAGER, CMO, MONDAY, action
from tests.workflows.signing import (
    BEGINNING,
    CASE,
    DAY,
    DOOR,
    NOW,
    OTHER,
    ROOT,
    STRANGER,
    TRUST,
    an_action,
    certificate,
    content_of,
    problem,
    public,
    sealed,
    signed,
    with_statement,
)
from wiring.encryption import PLAIN
from wiring.keys import Vault
from workflows import signatures
from workflows.signatures import check


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return Vault(tmp_path_factory.mktemp("vault") / "keys")


# -- what is believed


def test_a_statement_of_our_door_proves_the_actor():
    assert problem(signed()) == ""


@pytest.mark.parametrize("signal", ACTIONS)
def test_every_action_is_proven_after_its_way_through_temporal(vault, signal):
    zone = timezone(timedelta(hours=-8))
    act = action(signal, CMO, MONDAY.astimezone(zone).replace(microsecond=123_456), **ACTIONS[signal].EXAMPLE)
    sent = vault.sign(act, CASE, lifetime=DAY)
    converter = PLAIN.payload_converter

    received: StaffAction = converter.from_payload(converter.to_payload(sent), ACTIONS[signal])

    assert problem(received, trust=Trust(roots=vault.roots)) == ""
    assert received.model_copy(update={"signed_statement": ""}) == act  # the signature takes no other field's place


def test_a_statement_holds_until_its_last_second_and_no_longer():
    act = signed()

    assert problem(act, now=MONDAY + timedelta(seconds=3600)) == ""
    assert problem(act, now=MONDAY + timedelta(seconds=3601)) == signatures.EXPIRED


def test_what_is_queued_overnight_is_still_believed_after_the_door_key_has_ended():
    act = signed(exp=NOW + DAY // timedelta(seconds=1))

    assert problem(act, now=MONDAY + timedelta(hours=20)) == ""


def test_a_root_that_is_no_key_disturbs_none_of_the_others():
    assert problem(signed(), trust=Trust(roots=("", "no key", "é\ud800", public(STRANGER), public(ROOT)))) == ""


def test_a_second_certificate_will_do():
    assert problem(signed(door=[certificate(root=STRANGER), certificate()])) == ""


def test_a_new_door_key_troubles_neither_what_is_under_way_nor_a_running_case(tmp_path):
    vault = Vault(tmp_path)
    trust = Trust(roots=vault.roots)
    before = vault.sign(an_action(), CASE, lifetime=DAY)
    vault.rotate_door(MONDAY)
    after = vault.sign(an_action(), CASE, lifetime=DAY)

    assert before.signed_statement != after.signed_statement
    assert [problem(act, trust=trust) for act in (before, after)] == ["", ""]


def test_a_new_root_troubles_neither_what_is_under_way_nor_a_running_case(tmp_path):
    vault = Vault(tmp_path)
    running = Trust(roots=vault.roots)
    before = vault.sign(an_action(), CASE, lifetime=DAY)
    vault.rotate_root(MONDAY)
    after = vault.sign(an_action(), CASE, lifetime=DAY)
    new = Trust(roots=vault.roots)

    assert len(new.roots) == 2
    assert [problem(act, trust=trust) for act in (before, after) for trust in (running, new)] == ["", "", "", ""]
    assert problem(after, trust=Trust(roots=new.roots[:1])) == ""
    assert problem(before, trust=Trust(roots=new.roots[:1])) == signatures.UNKNOWN_DOOR


# -- what is not


def test_without_a_statement_or_a_root_an_action_is_unsigned():
    assert check(an_action(), CASE, TRUST, MONDAY) == UNSIGNED
    assert check(signed(), CASE, Trust(), MONDAY) == UNSIGNED


def test_a_statement_for_one_case_is_refused_by_another(vault):
    act = vault.sign(an_action(), CASE, lifetime=DAY)

    assert problem(act, OTHER, Trust(roots=vault.roots)) == signatures.OTHER_CASE


NESTED = base64.urlsafe_b64encode(b"[" * 5_000).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "a.b.c",
        "é",
        "\ud800",
        BEGINNING,
        f"{BEGINNING}.",
        f"{BEGINNING}..",
        f"{BEGINNING}.\ud800.AAAA",
        f"{BEGINNING}.e30.AAAA",
        f"{BEGINNING}.{NESTED}.AAAA",
        f"{BEGINNING}.{'A' * 200_000}.AAAA",
        f"{BEGINNING}.A.A",
        sealed(signatures.STATEMENT, [], DOOR),
        sealed(signatures.STATEMENT, {**content_of(an_action()), "more": 1}, DOOR),
        sealed(signatures.STATEMENT, content_of(an_action(), iat=float(NOW)), DOOR),
        sealed(signatures.STATEMENT, content_of(an_action(), iat=str(NOW)), DOOR),
        sealed(signatures.STATEMENT, content_of(an_action(), exp=10**30), DOOR),
        sealed(signatures.STATEMENT, content_of(an_action(), door=certificate()), DOOR),
        sealed(signatures.STATEMENT, content_of(an_action(), door=[certificate()] * 9), DOOR),
        sealed(signatures.STATEMENT, content_of(an_action()), DOOR, kid="door"),
        sealed(signatures.DOOR, content_of(an_action()), DOOR),
        certificate(),
    ],
    ids=range(22),
)
def test_what_no_door_of_ours_writes_is_malformed(text):
    assert problem(with_statement(text)) == signatures.MALFORMED


@pytest.mark.parametrize("algorithm", ["none", "EdDSA", "HS256"])
def test_no_other_algorithm_can_be_chosen(algorithm):
    header = {**signatures.header(signatures.STATEMENT), "alg": algorithm}
    parts = [json.dumps(part).encode() for part in (header, content_of(an_action()))]
    text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    assert problem(with_statement(f"{text}.")) == signatures.MALFORMED


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (signed(door=[]), signatures.UNKNOWN_DOOR),
        (signed(door=["no certificate"]), signatures.UNKNOWN_DOOR),
        (signed(door=[certificate(root=STRANGER)]), signatures.UNKNOWN_DOOR),
        (signed(key=STRANGER, door=[certificate(STRANGER, STRANGER)]), signatures.UNKNOWN_DOOR),
        (signed(key=STRANGER), signatures.FORGED),
        (signed(key=ROOT), signatures.FORGED),
        (signed(key=STRANGER, case=OTHER), signatures.FORGED),
        (signed(door=[sealed(signatures.DOOR, {"key": "none", "nbf": 0, "exp": NOW}, ROOT)]), signatures.FORGED),
        (signed(door=[certificate(nbf=NOW + 1)]), signatures.DOOR_OUT_OF_DATE),
        (signed(door=[certificate(exp=NOW - 1)]), signatures.DOOR_OUT_OF_DATE),
        (signed(case=OTHER), signatures.OTHER_CASE),
        (signed(action="determine"), signatures.OTHER_ACTION),
        (signed(actor="md.osei"), signatures.OTHER_ACTOR),
        (signed(roles=["case_manager"]), signatures.OTHER_ACTOR),
        (signed(roles=["cmo", "supervisor"]), signatures.OTHER_ACTOR),
        (signed(roles=[]), signatures.OTHER_ACTOR),
        (signed(digest="0" * 64), signatures.CHANGED),
        (signed(iat=NOW - 1), signatures.CHANGED),
        (signed(iat=NOW + 1), signatures.CHANGED),
        (signed(exp=NOW + 86_401), signatures.TOO_LONG),
        (signed(exp=NOW - 1), signatures.EXPIRED),
    ],
)
def test_each_cause_of_distrust_has_its_sentence(act, says):
    assert problem(act) == says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text": "Called the clinic twice."}, signatures.CHANGED),
        ({"action_id": "a-2"}, signatures.CHANGED),
        ({"at": MONDAY + timedelta(seconds=1)}, signatures.CHANGED),
        ({"at": MONDAY + timedelta(milliseconds=1)}, signatures.CHANGED),
        ({"case_number": CASE}, signatures.CHANGED),
        ({"actor": CMO.model_copy(update={"licence": "A99999"})}, signatures.CHANGED),
        ({"actor": CMO.model_copy(update={"board_certified": True})}, signatures.CHANGED),
        ({"actor": CASE_MANAGER}, signatures.OTHER_ACTOR),
        ({"actor": CMO.model_copy(update={"roles": CASE_MANAGER.roles})}, signatures.OTHER_ACTOR),
    ],
)
def test_what_is_changed_after_it_was_signed_is_noticed(changes, says):
    assert problem(signed().model_copy(update=changes)) == says


def test_a_statement_of_another_action_is_of_no_use():
    stolen = signed().signed_statement
    other = action("withdraw_request", CMO, MONDAY, action_id="a-1", reason="Called the clinic.")

    assert problem(other.model_copy(update={"signed_statement": stolen})) == signatures.OTHER_ACTION


def test_every_sentence_fits_behind_a_colon_and_shows_no_key():
    sentences = {value for name, value in vars(signatures).items() if name.isupper() and isinstance(value, str)}
    causes = {text for text in sentences if " " in text}

    assert len(causes) == 10
    assert all(text[0].islower() and text[-1] != "." and len(text) <= 120 for text in causes)
