"""E-mail: what leaves, encrypted, to one reader; what the server's answers mean. A real SMTP server, in a thread."""

import io
import smtplib
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pikepdf import PasswordError, Pdf

from adapters.channels import BlindNames, ChannelRefusal, NotYet
from adapters.dispatch import SENDING, Mailroom
from adapters.emailing import Mailer, MailServer, encrypted
from adapters.mailroom import Outbox
from adapters.printing import PrintQueue
from adapters.shelf import Shelf
from policy.channels import Channel, Result, Route
from tests.adapters.carrying import (
    BY_EMAIL,
    BY_PRINT,
    PHONE,
    Clock,
    Mailbox,
    a_free_port,
    a_mail_server,
    a_routed_letter,
)
from tests.adapters.samples import NUMBER, a_letter, text_of

SENDER = "um@plan.example"


class Office:
    """A mailer with a mail server on this machine, and a letter that has been typeset."""

    def __init__(self, folder: Path, port: int, mailbox: Mailbox) -> None:
        self.folder = folder
        self.port = port
        self.mailbox = mailbox
        self.clock = Clock()
        self.mailer = self.with_server(f"smtp://127.0.0.1:{port}")

    def with_server(self, url: str, trusted: ssl.SSLContext | None = None) -> Mailer:
        names = BlindNames(Shelf(self.folder / "names"))
        return Mailer(MailServer.at(url), SENDER, PHONE, names, self.clock, trusted)

    def mailroom(self, port: int) -> Mailroom:
        """A new one, as after a restart."""
        printing = PrintQueue(Shelf(self.folder / "mail"), self.clock)
        mailer = self.with_server(f"smtp://127.0.0.1:{port}")
        return Mailroom(
            Outbox(self.folder / "outbox"), Shelf(self.folder / "outbox" / SENDING), [mailer, printing], self.clock
        )

    def pdf(self, letter: Any) -> bytes:
        outbox = Outbox(self.folder / "outbox")
        return outbox.get(outbox.post(letter).document) or b""

    def send(self, route: Route = BY_EMAIL, mailer: Mailer | None = None, **changes: Any):
        letter = a_routed_letter(route, **changes)
        return (mailer or self.mailer).hand_over(letter, route, self.pdf(letter))

    @property
    def message(self):
        (message,) = self.mailbox.messages
        return message

    @property
    def attached(self) -> bytes:
        (part,) = self.message.iter_attachments()
        content = part.get_content()
        assert isinstance(content, bytes)
        return content


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    mailbox = Mailbox()
    with a_mail_server(mailbox) as port:
        yield Office(tmp_path, port, mailbox)


def test_a_letter_goes_to_its_one_reader_and_the_servers_answer_is_the_proof(office: Office) -> None:
    attempt = office.send()

    assert office.mailbox.readers == ["ana@example.org"]
    assert (attempt.channel, attempt.result, attempt.at) == (Channel.EMAIL, Result.LEFT, office.clock.now)
    assert attempt.proof == f"{office.message['Message-ID']} 250 2.0.0 queued as Q1"


def test_subject_and_body_say_that_there_is_a_letter_and_nothing_of_it(office: Office) -> None:
    office.send()

    body = office.message.get_body().get_content()
    seen = "\n".join((str(office.message["Subject"]), body, *map(str, office.message.values())))
    assert office.message["Subject"] == "You have a letter from your health plan"
    assert PHONE in body
    assert "date of birth as eight digits" in body
    assert "last four characters of your member ID" in body
    for secret in (NUMBER, "Ana María", "Núñez", "denied", "second opinion", BY_EMAIL.password, "Therapy", "S-820"):
        assert secret.lower() not in seen.lower()


