"""The register of the drawer as an accessible PDF: by date and alphabet, on numbered pages. Procedure 9 (P9)."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any

from adapters.cabinet import RegisterLine
from adapters.typesetter import Typeset, typeset

TITLE = "Prior Authorizations: register of packets"


def register_sheet(lines: Iterable[RegisterLine], span: str, printed_on: date) -> Typeset:
    """The lines in their own order, a heading for each day; ``span`` says which days, ``printed_on`` is today.

    1,000 lines take about 300 ms. It names the members. Raises AdapterError when it cannot be typeset.
    """
    ordered = sorted(lines, key=lambda line: line.order)
    days = [(day, list(filed)) for day, filed in groupby(ordered, key=lambda line: line.filed_on)]
    content = {
        "title": TITLE,
        "span": span,
        "total": _total(ordered),
        "printed": _spelled(printed_on),
        "days": [_day(day, filed) for day, filed in days],
    }
    return typeset("register", content, printed_on)


def _day(day: date, filed: list[RegisterLine]) -> dict[str, Any]:
    return {
        "heading": f"{day:%A}, {_spelled(day)}",
        "lines": [{"name": line.name, "number": line.case_number, "pages": line.filing.pages} for line in filed],
    }


def _total(lines: list[RegisterLine]) -> str:
    pages = sum(line.filing.pages for line in lines)
    return f"{_many(len(lines), 'packet')}, {_many(pages, 'page')}." if lines else "No packet was filed in that time."


def _spelled(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
