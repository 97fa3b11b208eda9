"""The register of submissions: the same reference twice is one case, with one number and one time of receipt."""

import json
import unicodedata
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, bindparam, insert, select, update

from policy.calendar import local_day
from policy.people import Member
from policy.request import Request
from policy.third_opinion import SUFFIX, belongs_to
from policy.verdict import Value
from records.database import reading, writing
from records.statements import INSERTS, STARTED
from records.tables import CASE_MEMBERS, CASES, INTAKE, NUMBERING

FOUND = select(INTAKE.c.case_number, INTAKE.c.received_at, INTAKE.c.started_at, INTAKE.c.digest).where(
    INTAKE.c.external_reference == bindparam("reference")
)
# Every year's row, so that two submissions around New Year wait for each other as well.
NUMBERS = select(NUMBERING.c.year, NUMBERING.c.last).order_by(NUMBERING.c.year).with_for_update()
COUNTED = update(NUMBERING).where(NUMBERING.c.year == bindparam("in_year")).values(last=bindparam("number"))
UNSTARTED = (
    select(INTAKE.c.case_number, INTAKE.c.request, INTAKE.c.received_at, INTAKE.c.correlation)
    .where(INTAKE.c.started_at.is_(None))
    .order_by(INTAKE.c.received_at, INTAKE.c.case_number)
)


class Reservation(Value):
    """What a submission was given.

    ``is_new`` is False for a reference that was submitted before; ``same_content`` then says whether the request was
    the same, too. ``started`` says whether the case's story is known to have begun.
    """

    case_number: str
    received_at: datetime
    is_new: bool
    same_content: bool
    started: bool


class Unstarted(NamedTuple):
    """A submission that has its number, and whose story was not seen to begin; ``correlation`` is its door's id."""

    case_number: str
    request: Request
    received_at: datetime
    correlation: str = ""


class IntakeRegister:
    """Gives out case numbers, once for each external reference. Every method raises RecordsError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._insert = INSERTS[engine.dialect.name]

    def reserve(self, request: Request, received_at: datetime, correlation: str = "") -> Reservation:
        """The case number of a submission, new or as given before: ``SO-<year>-<number>``, by the year in Los Angeles.

        ``received_at`` is the server's time; the first one stands. Safe for any number of submissions at once; the
        numbers of a year have no gaps.
        """
        content = digest(request)
        with writing(self._engine) as connection:
            found = self._find(connection, request, content)
            if found is None:
                year = local_day(received_at).year
                number = self._last(connection, year) + 1
                # Another process may have registered the reference while this one waited for its turn.
                found = self._find(connection, request, content)
                if found is None:
                    connection.execute(COUNTED, {"in_year": year, "number": number})
                    new = f"SO-{year}-{number:06}"
                    return _register(connection, new, request, content, received_at, correlation)
        return found

    def mark_started(self, case_number: str, at: datetime) -> None:
        """The case's story has begun. The first time stands; the ledger marks it, too, with its first transition."""
        with writing(self._engine) as connection:
            connection.execute(STARTED, {"case": case_number, "at": at})

    def unstarted(self) -> list[Unstarted]:
        """Submissions whose story was not seen to begin: somebody stopped between the two. Oldest first."""
        with reading(self._engine) as connection:
            return [Unstarted(*row) for row in connection.execute(UNSTARTED)]

    def request_of(self, case_number: str) -> Request | None:
        """The request as it was first submitted; None for a number that was never given.

        A third opinion's own case, once it stands in the records, has the request of the case that it belongs to.
        """
        of = belongs_to(case_number)
        with reading(self._engine) as connection:
            if of and connection.execute(select(CASES.c.number).where(CASES.c.number == case_number)).first() is None:
                return None
            wanted = INTAKE.c.case_number == (of or case_number)
            found = connection.execute(select(INTAKE.c.request).where(wanted)).scalar()
        return found if isinstance(found, Request) else None

    def request_now(self, case_number: str) -> Request | None:
        """The request with its member as the case reaches him now; None for a number that was never given.

        Of a case and its third opinion, which has a case of its own, the one speaks that told it last.
        """
        request = self.request_of(case_number)
        if request is None:
            return None
        both = (case_number, belongs_to(case_number) or f"{case_number}{SUFFIX}")
        members = CASE_MEMBERS.c
        latest = select(members.member).where(members.case_number.in_(both)).order_by(members.told_at.desc()).limit(1)
        with reading(self._engine) as connection:
            found = connection.execute(latest).scalar()
        return request.model_copy(update={"member": found}) if isinstance(found, Member) else request

    def registered(self, case_number: str) -> tuple[Request, datetime] | None:
        """A request as it was first submitted, and when it was received; None for a number that was never given."""
        wanted = select(INTAKE.c.request, INTAKE.c.received_at).where(INTAKE.c.case_number == case_number)
        with reading(self._engine) as connection:
            found = connection.execute(wanted).first()
        return (found.request, found.received_at) if found else None

    def _last(self, connection: Connection, year: int) -> int:
        """The year's last number. From here on no other submission is given one until this transaction ends."""
        connection.execute(self._insert(NUMBERING).values(year=year, last=0).on_conflict_do_nothing())
        return {row.year: int(row.last) for row in connection.execute(NUMBERS)}[year]

    @staticmethod
    def _find(connection: Connection, request: Request, content: str) -> Reservation | None:
        found = connection.execute(FOUND, {"reference": request.external_reference}).first()
        if found is None:
            return None
        return Reservation(
            case_number=found.case_number,
            received_at=found.received_at,
            is_new=False,
            same_content=found.digest == content,
            started=found.started_at is not None,
        )


def digest(request: Request) -> str:
    """SHA-256 of what a request says, however it was written: zones, composed letters and defaults do not count."""
    # Without defaults: a field that a later version adds leaves the digests of earlier requests as they are.
    said = request.model_dump(exclude_defaults=True)
    text = json.dumps(said, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()


def _plain(value: Any) -> str:  # noqa: ANN401 - what json does not know
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a request cannot hold a {type(value).__name__}")


def _register(
    connection: Connection, case_number: str, request: Request, content: str, received_at: datetime, correlation: str
) -> Reservation:
    row = {
        "case_number": case_number,
        "external_reference": request.external_reference,
        "digest": content,
        "received_at": received_at,
        "started_at": None,
        "request": request,
        "correlation": correlation,
    }
    connection.execute(insert(INTAKE), row)
    return Reservation(
        case_number=case_number, received_at=received_at.astimezone(UTC), is_new=True, same_content=True, started=False
    )
