"""The packet and its place: category, date, alphabet. Policy 90.2.17, Procedure 9 (P9)."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime

from pydantic import AwareDatetime

from policy.calendar import local_day
from policy.case import Case
from policy.clauses import Clause
from policy.completeness import missing
from policy.lifecycle import Outcome, Stage
from policy.particulars import Comparison, Consultation, Determination, Filing, Notice, NoticeEnd, Opinion
from policy.people import PersonName
from policy.placement import ORDINALS
from policy.request import Attachment, Information, Priority, Request
from policy.tasks import TaskKind
from policy.third_opinion import OPINIONS_BEFORE_A_THIRD, number_of_third, opens_third_opinion
from policy.timeframes import spoken
from policy.verdict import Allowed, Refused, Value, Verdict

DRAWER = "Prior Authorizations"
ENDS = {
    NoticeEnd.VOID: "Voided",
    NoticeEnd.RETURNED: "Came back",
    NoticeEnd.MOOT: "Fell away",
    NoticeEnd.UNDELIVERABLE: "Could not be delivered",
}
DEVICE = re.compile(r"^(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³])(?=\s*\.)", re.IGNORECASE)
LONGEST_NAME = 60  # bytes of UTF-8 per part of a name: a file name has at most 255


class Annex(Value):
    """A section that a packet adds to the form: short fields, then long texts."""

    heading: str
    clause: str
    fields: tuple[tuple[str, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()


class Packet(Value):
    """All that is filed of a case, in its order: the form, the letters as they left, the reports, the attachments (P9).

    ``letters`` are the names under which the outbox knows them; by the same names ``letter_digests`` has the SHA-256 of
    each as it left, and ``letter_notes`` what became of one that did not stay what it was: voided, returned. Reports
    and attachments lie in the document store; both stand in ``attachments``. A case that was reopened is filed again:
    ``number`` 2 and on, beside the first, which stays as it is. ``no_third`` says why no third opinion opened.
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
    earlier_determinations: tuple[Determination, ...] = ()
    comparison: Comparison | None = None
    no_third: str = ""
    number: int = 1
    letter_notes: dict[str, str] = {}
    letter_digests: dict[str, str] = {}
    annexes: tuple[Annex, ...] = ()

    @property
    def folder(self) -> str:
        """``Prior Authorizations/YYYY/MM/YYYY-MM-DD``, by the day of filing in Los Angeles."""
        return f"{DRAWER}/{self.filed_on:%Y}/{self.filed_on:%m}/{self.filed_on:%Y-%m-%d}"

    @property
    def file_name(self) -> str:
        """``Lastname, Firstname — CASE.pdf``; of a further packet ``… — CASE (2).pdf``."""
        name = self.request.member.name
        nth = f" ({self.number})" if self.number > 1 else ""
        return f"{_safe(name.family)}, {_safe(name.given)} — {self.case_number}{nth}.pdf"

    @property
    def filing_order(self) -> tuple[str, str, str, str]:
        """The key of the drawer's order: date, then alphabet without diacritics or case, then number."""
        return (self.filed_on.isoformat(), *alphabetical(self.request.member.name), self.case_number)


def alphabetical(name: PersonName) -> tuple[str, str]:
    """How a name sorts: family, then given, without diacritics, case, hyphens or apostrophes."""
    return _plain(name.family), _plain(f"{name.given} {name.suffix}".strip())


def still_open(case: Case) -> tuple[str, ...]:
    """What has to happen before the case can be filed and closed (P9): one thing a line, none when nothing is open.

    No line holds health information or names a person.
    """
    reports = tuple(o.ordinal for o in case.standing_opinions if o.report is None)
    letters = tuple((n.kind, n.recipient) for n in case.planned_notices)
    lines = open_lines(tuple(t.title for t in case.open_tasks), letters, reports, has_outcome=case.outcome is not None)
    return (*lines, f"third opinion: {number_of_third(case.number)} goes on") if _waits_for_third(case) else lines


def _waits_for_third(case: Case) -> bool:
    return case.stage is Stage.THIRD_OPINION and case.task(TaskKind.THIRD_OPINION_LOST) is None