def test_a_reader_of_spanish_is_written_to_in_spanish(office: Office) -> None:
    office.send(language="es")

    assert office.message["Subject"] == "Tiene una carta de su plan de salud"
    assert office.message.get_body()["Content-Language"] == "es"
    assert "fecha de nacimiento" in office.message.get_body().get_content()
    assert [part.get_filename() for part in office.message.iter_attachments()] == ["carta.pdf"]


def test_a_reader_of_another_language_is_written_to_in_english(office: Office) -> None:
    office.send(language="hy")

    assert office.message.get_body()["Content-Language"] == "en"


def test_the_letter_is_attached_encrypted_with_aes_256_under_a_neutral_name(office: Office) -> None:
    office.send()

    (part,) = office.message.iter_attachments()
    assert (part.get_content_type(), part.get_filename()) == ("application/pdf", "letter.pdf")
    for password in ("", "05041970C002"):
        with pytest.raises(PasswordError):
            Pdf.open(io.BytesIO(office.attached), password=password)
    with Pdf.open(io.BytesIO(office.attached), password=BY_EMAIL.password) as pdf:
        assert (pdf.encryption.R, pdf.encryption.bits) == (6, 256)
        assert pdf.allow.accessibility
        assert not pdf.owner_password_matched
    assert b"Therapy" not in office.attached


def test_what_opens_with_the_password_is_the_letter(office: Office) -> None:
    office.send()

    plain = io.BytesIO()
    with Pdf.open(io.BytesIO(office.attached), password=BY_EMAIL.password) as pdf:
        pdf.save(plain)
    assert a_letter().subject in text_of(plain.getvalue())


def test_the_letter_that_is_filed_stays_plain_and_accessible(office: Office) -> None:
    office.send()

    assert b"<pdfuaid:part>1</pdfuaid:part>" in office.pdf(a_routed_letter(BY_EMAIL))


def test_the_same_letter_has_the_same_message_id_which_tells_nobody_the_case(office: Office) -> None:
    office.send()
    office.send()
    office.send(key=f"{NUMBER}/denial/1/provider")

    ids = [message["Message-ID"] for message in office.mailbox.messages]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].endswith("@plan.example>")
    assert NUMBER not in ids[0]


def test_another_installation_names_the_same_letter_otherwise(tmp_path: Path) -> None:
    letter = a_routed_letter(BY_EMAIL)

    one, other = (BlindNames(Shelf(tmp_path / folder)).of(letter, BY_EMAIL) for folder in "ab")

    assert one != other
    assert BlindNames(Shelf(tmp_path / "a")).of(letter, BY_EMAIL) == one


def test_machines_are_told_not_to_answer(office: Office) -> None:
    office.send()

    assert office.message["Auto-Submitted"] == "auto-generated"
    assert office.message["From"] == f"Blue Shield of California Promise Health Plan <{SENDER}>"
    assert office.message["Date"].datetime == office.clock.now


@pytest.mark.parametrize(
    "to",
    [
        ("ana@example.org\r\nBcc: eve@example.net",),
        ("ana@example.org\n",),
        ("ana@example.org, eve@example.net",),
        ("Ana <ana@example.org>",),
        ("ana@example.org>\r\nRCPT TO:<eve@example.net",),
        ("ana@example.org", "eve@example.net"),
        ("ana..b@example.org",),
        ("ana",),
        ("",),
        (),
    ],
)
def test_an_address_that_is_not_just_one_is_refused(office: Office, to: tuple[str, ...]) -> None:
    with pytest.raises(ChannelRefusal, match="the e-mail address is none"):
        office.send(BY_EMAIL.model_copy(update={"to": to}))

    assert office.mailbox.readers == []


@pytest.mark.parametrize("field", ["subject", "salutation", "addressee", "key", "signed_by", "language"])
def test_no_field_of_a_letter_becomes_a_header(office: Office, field: str) -> None:
    changes: dict[str, Any] = {field: "x\r\nBcc: eve@example.net\r\n\r\nbody"}
    office.send(**changes)

    assert office.mailbox.readers == ["ana@example.org"]
    assert "Bcc" not in office.message
    assert b"eve@example.net" not in office.message.as_bytes()


