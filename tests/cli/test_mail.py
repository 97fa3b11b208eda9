"""``second-opinion mail``: what waits to be printed, batches, the day of posting. Procedure 3, 5, 7 and 8."""

import json
from datetime import UTC, datetime

import pytest

from adapters.mailroom import Outbox
from cli.main import run
from policy.calendar import local_day
from tests.adapters.carrying import BY_PRINT, a_routed_letter
from wiring.mailroom import open_mailroom
from wiring.settings import read_settings


@pytest.fixture(autouse=True)
def post(tmp_path, monkeypatch):
    """Posts a letter of a case, by print; one is posted already."""
    for name in ("MAIL", "OUTBOX", "SMTP_URL", "FAX_SPOOL"):
        monkeypatch.delenv(f"SECOND_OPINION_{name}", raising=False)
    monkeypatch.setenv("SECOND_OPINION_HOME", str(tmp_path))

    def post(number):
        settings = read_settings()
        mailroom = open_mailroom(settings, Outbox(settings.home / "outbox"))
        return mailroom.post(a_routed_letter(BY_PRINT, key=f"SO-{number}/denial/1/member", case_number=f"SO-{number}"))

    post(1)
    return post


def ask(capsys, *words):
    code = run(["mail", *words])
    return code, capsys.readouterr()


@pytest.fixture
def today():
    return local_day(datetime.now(UTC)).isoformat()


@pytest.fixture
def batch(capsys):
    code, said = ask(capsys, "batch", "--json")
    assert code == 0
    (made,) = json.loads(said.out)["batches"]
    return made["batch"]


def test_the_list_shows_what_waits_and_that_there_is_no_batch_yet(capsys):
    code, said = ask(capsys, "list")

    assert code == 0
    assert "SO-1/denial/1/member" in said.out
    assert "There is no batch yet" in said.out


def test_a_batch_is_made_of_what_waits_and_says_where_it_lies(capsys, tmp_path, today):
    code, said = ask(capsys, "batch")

    assert code == 0
    assert f"Batch {today}-1: 1 letter, 1 page on 1 sheet" in said.out
    assert (tmp_path / "mail" / f"{today}-1" / "0001.pdf").exists()


@pytest.mark.usefixtures("batch")
def test_with_nothing_to_print_it_says_so(capsys):
    code, said = ask(capsys, "batch")

    assert (code, said.out.strip()) == (0, "No letter waits to be printed.")


def test_a_letter_that_is_not_as_it_was_is_named_and_ends_with_1(capsys, tmp_path, post):
    delivery = post(2)
    (tmp_path / "outbox" / delivery.document).write_bytes(b"altered")

    code, said = ask(capsys, "batch")

    assert code == 1
    assert "1 letter" in said.out
    assert "SO-2/denial/1/member" in said.err


def test_the_list_for_programs_tells_each_batch_and_its_day(capsys, batch, today):
    ask(capsys, "mailed", batch)

    code, said = ask(capsys, "list", "--json")

    answer = json.loads(said.out)
    assert code == 0
    assert answer["waiting"] == []
    (found,) = answer["batches"]
    assert (found["batch"], found["letters"], found["finished"], found["mailed_on"]) == (batch, 1, True, today)


def test_the_day_of_posting_is_recorded_and_another_one_refused(capsys, batch, today):
    first, said = ask(capsys, "mailed", batch, "--on", today)
    again, _ = ask(capsys, "mailed", batch)
    listed = ask(capsys, "list")[1].out

    assert (first, again) == (0, 0)
    assert f"Batch {batch} was mailed on {today}." in said.out
    assert f"mailed on {today}" in listed


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["mailed", "2026-11-02-7"], "There is no batch 2026-11-02-7. List them with: second-opinion mail list"),
        (["verify", "../../etc/passwd"], "There is no batch ../../etc/passwd."),
    ],
)
def test_a_batch_that_is_none_is_said_in_a_sentence(capsys, words, sentence):
    code, said = ask(capsys, *words)

    assert code == 2
    assert sentence in said.err


def test_a_day_before_the_batch_is_said_in_a_sentence(capsys, batch):
    code, said = ask(capsys, "mailed", batch, "--on", "2020-01-02")

    assert code == 2
    assert "2020-01-02 is before the day of the batch" in said.err


def test_a_batch_is_verified(capsys, batch, tmp_path):
    whole, said = ask(capsys, "verify", batch)
    (tmp_path / "mail" / batch / "0001.pdf").write_bytes(b"altered")
    altered, complained = ask(capsys, "verify", batch)
    _, for_programs = ask(capsys, "verify", batch, "--json")

    assert (whole, altered) == (0, 1)
    assert f"Batch {batch}: 1 letter, each as it was queued." in said.out
    assert "0001.pdf is not the letter that was queued." in complained.err
    assert json.loads(for_programs.out)["wrong"] == ["0001.pdf is not the letter that was queued."]
