"""Page, paper and spreadsheet say what the report says: every number of it, and no other. Policy 90.2.17, P12."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from adapters.committee import reading
from adapters.committee.reading import DATA, PAGE, PAPER, SPREADSHEET
from adapters.committee.rendering import file_of, files_of
from policy.report.shape import Cell, CommitteeReport
from tests.adapters.samples import ROOT
from tests.committeefiles import Tables, disagreements, pdf_text, sheets_of, squeezed
from tests.reports import NASTY, a_report, by_specialty

REPORT = a_report()
FILES = files_of(REPORT)
NAMES = {PAGE: "page", PAPER: "pdf", SPREADSHEET: "spreadsheet"}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
DIGESTS = """
import hashlib
from adapters.committee.rendering import file_of, files_of
from tests.reports import a_report
print(sorted((name, hashlib.sha256(data).hexdigest()) for name, data in files_of(a_report()).items()))
"""


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


def test_page_pdf_and_spreadsheet_say_every_number_of_the_report_and_say_it_alike():
    assert disagreements(REPORT, FILES[PAGE], FILES[PAPER], FILES[SPREADSHEET]) == []


@pytest.mark.parametrize("part", [PAGE, PAPER, SPREADSHEET])
def test_a_file_that_says_one_number_otherwise_is_found(part):
    report = a_report(funnels=(), over_time=(), tables=(by_specialty(),))
    row = by_specialty().rows[0]
    changed = row.model_copy(update={"cells": (Cell(count=4_211), row.cells[1])})
    table = by_specialty().model_copy(update={"rows": (changed, *by_specialty().rows[1:])})
    other = report.model_copy(update={"tables": (table,)})

    files = {**files_of(report), part: files_of(other)[part]}
    (found,) = disagreements(report, files[PAGE], files[PAPER], files[SPREADSHEET])

    assert found.startswith(NAMES[part])
    assert "Cardiology" in found


def test_the_page_says_no_number_that_the_report_does_not():
    assert strangers(" ".join(Tables(FILES[PAGE]).text)) == set()


def test_the_pdf_says_no_number_that_the_report_does_not():
    drawn = {number for name, svg in FILES.items() if name.endswith(".svg") for number in numbers_in(svg.decode())}
    pages = {str(number) for number in range(1, len(PdfReader(io.BytesIO(FILES[PAPER])).pages) + 1)}

    assert strangers(pdf_text(FILES[PAPER]), besides=drawn | pages) == set()


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


def test_a_file_made_alone_is_the_same_as_among_all():
    report = a_report(units=12)
    files = files_of(report)

    assert {name: file_of(report, name) for name in (PAPER, SPREADSHEET, DATA)}.items() <= files.items()


def test_a_draft_says_on_every_page_and_sheet_that_it_is_none_of_the_finished_ones():
    draft = a_report(draft=True, funnels=(), over_time=(), reconciliation=None)
    files = files_of(draft)

    pages = [page.extract_text() for page in PdfReader(io.BytesIO(files[PAPER])).pages]
    heads = [head.center.text for sheet in load_workbook(io.BytesIO(files[SPREADSHEET])) if (head := sheet.oddHeader)]

    assert (draft.id, a_report().id) == ("2026-Q3 draft", "2026-Q3")
    assert all(reading.DRAFT in text and reading.SYNTHETIC in text and "2026-Q3 draft" in text for text in pages)
    assert {head and reading.DRAFT in head for head in heads} == {True}
    assert reading.DRAFT.encode() in files[PAGE]
    assert reading.DRAFT.encode() not in FILES[PAGE]


def test_the_data_file_is_the_report_itself():
    assert CommitteeReport.model_validate_json(FILES[DATA]) == REPORT


def test_what_was_counted_a_second_time_and_what_was_not_stands_in_every_form():
    said = (
        "12 of 14 cases were also checked against Temporal; 2 are no longer retained",
        "Whole tables: Public metrics. Times (Median, hours).",
    )

    page, in_sheet = " ".join(Tables(FILES[PAGE]).text), str(sheets_of(FILES[SPREADSHEET])["reconciliation"])
    for words in said:
        assert words in page
        assert squeezed(words) in squeezed(pdf_text(FILES[PAPER]))
        assert words in in_sheet


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