def test_a_password_with_any_character_opens_the_letter(office: Office) -> None:
    route = BY_EMAIL.model_copy(update={"password": "05041970 ñ\r\n(\\"})

    office.send(route)

    with Pdf.open(io.BytesIO(office.attached), password=route.password) as pdf:
        assert pdf.user_password_matched


def test_a_reader_without_a_password_gets_no_e_mail(office: Office) -> None:
    with pytest.raises(ChannelRefusal, match="no password"):
        office.send(BY_EMAIL.model_copy(update={"password": ""}))

    assert office.mailbox.messages == []


@pytest.mark.parametrize("at", ["at_reader", "at_data"])
def test_an_answer_of_5_is_for_good_and_its_words_are_not_repeated(office: Office, at: str) -> None:
    setattr(office.mailbox, at, "550 5.1.1 <ana@example.org> unknown here")

    with pytest.raises(ChannelRefusal) as raised:
        office.send()

    assert str(raised.value) == "the mail server refused it (550 5.1.1)"


@pytest.mark.parametrize("at", ["at_reader", "at_data"])
def test_an_answer_of_4_is_for_now(office: Office, at: str) -> None:
    setattr(office.mailbox, at, "451 4.7.1 greylisted, ana@example.org")

    with pytest.raises(NotYet) as raised:
        office.send()

    assert str(raised.value) == "The mail server does not take the letter just now (451 4.7.1)."


def test_a_server_that_is_down_is_for_now(office: Office) -> None:
    with pytest.raises(NotYet, match=r"cannot be reached \(ConnectionRefusedError\)"):
        office.send(mailer=office.with_server(f"smtp://127.0.0.1:{a_free_port()}"))


def test_a_server_that_is_down_for_a_day_gets_the_letter_once_when_it_is_back(office: Office) -> None:
    port = a_free_port()
    patient = BY_EMAIL.model_copy(update={"patience": timedelta(days=2)})
    for _ in range(5):
        with pytest.raises(NotYet):
            office.mailroom(port).post(a_routed_letter(patient, BY_PRINT))
        office.clock.pass_by(hours=5)

    with a_mail_server(office.mailbox, port=port):
        deliveries = [office.mailroom(port).post(a_routed_letter(patient, BY_PRINT)) for _ in range(3)]

    assert [a.channel for a in deliveries[0].attempts] == [Channel.EMAIL]
    assert deliveries == [deliveries[0]] * 3
    assert office.mailbox.readers == ["ana@example.org"]


def test_a_server_that_stays_down_beyond_the_patience_is_passed_over_for_good(office: Office) -> None:
    port = a_free_port()
    with pytest.raises(NotYet):
        office.mailroom(port).post(a_routed_letter(BY_EMAIL, BY_PRINT))
    office.clock.pass_by(hours=4)
    printed = office.mailroom(port).post(a_routed_letter(BY_EMAIL, BY_PRINT))

    with a_mail_server(office.mailbox, port=port):
        assert office.mailroom(port).post(a_routed_letter(BY_EMAIL, BY_PRINT)) == printed

    assert [(a.channel, a.result) for a in printed.attempts] == [("email", "failed"), ("print", "left")]
    assert "The mail server cannot be reached (ConnectionRefusedError)" in printed.attempts[0].reason
    assert office.mailbox.messages == []


def test_eight_threads_at_once_send_one_message(office: Office) -> None:
    start = Barrier(8)

    def post(_: int) -> str:
        start.wait()
        return office.mailroom(office.port).post(a_routed_letter(BY_EMAIL)).model_dump_json()

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(post, range(8)))) == 1

    assert len(office.mailbox.messages) == 1


