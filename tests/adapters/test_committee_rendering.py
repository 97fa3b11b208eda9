"""Page, paper and spreadsheet say what the report says: every number of it, and no other. Policy 90.2.17, P12."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from adapters.committee import reading
from adapters.committee.reading import DATA, PAGE, PAPER, SPREADSHEET
from adapters.committee.rendering import files_of
from policy.report.shape import CommitteeReport, Table
from tests.adapters.samples import ROOT
from tests.reports import NASTY, a_report

REPORT = a_report()
FILES = files_of(REPORT)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
DIGESTS = """
import hashlib
from adapters.committee.rendering import files_of
from tests.reports import a_report
print(sorted((name, hashlib.sha256(data).hexdigest()) for name, data in files_of(a_report()).items()))
"""


class Tables(HTMLParser):
    """The tables of a page, each as rows of texts, and all text outside of charts."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.text: list[str] = []
        self._depth, self._in_cell = 0, False
        self.feed(page.decode())

    def handle_starttag(self, tag, _attributes):
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

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._in_cell = False
        self._depth -= tag in ("svg", "style")

    def handle_data(self, data):
        if self._depth:
            return
        self.text.append(data)
        if self._in_cell:
            self.tables[-1][-1][-1] += data


def rows_of(table: Table) -> list[list[str]]:
    """A table's rows as they must be read."""
    return [[row.label, *("|".join(filter(None, _pair(cell))) for cell in row.cells)] for row in table.rows]


def _pair(cell) -> tuple[str, str]:
    said = reading.told(cell)
    return said.main, said.under


def listings() -> list[reading.Listing]:
    return [listing for chart in reading.charts_of(REPORT) for listing in reading.behind(chart)]


def pdf_text() -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(FILES[PAPER])).pages)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]+", "", text)


def numbers_in(text: str) -> set[str]:
    return {found.rstrip(",") for found in NUMBER.findall(text)}


def values_of(report: CommitteeReport) -> set[Decimal]:
    """Every number of the model, whatever it means, and those in its words."""

    def walk(value) -> Iterator[str]:
        if isinstance(value, dict):
            for part in value.values():
                yield from walk(part)
        elif isinstance(value, list):
            for part in value:
                yield from walk(part)
        elif value is not None and not isinstance(value, bool):
            yield str(value)

    shares = [cell.share for table in report.tables for row in table.rows for cell in row.cells if cell.share]
    shares += [p.share for f in report.funnels for p in f.points] + [f.centre for f in report.funnels]
    shares += [p.share for o in report.over_time for p in (*o.quarters, *o.months)]
    shares += [o.centre for o in report.over_time] + [flag.share for flag in report.flags]
    said = numbers_in(" ".join(walk(json.loads(report.model_dump_json()))))
    found = {Decimal(number.replace(",", "")) for number in said}
    found |= {Decimal(percent) for share in shares if (percent := share.percent) is not None}
    counts = {len(report.flags), report.period.first.day, report.period.last.day, report.looked_back.first.day}
    frame = {Decimal(n) for n in ("95", "99.8", "1", "10")}  # the limits' names, and why a number is withheld
    return found | frame | {Decimal(count) for count in counts}


def strangers(text: str, *, besides: frozenset[str] | set[str] = frozenset()) -> set[str]:
    """The numbers in a text that are none of the report's."""
    known = values_of(REPORT)
    return {n for n in numbers_in(text) - set(besides) if Decimal(n.replace(",", "")) not in known}


@pytest.mark.parametrize("table", [t for t in REPORT.tables if t.rows], ids=lambda table: table.id)
def test_every_cell_of_a_table_stands_in_the_page_where_the_report_has_it(table):
    found = [shown[1:] for shown in Tables(FILES[PAGE]).tables]

    assert rows_of(table) in found


@pytest.mark.parametrize("number", range(len(listings())))
def test_every_number_behind_a_chart_stands_in_the_page(number):
    rows = listings()[number].rows
    wanted = [[label, *("|".join(filter(None, (c.main, c.under))) for c in cells)] for label, cells in rows]

    assert wanted in [shown[1:] for shown in Tables(FILES[PAGE]).tables]


def test_the_page_says_no_number_that_the_report_does_not():
    assert strangers(" ".join(Tables(FILES[PAGE]).text)) == set()


def test_every_row_of_every_table_and_chart_stands_in_the_pdf_cell_by_cell():
    text = squeezed(pdf_text())
    rows = [row for table in REPORT.tables for row in rows_of(table)]
    for listing in listings():
        rows += [[label, *(f"{c.main}{c.under}" for c in cells)] for label, cells in listing.rows]

    missing = [row for row in rows if squeezed("".join(row).replace("|", "")) not in text]

    assert missing == []


def test_the_pdf_says_no_number_that_the_report_does_not():
    drawn = {number for name, svg in FILES.items() if name.endswith(".svg") for number in numbers_in(svg.decode())}
    pages = {str(number) for number in range(1, len(PdfReader(io.BytesIO(FILES[PAPER])).pages) + 1)}

    assert strangers(pdf_text(), besides=drawn | pages) == set()


def sheet_rows(name: str) -> list[list[object]]:
    return [list(row) for row in load_workbook(io.BytesIO(FILES[SPREADSHEET]))[name].iter_rows(values_only=True)]


