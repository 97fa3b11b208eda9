"""What is wrong with what somebody sent: by field, in a sentence, without the values that were typed."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from policy.verdict import Value


class FieldError(Value):
    """What is wrong with one field, without the value that was typed."""

    field: str
    problem: str


def field_errors(error: ValidationError, *, known: frozenset[str] | None = None) -> tuple[FieldError, ...]:
    """A validation error by field path, free of the values that were typed.

    An unknown field's name is itself something that was typed: with ``known`` all other names are left out.
    """
    found = error.errors(include_input=False, include_url=False, include_context=False)
    found = [e for e in found if not _only_follows(e, found)]
    return tuple(
        FieldError(
            field=".".join(_name(part, known) for part in e["loc"]) or "(whole)",
            problem=e["msg"].removeprefix("Value error, "),
        )
        for e in found
    )


def _only_follows(error: ErrorDetails, found: list[ErrorDetails]) -> bool:
    """Whether a list counts as too short only because its members are wrong."""
    size = len(error["loc"])
    return error["type"] == "too_short" and any(e["loc"][:size] == error["loc"] and len(e["loc"]) > size for e in found)


def _name(part: int | str, known: frozenset[str] | None) -> str:
    return "(unknown)" if known is not None and isinstance(part, str) and part not in known else str(part)


def field_names(schema: Any) -> Iterator[str]:  # noqa: ANN401 - a JSON schema
    """The names of all fields in a JSON schema, however deep."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from field_names(part)
