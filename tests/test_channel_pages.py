"""What docs/mail-batch.md and docs/fax-spool.md say is what the code writes and reads. Procedure 3, 5, 7 and 8."""

import re
from pathlib import Path

import pytest

from adapters.batches import COLUMNS, BatchTotals
from adapters.faxing import FaxJob, FaxReport

pytestmark = pytest.mark.documents

DOCS = Path(__file__).parents[1] / "docs"


def described(page: str, heading: str) -> list[str]:
    """What the first column of the table under a heading names."""
    part = (DOCS / page).read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ")[0] for line in part.splitlines() if line.startswith("| `")]
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize(
    ("page", "heading", "fields"),
    [
        ("mail-batch.md", "The manifest", COLUMNS),
        ("mail-batch.md", "The totals", tuple(BatchTotals.model_fields)),
        ("fax-spool.md", "A job", tuple(FaxJob.model_fields)),
        ("fax-spool.md", "Reporting", tuple(FaxReport.model_fields)),
    ],
)
def test_a_page_describes_every_field_in_its_order(page: str, heading: str, fields: tuple[str, ...]) -> None:
    assert tuple(described(page, heading)) == fields
