"""What the committees' report counts of each case. Of the cases that there are, what request, rows and ledger tell.

What they do not tell stays unknown: why a rung was left, whose choice was departed from. A
physician who determined is known by the account's name there, and not by the NPI.
"""

import json
import logging
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

log = logging.getLogger("records.migrations")

AT_ONCE = 500  # cases
INSTANT = sa.DateTime(timezone=True)
CODE = sa.String(40)
TIMES = ("withdrawn_at", "closed_at", "decided_at", "changed_at", "consulted_at", "placed_at", "reported_at")
COMPARED = (
    ("the two recommendations agree", "agree"),
    ("does not", "differ_on_surgery"),
    ("something else", "differ_on_surgery"),
    ("neither surgery nor", "differ_otherwise"),
)


def upgrade() -> None:
    """To this revision."""
    columns = [
        *map(_words, ("number",)),
        *map(_code, ("line", "priority", "care")),
        *map(_words, ("specialty", "organization")),
        *map(_code, ("requester", "purpose")),
        _words("reasons"),
        _flag("prior_authorization"),
        sa.Column("received_at", INSTANT, nullable=False),
        *map(_instant, ("withdrawn_at", "closed_at")),
        *map(_maybe, ("outcome", "basis")),
        _words("physician"),
        _instant("decided_at"),
        *map(_flag, ("decided_late", "extended")),
        _instant("changed_at"),
        *map(_maybe, ("changed_outcome", "changed_because")),
        _words("category"),
        _instant("consulted_at"),
        _words("consultant"),
        sa.Column("recommends", sa.Boolean()),
        _words("information"),
        _maybe("tier"),
        _words("left"),
        _instant("placed_at"),
        _words("opinion_by"),
        _flag("departed"),
        _words("ended"),
        _instant("reported_at"),
        _words("questioned"),
        _maybe("agreement"),
        _flag("third_opened"),
        *map(_words, ("third_of", "third_sides_with")),
        sa.Column("revision", sa.Integer(), nullable=False),
    ]
    table = op.create_table(
        "case_facts",
        *columns,
        sa.ForeignKeyConstraint(["number"], ["cases.number"], name="fk_case_facts_number_cases"),
        sa.PrimaryKeyConstraint("number", name="pk_case_facts"),
    )
    for column in ("received_at", "decided_at", "reported_at"):
        op.create_index(f"ix_case_facts_{column}", "case_facts", [column])
    connection = op.get_bind()
    count = 0
    for rows in _batches(connection):
        connection.execute(table.insert(), rows)
        count += len(rows)
    if count:
        log.info("records.facts cases=%d", count)


def downgrade() -> None:
    """Back from it. The facts can be made again; of what only they told, as much as the ledger tells."""
    op.drop_table("case_facts")


