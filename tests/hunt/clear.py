"""What a history holds that is not encrypted, field by field; and the list of it in docs/security.md."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
SECTION, HOMES = "## What stays in clear", "### Where health information lies"
TOLD_BY_PARENT = ("name", "payloads")  # as in WorkflowType.name, TaskQueue.name, Payloads.payloads
UPDATE = ("name", "input")  # of an update its name, which is not what it was given
CODE = re.compile(r"`([^`]+)`")


def clear_fields(history: Message) -> set[str]:
    """The names of the fields that hold a text in clear; of a map's entry its key."""
    return set(_of(history, ""))


def _of(message: Message, name: str) -> Iterator[str]:
    if isinstance(message, Payload):
        if message.metadata.get("encoding") != b"binary/encrypted":
            yield name
        return
    for field, value in message.ListFields():
        own = name if field.name in TOLD_BY_PARENT and name and (field.name, name) != UPDATE else field.name
        if field.message_type and field.message_type.GetOptions().map_entry:
            yield from _of_map(dict(value), own)
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            for part in value if field.is_repeated else (value,):
                yield from _of(part, own)
        elif field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            yield own


def _of_map(entries: dict[str, Any], own: str) -> Iterator[str]:
    for key, part in entries.items():
        yield from _of(part, key) if isinstance(part, Message) else (f"{own}.{key}",)
        if own == "fields":  # of a header or a memo: the key stands in clear whatever its value is
            yield key


def listed() -> set[str]:
    """The fields that the page's list names, in its column for them."""
    return {name for row in _rows(SECTION) for name in CODE.findall(row[1])}


def homes() -> set[str]:
    """The files and folders of the home folder that hold health information by design, from the page."""
    return {name for row in _rows(HOMES) for name in CODE.findall(row[0])}


def _rows(section: str) -> list[list[str]]:
    """The rows of the first table of a section."""
    lines = PAGE.read_text(encoding="utf-8").partition(f"{section}\n")[2].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| ---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
