"""deploy/relay.py: what goes through it is what the mail server gets and says, and nothing is said in its place."""

import asyncio
import importlib.util
import smtplib
from pathlib import Path

import pytest

from tests.adapters.carrying import Mailbox, a_mail_server
from tests.ports import free_port

specification = importlib.util.spec_from_file_location("relay", Path(__file__).parents[1] / "deploy" / "relay.py")
assert specification
assert specification.loader
relay = importlib.util.module_from_spec(specification)
specification.loader.exec_module(relay)

HERE = "127.0.0.1"
TEXT = "Subject: A letter\r\n\r\n" + "A line of it.\r\n" * 20_000


def send(port: int, reader: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(HERE, port, timeout=10) as session:
        return session.sendmail("letters@plan.example.org", [reader], TEXT)


async def test_a_mail_goes_through_whole_and_the_servers_refusal_comes_back_in_its_own_words():
    mailbox = Mailbox()
    with a_mail_server(mailbox) as port:
        async with await relay.relay(HERE, port, HERE, 0) as server:
            own = server.sockets[0].getsockname()[1]

            taken = await asyncio.to_thread(send, own, "reader@example.org")
            mailbox.at_reader = "550 5.1.1 There is no such mailbox"
            with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
                await asyncio.to_thread(send, own, "nobody@example.org")

    assert taken == {}
    assert [message.get_content().count("A line of it.") for message in mailbox.messages] == [20_000]
    assert refused.value.recipients["nobody@example.org"] == (550, b"5.1.1 There is no such mailbox")


async def test_a_mail_server_that_is_away_is_away_here_too_and_no_answer_is_made_up():
    async with await relay.relay(HERE, free_port(), HERE, 0) as server:
        own = server.sockets[0].getsockname()[1]

        with pytest.raises(smtplib.SMTPServerDisconnected):
            await asyncio.to_thread(send, own, "reader@example.org")
