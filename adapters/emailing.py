"""E-mail: the letter goes as an encrypted PDF; subject and body say nothing of it. Procedure 3, 5, 7 and 8.

The server's answer to the message is the proof. What is killed after that answer and before it is noted goes once more
with the same Message-ID, by which mailboxes know a repetition: SMTP has no better promise to give (RFC 5321, 6.1).
"""

import io
import logging
import re
import secrets
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from pikepdf import Encryption, Pdf
from pydantic import SecretStr

from adapters.channels import BlindNames, ChannelRefusal, Clock, NotYet
from policy.channels import Attempt, Channel, Result, Route
from policy.letter import Letter
from policy.people import EMAIL_PATTERN
from policy.plan import PLAN
from policy.verdict import Value

log = logging.getLogger(__name__)

ANSWER_SECONDS = 15  # for each answer of the server; an activity, of several letters, may last two minutes
TAKING_SECONDS = 60  # for its last answer: whoever gives up while it looks for viruses sends the letter again
PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
ADDRESS = re.compile(EMAIL_PATTERN)
ENHANCED = re.compile(rb"^([245]\.\d{1,3}\.\d{1,3})\b")
QUEUED = re.compile(rb"queued as ([A-Za-z0-9.-]{1,64})")
TAKEN, PERMANENT = (250, 251), 500
NOT_SIGNED_IN = (530, 534, 535, 538)  # the operator's fault, not the reader's: RFC 4954

WORDS = {
    "en": (
        "You have a letter from your health plan",
        "letter.pdf",
        "You have a letter from {plan}. It is attached to this message as a PDF file.\n\n"
        "The file opens with a password: your date of birth as eight digits (month, day, year: MMDDYYYY), followed by "
        "the last four characters of your member ID, with nothing in between.\n\n"
        "If you cannot open it, or would rather have your letters by mail, please call us at {phone} (TTY 711).\n\n"
        "This message was sent automatically. Please do not answer it; nobody reads the answers.\n",
    ),
    "es": (
        "Tiene una carta de su plan de salud",
        "carta.pdf",
        "Tiene una carta de {plan}. Va adjunta a este mensaje como archivo PDF.\n\n"
        "El archivo se abre con una contraseña: su fecha de nacimiento en ocho dígitos (mes, día, año: MMDDAAAA), "
        "seguida de los últimos cuatro caracteres de su número de miembro, sin nada en medio.\n\n"
        "Si no puede abrirlo, o si prefiere recibir sus cartas por correo, llámenos al {phone} (TTY 711).\n\n"
        "Este mensaje se envió de forma automática. Por favor, no lo conteste; nadie lee las respuestas.\n",
    ),
}
"""Subject, file name and body by language; other languages get English."""


class MailServer(Value):
    """Where e-mail is given to: ``smtp://user:password@host:587?starttls=1``, or ``smtps://…``."""

    host: str
    port: int
    user: str = ""
    password: SecretStr = SecretStr("")
    tls: bool = False
    starttls: bool = False

    @classmethod
    def at(cls, url: str) -> "MailServer":
        """The server of a URL. Raises ValueError, which never repeats the URL: it holds a password."""
        try:
            parts = urlsplit(url)
            port, query = parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            raise ValueError("it is no URL; write it as smtp://user:password@host:587?starttls=1") from None
        if parts.scheme not in PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("write it as smtp://user:password@host:587?starttls=1, or smtps://user:password@host")
        if query not in ({}, {"starttls": "1"}, {"starttls": "0"}):
            raise ValueError("after the question mark there can be starttls=1 and nothing else")
        made = cls(
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=SecretStr(unquote(parts.password or "")),
            tls=parts.scheme == "smtps",
            starttls=query.get("starttls") == "1",
        )
        if not (made.tls or made.starttls or made.host in LOOPBACK):
            raise ValueError("without TLS the server must be on this machine: add ?starttls=1, or use smtps://")
        return made