def _batches(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    """Rows for the cases that there are, some at once."""
    said = ("number", "line", "priority", "specialty", "organization", "category", "revision")
    times = (sa.column(name, INSTANT) for name in ("received_at", "closed_at"))
    case = sa.table("cases", *map(sa.column, said), *times)
    chosen, last = sa.select(case).order_by(case.c.number).limit(AT_ONCE), ""
    while some := connection.execute(chosen.where(case.c.number > last)).mappings().all():
        last = some[-1]["number"]
        requests, events, late = _told(connection, some[0]["number"], last)
        rows = [_row(dict(one), requests, events.get(one["number"], []), late) for one in some]
        if known := [row for row in rows if row]:
            yield known


def _told(connection: sa.Connection, first: str, last: str) -> tuple[dict[str, Any], dict[str, list[Any]], set[str]]:
    """The requests, the lines and the late decisions of some cases."""
    intake = sa.table("intake", sa.column("case_number"), sa.column("request", sa.JSON()))
    words = map(sa.column, ("case_number", "seq", "event", "text", "actor"))
    line = sa.table("ledger", *words, sa.column("at", INSTANT))
    clock = sa.table("clocks", *map(sa.column, ("case_number", "obligation", "state")))
    # A third opinion's own case has the request of the case that it belongs to.
    asked = sa.select(intake).where(intake.c.case_number.between(first.removesuffix("-3"), last))
    requests = {row.case_number: row.request for row in connection.execute(asked)}
    lines = sa.select(line).where(line.c.case_number.between(first, last)).order_by(line.c.case_number, line.c.seq)
    events = {number: list(of) for number, of in groupby(connection.execute(lines), key=itemgetter(0))}
    breached = clock.c.state == "breached", clock.c.obligation.in_(("decision", "decision_outer"))
    late = sa.select(clock.c.case_number).where(clock.c.case_number.between(first, last), *breached)
    return requests, events, {row.case_number for row in connection.execute(late)}


def _row(case: dict[str, Any], requests: dict[str, Any], lines: list[Any], late: set[str]) -> dict[str, Any] | None:
    number = case["number"]
    of = number.removesuffix("-3") if number.count("-") > 2 else ""
    request = requests.get(of or number)
    if request is None:
        return None  # nobody asked for it: it was recorded without our door
    first = request.get("first_opinion")
    row = {
        **case,
        **dict.fromkeys((name for name in TIMES if name != "closed_at"), None),
        "care": request["care"],
        "requester": request["requester"]["kind"],
        "purpose": request["purpose"],
        "reasons": json.dumps(request["reasons"], separators=(",", ":")),
        "prior_authorization": request.get("requires_prior_authorization", True),
        **dict.fromkeys(("outcome", "basis", "changed_outcome", "changed_because", "recommends", "tier", "agreement")),
        **dict.fromkeys(("physician", "consultant", "opinion_by", "third_sides_with"), ""),
        "decided_late": number in late,
        **dict.fromkeys(("extended", "departed", "third_opened"), False),
        "left": "[]",
        "questioned": (first or {}).get("professional", request["treating_provider"])["npi"],
        "third_of": of,
    }
    asked: list[dict[str, Any]] = []
    ended: list[str] = []
    for line in lines:
        _tell(row, asked, ended, line)
    row["information"] = json.dumps(asked, separators=(",", ":"))
    row["ended"] = json.dumps(ended, separators=(",", ":"))
    return row


def _tell(row: dict[str, Any], asked: list[dict[str, Any]], ended: list[str], line: Any) -> None:
    """What one line of the ledger says of the row."""
    subject, _, what = line.event.partition(":")
    if subject == "determination":
        _determined(row, what, line)
    elif subject == "consultation" and what == "referred":
        row["consulted_at"] = line.at
    elif subject == "consultation" and what == "given":
        row |= {"consultant": line.actor, "recommends": "does not recommend" not in line.text}
    elif subject == "information":
        _asked(asked, what, line)
    elif subject == "opinion":
        _placed(row, ended, what, line)
    elif line.event == "report:received" and row["reported_at"] is None:
        row["reported_at"] = line.at
    elif line.event == "opinions:compared":
        row["agreement"] = next((code for said, code in COMPARED if said in line.text), "not_comparable")
    else:
        _otherwise(row, line)


def _determined(row: dict[str, Any], what: str, line: Any) -> None:
    if what == "changed":
        row |= {"changed_at": line.at, "changed_outcome": line.text.rpartition("now ")[2] or None}
    elif row["decided_at"] is None:
        row |= {"decided_at": line.at, "outcome": what, "physician": line.actor}


def _asked(asked: list[dict[str, Any]], what: str, line: Any) -> None:
    at = line.at.isoformat() + ("" if line.at.tzinfo else "+00:00")
    if what == "requested":
        items = line.text.removeprefix("Asked the provider for ").split(", ")
        asked.append({"items": items, "requested_at": at, "attempts": 0, "completed_at": None})
    elif asked and what == "attempted":
        asked[-1]["attempts"] += 1
    elif asked and what == "complete" and asked[-1]["completed_at"] is None:
        asked[-1]["completed_at"] = at


def _placed(row: dict[str, Any], ended: list[str], what: str, line: Any) -> None:
    if what == "placed" and row["reported_at"] is None:
        row |= {"placed_at": line.at, "tier": line.text.rpartition(": ")[2]}
    elif what == "departed" and row["reported_at"] is None:
        row["departed"] = True
    elif what in ("declined", "not_in_time", "changed_by_member"):
        ended.append(what)
        row |= {"placed_at": None, "tier": None, "departed": False}


def _otherwise(row: dict[str, Any], line: Any) -> None:
    if line.event == "request:withdrawn":
        row |= {"withdrawn_at": line.at}
    elif line.event == "decision:extended":
        row["extended"] = True
    elif line.event == "third-opinion:opened" and not row["third_of"]:
        row["third_opened"] = True


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _code(name: str) -> sa.Column[str]:
    return sa.Column(name, CODE, nullable=False)


def _maybe(name: str) -> sa.Column[str]:
    return sa.Column(name, CODE)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _instant(name: str) -> sa.Column[Any]:
    return sa.Column(name, INSTANT)