def test_a_server_that_takes_a_letter_and_is_rude_at_parting_has_taken_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs_up(_: smtplib.SMTP) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr(smtplib.SMTP, "quit", hangs_up)

    assert office.send().result is Result.LEFT


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
def test_a_server_that_does_not_let_us_in_is_the_operators_affair(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox = Mailbox()
    with a_mail_server(mailbox, auth_required=True, auth_require_tls=False, authenticator=_lets_in_only("um")) as port:
        office = Office(tmp_path, port, mailbox)
        with pytest.raises(NotYet, match=r"cannot be reached \(535 5.7.8\)"):
            office.send(mailer=office.with_server(f"smtp://eve:wrong@127.0.0.1:{port}"))
        with pytest.raises(NotYet, match="does not take the letter just now"):
            office.send()
        sent = office.send(mailer=office.with_server(f"smtp://um:se%40cret@127.0.0.1:{port}"))

    assert sent.result is Result.LEFT
    told = [(record.message, vars(record)["problem"]) for record in caplog.records if hasattr(record, "problem")]
    assert ("mail.not_let_in", 535) in told
    assert "wrong" not in caplog.text


def test_a_letter_goes_over_tls_to_a_server_that_shows_who_it_is(tmp_path: Path) -> None:
    shows, trusts = _certificate(tmp_path)
    mailbox = Mailbox()
    with a_mail_server(mailbox, tls_context=shows, require_starttls=True) as port:
        office = Office(tmp_path, port, mailbox)
        url = f"smtp://localhost:{port}?starttls=1"
        with pytest.raises(NotYet, match=r"SSLCertVerificationError"):
            office.send(mailer=office.with_server(url))
        sent = office.send(mailer=office.with_server(url, trusts))

    assert sent.result is Result.LEFT


def test_a_server_without_tls_gets_nothing_when_tls_is_wanted(office: Office) -> None:
    with a_mail_server(office.mailbox) as port, pytest.raises(NotYet, match="SMTPNotSupportedError"):
        office.send(mailer=office.with_server(f"smtp://127.0.0.1:{port}?starttls=1"))

    assert office.mailbox.messages == []


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "tls", "starttls"),
    [
        ("smtp://um:p%40ss@mail.example.org:2525?starttls=1", "mail.example.org", 2525, "um", False, True),
        ("smtps://mail.example.org", "mail.example.org", 465, "", True, False),
        ("smtp://localhost", "localhost", 587, "", False, False),
    ],
)
def test_a_url_says_where_the_server_is(url: str, host: str, port: int, user: str, tls: bool, starttls: bool) -> None:
    server = MailServer.at(url)

    assert (server.host, server.port, server.user, server.tls, server.starttls) == (host, port, user, tls, starttls)
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "http://um:geheim@mail.example.org",
        "smtp://um:geheim@",
        "smtp://um:geheim@mail.example.org:port",
        "smtp://um:geheim@mail.example.org?starttls=yes",
        "smtp://um:geheim@mail.example.org?tls=1&starttls=1",
        "smtp://um:geheim@mail.example.org/path?starttls=1",
        "smtp://um:geheim@mail.example.org",
        "smtp://um:geheim@[::1",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the type is the contract; the words are checked
        MailServer.at(url)

    assert "geheim" not in str(raised.value)
    assert "smtp" in str(raised.value) or "starttls" in str(raised.value)


def test_a_letter_that_was_not_taken_can_always_be_taken_back(office: Office) -> None:
    assert office.mailer.take_back(a_routed_letter(BY_EMAIL), BY_EMAIL)


def test_the_same_letter_is_never_encrypted_into_the_same_bytes_twice(office: Office) -> None:
    pdf = office.pdf(a_routed_letter(BY_EMAIL))

    assert encrypted(pdf, "x") != encrypted(pdf, "x")


def _lets_in_only(user: str):
    def authenticator(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (user.encode(), b"se@cret"), handled=False)

    return authenticator


def _certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for localhost, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    shows = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(pem)
    return shows, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())