class Mailer:
    """Carries letters by e-mail. ``phone`` is the plan's telephone, which the body names."""

    channel: ClassVar[Channel] = Channel.EMAIL

    def __init__(
        self,
        server: MailServer,
        sender: str,
        phone: str,
        names: BlindNames,
        clock: Clock,
        trusted: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._sender = sender
        self._phone = phone
        self._names = names
        self._clock = clock
        self._trusted = trusted or ssl.create_default_context()

    def hand_over(self, letter: Letter, route: Route, pdf: bytes) -> Attempt:
        """Give a letter to the mail server, encrypted with the route's password.

        Raises ChannelRefusal for an address or a password that cannot be used, and for the server's 5xx; NotYet for
        its 4xx, for a server that is away, and when it does not let us in, which is the operator's to mend.
        """
        message = self._message(letter, route, pdf)
        with self._session() as session:
            said = _give(session, self._sender, route.to[0], message)
        proof = f"{message['Message-ID']} {said}"
        return Attempt(channel=self.channel, at=self._clock(), result=Result.LEFT, proof=proof)

    def take_back(self, letter: Letter, route: Route) -> bool:  # noqa: ARG002 - the same for every letter
        """Always: what the server did not take does not lie anywhere."""
        return True

    def _message(self, letter: Letter, route: Route, pdf: bytes) -> EmailMessage:
        if not route.password:
            raise ChannelRefusal("the reader has no password that would open the letter")
        subject, file_name, body = WORDS.get(letter.language, WORDS["en"])
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(PLAN.name, addr_spec=self._sender)
        message["To"] = _reader(route)
        message["Subject"] = subject
        message["Date"] = self._clock()
        message["Message-ID"] = f"<{self._names.of(letter, route)}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body.format(plan=PLAN.name, phone=self._phone), cte="quoted-printable")
        message["Content-Language"] = letter.language if letter.language in WORDS else "en"  # of the body, as above
        message.add_attachment(
            encrypted(pdf, route.password), maintype="application", subtype="pdf", filename=file_name
        )
        return message

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A session with the server, encrypted and signed in as the settings say."""
        try:
            session = self._signed_in()
        except OSError as trouble:  # smtplib's own errors are OSErrors, too
            raise _outside(trouble) from None
        try:
            yield session
            with suppress(OSError):
                session.quit()  # the letter has left by now: a server that is rude at parting changes nothing
        except OSError as trouble:
            raise _answer_to(trouble) from None
        finally:
            session.close()

    def _signed_in(self) -> smtplib.SMTP:
        at, name = self._server, self._sender.rpartition("@")[2]  # this machine's own name is nobody's business
        if at.tls:
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                at.host, at.port, name, timeout=ANSWER_SECONDS, context=self._trusted
            )
        else:
            session = smtplib.SMTP(at.host, at.port, name, timeout=ANSWER_SECONDS)
        try:
            if at.starttls:
                session.starttls(context=self._trusted)
            if at.user:
                session.login(at.user, at.password.get_secret_value())
            session.ehlo_or_helo_if_needed()
        except BaseException:
            session.close()
            raise
        return session


def encrypted(pdf: bytes, password: str) -> bytes:
    """A copy of a letter for the journey, AES-256. Screen readers may read it; its owner password nobody knows."""
    made = io.BytesIO()
    with Pdf.open(io.BytesIO(pdf)) as letter:
        letter.save(made, encryption=Encryption(owner=secrets.token_urlsafe(32), user=password, R=6))
    return made.getvalue()


def _reader(route: Route) -> Address:
    try:
        (reader,) = route.to
        if reader and ADDRESS.fullmatch(reader):
            return Address(addr_spec=reader)
    except (ValueError, MessageError):
        pass
    raise ChannelRefusal("the e-mail address is none")


def _give(session: smtplib.SMTP, sender: str, reader: str, message: EmailMessage) -> str:
    """The server's word for having taken a message: its code and, where it tells one, its queue's id."""
    for code, text in (session.mail(sender), session.rcpt(reader)):
        if code not in TAKEN:
            raise smtplib.SMTPResponseException(code, text)
    if session.sock:
        session.sock.settimeout(TAKING_SECONDS)
    code, text = session.data(message.as_bytes())
    if code not in TAKEN:
        raise smtplib.SMTPResponseException(code, text)
    found = QUEUED.search(text)
    return f"{_code(code, text)}{f' queued as {found[1].decode()}' if found else ''}"


def _outside(trouble: OSError) -> NotYet:
    """What it means that there is no session: nothing about this letter. The operator is told in the log."""
    told = _told(trouble)
    if isinstance(trouble, smtplib.SMTPAuthenticationError | smtplib.SMTPNotSupportedError | ssl.SSLError):
        log.warning("mail.not_let_in", extra=_settings(trouble))
    return NotYet(f"The mail server cannot be reached ({told}).")


def _answer_to(trouble: OSError) -> NotYet | ChannelRefusal:
    """What the server's answer to a letter means. Its words are not repeated: they may hold the reader's address."""
    told = _told(trouble)
    if not isinstance(trouble, smtplib.SMTPResponseException):
        return NotYet(f"The mail server went away ({told}).")
    if trouble.smtp_code in NOT_SIGNED_IN:
        log.warning("mail.sign_in_wanted", extra=_settings(trouble))
    elif trouble.smtp_code >= PERMANENT:
        return ChannelRefusal(f"the mail server refused it ({told})")
    return NotYet(f"The mail server does not take the letter just now ({told}).")


def _settings(trouble: OSError) -> dict[str, object]:
    """For the log: which setting to look at, and the server's code without its words, which may name a reader."""
    code = trouble.smtp_code if isinstance(trouble, smtplib.SMTPResponseException) else type(trouble).__name__
    return {"setting": "SECOND_OPINION_SMTP_URL", "problem": code}


def _told(trouble: OSError) -> str:
    if isinstance(trouble, smtplib.SMTPResponseException):
        return _code(trouble.smtp_code, trouble.smtp_error)
    return type(trouble).__name__


def _code(code: int, text: bytes | str) -> str:
    found = ENHANCED.match(text if isinstance(text, bytes) else text.encode())
    return f"{code} {found[1].decode()}" if found else str(code)
