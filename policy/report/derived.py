"""Which figures are derived a second time, and how; which are not, in sentences. Policy 90.2.17, Procedure 12.

What stands here is counted again from the ledgers' lines and from the requests as they came, numerator and denominator.
What does not is named in the result of the reconciliation: nothing passes in silence.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from policy.delegated import DelegateOutcome
from policy.delegatefindings import Part
from policy.particulars import Agreement
from policy.report.shape import Table


class Derived(NamedTuple):
    """How a column is derived: the sum of which counts, of the sum of which others (of the same row, or of all).

    ``missed`` turns it about: of a share only what is lacking is known, as where lines tell of faults alone.
    """

    part: tuple[str, ...]
    of: tuple[str, ...] = ()
    of_all: bool = False
    missed: bool = False


def _sum(*part: str, of: tuple[str, ...] = (), of_all: bool = False) -> Derived:
    return Derived(part, of, of_all)


def _counted_and_shared(column: str) -> dict[str, Derived]:
    return {column: _sum(column), "share": _sum(column, of=(column,), of_all=True)}


DECIDED = ("approved", "denied")
ENDED = {
    "answered": _sum("answered"),
    "approved": _sum("approved", of=DECIDED),
    "denied": _sum("denied", of=DECIDED),
    "withdrawn": _sum("withdrawn", of=("answered",)),
    "overturned": _sum("overturned", of=("denied",)),
}
COMPARED = tuple(str(a) for a in Agreement if a is not Agreement.NOT_COMPARABLE)
COLUMNS: dict[str, dict[str, Derived]] = {
    **{
        f"requests-by-{way}": _counted_and_shared("received")
        for way in ("line", "priority", "requester", "reason", "purpose", "specialty", "ppg")
    },
    **{f"outcomes-by-{way}": ENDED for way in ("line", "requester", "specialty", "ppg")},
    "outcomes-by-category": _counted_and_shared("decided"),
    "decision-times": {"decided": _sum("decided"), "in-time": _sum("in-time", of=("decided",))},
    "consultations": {"consulted": _sum("consulted"), "against": _sum("against", of=("for", "against"))},
    "information-requests": {"cases": _sum("cases"), "asked": _sum("asked")},
    "information-items": {"asked": _sum("asked")},
    "placement-by-tier": {**_counted_and_shared("placed"), "departed": _sum("departed", of=("placed",))},
    "placements-ended": {"ended": _sum("ended")},
    "concordance": {
        "compared": _sum(*COMPARED),
        **{code.replace("_", "-"): _sum(code, of=COMPARED) for code in COMPARED},
        "not-comparable": _sum(Agreement.NOT_COMPARABLE),
    },
    "third-opinions": {"opened": _sum("opened")},
    "delegated-outcomes": {
        "decided": _sum("decided"),
        **{str(code): _sum(code, of=("decided",)) for code in DelegateOutcome},
    },
    "delegate-scores": {
        "faultless": _sum("faultless", of=("decided",)),
        **{str(part): _sum(f"{part}-passed", of=(f"{part}-looked",)) for part in Part},
        Part.NOTICES: Derived(part=(f"{Part.NOTICES}-faulty",), missed=True),
    },
}
CHARTS = "the charts' expected rates, limits and probabilities (they follow from the counts, which are derived)"


def not_derived(tables: Iterable[Table]) -> Iterator[str]:
    """What is not derived a second time, table by table; whole tables together, then columns."""
    whole, some = list[str](), list[str]()
    for table in tables:
        known = COLUMNS.get(table.id, {})
        lacking = [c.title for c in table.columns if c.id not in known]
        half = [f"of how many: {c.title}" for c in table.columns if c.id in known and known[c.id].missed]
        if not known:
            whole.append(table.title)
        elif lacking or half:
            some.append(f"{table.title} ({'; '.join((*lacking, *half))})")
    if whole:
        yield f"whole tables: {'; '.join(whole)}"
    yield from some
    yield CHARTS
