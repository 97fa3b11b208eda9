"""Whether a case's ledger is what was recorded: the lines against their chain, the chain against the anchor."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from itertools import combinations, pairwise

from policy.chain import Head, How, Line, Link, beginning, hash_of
from policy.verdict import Value

FEW = 40  # so many changed lines are looked at for two that have changed places


class Kind(StrEnum):
    """What is wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    OUT_OF_ORDER = "out of order"
    FORKED = "forked"
    CUT_OFF = "cut off"
    REWRITTEN = "rewritten"
    ANCHOR = "anchor"
    NOT_ANCHORED = "not anchored"


class Difference(Value):
    """One thing that is wrong, in a sentence; ``case_number`` is empty, ``line`` None where it is about no one."""

    case_number: str
    line: int | None
    kind: Kind
    sentence: str


class CaseChecked(Value):
    """What came of one case. ``position`` counts its links; ``later`` those chained after their line was written.

    ``anchored`` is the newest link that an anchor holds, 0 for none; ``waits`` is when the oldest line behind it
    happened.
    """

    case_number: str
    lines: int
    position: int
    hash: str
    anchored: int
    later: int
    waits: datetime | None
    differences: tuple[Difference, ...]

    @property
    def is_unbroken(self) -> bool:
        """Whether nothing is wrong."""
        return not self.differences


def check(case_number: str, lines: Sequence[Line], links: Sequence[Link], anchored: Sequence[Head]) -> CaseChecked:
    """A case's lines, its links by position, and all that the anchor says of it, compared."""
    by_seq = {line.seq: line for line in lines}
    found = [*_chain(case_number, by_seq, links), *_unlinked(case_number, lines, by_seq, links)]
    found += _against_anchor(case_number, links, anchored)
    held = max((head.position for head in anchored), default=0)
    behind = (by_seq[link.seq].at for link in links if link.position > held and link.seq in by_seq)
    return CaseChecked(
        case_number=case_number,
        lines=len(lines),
        position=links[-1].position if links else 0,
        hash=links[-1].hash if links else "",
        anchored=held,
        later=sum(link.how != How.RECORDED for link in links),
        waits=min((at for at in behind if at is not None), default=None),
        differences=tuple(found),
    )


def _chain(number: str, by_seq: dict[int, Line], links: Sequence[Link]) -> list[Difference]:
    """Each link against its line, and against the link before it."""
    found: list[Difference] = []
    changed: list[Link] = []
    linked: set[int] = set()
    if links and links[0].position == 1 and links[0].previous != beginning(number):
        found.append(_of(number, links[0].seq, Kind.REWRITTEN, "the chain does not begin with its case number"))
    elif links and links[0].position != 1:
        found.append(_gone(number, 0, links[0]))
    for before, link in pairwise(links):
        found += _joint(number, before, link)
    for link in links:
        line = by_seq.get(link.seq)
        if link.seq in linked:
            found.append(_of(number, link.seq, Kind.FORKED, f"the chain holds line {link.seq} twice"))
        elif line is None:
            found.append(_of(number, link.seq, Kind.MISSING, f"line {link.seq} is missing"))
        elif hash_of(link.previous, link.position, link.how, line) != link.hash:
            changed.append(link)
        linked.add(link.seq)
    return found + _changed(number, by_seq, changed)


def _joint(number: str, before: Link, link: Link) -> list[Difference]:
    if link.position == before.position:
        what = f"the chain is forked: two links have position {link.position}"
        return [_of(number, link.seq, Kind.FORKED, what)]
    if link.position != before.position + 1:
        return [_gone(number, before.position, link)]
    if link.previous != before.hash:
        what = f"line {link.seq} does not follow line {before.seq}: one of them was replaced, or moved"
        return [_of(number, link.seq, Kind.OUT_OF_ORDER, what)]
    return []


def _gone(number: str, before: int, link: Link) -> Difference:
    first, last = before + 1, link.position - 1
    which = f"link {first} is" if first == last else f"links {first} to {last} are"
    return _of(number, link.seq, Kind.MISSING, f"{which} missing before line {link.seq}")


def _changed(number: str, by_seq: dict[int, Line], changed: list[Link]) -> list[Difference]:
    """Lines that do not fit; two of which each fits in the other's place have changed places."""
    found, told = [], set[int]()
    for one, other in combinations(changed[:FEW], 2):
        mine = by_seq[other.seq]._replace(seq=one.seq)
        theirs = by_seq[one.seq]._replace(seq=other.seq)
        if _fits(one, mine) and _fits(other, theirs):
            what = f"lines {one.seq} and {other.seq} have changed places"
            found.append(_of(number, one.seq, Kind.OUT_OF_ORDER, what))
            told |= {one.seq, other.seq}
    rest = (link.seq for link in changed if link.seq not in told)
    return found + [_of(number, seq, Kind.CHANGED, f"line {seq} has been changed") for seq in rest]


def _fits(link: Link, line: Line) -> bool:
    return hash_of(link.previous, link.position, link.how, line) == link.hash


def _unlinked(number: str, lines: Sequence[Line], by_seq: dict[int, Line], links: Sequence[Link]) -> list[Difference]:
    if lines and not links:
        return [_of(number, None, Kind.MISSING, f"its chain is gone: none of its {len(lines)} lines is linked")]
    linked = {link.seq for link in links}
    new = "was put in: it is in no link of the chain"
    found = [_of(number, seq, Kind.INSERTED, f"line {seq} {new}") for seq in by_seq if seq not in linked]
    if len(lines) != len(by_seq):
        found.append(_of(number, None, Kind.INSERTED, "there are several lines with one number"))
    return found


def _against_anchor(number: str, links: Sequence[Link], anchored: Sequence[Head]) -> list[Difference]:
    """The highest link that the anchor holds must be there; and every one that it holds must be the same."""
    if not anchored:
        return []
    hashes = {link.position: link.hash for link in links}
    last = max(hashes, default=0)
    top = max(head.position for head in anchored)
    found = []
    if not links:
        what = f"the whole case is gone: {top} links of it are anchored"
        found.append(_of(number, None, Kind.CUT_OFF, what))
    elif top > last:
        what = f"the newest links were cut off, or older records restored: {top} are anchored, {last} are there"
        found.append(_of(number, None, Kind.CUT_OFF, what))
    other = [h.position for h in anchored if hashes.get(h.position, h.hash) != h.hash]
    if other:
        what = f"the chain was written anew: link {min(other)} is not the one that was anchored"
        found.append(_of(number, None, Kind.REWRITTEN, what))
    return found


def _of(number: str, line: int | None, kind: Kind, what: str) -> Difference:
    return Difference(case_number=number, line=line, kind=kind, sentence=f"Case {number}: {what}.")
