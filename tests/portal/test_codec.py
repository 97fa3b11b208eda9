"""The codec server: who may read what Temporal keeps, how much and how often; every case that is read has its line."""

import json
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from policy.chaincheck import check
from policy.people import Role
from portal import codec
from portal.app import create_app
from portal.guard import Throttle
from records import audit, queries
from records.readings import READ
from tests.portal.conftest import ADDRESS, Portal
from tests.portal.issuer import CLIENT, Provider, running
from tests.portal.sealing import NAME, Kept, naming, plain
from tests.portal.test_access import CAST
from wiring.casekeys import SHARED
from workflows import workflow_id

ELSEWHERE = "https://temporal.example.org"
AUDIENCE = "second-opinion-codec"
MAY = {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR}


@pytest.fixture
def kept(portal: Portal) -> Kept:
    return Kept(portal)


def ask(browser: TestClient, *payloads: Any, what: str = "decode", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"X-Namespace": "default", **named}
    body = json.dumps({"payloads": payloads})
    return browser.post(f"/codec/{what}?preserveStorageRefs=true", content=body, headers=given)


def shown(answer: Any) -> list[Any]:
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["payloads"]
    return found


def sentence(payload: Any) -> str:
    """What a payload says that stands in the place of one that cannot be read."""
    said: str = json.loads(b64decode(payload["data"]))
    return said


def readers(portal: Portal, name: str) -> list[str]:
    """Who read a case, by its ledger."""
    file = queries.case(portal.world.records, portal.numbers[name])
    assert file is not None
    return [line.actor for line in file.ledger if line.event == READ]


def test_payloads_come_back_in_clear_each_in_its_place_and_who_read_them_is_a_line(portal: Portal, kept: Kept):
    given = [kept.of("new"), plain("as it was"), kept.of("closed", "second"), kept.of("new", ["third"])]

    answer = ask(portal.as_("sv.okafor"), *given)

    assert shown(answer) == [plain(NAME), plain("as it was"), plain("second"), plain(["third"])]
    assert answer.headers["cache-control"] == "no-store"
    assert (readers(portal, "new"), readers(portal, "closed"), readers(portal, "urgent")) == (
        ["sv.okafor"],
        ["sv.okafor"],
        [],
    )
    (chain,) = audit.chains(portal.world.records, [portal.numbers["new"]])
    assert check(*chain, []).differences == ()


def test_the_page_of_a_case_that_an_auditor_reads_says_who_read_its_history(portal: Portal, kept: Kept):
    for _ in range(3):
        ask(portal.as_("sv.okafor"), kept.of("new"))

    auditor = portal.as_("au.silva").get(f"/audit/{portal.numbers['new']}").text
    manager = portal.as_("cm.alvarez").get(f"/cases/{portal.numbers['new']}").text

    assert auditor.count(READ) == 1
    assert "read in clear" in auditor
    assert "read in clear" not in manager


@pytest.mark.parametrize("who", CAST.values())
def test_supervisors_administrators_and_auditors_read_and_nobody_else(portal: Portal, kept: Kept, who: str):
    (role,) = portal.house.staff[who].actor.roles

    decoded, encoded = (ask(portal.as_(who), kept.of("new"), what=what) for what in ("decode", "encode"))

    assert decoded.status_code == (200 if role in MAY else 403)
    assert (encoded.status_code == 403) == (role not in MAY)
    assert decoded.json() == ({"payloads": [plain(NAME)]} if role in MAY else {"message": codec.NOT_YOURS})
    assert readers(portal, "new") == ([who] if role in MAY else [])


def test_nobody_who_is_not_signed_in_reads_anything(portal: Portal, kept: Kept):
    asked = [ask(portal.anybody(), kept.of("new"), what=what) for what in ("decode", "encode")]
    basic = ask(portal.as_("sv.okafor"), kept.of("new"), Authorization="Basic c3Y6b2s=")

    assert [answer.status_code for answer in (*asked, basic)] == [401] * 3
    assert asked[0].json() == {"message": codec.SIGN_IN}
    assert readers(portal, "new") == []


