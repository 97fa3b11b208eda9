"""What somebody can do who has the database to himself: the triggers are dropped first."""

from sqlalchemy import Engine, text

from policy.chain import Line, beginning, hash_of
from records import audit
from records.database import writing

TRIGGERS = {
    "ledger": ("ledger_keeps_lines", "ledger_refuses_update", "ledger_refuses_delete"),
    "links": ("links_keeps_links", "links_refuses_update", "links_refuses_delete"),
    "delegated_lines": (
        "delegated_lines_keeps_lines",
        "delegated_lines_refuses_update",
        "delegated_lines_refuses_delete",
    ),
}


def attack(engine: Engine, *statements: str, **values: object) -> None:
    """Statements, as the owner of the tables, without triggers and without foreign keys."""
    with writing(engine) as connection:
        for table, names in TRIGGERS.items():
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            else:
                for name in names:
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for statement in statements:
            asked = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), asked)


def write_anew(engine: Engine, number: str) -> None:
    """Recompute the whole chain of a case over the lines as they are now, as somebody would who has read our code."""
    (chain,) = audit.chains(engine, [number])
    lines: dict[int, Line] = {line.seq: line for line in chain.lines}
    attack(engine, "DELETE FROM links WHERE case_number = :number", number=number)
    previous = beginning(number)
    for position, line in enumerate(lines.values(), 1):
        hashed = hash_of(previous, position, "recorded", line)
        attack(
            engine,
            "INSERT INTO links (case_number, position, seq, how, previous, hash) "
            "VALUES (:number, :position, :seq, 'recorded', :previous, :hash)",
            number=number,
            position=position,
            seq=line.seq,
            previous=previous,
            hash=hashed,
        )
        previous = hashed
