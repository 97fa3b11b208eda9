"""What the commands share and every one of them can afford to import: options, exit codes, the records."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from sqlalchemy import Engine

DONE, REFUSED, BAD_INPUT, NOT_AVAILABLE, INTERRUPTED = 0, 1, 2, 3, 130  # explained in cli/house.py

Flag = Parameter(negative="", show_default=False)

# A lone hyphen is standard input, not an option.
File = Annotated[str, Parameter(allow_leading_hyphen=True)]
Json = Annotated[bool, Parameter(name="--json", negative="", show_default=False, help="Answer in JSON.")]
Count = Annotated[int, Parameter(help="At most so many rows.")]
Who = Annotated[str, Parameter(name=["--as", "--actor"], help="Who acts: an id of the staff file.")]
To = Annotated[str, Parameter(name="--to", help="Who gets it: an id of the staff file.")]
Reason = Annotated[
    str, Parameter(show_default=False, help="Why; the story of the case tells it. No health information.")
]
Data = Annotated[str | None, Parameter(help="The fields as JSON; @FILE reads them from a file.")]
Attached = Annotated[
    tuple[Path, ...], Parameter(negative="", show_default=False, help="PDF files that go with it (reports).")
]
# The names of ``wiring/views.py``, which takes too long to import for every command; a test holds the two together.
ViewName = Literal[
    "due-today", "overdue", "at-risk", "breached", "waiting-for-provider", "waiting-for-report", "stuck", "urgent"
]
Yes = Annotated[
    bool, Parameter(name=["--yes", "-y"], negative="", show_default=False, help="Send it without asking first.")
]


def records() -> "Engine":
    """The records, as the settings say. Raises RecordsError."""
    from records.database import open_records
    from wiring.settings import read_settings

    return open_records(read_settings().records_url)
