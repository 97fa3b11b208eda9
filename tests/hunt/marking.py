"""The examples, with a mark in the place of everything that is said of a person."""

import json
import re
from pathlib import Path
from typing import Any

from tests.adapters.samples import a_pdf
from tests.hunt.marks import Marks
from tests.journeys.conftest import EXAMPLES

# Codes, counts, names of roles and of institutions. What is not here is said of somebody, and marked.
CODES = {
    *("about", "actor", "care", "category", "channel", "directory_version", "fee", "how", "item", "items", "kind"),
    *(
        "language",
        "languages",
        "letters_by",
        "line",
        "open_tasks",
        "organization",
        "outcome",
        "postal_code",
        "priority",
    ),
    *("purpose", "received_by_delegate_at", "signal", "signed_on", "specialty", "stage", "state", "task_id", "tier"),
}
ALONE = {"member_id", "licence", "external_reference", "suffix"}  # the mark alone: short, or an id
REASON = re.compile(r"R[1-9X]")


class Marking:
    """Marks JSON; the same text has the same mark wherever it stands, so that what must agree agrees."""

    def __init__(self, marks: Marks, folder: Path) -> None:
        self._marks = marks
        self._folder = folder
        self._known: dict[tuple[str, str], str] = {}

    def examples(self) -> dict[str, dict[str, Any]]:
        """All of them by the number in their file's name, each with its play."""
        files = sorted(EXAMPLES.glob("[0-9]*.json"))
        return {file.stem[:2]: self.of(json.loads(file.read_text(encoding="utf-8")), file.stem[:2]) for file in files}

    def of(self, value: Any, about: str, key: str = "") -> Any:
        """JSON with marks in it."""
        if isinstance(value, dict):
            return {name: self.of(part, f"{about}.{name}", name) for name, part in value.items()}
        if isinstance(value, list):
            return [self.of(part, about, key) for part in value]
        if not isinstance(value, str) or not value or key in CODES or (key == "reasons" and REASON.fullmatch(value)):
            return value
        kind = key if key in ALONE | {"npi", "proposed_npi", "phone", "fax", "birth_date", "email", "path"} else ""
        kind = {"proposed_npi": "npi", "fax": "phone"}.get(kind, kind)
        if (kind, value) not in self._known:
            self._known[kind, value] = self._marked(kind, value, about)
        return self._known[kind, value]

    def _marked(self, kind: str, value: str, about: str) -> str:
        marks = self._marks
        match kind:
            case "phone":
                return marks.phone(about)
            case "npi":
                return marks.npi(about)
            case "birth_date":
                return marks.day(about)
            case "email":
                return f"{marks.word(about)}@example.org"
            case "path":
                return self._document(about)
        return marks.word(about) if kind in ALONE else f"{marks.word(about)} {value}"

    def _document(self, about: str) -> str:
        """A document of a marked name that holds a mark."""
        name = f"{self._marks.word(about)}.pdf"
        (self._folder / name).write_bytes(a_pdf(title=self._marks.word(f"{about}, inside")))
        return name
