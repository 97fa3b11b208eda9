"""The memory of what was answered: a case keeps its latest receipts whole and its older ones in short.

A case may live through thousands of actions, and is carried whole from one run of its workflow to the next: a short
receipt is 45 bytes, a whole one some 250. The ledger in the records keeps every answer for ever.
"""

import hashlib
from datetime import UTC, datetime
from typing import NamedTuple

from policy.particulars import Receipt

KEPT_WHOLE = 500
KEPT_SHORT = 10_000  # 450 KB of the 2 MB that the server takes
ID, MARK, DIGEST = 16, 17, 33  # where a short receipt's parts end: hash of the id, sign, digest; then seconds


class Kind(NamedTuple):
    """What is left of a receipt besides its id, its digest and its time."""

    accepted: bool
    signed: bool


MARKS = {"+": Kind(True, False), "-": Kind(False, False), "*": Kind(True, True), "/": Kind(False, True)}

LONG_AGO = "it was answered long ago; the case's ledger has the answer"


def retired(receipts: tuple[Receipt, ...], older: tuple[str, ...]) -> tuple[tuple[Receipt, ...], tuple[str, ...]]:
    """What is kept whole, and what in short, of all receipts."""
    gone = receipts[:-KEPT_WHOLE]
    return receipts[-KEPT_WHOLE:], (*older, *(_shortened(r) for r in gone))[-KEPT_SHORT:] if gone else older


def recalled(older: tuple[str, ...], action_id: str) -> Receipt | None:
    """The short receipt of an action: whether it was applied, and when."""
    wanted = _hash(action_id)
    short = next((s for s in reversed(older) if s.startswith(wanted)), None)
    if short is None:
        return None
    return Receipt(
        action_id=action_id,
        action="",
        accepted=MARKS[short[ID:MARK]].accepted,
        signed=MARKS[short[ID:MARK]].signed,
        at=datetime.fromtimestamp(int(short[DIGEST:]), UTC),
        digest=short[MARK:DIGEST],
        reason=LONG_AGO,
    )


def _shortened(receipt: Receipt) -> str:
    mark = next(mark for mark, kind in MARKS.items() if kind == (receipt.accepted, receipt.signed))
    digest = receipt.digest[: DIGEST - MARK].ljust(DIGEST - MARK, "0")
    return f"{_hash(receipt.action_id)}{mark}{digest}{int(receipt.at.timestamp())}"


def _hash(action_id: str) -> str:
    return hashlib.sha256(action_id.encode()).hexdigest()[:ID]
