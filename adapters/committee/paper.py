"""The report as an accessible PDF (PDF/UA-1) for the committees' packet, on letter paper; it fits A4 as it is. P12."""

from collections.abc import Iterable, Mapping
from typing import Any

from adapters.committee import reading
from adapters.typesetter import Typeset, typeset
from policy.report.shape import CommitteeReport, Funnel, OverTime, Table

Parts = dict[str, Any]


def paper(report: CommitteeReport, drawings: Mapping[str, str]) -> Typeset:
    """The report typeset, its charts from ``drawings`` (SVG by id). 40 pages take about 2 s.

    Raises AdapterError when it cannot be typeset.
    """
    charts = reading.charts_of(report)
    content = {
        "title": reading.TITLE,
        "id": report.id,
        "readers": reading.READERS,
        "mark": " · ".join(reading.marks_of(report)),
        "about": reading.about(report),
        "summary": report.summary,
        "comparisons": f"{report.comparisons:,}",
        "flags": [flag.sentence for flag in report.flags],
        "sections": [
            {"title": title, "parts": [_part(part) for part in parts]}
            for title, parts in reading.by_section((*report.tables, *charts))
        ],
        "earlier": _earlier(report),
        "reconciliation": reading.reconciled(report.reconciliation) if report.reconciliation else (),
        "differences": [d.sentence for d in report.reconciliation.differences] if report.reconciliation else [],
        "behind": [
            _listing(reading.caption_of(chart, listing), listing)
            for chart in charts
            for listing in reading.behind(chart)
        ],
        "definitions": reading.DEFINITIONS,
    }
    return typeset("report", content, reading.dated(report), drawings or {"none": ""})


def _part(part: Table | Funnel | OverTime) -> Parts:
    return _table(part) if isinstance(part, Table) else _chart(part)


def _table(table: Table) -> Parts:
    notes = [table.note, reading.WHY_WITHHELD if reading.withholds(table) else ""]
    return {
        "title": table.title,
        "under": f"Counted {reading.BASES[table.basis]}. {table.clause}",
        "drawing": "",
        "label": table.label,
        "columns": [{"title": c.title, "number": c.kind in reading.NUMERIC} for c in table.columns],
        "rows": [_row(row.label, map(reading.told, row.cells), total=row.is_total) for row in table.rows],
        "notes": [note for note in notes if note],
    }


def _chart(chart: Funnel | OverTime) -> Parts:
    return {
        "title": chart.title,
        "summary": chart.summary,
        "drawing": chart.id,
        "under": reading.beneath(chart),
    }


def _listing(title: str, listing: reading.Listing) -> Parts:
    return {
        "title": title,
        "label": listing.label,
        "columns": [{"title": heading, "number": False} for heading in listing.headings],
        "rows": [_row(label, cells) for label, cells in listing.rows],
    }


def _earlier(report: CommitteeReport) -> Parts:
    return {
        "label": "Report",
        "columns": [{"title": title, "number": False} for title in ("Action", "Owner", "Due", "State")],
        "rows": [
            _row(a.report, [reading.Told(main=s) for s in (a.action, a.owner, str(a.due or reading.NOTHING), a.state)])
            for a in report.earlier_actions
        ],
    }


def _row(label: str, cells: Iterable[reading.Told], *, total: bool = False) -> Parts:
    return {"label": label, "cells": [cell.model_dump() for cell in cells], "total": total}