def test_what_cannot_be_read_comes_back_as_it_is_and_the_rest_in_clear(portal: Portal, kept: Kept):
    good, other = kept.of("new"), kept.of("closed")
    swapped = {**good, "metadata": other["metadata"]}
    cut = {**good, "data": good["data"][:40]}
    odd: list[Any] = [
        swapped,
        cut,
        kept.of_workflow(SHARED),  # belongs to no case
        kept.of_workflow("so-SO-2026-000099"),  # of a case that nobody recorded
        kept.of_workflow("backup-2026"),
        naming("ck-nonsense"),
        naming(""),
        {"metadata": {"encoding": "!!"}, "data": "%"},
        {"metadata": "no map"},
        {"externalPayloads": [{"sizeBytes": "4"}]},
        None,
        7,
        "text",
        [[[]]],
        "\ud800",
    ]

    found = shown(ask(portal.as_("sv.okafor"), *odd, good))

    assert found[-1] == plain(NAME)
    assert found[:7] == odd[:7]
    assert [NAME in json.dumps(one) for one in found[:-1]] == [False] * len(odd)
    assert found[10:] == [None, 7, "text", [[[]]], "\ud800", plain(NAME)]
    assert (readers(portal, "new"), readers(portal, "closed")) == (["sv.okafor"], [])


def test_a_key_that_is_missing_or_was_shredded_is_told_in_its_payloads_place(portal: Portal, kept: Kept):
    number = portal.numbers["closed"]
    browser, payload = portal.as_("sv.okafor"), kept.of("closed")
    before = shown(ask(browser, payload))
    portal.world.case_keys.shred(
        number, (workflow_id(number),), at=datetime.now(UTC), by="ad.moreno", reason="Retention ended"
    )

    shredded, missing, good = shown(ask(browser, payload, naming("ck-" + "0" * 20), kept.of("new")))

    assert before == [plain(NAME)]  # at once, though the key was in this very process's memory
    assert sentence(shredded).startswith(f"The history of {number} was shredded on ")
    assert "is not in the records" in sentence(missing)
    assert good == plain(NAME)


def test_nothing_is_shown_that_cannot_be_noted(portal: Portal, kept: Kept):
    browser, payload = portal.as_("sv.okafor"), kept.of("new")
    ask(browser, kept.of("closed"))
    portal.world.records.dispose()
    (portal.settings.home / "records.db").rename(portal.settings.home / "away.db")
    (portal.settings.home / "records.db").mkdir()

    answer = ask(browser, payload)

    (portal.settings.home / "records.db").rmdir()
    (portal.settings.home / "away.db").rename(portal.settings.home / "records.db")
    assert answer.status_code == 503
    assert NAME not in answer.text
    assert "The records" in answer.json()["message"]


BAD = [b"", b"{", b"[]", b"null", b'{"payloads": 1}', b'{"payloads": [NaN]}', b'{"payloads": [1e999]}', b"\xff\xfe"]
BAD += [b'{"payloads":' + b"[" * 60_000 + b"]" * 60_000 + b"}", b'{"payloads": [' + b"9" * 5_000 + b"]}"]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_a_body_that_is_none_is_refused_in_a_sentence(portal: Portal, body: bytes):
    answer = portal.as_("sv.okafor").post("/codec/decode", content=body)

    assert (answer.status_code, answer.json()) == (400, {"message": codec.NOT_PAYLOADS})


def test_too_many_payloads_and_too_many_bytes_are_refused(portal: Portal):
    browser = portal.as_("sv.okafor")

    many = ask(browser, *[None] * (codec.MOST + 1))
    large = browser.post("/codec/decode", content=b" " * (codec.LARGEST + 1))
    in_pieces = browser.post("/codec/decode", content=iter([b" " * 1_000_000] * 9))
    just = ask(browser, *[None] * codec.MOST)

    assert [answer.status_code for answer in (many, large, in_pieces, just)] == [413, 413, 413, 200]


def test_who_asks_too_often_waits_and_others_do_not(portal: Portal, kept: Kept):
    portal.app.state.codec_throttle = Throttle(attempts=2, seconds=60)
    browser = portal.as_("sv.okafor")

    answers = [ask(browser, kept.of("new")) for _ in range(3)]
    other = ask(portal.as_("au.silva"), kept.of("new"))

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert (answers[2].headers["retry-after"], answers[2].json()) == ("60", {"message": codec.TOO_OFTEN})
    assert other.status_code == 200


