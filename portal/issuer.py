"""What we ask of an OpenID Connect issuer: its description, its keys, and a token for a code, which is verified."""

import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import ConfigDict, Field, ValidationError

from policy.verdict import Value
from wiring.settings import Settings

log = logging.getLogger(__name__)

CALLBACK = "/signin/oidc/callback"
SAFE_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CACHED = 600.0  # seconds that what the issuer says of itself is believed
ANEW = 30.0  # seconds between two looks at its keys because of access tokens
LEEWAY = 60  # seconds that two clocks may differ


class IssuerAwayError(Exception):
    """The issuer does not answer, or answers what it should not."""


class NotTrustedError(Exception):
    """An answer whose signature or claims do not hold."""


class UnknownKeyError(NotTrustedError):
    """A signature by a key that the issuer has not shown us (yet)."""


class Description(Value):
    """What an issuer says of itself (OpenID Connect Discovery), as far as we need it."""

    model_config = ConfigDict(extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    names_itself: bool = Field(False, alias="authorization_response_iss_parameter_supported")


class UnderWay(Value):
    """A sign-in that was begun and waits for its answer."""

    state: str
    nonce: str
    verifier: str
    next: str
    begun: float


class Issuer:
    """The issuer that the settings name, with what it said of itself in the last ten minutes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: tuple[float, Description, Mapping[str, Any]] | None = None

    @property
    def name(self) -> str:
        """As people know it: its host."""
        return urlsplit(self._settings.oidc_issuer).hostname or "the issuer"

    async def begin(self, under_way: UnderWay, *, choose: bool) -> str:
        """Where to send the person; ``choose``: to another account than the last. Raises IssuerAwayError."""
        described, _ = await self._described()
        extra = {"prompt": "select_account"} if choose else {}
        async with self._client(described) as client:
            address, _ = client.create_authorization_url(
                described.authorization_endpoint,
                state=under_way.state,
                nonce=under_way.nonce,
                code_verifier=under_way.verifier,
                **extra,
            )
        return str(address)

    async def claims(self, code: str, under_way: UnderWay, named: str | None) -> dict[str, Any]:
        """Who it is, for the code. Raises IssuerAwayError, NotTrustedError, or OAuthError for a code that fails."""
        described, keys = await self._described()
        if (named or described.names_itself) and named != described.issuer:
            raise NotTrustedError("the answer comes from another issuer")  # RFC 9207
        try:
            async with self._client(described) as client:
                token = await client.fetch_token(
                    described.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=under_way.verifier,
                    redirect_uri=self._redirect_uri,
                )
        except (httpx2.HTTPError, ValueError) as trouble:
            raise IssuerAwayError(type(trouble).__name__) from trouble
        try:
            return self._verified(token, described, keys, under_way.nonce)
        except UnknownKeyError:  # it has changed its keys since we asked
            _, keys = await self._described(anew=True)
            return self._verified(token, described, keys, under_way.nonce)

    async def bearer(self, token: str) -> dict[str, Any]:
        """What an access token says: a JWT of this issuer for ``codec_audience``, unexpired (RFC 9068).

        Raises IssuerAwayError or NotTrustedError.
        """
        described, keys = await self._described()
        try:
            return self._read(token, described, keys)
        except UnknownKeyError:
            if time.monotonic() - self._known_at < ANEW:  # whoever makes up keys must not make us ask at each token
                raise
            described, keys = await self._described(anew=True)
            return self._read(token, described, keys)

    def _read(self, token: str, described: Description, keys: Mapping[str, Any]) -> dict[str, Any]:
        """Signature, issuer, audience, expiry. Raises NotTrustedError or UnknownKeyError."""
        wanted = {
            "iss": {"essential": True, "value": described.issuer},
            "aud": {"essential": True, "value": self._settings.codec_audience},
            "exp": {"essential": True},
        }
        registry = JWSRegistry(algorithms=list(SAFE_ALGORITHMS), strict_check_header=False)
        try:
            read = jwt.decode(token, key=KeySet.import_key_set(_signing(keys)), registry=registry)
            jwt.JWTClaimsRegistry(leeway=LEEWAY, **wanted).validate(read.claims)  # type: ignore[arg-type]
        except InvalidKeyIdError as trouble:
            raise UnknownKeyError("an unknown key") from trouble
        except (JoseError, ValueError, KeyError, TypeError) as trouble:
            raise NotTrustedError(type(trouble).__name__) from trouble
        return dict(read.claims)

    @property
    def _known_at(self) -> float:
        return self._known[0] if self._known else 0.0

    def _verified(
        self, token: Mapping[str, Any], described: Description, keys: Mapping[str, Any], nonce: str
    ) -> dict[str, Any]:
        """Signature, issuer, audience, expiry, nonce. Raises NotTrustedError or UnknownKeyError."""
        allowed = [a for a in described.id_token_signing_alg_values_supported if a in SAFE_ALGORITHMS]
        wanted = {
            "iss": {"essential": True, "value": described.issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"nonce": nonce, "client_id": self._settings.oidc_client_id, "access_token": token.get("access_token")}
        registry = JWSRegistry(algorithms=allowed, strict_check_header=False)
        try:
            read = jwt.decode(str(token["id_token"]), key=KeySet.import_key_set(_signing(keys)), registry=registry)
            claims = CodeIDToken(read.claims, read.header, wanted, params)
            claims.validate(leeway=LEEWAY)
        except InvalidKeyIdError as trouble:
            raise UnknownKeyError("an unknown key") from trouble
        except (JoseError, ValueError, KeyError, TypeError) as trouble:
            raise NotTrustedError(type(trouble).__name__) from trouble
        return dict(claims)

    async def _described(self, *, anew: bool = False) -> tuple[Description, Mapping[str, Any]]:
        if self._known and not anew and time.monotonic() - self._known[0] < CACHED:
            return self._known[1:]
        given = self._settings.oidc_issuer.rstrip("/")
        try:
            async with httpx2.AsyncClient(timeout=5) as client:
                described = Description.model_validate(await _json(client, f"{given}/.well-known/openid-configuration"))
                _check(described, given)
                keys = await _json(client, described.jwks_uri)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValidationError, ValueError, TypeError) as trouble:
            log.warning("signin.issuer_away", extra={"problem": type(trouble).__name__})
            raise IssuerAwayError(type(trouble).__name__) from trouble
        self._known = (time.monotonic(), described, keys)
        return described, keys

    def _client(self, described: Description) -> Any:  # noqa: ANN401 - Authlib has no types
        secret = self._settings.oidc_client_secret.get_secret_value()
        supported = described.token_endpoint_auth_methods_supported
        method = "client_secret_basic" if "client_secret_basic" in supported else "client_secret_post"
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            secret or None,
            token_endpoint_auth_method=method if secret else "none",
            scope="openid email profile",
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
            timeout=5,
        )

    @property
    def _redirect_uri(self) -> str:
        return f"{self._settings.portal_address}{CALLBACK}"


async def _json(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    answer = await client.get(url)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def _check(described: Description, given: str) -> None:
    """The issuer is the one that was named, and what is secret goes nowhere in clear (but on this machine)."""
    if described.issuer.rstrip("/") != given:
        raise ValueError("it says that it is another issuer")
    for url in (described.authorization_endpoint, described.token_endpoint, described.jwks_uri):
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError("an endpoint is not https")


def _signing(keys: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as joserfc takes it
    """The keys that can sign; others of the set are not ours to understand."""
    found = [key for key in keys["keys"] if key.get("use", "sig") == "sig" and key.get("kty") in ("RSA", "EC", "OKP")]
    return {"keys": found}
