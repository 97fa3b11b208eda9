"""What people do to tasks, refused actions, unsigned lines, and absences.

Columns come with defaults: nothing is copied, the ledger keeps its triggers, and workers of the version before, which
know nothing of them, go on writing until they are replaced.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
IS_OPEN, HAS_ENDED = "ended_at IS NULL", "ended_at IS NOT NULL"
ORDER = ["next_due", "priority", "case_number", "task_id"]

# What a task waits for, and what a request's priority gave its tasks, when this was written.
DECISION = ("decision", "decision_outer")
SERVES = {
    "completeness_review": (*DECISION, "pend_notice"),
    "obtain_information": ("information_reply", *DECISION),
    "physician_review": DECISION,
    "consultative_review": DECISION,
    "expired_determination": DECISION,
    "placement": ("placement", "opinion_rendered"),
    "obtain_report": ("consultation_report", "opinion_rendered"),
}
PRIORITIES = {"concurrent": 3, "expedited": 1, "urgent_concurrent": 1, "retrospective": 8}

TASKS = sa.table("tasks", *map(sa.column, ("case_number", "kind", "ended_at", "next_due", "due_rule", "priority")))
CASES = sa.table("cases", *map(sa.column, ("number", "priority", "next_due")))
CLOCKS = sa.table("clocks", *map(sa.column, ("case_number", "clock_id", "obligation", "rule", "due_at", "ended_at")))
LEDGER = sa.table("ledger", *map(sa.column, ("case_number", "seq", "at", "event", "text", "actor", "clause")))
REFUSED = ("case_number", "seq", "at", "action", "action_id", "actor", "reason", "clause", "fields", "size", "digest")
REFUSALS = sa.table("refusals", *map(sa.column, REFUSED))
OPEN_TASKS = sa.update(TASKS).where(TASKS.c.ended_at.is_(None))


def upgrade() -> None:
    """To this revision. What was recorded stays, and is told in the new columns as far as it can be."""
    _tasks()
    _plan_open_tasks()
    op.add_column("ledger", sa.Column("unsigned", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    _refusals()
    _absences()


def downgrade() -> None:
    """Back from it. What only this revision can hold is lost."""
    op.drop_table("absences")
    op.drop_table("refusals")
    op.drop_column("ledger", "unsigned")
    for index in ("open_due", "open_owner", "open_asked", "ended_owner", "ended_by"):
        op.drop_index(f"ix_tasks_{index}", "tasks")
    for column in reversed(_columns()):
        op.drop_column("tasks", column.name)
    of_its_case = sa.select(CASES.c.next_due).where(CASES.c.number == TASKS.c.case_number).scalar_subquery()
    op.execute(OPEN_TASKS.values(next_due=of_its_case))
    _index_where(IS_OPEN, "ix_tasks_open_due", "tasks", ["next_due", "case_number", "task_id", "roles"])
    _index_where(IS_OPEN, "ix_tasks_open_owner", "tasks", ["owner", "next_due"])


def _columns() -> list[sa.Column]:
    return [
        _number("revision", "0"),
        _number("priority", "5"),
        _words("due_rule", "''"),
        sa.Column("suspended_until", INSTANT),
        _words("delegated_by", "''"),
        _words("asked", "''"),
        sa.Column("answer_by", INSTANT),
        _words("outcome", "''"),
        _number("comments", "0"),
    ]


def _tasks() -> None:
    for column in _columns():
        op.add_column("tasks", column)
    op.drop_index("ix_tasks_open_due", "tasks")
    op.drop_index("ix_tasks_open_owner", "tasks")
    _index_where(IS_OPEN, "ix_tasks_open_due", "tasks", [*ORDER, "roles", "owner", "asked"])
    _index_where(IS_OPEN, "ix_tasks_open_owner", "tasks", ["owner", *ORDER, "roles", "asked"])
    _index_where(IS_OPEN, "ix_tasks_open_asked", "tasks", ["asked"])
    _index_where(HAS_ENDED, "ix_tasks_ended_owner", "tasks", ["owner", "ended_at"])
    _index_where(HAS_ENDED, "ix_tasks_ended_by", "tasks", ["ended_by", "ended_at"])


def _plan_open_tasks() -> None:
    """A task was due with whatever its case had to do first; now with the first clock that it serves itself.

    A case tells of a task only when it changes: without this the old due times would stand until then.
    """
    for kind, obligations in SERVES.items():
        standing = (CLOCKS.c.case_number == TASKS.c.case_number, CLOCKS.c.ended_at.is_(None))
        served = sa.select(CLOCKS).where(*standing, CLOCKS.c.obligation.in_(obligations))
        first = served.order_by(CLOCKS.c.due_at, CLOCKS.c.clock_id).limit(1)
        due, rule = (first.with_only_columns(column).scalar_subquery() for column in (CLOCKS.c.due_at, CLOCKS.c.rule))
        op.execute(
            OPEN_TASKS.where(TASKS.c.kind == kind).values(next_due=due, due_rule=sa.func.coalesce(rule, sa.text("''")))
        )
    for priority, of_tasks in PRIORITIES.items():
        cases = sa.select(CASES.c.number).where(CASES.c.priority == priority)
        op.execute(OPEN_TASKS.where(TASKS.c.case_number.in_(cases)).values(priority=of_tasks))


def _refusals() -> None:
    """Those of before are read off the ledger, which tells them as ``action: reason``."""
    op.create_table(
        "refusals",
        _words("case_number"),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *(_words(name) for name in ("action", "action_id", "actor", "reason", "clause", "fields")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _words("digest"),
        sa.PrimaryKeyConstraint("case_number", "seq", name="pk_refusals"),
        sa.ForeignKeyConstraint(["case_number"], ["cases.number"], name="fk_refusals_case_number_cases"),
    )
    op.create_index("ix_refusals_at", "refusals", ["at", "case_number", "seq"])
    of = LEDGER.c
    find = sa.func.strpos if op.get_bind().dialect.name == "postgresql" else sa.func.instr
    colon = find(of.text, ": ", type_=sa.Integer())
    action, reason = sa.func.substr(of.text, 1, colon - 1), sa.func.substr(of.text, colon + 2)
    none = sa.literal("")
    told = sa.select(
        of.case_number, of.seq, of.at, action, none, of.actor, reason, of.clause, sa.literal("[]"), sa.literal(0), none
    ).where(of.event == "action:refused", colon > 0)
    op.execute(sa.insert(REFUSALS).from_select(REFUSED, told))


def _absences() -> None:
    op.create_table(
        "absences",
        _words("person"),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        _words("substitute"),
        sa.PrimaryKeyConstraint("person", "since", name="pk_absences"),
    )


def _words(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text(default) if default else None, nullable=False)


def _number(name: str, default: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=sa.text(default), nullable=False)


def _index_where(condition: str, name: str, table: str, columns: list[str]) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
