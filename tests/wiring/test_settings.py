"""Settings: a secret from the environment or from the file that it names, never from both, and never told."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from wiring.settings import PREFIX, SECRETS, Settings, SettingsError, read_settings

URL = f"{PREFIX}DATABASE_URL"
PASSWORD = f"{PREFIX}DATABASE_PASSWORD"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("p@ss/w:rd %41\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("name", SECRETS)
def test_every_secret_can_come_from_a_file_without_the_end_of_its_line(name, secret, monkeypatch):
    monkeypatch.setenv(f"{PREFIX}{name.upper()}_FILE", str(secret))

    found = getattr(read_settings(), name)

    assert (found if isinstance(found, str) else found.get_secret_value()) == "p@ss/w:rd %41"


def test_every_setting_that_is_a_secret_can_come_from_a_file():
    kept = {name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}

    assert kept <= set(SECRETS) <= Settings.model_fields.keys()


def test_the_password_of_the_records_is_put_into_their_url_whatever_stands_in_it(secret, monkeypatch):
    monkeypatch.setenv(URL, "postgresql://second_opinion@db.example.org:5432/records?sslmode=require")
    monkeypatch.setenv(f"{PASSWORD}_FILE", str(secret))

    url = make_url(read_settings().records_url)

    assert (url.password, url.username, url.host, url.port) == (
        "p@ss/w:rd %41",
        "second_opinion",
        "db.example.org",
        5432,
    )
    assert dict(url.query) == {"sslmode": "require"}


@pytest.mark.parametrize("url", ["postgresql://db.example.org/records", "postgresql://so:other@db.example.org/records"])
def test_a_password_for_a_url_that_names_no_user_or_has_one_is_refused_without_telling_it(url, secret, monkeypatch):
    monkeypatch.setenv(URL, url)
    monkeypatch.setenv(f"{PASSWORD}_FILE", str(secret))

    with pytest.raises(SettingsError, match="names a user and no password") as refused:
        _ = read_settings().records_url

    assert "p@ss" not in str(refused.value)


def test_a_secret_that_is_given_twice_is_refused(secret, monkeypatch):
    monkeypatch.setenv(PASSWORD, "hunter2")
    monkeypatch.setenv(f"{PASSWORD}_FILE", str(secret))

    with pytest.raises(SettingsError, match=f"{PASSWORD} and {PASSWORD}_FILE are both set"):
        read_settings()


@pytest.mark.parametrize(
    ("data", "said"), [(None, "no such file"), (b"\n", "is empty"), (b"\xff\xfe", "is no text in UTF-8")]
)
def test_a_file_without_a_usable_secret_is_named_with_its_variable(data, said, tmp_path, monkeypatch):
    file = tmp_path / "secret"
    if data is not None:
        file.write_bytes(data)
    monkeypatch.setenv(f"{PASSWORD}_FILE", str(file))

    with pytest.raises(SettingsError, match=f"{PASSWORD}_FILE: {file}.*{said}"):
        read_settings()


def test_what_ends_in_file_and_names_no_secret_is_a_setting_as_before(tmp_path, monkeypatch):
    monkeypatch.setenv(f"{PREFIX}STAFF_FILE", str(tmp_path / "staff.json"))

    assert read_settings().staff_file == tmp_path / "staff.json"
