"""The mailroom as the settings set it up: print always, e-mail and fax where they are named."""

from pathlib import Path
from typing import Any

import pytest

from policy.channels import Route
from policy.dispatch import Delivery
from tests.adapters.carrying import BY_EMAIL, BY_FAX, BY_PRINT, Mailbox, a_mail_server, a_routed_letter
from wiring.settings import Settings, SettingsError, read_settings
from wiring.world import open_world

NOT_SET_UP = "not set up in this installation"


def posted(home: Path, *routes: Route, **settings: Any) -> Delivery:
    world = open_world(Settings(home=home, **settings))
    try:
        return world.steps.letters.notify_parties((a_routed_letter(*routes),))[0]
    finally:
        world.records.dispose()


def test_without_settings_letters_are_printed_and_other_channels_passed_over(tmp_path):
    delivery = posted(tmp_path, BY_EMAIL, BY_FAX, BY_PRINT)

    assert [attempt.reason for attempt in delivery.attempts] == [NOT_SET_UP, NOT_SET_UP, ""]
    assert [path.parent.parent.name for path in tmp_path.glob("mail/*/*/*.json")] == [".queue"]


def test_with_a_mail_server_letters_go_by_e_mail(tmp_path):
    mailbox = Mailbox()
    with a_mail_server(mailbox) as port:
        url = f"smtp://127.0.0.1:{port}"
        delivery = posted(tmp_path, BY_EMAIL, smtp_url=url, mail_from="um@plan.example")

    assert "queued as Q1" in delivery.attempts[0].proof
    assert len(mailbox.messages) == 1


def test_with_a_spool_letters_are_placed_in_it_and_the_step_asks_again(tmp_path):
    with pytest.raises(Exception, match="None of 1 letters could be sent: NotYet"):
        posted(tmp_path, BY_FAX, fax_spool=tmp_path / "spool")

    assert len(list(tmp_path.glob("spool/outgoing/*.json"))) == 1


def test_a_variable_that_is_empty_sets_nothing_up(monkeypatch):
    for name in ("SMTP_URL", "FAX_SPOOL", "MAIL_FROM", "MAIL"):
        monkeypatch.setenv(f"SECOND_OPINION_{name}", "")

    settings = read_settings()

    assert (settings.fax_spool, settings.smtp_url.get_secret_value()) == (None, "")
    assert settings.mail_folder == settings.home / "mail"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"smtp_url": "smtps://mail.example.org"}, "SECOND_OPINION_MAIL_FROM"),
        ({"smtp_url": "smtp://um:geheim@mail.example.org"}, "SECOND_OPINION_SMTP_URL: without TLS"),
    ],
)
def test_a_channel_that_is_set_up_by_half_is_said_by_its_setting(tmp_path, settings, sentence):
    with pytest.raises(SettingsError, match=sentence) as raised:
        posted(tmp_path, BY_PRINT, **settings)

    assert "geheim" not in str(raised.value)
