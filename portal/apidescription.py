"""The intake API, described as OpenAPI 3.1: from the very models that judge what is sent."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from policy.delegated import DelegatedPacket
from policy.request import Request
from portal.apiproblems import MEDIA_TYPE, Kind, Problem

EXAMPLES = Path(__file__).parent.parent / "examples" / "intake"
SHOWN = {
    "standard": ("A standard request, complete", "01-approved-at-once.json"),
    "urgent": ("An urgent request", "05-urgent.json"),
    "primary-care": ("A question of primary care", "06-primary-care.json"),
}
SCHEMAS = "#/components/schemas/"
ABOUT = """\
Sends second-opinion requests into intake, and says how they stand.

**Tokens.** `second-opinion tokens new NAME --role intake` makes one; send it as `Authorization: Bearer so_…`. Cookies
do not count.

**The same twice is one case.** `external_reference` is your own number for a request: the same one with the same
content gives the same answer (200 instead of 201), with other content it is a conflict (409). The header
`Idempotency-Key` may stand for it, if your program has keys of its own.

**Problems** are `application/problem+json` (RFC 9457), with every wrong field under `errors`.
"""
KEY_ABOUT = "Your own key for this request, 1 to 255 printable ASCII characters. Without it: external_reference."
SENDING = (
    Kind.UNREADABLE,
    Kind.NO_TOKEN,
    Kind.NOT_FOR_YOU,
    Kind.CONFLICT,
    Kind.TOO_LARGE,
    Kind.NOT_JSON,
    Kind.FIELDS,
    Kind.TOO_OFTEN,
    Kind.AWAY,
)
ASKING = (Kind.UNREADABLE, Kind.NO_TOKEN, Kind.NOT_FOR_YOU, Kind.NOT_FOUND, Kind.TOO_OFTEN, Kind.AWAY)


@cache
def description(received: type[BaseModel], standing: type[BaseModel]) -> dict[str, Any]:
    """The whole description, with the schemas of the answers."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Second Opinion: intake", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "requests", "description": "Second-opinion requests"},
            {"name": "delegated", "description": "What IPAs and PPGs decided"},
        ],
        "security": [{"token": []}],
        "paths": {
            "/api/requests": {"post": _post(received)},
            "/api/requests/{number}": {"get": _get(standing)},
            "/api/documents": {"post": _post_document()},
            "/api/delegated": {"post": _post_packet()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "so_<id>_<secret>"}},
            "responses": {kind.slug: _problem(kind) for kind in Kind},
            "schemas": _schemas(received, standing),
        },
    }


def examples() -> dict[str, Any]:
    """Requests as they are sent, by name: of the intake files, without what only those have."""
    found = {}
    for name, (summary, file) in SHOWN.items():
        try:
            value = json.loads((EXAMPLES / file).read_text(encoding="utf-8"))
        except OSError:
            continue  # installed without the examples
        value.pop("demonstration", None)
        for item in value.get("information", ()):
            item.pop("attachment", None)
        try:
            Request.model_validate(value)
        except ValidationError:
            continue
        found[name] = {"summary": summary, "value": value}
    return found


def example_text() -> str:
    """One request as JSON, for the page."""
    first: dict[str, Any] = next(iter(examples().values()), {"value": {}})
    return json.dumps(first["value"], ensure_ascii=False, indent=2)


def _post(received: type[BaseModel]) -> dict[str, Any]:
    key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]*[!-~])?$"}
    location = {"description": "Where the request's state can be read.", "schema": {"type": "string"}}
    answer = {"content": _json(received.__name__), "headers": {"Location": location}}
    return {
        "operationId": "send_request",
        "tags": ["requests"],
        "summary": "Send a second-opinion request",
        "description": "The time of receipt is ours, and that of the first time. Documents are added in the portal.",
        "parameters": [
            {"name": "Idempotency-Key", "in": "header", "required": False, "description": KEY_ABOUT, "schema": key}
        ],
        "requestBody": {
            "required": True,
            "description": "The request, at most 1 MB.",
            "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}Request"}, "examples": examples()}},
        },
        "responses": {
            "201": {"description": "It has a case number now.", **answer},
            "200": {"description": "It was sent before, with the same content: the same answer.", **answer},
            **_problems(SENDING),
        },
    }


def _post_document() -> dict[str, Any]:
    return {
        "operationId": "send_document",
        "tags": ["delegated"],
        "summary": "Send a document of a delegate's packet",
        "description": "A PDF of at most 20 MB. The packet then names it by what is answered here.",
        "requestBody": {
            "required": True,
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        },
        "responses": {
            "201": {"description": "It is stored.", "content": _json("Attachment")},
            **_problems(SENDING),
        },
    }


def _post_packet() -> dict[str, Any]:
    answer = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "operationId": "send_packet",
        "tags": ["delegated"],
        "summary": "Send what a delegate decided (Procedure 10)",
        "description": "When the copy came is our clock's. docs/delegated-packets.md says what is checked.",
        "requestBody": {
            "required": True,
            "description": "The packet, at most 1 MB.",
            "content": {"application/json": {"schema": {"$ref": f"{SCHEMAS}DelegatedPacket"}}},
        },
        "responses": {
            "201": {"description": "It has a number now.", **answer},
            "200": {"description": "It was sent before, with the same content: the same answer.", **answer},
            **_problems(SENDING),
        },
    }


def _get(standing: type[BaseModel]) -> dict[str, Any]:
    number = {"type": "string", "pattern": "^SO-[0-9]{4}-[0-9]{6,9}$", "examples": ["SO-2026-000001"]}
    return {
        "operationId": "read_request",
        "tags": ["requests"],
        "summary": "How a request stands",
        "description": "Stage, outcome, what falls due next and whose turn it is; nothing about the member.",
        "parameters": [
            {"name": "number", "in": "path", "required": True, "description": "The case number.", "schema": number}
        ],
        "responses": {
            "200": {"description": "How it stands now.", "content": _json(standing.__name__)},
            **_problems(ASKING),
        },
    }


def _schemas(received: type[BaseModel], standing: type[BaseModel]) -> dict[str, Any]:
    _, found = models_json_schema(
        [
            (Request, "validation"),
            (DelegatedPacket, "validation"),
            (received, "serialization"),
            (standing, "serialization"),
            (Problem, "serialization"),
        ],
        ref_template=SCHEMAS + "{model}",
    )
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _problem(kind: Kind) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": f"{kind.title}.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{SCHEMAS}Problem"}}},
    }
    if kind in (Kind.TOO_OFTEN, Kind.AWAY):
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    if kind is Kind.NO_TOKEN:
        answer["headers"] = {"WWW-Authenticate": {"description": "How to come in.", "schema": {"type": "string"}}}
    return answer


def _problems(kinds: tuple[Kind, ...]) -> dict[str, Any]:
    return {str(kind.status): {"$ref": f"#/components/responses/{kind.slug}"} for kind in kinds}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"{SCHEMAS}{name}"}}}