def test_what_is_typed_on_a_cases_page_is_encrypted_for_that_case(portal: Portal, kept: Kept):
    browser, number = portal.as_("sv.okafor"), portal.numbers["new"]
    kept.keys.of(workflow_id(number))
    page = f"{ADDRESS}/temporal/namespaces/default/workflows/so-{number}/0-1/history"

    encoded = shown(ask(browser, plain(NAME), what="encode", Referer=page))
    again = shown(ask(browser, *encoded, what="encode", Referer=page))

    assert NAME not in str(encoded)
    assert shown(ask(browser, *encoded)) == [plain(NAME)]
    assert again == encoded


@pytest.mark.parametrize(
    "page",
    [
        "",
        f"{ADDRESS}/temporal/namespaces/default/workflows",
        f"{ADDRESS}/temporal/namespaces/default/workflows/so-SO-2026-000099",
        f"{ADDRESS}/temporal/namespaces/default/workflows/backup-2026",
        f"{ELSEWHERE}/temporal/namespaces/default/workflows/so-SO-2026-000001",
    ],
)
def test_what_is_typed_elsewhere_is_not_encrypted_and_no_key_is_made(portal: Portal, kept: Kept, page: str):
    kept.of("new")
    before = portal.world.case_keys.count()

    answer = ask(portal.as_("sv.okafor"), plain(NAME), what="encode", Referer=page)

    assert answer.status_code == 422
    assert "names none: open the case" in answer.json()["message"]
    assert portal.world.case_keys.count() == before


def test_nothing_is_encrypted_for_a_case_that_was_shredded(portal: Portal, kept: Kept):
    number = portal.numbers["closed"]
    kept.of("closed")
    portal.world.case_keys.shred(number, (workflow_id(number),), at=datetime.now(UTC), by="ad.moreno", reason="Ended")
    page = f"{ADDRESS}/temporal/namespaces/default/workflows/so-{number}"

    answer = ask(portal.as_("sv.okafor"), plain(NAME), what="encode", Referer=page)

    assert answer.status_code == 422
    assert "was shredded on" in answer.json()["message"]


@dataclass
class Standing:
    """A portal that other UIs ask, too: of one origin, with access tokens of a real issuer."""

    provider: Provider
    portal: Portal
    browser: TestClient

    def token(self, **claims: Any) -> str:
        """An access token; ``claims`` spoil it."""
        self.provider.spoil = {"aud": AUDIENCE, "email": "sv.okafor", "nonce": None, **claims}
        return f"Bearer {self.provider.signed({'nonce': ''})}"


@pytest.fixture
def standing(portal: Portal) -> Iterator[Standing]:
    with running(f"{ADDRESS}/signin/oidc/callback") as provider:
        update = {
            "oidc_issuer": provider.url,
            "oidc_client_id": CLIENT,
            "codec_audience": AUDIENCE,
            "codec_origins": f"https://other.example.org,{ELSEWHERE}",
        }
        app = create_app(portal.settings.model_copy(update=update), portal.world)
        with TestClient(app, base_url=ADDRESS, follow_redirects=False) as browser:
            yield Standing(provider, portal, browser)


def test_an_access_token_of_the_issuer_reads_from_a_page_of_an_origin_that_is_named(standing: Standing, kept: Kept):
    headers = {"Authorization": standing.token(), "Origin": ELSEWHERE, "Sec_Fetch_Site": "cross-site"}

    answer = ask(standing.browser, kept.of("new"), **headers)

    assert shown(answer) == [plain(NAME)]
    assert answer.headers["access-control-allow-origin"] == ELSEWHERE
    assert answer.headers["vary"] == "Origin"
    assert readers(standing.portal, "new") == ["sv.okafor"]


def test_a_program_reads_with_a_token_and_without_an_origin(standing: Standing, kept: Kept):
    answer = ask(standing.browser, kept.of("new"), Authorization=standing.token(email="AU.SILVA@x"))
    found = ask(standing.browser, kept.of("new"), Authorization=standing.token(email="au.silva"))

    assert (answer.status_code, shown(found)) == (401, [plain(NAME)])
    assert "access-control-allow-origin" not in found.headers


