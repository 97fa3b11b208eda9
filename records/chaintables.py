"""The table of the links that chain the lines of a case. Triggers in the migration keep it append-only.

A table of its own, and no columns of the ledger: what was written before is chained without being touched.
"""

from sqlmodel import Field

from records.rowbase import Record, words


class LinkRecord(Record, table=True):
    """A link: the line that it names, how it came into the chain, the hash before it, and its own.

    ``case_number`` is a second-opinion case's or a delegated decision's; no key leads to either, so that the link of a
    line stays when the line goes.
    """

    __tablename__ = "links"

    case_number: str = words(primary_key=True)
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    seq: int
    how: str = words()
    previous: str = words()
    hash: str = words()


CHAINED = Record.metadata