@pytest.mark.parametrize("table", [t for t in REPORT.tables if t.rows], ids=lambda table: table.id)
def test_the_spreadsheet_has_each_cell_as_a_number_and_a_share_as_three(table):
    rows = sheet_rows(table.id)
    wanted: list[list[object]] = []
    for row in table.rows:
        entries: list[object] = [row.label]
        for column, cell in enumerate(row.cells):
            is_share = any(r.cells[column].share for r in table.rows)
            if cell.share:
                percent = cell.share.percent
                entries += [cell.share.part, cell.share.of, None if percent is None else float(percent)]
                continue
            amount = float(cell.amount) if cell.amount is not None else cell.count
            entries.append("withheld" if cell.suppressed else cell.text or None if amount is None else amount)
            entries += [None, None] if is_share else []
        wanted.append(entries)

    assert [row for row in wanted if row not in rows] == []


def test_the_spreadsheet_has_the_numbers_behind_every_chart():
    for chart in REPORT.funnels:
        rows = {row[0]: row for row in sheet_rows(chart.id)}
        for point in chart.points:
            percent, adjusted = point.share.percent, point.adjusted
            assert rows[point.label][1:4] == [point.share.part, point.share.of, float(percent or 0)]
            assert rows[point.label][10] == (None if adjusted is None else float(adjusted))
    for series in REPORT.over_time:
        rows = {row[0]: row for row in sheet_rows(series.id)}
        for part in (*series.quarters, *series.months):
            assert rows[part.period][1:3] == [part.share.part, part.share.of]


def test_the_spreadsheet_says_no_number_that_the_report_does_not():
    book = load_workbook(io.BytesIO(FILES[SPREADSHEET]))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None]

    numbers = {Decimal(str(cell)) for cell in cells if not isinstance(cell, str)}

    assert numbers - values_of(REPORT) == set()
    assert strangers(" ".join(cell for cell in cells if isinstance(cell, str))) <= {"0057"}  # a table's anchor


def test_what_people_typed_is_no_formula_and_no_markup():
    book = load_workbook(io.BytesIO(FILES[SPREADSHEET]))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]

    assert {cell.value for cell in cells if cell.data_type == "f"} == set()
    assert set(NASTY) <= {cell.value for cell in cells}
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "@")))
    assert b"<b>Ortho" not in FILES[PAGE]


def test_the_paper_is_pdf_ua_with_title_language_headings_and_charts_in_words():
    reader: Any = PdfReader(io.BytesIO(FILES[PAPER]))  # what a PDF may lack, ours has
    catalog = reader.trailer["/Root"]
    marked = [reader.get_object(n) for n in range(1, len(reader.xref_objStm) + len(reader.xref.get(0, {})) + 1)]
    elements = [it for it in marked if hasattr(it, "get") and it.get("/S")]

    assert b"pdfuaid:part" in reader.xmp_metadata.stream.get_data()
    assert (reader.metadata.title, catalog["/Lang"]) == (reading.TITLE, "en-US")
    described = {str(it["/Alt"]) for it in elements if it.get("/S") == "/Figure"}
    assert described == {f"{chart.title}. {chart.summary}" for chart in reading.charts_of(REPORT)}
    assert {"/H1", "/H2", "/H3", "/TH", "/TOC", "/L"} <= {str(it["/S"]) for it in elements}


def test_every_page_says_that_it_is_synthetic_when_it_is_and_which_page_it_is():
    pages = PdfReader(io.BytesIO(FILES[PAPER])).pages
    real = files_of(a_report(synthetic=False, funnels=(), over_time=()))

    texts = [page.extract_text() for page in pages]

    assert all(reading.SYNTHETIC in text and f"of {len(pages)}" in text for text in texts)
    assert reading.SYNTHETIC not in "".join(p.extract_text() for p in PdfReader(io.BytesIO(real[PAPER])).pages)
    assert reading.SYNTHETIC.encode() in FILES[PAGE]
    assert reading.SYNTHETIC.encode() not in real[PAGE]


def test_the_data_file_is_the_report_itself():
    assert CommitteeReport.model_validate_json(FILES[DATA]) == REPORT


def test_the_page_fetches_nothing_and_runs_nothing():
    page = FILES[PAGE].decode()

    assert not re.search(r"<script|<link|<img|\bon\w+=|\bstyle=|@import|url\((?!#)", page)


def test_no_clock_is_in_the_spreadsheet():
    with ZipFile(io.BytesIO(FILES[SPREADSHEET])) as zipped:
        assert {entry.date_time for entry in zipped.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert zipped.read("docProps/core.xml").count(b"2026-10-01T15:30:00Z") == 2


def test_the_same_report_gives_the_same_bytes_in_another_process_time_zone_and_language():
    def made(**changes: str) -> str:
        environment = {**os.environ, **changes}
        command = [sys.executable, "-c", DIGESTS]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout

    here, there = made(TZ="UTC"), made(TZ="Pacific/Kiritimati", LC_ALL="de_DE.UTF-8", PYTHONHASHSEED="7")

    assert here == there
    assert here.count("report.") == 4
    assert files_of(REPORT) == FILES
