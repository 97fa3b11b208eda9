"""Where things lie, by setting: folders of home, a folder that is named, a bucket."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.bucket import Bucket
from adapters.shelf import Shelf
from tests.adapters.samples import a_pdf
from tests.adapters.storage import Storage, a_storage
from wiring.settings import Settings, SettingsError
from wiring.storage import Kept, documents_of, shelf_for


@pytest.fixture(scope="module")
def storage():
    with a_storage() as found:
        yield found


def test_folders_of_home_are_the_default(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)

    assert [shelf_for(settings, kept).place for kept in Kept] == [str(tmp_path / kept) for kept in Kept]


def test_in_a_bucket_each_kind_has_a_prefix_of_its_own_and_a_folder_that_is_named_stays_a_folder() -> None:
    settings = Settings(storage="s3://filing/um", outbox=Path("/to-print"))

    outbox, cabinet, documents, reports = (shelf_for(settings, kept) for kept in Kept)

    assert isinstance(outbox, Shelf)
    assert isinstance(cabinet, Bucket)
    assert [shelf.place for shelf in (outbox, cabinet, documents, reports)] == [
        "/to-print",
        "s3://filing/um/cabinet",
        "s3://filing/um/documents",
        "s3://filing/um/reports",
    ]
    assert shelf_for(Settings(storage="s3://filing"), Kept.CABINET).place == "s3://filing/cabinet"


@pytest.mark.parametrize("storage", ["filing", "s3:/filing", "s3://Filing", "s3://filing/../x", "https://filing"])
def test_an_address_that_is_none_names_the_setting(storage: str) -> None:
    with pytest.raises(SettingsError, match="SECOND_OPINION_STORAGE: give s3://bucket"):
        shelf_for(Settings(storage=storage), Kept.CABINET)


def test_the_keys_of_the_settings_open_the_bucket(storage: Storage) -> None:
    name = storage.made()
    settings = Settings(
        storage=f"s3://{name}/um",
        s3_endpoint=storage.url,
        s3_region="us-west-2",
        s3_access_key=SecretStr("door"),
        s3_secret_key=SecretStr("secret"),
    )

    document = documents_of(settings).put("x-ray.pdf", a_pdf(1))

    assert f"um/documents/{document.sha256[:2]}/{document.sha256}.pdf" in storage.keys(name)
