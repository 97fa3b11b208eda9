"""What docs/mhc-feed.md says of the feed is what the code writes. Procedure 11."""

import re
from pathlib import Path

import pytest

from adapters.mhc import FIELDS, as_csv
from adapters.mhcexport import Totals
from policy.coding import CorrectionReason
from policy.edition import EDITIONS
from policy.request import LineOfBusiness
from tests.adapters.test_mhc import a_row

pytestmark = pytest.mark.documents

PAGE = (Path(__file__).parents[1] / "docs" / "mhc-feed.md").read_text(encoding="utf-8")


def rows_under(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the page."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return lines[2:]


def codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_page_describes_the_columns_in_their_order():
    described = rows_under("The file")

    assert tuple(codes(row[0])[0] for row in described) == FIELDS
    assert all(len(row) == 3 for row in described)


def test_the_examples_on_the_page_are_values_as_the_feed_writes_them():
    examples = {codes(row[0])[0]: codes(row[2])[0] for row in rows_under("The file")}
    row = a_row().model_validate(examples)

    assert as_csv([row]).decode().splitlines()[1] == ",".join(f'"{value}"' for value in examples.values())


def test_the_page_lists_the_categories_of_every_edition():
    described = {codes(row[0])[0]: row[1] for row in rows_under("The categories")}

    assert described == {row.code: row.label for edition in EDITIONS for row in edition.category}


def test_the_page_names_only_lines_of_business_that_there_are():
    line = next(row for row in rows_under("The file") if codes(row[0]) == ["line"])

    assert set(codes(line[1])) == set(LineOfBusiness)


def test_the_page_names_every_reason_of_a_correction():
    reason = next(row for row in rows_under("The file") if codes(row[0]) == ["reason"])

    assert codes(reason[1]) == list(CorrectionReason)


def test_the_page_describes_the_totals():
    assert [code for row in rows_under("Sent again") for code in codes(row[0])] == list(Totals.model_fields)
