"""The tokens with which programs come to the portal's API. Only a token's digest is kept: nobody can read one back.

A token is ``so_<id>_<secret>``: the id finds the row, so that the comparison of the digests takes the same time for
every guess. The secret has 256 random bits, which is why a plain SHA-256 keeps it safe.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import Engine, bindparam, or_, select, update

from policy.people import Role
from policy.verdict import Value
from records.database import reading, writing
from records.statements import INSERTS
from records.tables import API_KEYS, API_TOKENS

PREFIX = "so_"
SECRET_BYTES = 32
LONGEST = 200  # characters of anything that is looked at as a token
NOTED_EVERY = timedelta(minutes=1)  # how often the last use is written down: a busy program is no busy database

FOUND = select(API_TOKENS).where(API_TOKENS.c.id == bindparam("token"))
LISTED = select(API_TOKENS).order_by(API_TOKENS.c.created_at, API_TOKENS.c.id)
REVOKED = (
    update(API_TOKENS)
    .where(API_TOKENS.c.id == bindparam("token"), API_TOKENS.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("at"))
)
USED = (
    update(API_TOKENS)
    .where(
        API_TOKENS.c.id == bindparam("token"),
        or_(API_TOKENS.c.last_used_at.is_(None), API_TOKENS.c.last_used_at <= bindparam("before")),
    )
    .values(last_used_at=bindparam("at"))
)
CLAIMED = select(API_KEYS.c.digest).where(
    API_KEYS.c.token_id == bindparam("token"), API_KEYS.c.key_hash == bindparam("key")
)


class ApiToken(Value):
    """A token as it can be shown: everything but the secret."""

    id: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether it opens the door: not revoked, not expired."""
        return self.revoked_at is None and moment < self.expires_at


class ApiTokens:
    """Gives out tokens, and knows them again. Every method raises RecordsError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = INSERTS[engine.dialect.name]

    def issue(self, name: str, role: Role, *, at: datetime, expires_at: datetime) -> tuple[ApiToken, str]:
        """A new token and its text, which is to be seen this once."""
        token = ApiToken(id=secrets.token_hex(6), name=name, role=role, created_at=at, expires_at=expires_at)
        text = f"{PREFIX}{token.id}_{secrets.token_urlsafe(SECRET_BYTES)}"
        with writing(self._engine) as connection:
            connection.execute(self._insert(API_TOKENS).values(**token.model_dump(), token_hash=_digest(text)))
        return token, text

    def listed(self) -> list[ApiToken]:
        """All tokens, oldest first, also those that hold no longer."""
        with reading(self._engine) as connection:
            return [_token(dict(row)) for row in connection.execute(LISTED).mappings()]

    def revoke(self, token_id: str, at: datetime) -> bool:
        """From now on the token opens nothing; False when there is none, or it was revoked before."""
        with writing(self._engine) as connection:
            return connection.execute(REVOKED, {"token": token_id, "at": at}).rowcount == 1

    def known(self, text: str, at: datetime) -> ApiToken | None:
        """The token that a program showed, if it holds now; its use is noted, at most once a minute."""
        with reading(self._engine) as connection:
            found = connection.execute(FOUND, {"token": _id_of(text)}).mappings().first()
        # Also without a row the digests are compared: an id that is not there answers as slowly as one that is.
        same = compare_digest(_digest(text[:LONGEST]), found["token_hash"] if found else _digest(""))
        if found is None or not same:
            return None
        token = _token(dict(found))
        if not token.holds_at(at):
            return None
        if token.last_used_at is None or token.last_used_at <= at - NOTED_EVERY:
            with writing(self._engine) as connection:
                connection.execute(USED, {"token": token.id, "at": at, "before": at - NOTED_EVERY})
        return token

    def claim(self, token_id: str, key: str, digest: str, at: datetime) -> bool:
        """Whether a program's idempotency key stands for this content: it is new, or was sent with the same."""
        row = {"token_id": token_id, "key_hash": _digest(key), "digest": digest, "claimed_at": at}
        with writing(self._engine) as connection:
            connection.execute(self._insert(API_KEYS).values(**row).on_conflict_do_nothing())
            return connection.execute(CLAIMED, {"token": token_id, "key": row["key_hash"]}).scalar() == digest


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _id_of(text: str) -> str:
    """What stands at the id's place; anything else finds nothing."""
    parts = text.removeprefix(PREFIX).split("_", 1) if text.startswith(PREFIX) else []
    return parts[0] if len(parts) == 2 and len(parts[0]) <= 12 and parts[0].isalnum() else ""


def _token(row: dict[str, object]) -> ApiToken:
    row.pop("token_hash")
    return ApiToken.model_validate(row)
