"""What the records say of the filing cabinet: which packets are filed, and which cases are kept how long.

Every function raises RecordsError when the records cannot be used. Rows name the member: doors show names when asked.
"""

from datetime import datetime

from sqlalchemy import ColumnElement, Engine, select

from policy.filing import alphabetical
from policy.lifecycle import Stage
from policy.people import PersonName
from policy.request import LineOfBusiness
from policy.verdict import Value
from records.database import reading
from records.queries import find_number
from records.tables import CASES


class CasePaper(Value):
    """A case's paper: where its packet lies (``path`` is empty until it is filed), and until when it lived."""

    number: str
    external_reference: str
    line: LineOfBusiness
    stage: Stage
    family: str
    given: str
    path: str
    sha256: str
    closed_at: datetime | None


COLUMNS = (
    *(CASES.c[name] for name in ("number", "external_reference", "line", "stage", "closed_at")),
    CASES.c.member_family.label("family"),
    CASES.c.member_given.label("given"),
    CASES.c.filing_path.label("path"),
    CASES.c.filing_sha256.label("sha256"),
)
FILED = CASES.c.filing_path != ""


def filed(engine: Engine) -> list[CasePaper]:
    """Every case whose packet is filed, by number."""
    return _papers(engine, FILED)


def all_cases(engine: Engine) -> list[CasePaper]:
    """Every case, by number."""
    return _papers(engine)


def find(engine: Engine, text: str) -> list[CasePaper]:
    """The case of that number or external reference; else those of a member whose family name begins so.

    Names are compared as the drawer sorts them: without diacritics, case, hyphens or apostrophes.
    """
    number = find_number(engine, text)
    if number is not None:
        return _papers(engine, CASES.c.number == number)
    wanted = _family(text)
    return [paper for paper in _papers(engine) if wanted and _family(paper.family).startswith(wanted)]


def _family(name: str) -> str:
    """A family name as it sorts; also of what was typed, which may be too long for any name."""
    return alphabetical(PersonName.model_construct(family=name, given="", suffix=""))[0]


def _papers(engine: Engine, *conditions: ColumnElement[bool]) -> list[CasePaper]:
    chosen = select(*COLUMNS).where(*conditions).order_by(CASES.c.number)
    with reading(engine) as connection:
        return [CasePaper.model_validate(dict(row)) for row in connection.execute(chosen).mappings()]