WRONG: list[dict[str, Any]] = [
    {"aud": CLIENT},  # the portal's own tokens are not for this
    {"aud": None},
    {"iss": "https://elsewhere.example.org"},
    {"exp": 1_700_000_000},
    {"exp": None},
    {"nbf": 4_000_000_000},
    {"email": "nobody@example.org"},
    {"email": None},
    {"email": ["sv.okafor"]},
    {"email_verified": False},
]


@pytest.mark.parametrize("claims", WRONG, ids=str)
def test_a_token_that_does_not_hold_reads_nothing(standing: Standing, kept: Kept, claims: dict[str, Any]):
    answer = ask(standing.browser, kept.of("new"), Authorization=standing.token(**claims))

    assert (answer.status_code, answer.json()) == (401, {"message": codec.SIGN_IN})
    assert readers(standing.portal, "new") == []


def test_a_token_that_was_tampered_with_or_signed_by_another_key_reads_nothing(standing: Standing, kept: Kept):
    good = standing.token(email="cm.alvarez")
    standing.provider.tampered = True
    tampered = standing.token(email="cm.alvarez")
    none = "Bearer eyJhbGciOiJub25lIn0.eyJlbWFpbCI6InN2Lm9rYWZvciJ9."

    statuses = [
        ask(standing.browser, kept.of("new"), Authorization=token).status_code
        for token in (tampered, none, "Bearer", "Bearer x.y.z", good)
    ]

    assert statuses == [401, 401, 401, 401, 403]  # the last one is whose it says, and no supervisor


def test_no_token_counts_where_no_audience_is_set(standing: Standing, kept: Kept):
    house = standing.browser.app.state.house  # type: ignore[attr-defined]
    house.settings = house.settings.model_copy(update={"codec_audience": ""})

    answer = ask(standing.browser, kept.of("new"), Authorization=standing.token(aud=""))

    assert answer.status_code == 401


def test_a_sign_in_that_is_away_is_told_as_that(standing: Standing, kept: Kept):
    token = standing.token()
    house = standing.browser.app.state.house  # type: ignore[attr-defined]
    house.settings = house.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})

    answer = ask(standing.browser, kept.of("new"), Authorization=token)

    assert (answer.status_code, answer.json()) == (503, {"message": codec.AWAY})


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "*", f"{ELSEWHERE}.evil.org", ""])
def test_a_page_of_another_origin_reads_nothing_and_is_not_told_that_it_may(
    standing: Standing, kept: Kept, origin: str
):
    headers = {"Authorization": standing.token(), "Origin": origin, "Sec_Fetch_Site": "cross-site"}

    answer = ask(standing.browser, kept.of("new"), **headers)
    before = standing.browser.options("/codec/decode", headers={"Origin": origin})

    assert answer.status_code == 403
    assert NAME not in answer.text
    for one in (answer, before):
        assert not [name for name in one.headers if name.startswith("access-control")]


def test_a_browser_that_asks_first_is_told_what_a_page_of_a_named_origin_may_send(standing: Standing):
    answer = standing.browser.options(
        "/codec/decode", headers={"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
    )

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ELSEWHERE
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "X-Namespace, Authorization, Content-Type"


def test_a_named_origin_is_let_through_to_the_codec_server_and_to_nothing_else(standing: Standing):
    answer = standing.browser.post("/signout", headers={"Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
PAYLOADS = st.lists(
    JSON
    | st.fixed_dictionaries(
        {"metadata": st.dictionaries(st.sampled_from(["encoding", "encryption-key-id", "x"]), JSON)},
        optional={"data": JSON},
    )
    | st.builds(naming, st.text(alphabet="ck-0123456789abcdef", max_size=24), st.binary(max_size=64)),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payloads=PAYLOADS)
def test_whatever_is_sent_is_answered_and_never_hides_what_can_be_read(portal: Portal, kept: Kept, payloads: list[Any]):
    browser = portal.as_("sv.okafor")

    found = shown(ask(browser, *payloads, kept.of("new")))

    assert len(found) == len(payloads) + 1
    assert found[-1] == plain(NAME)
