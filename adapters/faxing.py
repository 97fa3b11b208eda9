"""Fax: a letter goes into the spool folder of a fax server, behind a cover sheet. Procedure 3, 5, 7 and 8.

``docs/fax-spool.md`` describes the folder for whoever runs the server. A job appears by a rename, is taken by a rename
and is taken back by a rename, so each has one owner at any moment, and a kill leaves it where it was.
"""

import hashlib
import io
import json
import logging
import re
from contextlib import suppress
from typing import ClassVar, Literal

from pikepdf import Pdf
from pydantic import AwareDatetime, ConfigDict, Field, ValidationError

from adapters.binder import count_pages
from adapters.channels import BlindNames, ChannelRefusal, Clock, NotYet
from adapters.mailroom import content_of
from adapters.shelf import AdapterError, Shelf
from adapters.typesetter import typeset
from policy.channels import Attempt, Channel, Result, Route
from policy.letter import Letter
from policy.verdict import Value

log = logging.getLogger(__name__)

OUTGOING, DONE = "outgoing", "done"
PREPARED, WITHDRAWN = ".prepared", ".withdrawn"  # in the spool, as a job is moved from and to them; ours alone
PLACED = "fax"  # beside the letters: a spool that is away must not make us forget what we let go
WRITTEN = re.compile(r"\+?[0-9(][0-9 ().\-/]+")
NORTH_AMERICAN = re.compile(r"1?([2-9]\d\d[2-9]\d{6})")
INTERNATIONAL = re.compile(r"[2-9]\d{7,14}")  # E.164; +1 is North America


class FaxJob(Value):
    """A job as the fax server reads it. ``pages`` counts the cover sheet; nothing in it names a person or a case."""

    id: str
    to: str
    pdf: str
    pages: int
    sha256: str
    placed_at: AwareDatetime


class FaxReport(Value):
    """What the fax server says became of a job. ``at`` is when it ended, ``pages`` how many arrived."""

    model_config = ConfigDict(extra="ignore")  # a server may say more

    status: Literal["sent", "failed"]
    at: AwareDatetime
    pages: int = Field(0, ge=0)
    remote_id: str = Field("", max_length=200)
    reason: str = Field("", max_length=500)


class FaxSpool:
    """Carries letters by fax. ``phone`` is the plan's telephone, which the cover sheet names."""

    channel: ClassVar[Channel] = Channel.FAX

    def __init__(self, spool: Shelf, own: Shelf, phone: str, names: BlindNames, clock: Clock) -> None:
        self._spool = spool
        self._own = own
        self._phone = phone
        self._names = names
        self._clock = clock

    def hand_over(self, letter: Letter, route: Route, pdf: bytes) -> Attempt:
        """Put a letter into the spool, once, and answer when the server has reported that every page arrived.

        Raises ChannelRefusal for a number that is none and for a report that it failed; NotYet until there is a
        report, and when the spool cannot be used.
        """
        number = fax_number(route)
        job = self._names.of(letter, route)
        try:
            report = self._report(job)
            if report is None and self._spool.get(f"{WITHDRAWN}/{job}.json") is None:
                self._place(job, number, letter, pdf)
        except NotYet:
            raise
        except AdapterError as trouble:
            raise NotYet(str(trouble)) from None
        if report is None:
            raise NotYet("The fax server has not reported yet.")
        return self._attempt(job, report)

    def take_back(self, letter: Letter, route: Route) -> bool:
        """Whether the server never got hold of the job: then nothing will come of it.

        Raises AdapterError when the spool, which may hold the job, cannot be used.
        """
        job = self._names.of(letter, route)
        if self._own.get(f"{PLACED}/{job}") is None:
            with suppress(AdapterError):
                self._spool.remove(f"{OUTGOING}/{job}.pdf")
            return True
        for place in (PREPARED, OUTGOING):
            if self._spool.move(f"{place}/{job}.json", f"{WITHDRAWN}/{job}.json"):
                self._spool.remove(f"{OUTGOING}/{job}.pdf")
        return self._spool.get(f"{WITHDRAWN}/{job}.json") is not None

    def _place(self, job: str, number: str, letter: Letter, pdf: bytes) -> None:
        """Make the job, once. The mark comes between making it and letting it go: where it stands, none is made."""
        if self._own.get(f"{PLACED}/{job}") is None:
            fax = self._spool.put(f"{OUTGOING}/{job}.pdf", self._with_cover(letter, number, pdf))
            made = FaxJob(
                id=job,
                to=number,
                pdf=f"{job}.pdf",
                pages=count_pages(fax),
                sha256=hashlib.sha256(fax).hexdigest(),
                placed_at=self._clock(),
            )
            text = json.dumps(made.model_dump(mode="json"), indent=2) + "\n"
            self._spool.put(f"{PREPARED}/{job}.json", text.encode())
            self._own.put(f"{PLACED}/{job}", str(made.pages).encode())
        self._spool.move(f"{PREPARED}/{job}.json", f"{OUTGOING}/{job}.json")

    def _with_cover(self, letter: Letter, number: str, pdf: bytes) -> bytes:
        pages = count_pages(pdf) + 1
        content = {"to": number, "phone": self._phone, "pages": pages, "dated": content_of(letter)["dated"]}
        made = io.BytesIO()
        cover = typeset("cover", content, letter.written_on).pdf
        with Pdf.open(io.BytesIO(cover)) as fax, Pdf.open(io.BytesIO(pdf)) as body:
            fax.pages.extend(body.pages)
            fax.save(made)
        return made.getvalue()

    def _report(self, job: str) -> FaxReport | None:
        found = self._spool.get(f"{DONE}/{job}.json")
        if found is None:
            return None
        try:
            return FaxReport.model_validate_json(found)
        except ValidationError as error:
            fields = ",".join(sorted({str(e["loc"][0]) if e["loc"] else "all of it" for e in error.errors()}))
            log.warning("fax.report_unreadable", extra={"job": job, "problem": fields})  # docs/fax-spool.md
            raise NotYet("The fax server's report cannot be read.") from None

    def _attempt(self, job: str, report: FaxReport) -> Attempt:
        if report.status == "failed":
            raise ChannelRefusal(f"the fax failed{f': {_without_numbers(report.reason)}' if report.reason else ''}")
        pages = int(self._own.get(f"{PLACED}/{job}") or b"0")
        if report.pages < pages:
            raise ChannelRefusal(f"only {report.pages} of {pages} pages of the fax arrived")
        proof = f"fax {_printable(report.remote_id) or job}, pages {report.pages}, at {report.at.isoformat()}"
        return Attempt(channel=self.channel, at=report.at, result=Result.LEFT, proof=proof)


def fax_number(route: Route) -> str:
    """The route's number as +1 and ten digits, or + and the country's. Raises ChannelRefusal when it is none."""
    number = route.to[0].strip() if len(route.to) == 1 else ""
    digits = re.sub(r"\D", "", number)
    if WRITTEN.fullmatch(number) and digits.isascii():
        if found := NORTH_AMERICAN.fullmatch(digits):
            return f"+1{found[1]}"
        if number.startswith("+") and INTERNATIONAL.fullmatch(digits):
            return f"+{digits}"
    raise ChannelRefusal("the fax number is none")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _without_numbers(text: str) -> str:
    """A server's words without long numbers, which may be its reader's."""
    return re.sub(r"\+?\d[\d ().-]{5,}\d", "(number)", _printable(text))
