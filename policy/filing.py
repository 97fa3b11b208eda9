"""The packet and its place: category, date, alphabet. Policy 90.2.17, Procedure 9 (P9)."""

import unicodedata
from datetime import date, datetime

from pydantic import AwareDatetime

from policy.calendar import local_day
from policy.case import Case
from policy.clauses import Clause
from policy.completeness import missing
from policy.lifecycle import Outcome, Stage
from policy.particulars import Consultation, Determination, Filing, Opinion
from policy.people import PersonName
from policy.request import Attachment, Information, Priority, Request
from policy.verdict import Allowed, Refused, Value, Verdict

DRAWER = "Prior Authorizations"
LONGEST_NAME = 60  # bytes of UTF-8 per part of a name: a file name has at most 255


class Annex(Value):
    """A section that a packet adds to the form: short fields, then long texts."""

    heading: str
    clause: str
    fields: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


class Packet(Value):
    """All that is filed of a case, in its order: the form, then letters, then attachments, then reports.

    ``letters`` are the names under which the outbox knows them; attachments and reports lie in the document store.
    """

    case_number: str
    edition_title: str
    filed_on: date
    filed_at: AwareDatetime
    received_at: AwareDatetime
    request: Request
    priority: Priority
    information: tuple[Information, ...]
    outcome: Outcome
    consultations: tuple[Consultation, ...]
    determination: Determination | None
    opinions: tuple[Opinion, ...]
    category: str
    letters: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    annexes: tuple[Annex, ...] = ()

    @property
    def folder(self) -> str:
        """``Prior Authorizations/YYYY/MM/YYYY-MM-DD``, by the day of filing in Los Angeles."""
        return f"{DRAWER}/{self.filed_on:%Y}/{self.filed_on:%m}/{self.filed_on:%Y-%m-%d}"

    @property
    def file_name(self) -> str:
        """``Lastname, Firstname — CASE.pdf``."""
        name = self.request.member.name
        return f"{_safe(name.family)}, {_safe(name.given)} — {self.case_number}.pdf"

    @property
    def filing_order(self) -> tuple[str, str, str, str]:
        """The key of the drawer's order: date, then alphabet without diacritics or case, then number."""
        return (self.filed_on.isoformat(), *alphabetical(self.request.member.name), self.case_number)


def alphabetical(name: PersonName) -> tuple[str, str]:
    """How a name sorts: family, then given, without diacritics, case, hyphens or apostrophes."""
    return _plain(name.family), _plain(f"{name.given} {name.suffix}".strip())


def may_file(case: Case) -> Verdict:
    """Whether nothing is open any more: no task, no letter, no report (P9). Names what is."""
    still = [t.title for t in case.open_tasks]
    still += [f"letter {n.kind} to {n.recipient}" for n in case.planned_notices]
    still += [f"report of opinion {o.ordinal}" for o in case.opinions if o.report is None]
    if case.outcome is None:
        still.append("an outcome")
    if still:
        return Refused(reason=f"still open: {'; '.join(still)}", clause=Clause.P9)
    return Allowed()


def packet(case: Case, now: datetime) -> Packet:
    """The packet of a case that may be filed. Raises ValueError for one that may not."""
    verdict = may_file(case)
    if isinstance(verdict, Refused) or case.outcome is None:
        raise ValueError(verdict)
    reports = tuple(a for o in case.opinions if o.report for a in o.report.attachments)
    return Packet(
        case_number=case.number,
        edition_title=case.edition.title,
        filed_on=local_day(now),
        filed_at=now,
        received_at=case.received_at,
        request=case.request,
        priority=case.priority,
        information=case.information,
        outcome=case.outcome,
        consultations=case.consultations,
        determination=case.determination,
        opinions=case.opinions,
        category=case.category,
        letters=tuple(n.document for n in case.notices if n.document),
        attachments=(*(i.attachment for i in case.information if i.attachment), *reports),
    )


def filed(case: Case, filing: Filing, now: datetime) -> Case:
    """The case with its packet in the cabinet (P9)."""
    case = case.but(filing=filing)
    return case.tell(now, "case:filed", f"Filed: {filing.pages} pages", clause=Clause.P9)


def closed(case: Case, now: datetime) -> Case:
    """The case is closed; whatever clock still runs is ended with it."""
    case = case.waive_clocks(now, "closed").move(Stage.CLOSED).but(closed_at=now)
    lacking = ", ".join(missing(case))
    text = f"Closed: {case.outcome}" + (f" (never supplied: {lacking})" if lacking else "")
    return case.tell(now, "case:closed", text, clause=Clause.P9)


def _safe(part: str) -> str:
    """A part of a file name: composed, without separators, control characters or dots at its ends."""
    kept = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in unicodedata.normalize("NFC", part))
    cut = kept.encode()[:LONGEST_NAME].decode(errors="ignore").strip(" .")
    return cut or "_"


# Letters with a stroke of their own, which no decomposition takes off, and where an English filing order puts them.
STROKED = str.maketrans(
    {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ħ": "h", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae"}
    | {"œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ı": "i", "ŧ": "t"}
)


def _plain(text: str) -> str:
    text = text.translate(STROKED)
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(c for c in bare.casefold() if c.isalnum() or c.isspace()).split())
