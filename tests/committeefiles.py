"""The files of a committees' report read back: page, PDF and spreadsheet say what the report says, and say it alike."""

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

from openpyxl import load_workbook
from pypdf import PdfReader

from adapters.committee import reading
from policy.report.shape import Cell, CommitteeReport, Limits, Share, Table

Sheets = dict[str, list[list[object]]]


class Tables(HTMLParser):
    """The tables of a page, each as rows of texts, and all text outside of charts."""

    def __init__(self, page: bytes | str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.text: list[str] = []
        self._depth, self._in_cell = 0, False
        self.feed(page if isinstance(page, str) else page.decode())

    def handle_starttag(self, tag: str, _attributes: Any) -> None:
        self._depth += tag in ("svg", "style")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True
        elif tag == "small" and self._in_cell:
            self.tables[-1][-1][-1] += "|"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False
        self._depth -= tag in ("svg", "style")

    def handle_data(self, data: str) -> None:
        if self._depth:
            return
        self.text.append(data)
        if self._in_cell:
            self.tables[-1][-1][-1] += data


def rows_of(table: Table) -> list[list[str]]:
    """A table's rows as they must be read."""
    return [[row.label, *map(_said, map(reading.told, row.cells))] for row in table.rows]


def listings(report: CommitteeReport) -> list[reading.Listing]:
    """What stands behind the charts."""
    return [listing for chart in reading.charts_of(report) for listing in reading.behind(chart)]


def read_rows(report: CommitteeReport) -> list[list[list[str]]]:
    """Every table and every listing behind a chart, as rows that must be read."""
    behind = [[[label, *map(_said, cells)] for label, cells in listing.rows] for listing in listings(report)]
    return [*(rows_of(table) for table in report.tables if table.rows), *behind]


def sentences(report: CommitteeReport) -> list[str]:
    """What must be read besides: what it is, summary, flags, earlier actions, reconciliation."""
    done = report.reconciliation
    said = [words for pair in reading.about(report) for words in pair]
    said += [*report.summary, *(flag.sentence for flag in report.flags), *(a.action for a in report.earlier_actions)]
    said += [words for pair in (reading.reconciled(done) if done else ()) for words in pair]
    return said + [one.sentence for one in (done.differences if done else ())]


def pdf_text(pdf: bytes) -> str:
    """The text of all pages."""
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def squeezed(text: str) -> str:
    """Without the spaces and breaks that differ from page to page."""
    return re.sub(r"[\s\u200b]+", "", text)


def sheets_of(spreadsheet: bytes) -> Sheets:
    """The rows of every sheet."""
    book = load_workbook(io.BytesIO(spreadsheet))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def sheet_rows(report: CommitteeReport) -> Iterator[tuple[str, list[object]]]:
    """Every row of numbers that the spreadsheet must have, with the id that its sheet is named after."""
    yield from _table_rows(report)
    yield from _chart_rows(report)
    for f in report.flags:
        sure = [_number(f.expected), _number(f.p_value), _number(f.adjusted), f.sentence]
        yield "flags", [f.label, *_share(f.share), *sure]


def _table_rows(report: CommitteeReport) -> Iterator[tuple[str, list[object]]]:
    for table in report.tables:
        shared = [any(row.cells[place].share for row in table.rows) for place in range(len(table.columns))]
        for row in table.rows:
            pairs = zip(row.cells, shared, strict=True)
            yield table.id, [row.label, *(entry for cell, is_share in pairs for entry in _entries(cell, is_share))]


def _chart_rows(report: CommitteeReport) -> Iterator[tuple[str, list[object]]]:
    for chart in report.funnels:
        for p in chart.points:
            sure = [_number(p.p_value), _number(p.adjusted), str(p.standing)]
            yield chart.id, [p.label, *_share(p.share), _number(p.expected), *_limits(p.limits), *sure]
        for curve in chart.curves:
            yield chart.id, [curve.of, *_limits(curve.limits)]
    for series in report.over_time:
        for point in series.quarters:
            yield series.id, [point.period, *_share(point.share), *_limits(point.limits), str(point.standing)]
        for point in series.months:
            yield series.id, [point.period, *_share(point.share)]


def disagreements(report: CommitteeReport, page: bytes | str, pdf: bytes, spreadsheet: bytes) -> list[str]:
    """What of a report is not in its page, its PDF or its spreadsheet as it should be; nothing when all is well."""
    read, text, sheets = Tables(page), squeezed(pdf_text(pdf)), sheets_of(spreadsheet)
    shown = [rows[1:] for rows in read.tables]
    wrong = [f"page: {rows[0][0]} …" for rows in read_rows(report) if rows not in shown]
    lines = ["".join(row).replace("|", "") for rows in read_rows(report) for row in rows]
    wrong += [f"pdf: {line}" for line in lines if squeezed(line) not in text]
    for name, row in sheet_rows(report):
        found = sheets.get(name[:31], [])
        if row not in [entries[: len(row)] for entries in found]:
            wrong.append(f"spreadsheet, {name}: {row}")
    said, cells = squeezed("".join(read.text)), {str(c) for rows in sheets.values() for row in rows for c in row}
    for sentence in sentences(report):
        wrong += [f"page: {sentence}"] if squeezed(sentence) not in said else []
        wrong += [f"pdf: {sentence}"] if squeezed(sentence) not in text else []
        wrong += [f"spreadsheet: {sentence}"] if sentence not in cells else []
    return wrong


def _said(told: reading.Told) -> str:
    return "|".join(filter(None, (told.main, told.under)))


def _entries(cell: Cell, is_share: bool) -> list[object]:
    if cell.share:
        return _share(cell.share)
    found: object = _number(cell.amount) if cell.amount is not None else cell.count
    if cell.suppressed:
        return [reading.WITHHELD] * (3 if is_share else 1)
    return [cell.text or None if found is None else found, *([None, None] if is_share else [])]


def _share(share: Share) -> list[object]:
    return [share.part, share.of, _number(share.percent)]


def _limits(limits: Limits | None) -> list[object]:
    if limits is None:
        return [None] * 4
    return [_number(edge) for edge in (limits.lower_95, limits.upper_95, limits.lower_998, limits.upper_998)]


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