def open_lines(
    tasks: Iterable[str], letters: Iterable[tuple[str, str]], reports: Iterable[int] = (), *, has_outcome: bool
) -> tuple[str, ...]:
    """The lines of ``still_open``, from what the records know: titles of open tasks, letters that are owed."""
    lines = [f"task: {title}" for title in tasks]
    lines += [f"letter: {_spaced(kind)} to the {_spaced(recipient)} has not left" for kind, recipient in letters]
    lines += [f"report: the {ORDINALS.get(ordinal, str(ordinal))} opinion's has not come" for ordinal in reports]
    return tuple(lines if has_outcome else [*lines, "an outcome"])


def may_file(case: Case) -> Verdict:
    """Whether nothing is open any more: no task, no letter, no report (P9). Names what is."""
    still = still_open(case)
    if still:
        return Refused(reason=f"still open: {'; '.join(still)}", clause=Clause.P9)
    return Allowed()


def packet(case: Case, now: datetime) -> Packet:
    """The packet of a case that may be filed. Raises ValueError for one that may not."""
    verdict = may_file(case)
    if isinstance(verdict, Refused) or case.outcome is None:
        raise ValueError(verdict)
    reports = tuple(a for o in case.opinions for a in o.documents)
    every = (*case.notices, *case.third_letters)
    letters = sorted((n for n in every if n.document), key=lambda n: n.sent_at or now)  # as they left
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
        letters=tuple(n.document for n in letters),
        attachments=(*reports, *(i.attachment for i in case.information if i.attachment)),
        letter_notes={n.document: _note(n) for n in letters if n.ended_as is not None},
        letter_digests={n.document: n.sha256 for n in letters if n.sha256},
        earlier_determinations=case.earlier_determinations,
        comparison=case.comparison,
        no_third=_no_third(case),
        number=1 + len(case.earlier_filings) + (case.filing is not None),
    )


def _no_third(case: Case) -> str:
    """Why a case whose opinions were compared has no third one; empty where it has."""
    verdict = opens_third_opinion(case) if case.comparison else None
    has_two = len(case.standing_opinions) == OPINIONS_BEFORE_A_THIRD
    return verdict.reason if isinstance(verdict, Refused) and has_two else ""


def _note(notice: Notice) -> str:
    """What became of a letter that ended: ``Came back on November 4, 2026: no such address``."""
    ended = ENDS[notice.ended_as] if notice.ended_as else ""
    on = f" on {spoken(notice.ended_at)}" if notice.ended_at else ""
    return f"{ended}{on}: {notice.ended_why}" if notice.ended_why else f"{ended}{on}"


def _spaced(code: str) -> str:
    return code.replace("_", " ")


def filed(case: Case, filing: Filing, now: datetime) -> Case:
    """The case with its packet in the cabinet (P9)."""
    earlier = (case.filing,) if case.filing else ()
    case = case.but(filing=filing, earlier_filings=(*case.earlier_filings, *earlier))
    return case.tell(now, "case:filed", f"Filed: {filing.pages} pages", clause=Clause.P9)


def closed(case: Case, now: datetime) -> Case:
    """The case is closed; whatever clock still runs is ended with it."""
    case = case.waive_clocks(now, "closed").move(Stage.CLOSED).but(closed_at=now)
    lacking = ", ".join(missing(case))
    text = f"Closed: {case.outcome}" + (f" (never supplied: {lacking})" if lacking else "")
    return case.tell(now, "case:closed", text, clause=Clause.P9)


def joined(third: Case, now: datetime) -> Case:
    """The third opinion's own case is closed; its reports and letters lie in the packet of the case it belongs to."""
    third = third.waive_clocks(now, "closed").move(Stage.CLOSED).but(closed_at=now)
    text = f"Closed: filed with {third.third_opinion_of}"
    return third.tell(now, "case:closed", text, clause=Clause.P9)


def _safe(part: str) -> str:
    """A part of a file name: composed, without separators, control characters or dots at its ends.

    A name that stands for a device on Windows, up to the first dot, gets a line after it: ``NUL_.txt``.
    """
    kept = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in unicodedata.normalize("NFC", part))
    cut = kept.encode()[:LONGEST_NAME].decode(errors="ignore").strip(" .")
    return DEVICE.sub(r"\1_", cut) or "_"


# Letters with a stroke of their own, which no decomposition takes off, and where an English filing order puts them.
STROKED = str.maketrans(
    {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ħ": "h", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae"}
    | {"œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ı": "i", "ŧ": "t"}
)


def _plain(text: str) -> str:
    text = text.translate(STROKED)
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(c for c in bare.casefold() if c.isalnum() or c.isspace()).split())
