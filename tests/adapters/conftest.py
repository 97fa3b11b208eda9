"""What tests of the adapters share."""

from collections.abc import Iterator

import pytest

from tests.adapters.storage import Storage, a_storage


@pytest.fixture(scope="session")
def storage() -> Iterator[Storage]:
    with a_storage() as found:
        yield found
