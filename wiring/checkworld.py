"""What the doctor looks at on this side: keys, records, calendars, folders and their disks, mail, fax, typesetting."""

import os
import shutil
import smtplib
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Engine, make_url, text

from adapters.emailing import MailServer
from adapters.mailroom import content_of
from adapters.typesetter import typeset
from policy.calendar import LAST_YEAR, local_day
from policy.edition import edition_on
from policy.letter import Letter
from policy.particulars import NoticeKind
from policy.trust import TrustMode
from records.database import open_engine, reading, revisions
from records.errors import place
from wiring.checks import Check, Looks, failed, ok, warning
from wiring.checktemporal import drifted
from wiring.keys import open_vault
from wiring.observing import records_drift
from wiring.settings import PREFIX, Settings
from wiring.staff import read_staff, staff_path
from wiring.storage import Kept, shelf_for

LOW, NONE_LEFT = 1 << 30, 100 << 20  # bytes
SMTP_SECONDS = 2.0
NOT_THERE = "not made yet"
MADE = "Nothing to do: the first command that opens a case makes them."


def look_at_staff(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """The staff file."""
    count = len(read_staff(staff_path(settings)))
    return (ok("staff", f"{count} people in {staff_path(settings)}"),)


def look_at_signing_keys(settings: Settings, now: datetime) -> tuple[Check, ...]:
    """The vault of the keys that sign actions."""
    if settings.trust is TrustMode.OPEN:
        return (ok("signing keys", f"new cases believe unsigned actions ({PREFIX}TRUST=open)"),)
    vault = open_vault(settings)
    roots, door = vault.root_keys(), vault.signing_door(now)
    if not roots:
        mend = "The first signed action makes them here; or bring the root of the other doors as root.pem."
        return (warning("signing keys", f"no root key lies in {vault.folder}", mend),)
    can_renew = any(root.is_private for root in roots)
    if door is None or (door.ends_soon(now) and not can_renew):
        seen = f"a door key signs until {door.until:%Y-%m-%d}" if door else "no door key signs"
        if door is None and can_renew:
            return (ok("signing keys", f"{len(roots)} root keys; a door key is made when the first action is signed"),)
        mend = f"Set {PREFIX}ROOT_KEY, or bring a door key and its certificate from where the root is."
        return ((warning if door else failed)("signing keys", f"{seen}, and no root here can renew it", mend),)
    return (ok("signing keys", f"{len(roots)} root keys; a door key signs until {door.until:%Y-%m-%d}"),)


def look_at_schema(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """Whether the records answer, and are as this version knows them."""
    if _missing(settings):
        return (warning("records", f"{NOT_THERE}: {place(make_url(settings.records_url))}", MADE),)
    with _records(settings) as engine:
        found, known = revisions(engine)
    seen = f"{engine.dialect.name}, at revision {found or 'none'}, this version knows {known}"
    if found == known:
        return (ok("records", seen),)
    return (failed("records", seen, "Any command migrates older ones, as: second-opinion list. Back them up before."),)


def look_at_soundness(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """SQLite's own check of its file; PostgreSQL looks after itself."""
    if not _is_sqlite(settings) or _missing(settings):
        return ()
    with _records(settings) as engine, reading(engine) as connection:
        said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
    if said == "ok":
        return (ok("records: soundness", "SQLite finds no damage"),)
    return (failed("records: soundness", "SQLite finds the file damaged", "Stop all, and restore a backup."),)


def look_at_durability(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """Whether what was recorded survives a power cut."""
    if _missing(settings):
        return ()
    with _records(settings) as engine, reading(engine) as connection:
        if not _is_sqlite(settings):
            is_on = str(connection.execute(text("SHOW synchronous_commit")).scalar_one())
            seen, sound = f"synchronous_commit is {is_on}", is_on != "off"
        else:
            journal = str(connection.execute(text("PRAGMA journal_mode")).scalar_one())
            level = int(connection.execute(text("PRAGMA synchronous")).scalar_one())
            seen, sound = f"journal_mode {journal}, synchronous {level}", (journal, level) in (("wal", 2), ("wal", 3))
    if sound:
        return (ok("records: durability", seen),)
    mend = "Lines could be lost with the power: journal_mode must be wal, synchronous full; synchronous_commit on."
    return (failed("records: durability", seen, mend),)


def look_at_records_clock(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """The database's clock."""
    if _is_sqlite(settings):
        return (ok("clock of the records", "SQLite has this machine's"),)
    with _records(settings) as engine:
        drift = records_drift(engine)
    return (drifted("clock of the records", drift or 0.0, "the database"),)


def look_at_calendars(_settings: Settings, now: datetime) -> tuple[Check, ...]:
    """Whether the closed days reach far enough, and which edition of the policy is in force."""
    today = local_day(now)
    edition = edition_on(today)
    seen = f"the closed days reach to the end of {LAST_YEAR}"
    mend = f"Add the next years to policy/editions/closed-days.toml, with their source: at least {today.year + 1}."
    reach = warning if today.year == LAST_YEAR else failed
    return (
        ok("calendars", seen) if today.year < LAST_YEAR else reach("calendars", seen, mend),
        ok("edition", f"{edition.id}, in force from {edition.effective_from}"),
    )


def folders_of(settings: Settings) -> dict[str, Path]:
    """Every folder that is written, by what lies there; none that is a bucket instead."""
    kept = {
        kind.value: getattr(settings, kind) or settings.home / kind for kind in Kept if not _in_bucket(settings, kind)
    }
    others = {"home": settings.home, "mail": settings.mail_folder, "feed to MHC": settings.mhc_folder}
    spool = {"fax spool": settings.fax_spool} if settings.fax_spool else {}
    return {**others, **kept, **spool, "keys": settings.keys_folder}


def look_at_folders(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """Whether each can be written, and how much room its disk has."""
    return tuple(_folder(name, folder) for name, folder in folders_of(settings).items())


def look_at_bucket(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """Whether the object storage answers."""
    kinds = [kind for kind in Kept if _in_bucket(settings, kind)]
    for kind in kinds:
        shelf_for(settings, kind).get("doctor/asks")  # there is none; only the answer counts
    return (ok("storage", f"{settings.storage} answers"),) if kinds else ()


def look_at_mail(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """Whether the mail server answers; nobody signs in, and nothing is sent."""
    url = settings.smtp_url.get_secret_value()
    if not url:
        return (ok("e-mail", f"not set up ({PREFIX}SMTP_URL)"),)
    try:
        server = MailServer.at(url)
    except ValueError as trouble:
        return (failed("e-mail", f"{PREFIX}SMTP_URL: {trouble}", "Write it as it says."),)
    where = f"{server.host}:{server.port}"
    if not settings.mail_from:
        return (failed("e-mail", f"{where}, but nobody to send from", f"Set {PREFIX}MAIL_FROM."),)
    try:
        with _smtp(server) as session:
            session.noop()
    except (OSError, smtplib.SMTPException) as trouble:
        mend = f"Start it, or see {PREFIX}SMTP_URL. E-mail waits meanwhile, then goes by the next way."
        return (warning("e-mail", f"{where} does not answer ({type(trouble).__name__})", mend),)
    return (ok("e-mail", f"{where} answers"),)


def look_at_fax(settings: Settings, _now: datetime) -> tuple[Check, ...]:
    """The fax server's spool, which it makes itself."""
    if not settings.fax_spool:
        return (ok("fax", f"not set up ({PREFIX}FAX_SPOOL)"),)
    if not settings.fax_spool.is_dir():
        return (
            failed("fax", f"there is no spool folder {settings.fax_spool}", "Start the fax server: docs/fax-spool.md."),
        )
    return (ok("fax", f"spool {settings.fax_spool}"),)


def look_at_typesetting(_settings: Settings, now: datetime) -> tuple[Check, ...]:
    """A letter to nobody, set as every letter is; it lies nowhere."""
    made = typeset("letter", content_of(_a_letter(local_day(now))), local_day(now))
    if made.pdf.startswith(b"%PDF") and made.accessible:
        return (ok("typesetting", "a letter becomes an accessible PDF"),)
    return (failed("typesetting", "a letter does not become an accessible PDF", "Install the program anew."),)


def _a_letter(day: date) -> Letter:
    return Letter(
        key="doctor/1",
        kind=NoticeKind.APPROVAL,
        case_number="SO-0000-000000",
        written_on=day,
        addressee="Nobody",
        address_lines=("Nowhere 1",),
        subject="A check",
        salutation="To nobody:",
        sections=(),
        signed_by="The doctor",
    )


def _folder(name: str, folder: Path) -> Check:
    name = f"folder: {name}"
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    try:
        free = shutil.disk_usage(there).free
        if there == folder:
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(bytes(4096))
        elif not (there.is_dir() and os.access(there, os.W_OK)):
            return failed(name, f"{folder} cannot be made in {there}", "Let this account write there, or name another.")
    except OSError as trouble:
        seen = f"{folder} cannot be written ({trouble.strerror or type(trouble).__name__})"
        return failed(name, seen, "Let this account write there, or name another folder.")
    seen = f"{folder}, {free / (1 << 30):.1f} GB free" + ("" if there == folder else f"; {NOT_THERE}")
    if free < NONE_LEFT:
        return failed(name, seen, "Make room now: letters, packets and records wait for it.")
    return warning(name, seen, "Make room soon.") if free < LOW else ok(name, seen)


def _in_bucket(settings: Settings, kind: Kept) -> bool:
    return bool(settings.storage) and getattr(settings, kind) is None


def _is_sqlite(settings: Settings) -> bool:
    return settings.records_url.strip().startswith("sqlite")


def _missing(settings: Settings) -> bool:
    """Whether the records are a file that nobody has made yet: opening it would make it."""
    return _is_sqlite(settings) and not Path(make_url(settings.records_url).database or "").exists()


@contextmanager
def _records(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.records_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _smtp(server: MailServer) -> smtplib.SMTP:
    if server.tls:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SMTP_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=SMTP_SECONDS)


# Keys that encrypt payloads get a function beside the signing keys', and a line here.
HERE: tuple[tuple[str, Looks], ...] = (
    ("staff", look_at_staff),
    ("signing keys", look_at_signing_keys),
    ("records", look_at_schema),
    ("records: soundness", look_at_soundness),
    ("records: durability", look_at_durability),
    ("clock of the records", look_at_records_clock),
    ("calendars", look_at_calendars),
    ("folders", look_at_folders),
    ("storage", look_at_bucket),
    ("e-mail", look_at_mail),
    ("fax", look_at_fax),
    ("typesetting", look_at_typesetting),
)
