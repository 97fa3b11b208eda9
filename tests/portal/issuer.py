"""A small OpenID Connect provider of our own: discovery, authorize, token (with PKCE) and keys, on a real port.

It signs whoever it is told in at once. ``spoil`` makes it answer wrongly, one way at a time.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.ports import free_port

CLIENT, SECRET = "portal", "a secret"


@dataclass
class Provider:
    """The provider; ``claims`` are those of whoever signs in there, ``asked`` the paths that were asked for."""

    url: str
    redirect_uri: str
    claims: dict[str, Any] = field(default_factory=lambda: {"email": "cm.alvarez"})
    spoil: dict[str, Any] = field(default_factory=dict)
    tampered: bool = False
    refuses: bool = False
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    signer: RSAKey | None = None
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        routes = [
            Route("/.well-known/openid-configuration", self.describe),
            Route("/keys", self.keys),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    async def describe(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            }
        )

    async def keys(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        """Signs in, and sends back with a code."""
        query = request.query_params
        wanted = {
            "client_id": CLIENT,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "code_challenge_method": "S256",
        }
        if any(query.get(name) != value for name, value in wanted.items()) or "openid" not in query["scope"].split():
            return JSONResponse({"error": "invalid_request"}, 400)
        if self.refuses:
            back = f"{self.redirect_uri}?error=access_denied&error_description=Rosa+is+locked&state={query['state']}"
            return RedirectResponse(back)
        code = secrets.token_urlsafe(16)
        self.codes[code] = {"nonce": query["nonce"], "challenge": query["code_challenge"]}
        return RedirectResponse(f"{self.redirect_uri}?code={code}&state={query['state']}")

    async def token(self, request: Request) -> Response:
        """A token for a code, once, for whoever has the verifier and the secret."""
        form, given = await request.form(), request.headers.get("authorization", "")
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        known = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if given != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if known is None or known["challenge"] != challenge or form.get("redirect_uri") != self.redirect_uri:
            return JSONResponse({"error": "invalid_grant", "error_description": "Rosa's code was used"}, 400)
        return JSONResponse(
            {"access_token": "unused", "token_type": "Bearer", "expires_in": 60, "id_token": self.signed(known)}
        )

    def signed(self, known: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "sub": "42", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": known["nonce"]}
        claims = {**claims, **self.claims, **self.spoil}
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signer or self.key
        made = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
        if self.tampered:
            head, _, signature = made.split(".")
            body = jwt.encode({"alg": "RS256"}, {**claims, "email": "sv.okafor"}, key).split(".")[1]
            return f"{head}.{body}.{signature}"
        return made


@contextmanager
def running(redirect_uri: str) -> Iterator[Provider]:
    """The provider, on a free port of this machine."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}", redirect_uri)
    server = uvicorn.Server(uvicorn.Config(provider.app, port=port, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield provider
    server.should_exit = True
    thread.join(timeout=10)
