"""Verifies the ledgers against their chains and the anchor, and exports them so that others can do it without us."""

import json
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from adapters.anchors import Anchored, Anchors
from policy.chain import Line, Link
from policy.chaincheck import CaseChecked, Difference, Kind, check
from policy.verdict import Value
from records import audit
from records.audit import Chain

SOON = timedelta(hours=1)  # a worker anchors within seconds: what waits so long has no worker, or lost its anchor
NO_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in an export: the same records give the same bytes
OWNER_ONLY = 0o600
README = """\
The ledger of second-opinion cases, chained, as it was exported.

ledger.jsonl  One JSON object for each line, by case number and position in the case's chain:
              case_number, position, seq, at, event, text, actor, clause, unsigned, how, previous, hash.
              A line without a link has position null, how, previous and hash "": it was put in. A link without a line
              has event null: the line is gone.
anchor.jsonl  What the anchor, a file outside the database, holds of these cases: case_number, position, hash.

hash is SHA-256, in hexadecimal, of the UTF-8 bytes of this JSON array, without blanks, characters outside ASCII as they
are: ["second-opinion/line/1", previous, position, how, case_number, seq, at, event, text, actor, clause, unsigned].
previous is the hash at the position before; at position 1 it is that of ["second-opinion/case/1", case_number].
at is in UTC with six digits of a second, as 2026-11-02T18:00:00.000000+00:00. verify.py recomputes all of it with
Python alone; read it first, it is short.
"""
VERIFY = """\
import hashlib, json, sys

def digest(*parts):
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()

def rows(name):
    with open(name, encoding="utf-8") as file:
        yield from map(json.loads, file)

hashes, wrong = {}, []
for row in rows("ledger.jsonl"):
    case, position = row["case_number"], row["position"]
    before = digest("second-opinion/case/1", case) if position == 1 else hashes.get((case, (position or 0) - 1))
    said = [row[name] for name in ("seq", "at", "event", "text", "actor", "clause", "unsigned")]
    mine = digest("second-opinion/line/1", row["previous"], position, row["how"], case, *said)
    if (mine, before) != (row["hash"], row["previous"]):
        wrong.append(f"{case}: line {row['seq']} is not as it was recorded")
    hashes[case, position] = row["hash"]
for row in rows("anchor.jsonl"):
    if hashes.get((row["case_number"], row["position"])) != row["hash"]:
        wrong.append(f"{row['case_number']}: link {row['position']} is not as it was anchored")
print("\\n".join(wrong) or f"{len(hashes)} lines are as they were recorded")
sys.exit(bool(wrong))
"""


class Report(Value):
    """What came of an audit. ``differences`` are all of them, the anchor's own among them.

    ``anchored_at`` is when the anchor was last written, ``seal`` its last seal.
    """

    cases: int
    lines: int
    later: int
    waiting: int
    anchored_at: datetime | None
    seal: str
    differences: tuple[Difference, ...]


class CaseAudit(Value):
    """One case's verification, for a page. ``is_late``: lines wait for the anchor, and have for more than an hour."""

    checked: CaseChecked
    anchored_at: datetime | None
    is_late: bool
    differences: tuple[Difference, ...]


