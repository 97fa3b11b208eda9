"""Commands run in this process leave their records open, as a process that ends may: here they are closed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from records import database
from wiring import world


@pytest.fixture(autouse=True)
def closed_records(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened: list[Engine] = []
    opening = database.open_records

    def opens(url: str) -> Engine:
        opened.append(opening(url))
        return opened[-1]

    for module in (database, world):
        monkeypatch.setattr(module, "open_records", opens)
    yield
    for engine in opened:
        engine.dispose()
