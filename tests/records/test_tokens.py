"""The tokens of programs: made once, known again while they hold, and never readable in the records."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from policy.people import Role
from records.database import reading
from records.tables import API_KEYS, API_TOKENS
from records.tokens import ApiTokens

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture
def tokens(engine: Engine) -> ApiTokens:
    return ApiTokens(engine)


def issued(tokens: ApiTokens, role: Role = Role.INTAKE):
    return tokens.issue("fax-gateway", role, at=NOW, expires_at=NOW + YEAR)


def test_a_token_is_known_again(tokens: ApiTokens):
    made, text = issued(tokens)

    found = tokens.known(text, NOW)

    assert found == made
    assert (made.name, made.role, made.expires_at) == ("fax-gateway", Role.INTAKE, NOW + YEAR)


def test_the_records_hold_no_token(tokens: ApiTokens, engine: Engine):
    _, text = issued(tokens)

    with reading(engine) as connection:
        rows = [tuple(row) for row in connection.execute(select(API_TOKENS))]

    secret = text.split("_", 2)[2]  # which may have a _ of its own
    assert secret not in str(rows)
    assert len(secret) > 40


def test_no_two_tokens_are_the_same(tokens: ApiTokens):
    texts = {issued(tokens)[1] for _ in range(20)}

    assert len(texts) == 20
    assert len({token.id for token in tokens.listed()}) == 20


def test_a_token_that_differs_at_all_is_none(tokens: ApiTokens):
    _, text = issued(tokens)

    spoilt = [text[:-1], f"{text}A", text.swapcase(), text.removeprefix("so_"), ""]

    assert [tokens.known(one, NOW) for one in spoilt] == [None] * 5


@pytest.mark.parametrize(
    "text", ["so_", "so__", "so_x", "so_000000000000_", "\x00", "so_\ud800_x", "so_" + "a" * 10_000]
)
def test_what_is_no_token_finds_nothing(tokens: ApiTokens, text):
    issued(tokens)

    assert tokens.known(text, NOW) is None


def test_a_token_ends_at_its_time(tokens: ApiTokens):
    _, text = issued(tokens)

    assert tokens.known(text, NOW + YEAR - timedelta(seconds=1)) is not None
    assert tokens.known(text, NOW + YEAR) is None


def test_a_revoked_token_opens_nothing_and_cannot_be_revoked_again(tokens: ApiTokens):
    made, text = issued(tokens)

    answers = (tokens.revoke(made.id, NOW), tokens.revoke(made.id, NOW + YEAR), tokens.revoke("none", NOW))

    assert answers == (True, False, False)
    assert tokens.known(text, NOW) is None
    assert [token.revoked_at for token in tokens.listed()] == [NOW]


def test_the_last_use_is_noted_at_most_once_a_minute(tokens: ApiTokens):
    _, text = issued(tokens)
    seconds = (0, 20, 59, 60, 61)

    noted = []
    for second in seconds:
        tokens.known(text, NOW + timedelta(seconds=second))
        noted.append(tokens.listed()[0].last_used_at)

    assert noted == [NOW, NOW, NOW, NOW + timedelta(minutes=1), NOW + timedelta(minutes=1)]


def test_a_wrong_token_is_no_use_of_it(tokens: ApiTokens):
    _, text = issued(tokens)

    tokens.known(text[:-1], NOW)

    assert tokens.listed()[0].last_used_at is None


def test_an_idempotency_key_stands_for_the_content_that_came_first(tokens: ApiTokens, engine: Engine):
    one, other = issued(tokens)[0], issued(tokens)[0]

    answers = [
        tokens.claim(one.id, "key-1", "content", NOW),
        tokens.claim(one.id, "key-1", "content", NOW),
        tokens.claim(one.id, "key-1", "other content", NOW),
        tokens.claim(one.id, "key-2", "other content", NOW),
        tokens.claim(other.id, "key-1", "other content", NOW),
    ]

    assert answers == [True, True, False, True, True]
    with reading(engine) as connection:
        assert "key-1" not in str([tuple(row) for row in connection.execute(select(API_KEYS))])