def audited(
    engine: Engine,
    anchors: Anchors,
    now: datetime,
    numbers: Iterable[str] | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Verify all cases, those among them that only the anchor knows, or some; ``progress`` is told how many are done.

    Raises RecordsError, AdapterError or VaultError.
    """
    held = anchors.read()  # first: what is anchored by now is committed, so that the records that we see next have it
    cases = lines = later = waiting = 0
    oldest: datetime | None = None
    found = list(_of_anchor(held))
    for chain in audit.chains(engine, numbers, also=held.heads):
        one = _checked(chain, held)
        cases, lines, later = cases + 1, lines + one.lines, later + one.later
        waiting += one.position > one.anchored
        if one.waits is not None:
            oldest = min(oldest or one.waits, one.waits)
        found += one.differences
        progress(cases)
    if oldest is not None and now - oldest > SOON:
        found.append(_late(waiting, held))
    return Report(
        cases=cases,
        lines=lines,
        later=later,
        waiting=waiting,
        anchored_at=held.at,
        seal=held.seal,
        differences=tuple(found),
    )


def audited_case(engine: Engine, anchors: Anchors, number: str, now: datetime) -> CaseAudit:
    """Verify one case. Raises as ``audited`` does."""
    held = anchors.read()
    (chain,) = audit.chains(engine, [number])
    one = _checked(chain, held)
    late = one.waits is not None and now - one.waits > SOON
    found = (*_of_anchor(held), *one.differences)
    return CaseAudit(checked=one, anchored_at=held.at, is_late=late, differences=found)


def export(engine: Engine, anchors: Anchors, to: Path, numbers: Iterable[str] | None = None) -> int:
    """Write the ledgers of some cases, or of all, with chain and anchor, as a ZIP; gives back how many lines.

    The same records and anchor give the same bytes. The file appears whole or not at all, readable by its owner only.
    Raises FileExistsError where there is one; OSError; and as ``audited`` does.
    """
    if to.exists():
        raise FileExistsError(to)
    held = anchors.read()
    piece = to.with_name(f".{to.name}.{os.getpid()}")
    count = 0
    some: list[str] = []
    try:
        with os.fdopen(os.open(piece, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
                _put(packed, "README.txt", [README])
                _put(packed, "verify.py", [VERIFY])
                with packed.open(_entry("ledger.jsonl"), "w", force_zip64=True) as out:
                    for chain in audit.chains(engine, numbers, also=held.heads):
                        some.append(chain.case_number)
                        for row in _rows(chain):
                            out.write(_json(row).encode())
                            count += 1
                heads = (head for number in some for head in held.heads.get(number, ()))
                _put(packed, "anchor.jsonl", (_json(head._asdict()) for head in heads))
            file.flush()
            os.fsync(file.fileno())
        os.link(piece, to)  # unlike a rename it overwrites nothing
    finally:
        piece.unlink(missing_ok=True)
    return count


def _checked(chain: Chain, held: Anchored) -> CaseChecked:
    return check(*chain, held.heads.get(chain.case_number, ()))


def _of_anchor(held: Anchored) -> Iterator[Difference]:
    for sentence in held.wrong:
        yield Difference(case_number="", line=None, kind=Kind.ANCHOR, sentence=sentence)


def _late(cases: int, held: Anchored) -> Difference:
    where = f"the anchor was last written {held.at:%Y-%m-%d at %H:%M} UTC" if held.at else "nothing is anchored"
    which = "1 case has lines" if cases == 1 else f"{cases} cases have lines"
    what = f"{which} that no anchor holds, the oldest for more than an hour: {where}. A worker that runs anchors them."
    return Difference(case_number="", line=None, kind=Kind.NOT_ANCHORED, sentence=what[0].upper() + what[1:])


def _rows(chain: Chain) -> Iterator[dict[str, Any]]:
    lines = {line.seq: line for line in chain.lines}
    for link in chain.links:
        yield _row(chain.case_number, lines.pop(link.seq, None), link)
    for line in lines.values():
        yield _row(chain.case_number, line, None)


def _row(number: str, line: Line | None, link: Link | None) -> dict[str, Any]:
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds") if line and line.at else None
    said = line[3:] if line else (None,) * 5
    seq = link.seq if link else line.seq if line else None
    return {
        "case_number": number,
        "position": link.position if link else None,
        "seq": seq,
        "at": at,
        **dict(zip(Line._fields[3:], said, strict=True)),
        "how": link.how if link else "",
        "previous": link.previous if link else "",
        "hash": link.hash if link else "",
    }


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, NO_DATE)
    entry.external_attr = OWNER_ONLY << 16
    return entry


def _put(packed: zipfile.ZipFile, name: str, texts: Iterable[str]) -> None:
    with packed.open(_entry(name), "w", force_zip64=True) as out:
        for text in texts:
            out.write(text.encode())
