"""The chain of a case's ledger: each line's hash is made of the line and of the hash before it.

A line that is changed, taken out, put in or moved fits no hash any more. The encoding is described for others in
docs/audit.md; it never changes: a new one would get another name than ``FORM``.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from json import JSONEncoder
from typing import NamedTuple

FORM = "second-opinion/line/1"
BEGINNING = "second-opinion/case/1"

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class How(StrEnum):
    """How a line came into its chain."""

    RECORDED = "recorded"  # in the transaction that wrote it
    MIGRATED = "migrated"  # it was written before there were chains
    ADOPTED = "adopted"  # a person took it in later: a worker of an older version had written it


class Line(NamedTuple):
    """A line of a ledger, every column of it. None stands for what a stored value cannot be read as."""

    case_number: str
    seq: int
    at: datetime | None
    event: str | None
    text: str | None
    actor: str | None
    clause: str | None
    unsigned: bool | None


class Link(NamedTuple):
    """A link of a case's chain. ``position`` counts from 1 in the order of recording; ``seq`` names the line."""

    position: int
    seq: int
    how: str
    previous: str
    hash: str


class Head(NamedTuple):
    """The newest link of a case's chain, or what an anchor holds of one."""

    case_number: str
    position: int
    hash: str


def beginning(case_number: str) -> str:
    """What the first link of a case follows: a hash of the case number, so that no chain fits another case."""
    return hashlib.sha256(_encode([BEGINNING, case_number]).encode()).hexdigest()


def encoded(previous: str, position: int, how: str, line: Line) -> bytes:
    """The bytes that are hashed: one JSON array, so that no two different lines have the same.

    Instants are in UTC to the microsecond, whatever zone they come in.
    """
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds") if line.at is not None else None
    parts = (FORM, previous, position, how, line.case_number, line.seq, at, *line[3:])
    return _encode(parts).encode()


def hash_of(previous: str, position: int, how: str, line: Line) -> str:
    """SHA-256 of the encoding, as 64 hexadecimal digits."""
    return hashlib.sha256(encoded(previous, position, how, line)).hexdigest()


def continued(case_number: str, head: Head | None, lines: Iterable[Line], how: How = How.RECORDED) -> list[Link]:
    """The links of further lines, in their order."""
    position, previous = (head.position, head.hash) if head else (0, beginning(case_number))
    links = []
    for position, line in enumerate(lines, position + 1):  # noqa: B020 - counted on from the head
        hashed = hash_of(previous, position, how, line)
        links.append(Link(position=position, seq=line.seq, how=how, previous=previous, hash=hashed))
        previous = hashed
    return links
