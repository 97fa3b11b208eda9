"""Every setting of the product, from the environment, typed and documented.

The embedded default needs none: its files lie under ``var/`` of the working directory. Temporal's own environment
configuration (``TEMPORAL_ADDRESS``, ``TEMPORAL_NAMESPACE``, ``TEMPORAL_API_KEY``, ``TEMPORAL_TLS_…``) is read by the
SDK itself (``wiring/temporal.py``) and makes every command use that cluster instead of the embedded server.

Each secret can come from a file instead, as containers are given them: its variable with ``_FILE`` behind its name.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from policy.people import EMAIL_PATTERN
from policy.trust import TrustMode

PREFIX = "SECOND_OPINION_"
FROM_FILE = "_FILE"
SECRETS = (
    "database_url",  # may hold a password
    "database_password",
    "smtp_url",
    "s3_access_key",
    "s3_secret_key",
    "root_key",
    "plan_key",
    "oidc_client_secret",
)


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says how to mend it."""


class SecretFiles(PydanticBaseSettingsSource):
    """The secrets that ``SECOND_OPINION_<NAME>_FILE`` names a file of; a line's end behind them does not count."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - theirs
        """One secret, or None. Raises SettingsError, for a file that cannot be read, is empty, or says it twice."""
        variable = f"{PREFIX}{field_name.upper()}"
        named = os.environ.get(variable + FROM_FILE) if field_name in SECRETS else None
        if not named:
            return None, field_name, False
        if os.environ.get(variable):
            raise SettingsError(f"{variable} and {variable}{FROM_FILE} are both set: take one of them away.")
        try:
            secret = Path(named).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as trouble:
            reason = (trouble.strerror or type(trouble).__name__).lower()
            raise SettingsError(f"{variable}{FROM_FILE}: {named} cannot be read: {reason}.") from trouble
        except UnicodeDecodeError:
            raise SettingsError(f"{variable}{FROM_FILE}: {named} is no text in UTF-8.") from None
        if not secret:
            raise SettingsError(f"{variable}{FROM_FILE}: {named} is empty: write the secret into it.")
        return secret, field_name, False

    def __call__(self) -> dict[str, Any]:
        """All that are named, by setting."""
        found = {name: self.get_field_value(self.settings_cls.model_fields[name], name)[0] for name in SECRETS}
        return {name: secret for name, secret in found.items() if secret is not None}


class Settings(BaseSettings):
    """What can be set, each as ``SECOND_OPINION_<NAME>``, secrets as ``SECOND_OPINION_<NAME>_FILE``, too."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(Path("var"), description="Folder of everything that the embedded default writes.")
    database_url: str = Field("", description="Records. Empty: SQLite at home/records.db. Else a PostgreSQL URL.")
    database_password: SecretStr = Field(
        SecretStr(""), description="The password, where the URL of the records has none."
    )
    outbox: Path | None = Field(None, description="Letters ready to print. Empty: home/outbox.")
    mail: Path | None = Field(None, description="Print batches and the queue before them. Empty: home/mail.")
    smtp_url: SecretStr = Field(
        SecretStr(""), description="The mail server, as smtp://… or smtps://…. Empty: no e-mail."
    )
    mail_from: str = Field("", pattern=EMAIL_PATTERN, description="E-mail: the address that it comes from.")
    fax_spool: Path | None = Field(None, description="The spool folder of the fax server. Empty: no fax.")
    cabinet: Path | None = Field(None, description="The filing cabinet. Empty: home/cabinet.")
    mhc_feed: Path | None = Field(None, description="The feed to MHC, one file a day. Empty: home/mhc.")
    documents: Path | None = Field(None, description="Attachments and reports, by digest. Empty: home/documents.")
    reports: Path | None = Field(None, description="Finished reports of the committees. Empty: home/reports.")
    storage: str = Field(
        "", description="Outbox, cabinet, documents and reports in a bucket: s3://bucket/prefix. Empty: folders."
    )
    s3_endpoint: str = Field("", pattern="^(https?://[^/]+)?$", description="The storage's address. Empty: Amazon S3.")
    s3_region: str = Field("", description="The storage's region. Empty: as AWS_REGION says.")
    s3_access_key: SecretStr = Field(SecretStr(""), description="The access key. Empty: AWS's own ways to find one.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="The secret of the access key.")
    anchors: Path | None = Field(None, description="The anchor of the ledgers' chains. Empty: home/anchors.")
    trust: TrustMode = Field(TrustMode.OPEN, description="New cases: open, flag or require signed actions.")
    keys: Path | None = Field(None, description="The vault of signing keys. Empty: home/keys.")
    root_key: SecretStr = Field(SecretStr(""), description="A root key as PEM text, instead of a file in the vault.")
    plan_keys: Path | None = Field(None, description="The keys that wrap each case's key. Empty: keys/plan-keys.json.")
    plan_key: SecretStr = Field(SecretStr(""), description="Plan keys in base64, instead of a file; the first wraps.")
    statement_hours: int = Field(24, ge=1, le=24, description="Hours that a signed action holds on its way to a case.")
    staff_file: Path = Field(
        Path(__file__).parent.parent / "examples" / "cast.json",
        description="Who acts at the terminal: a JSON list of staff. Default: the demonstration's cast.",
    )
    temporal_binary: str = Field("", description="The temporal program, when it is not beside Python nor on PATH.")
    grpc_port: int = Field(7233, ge=1, le=65535, description="Embedded server: the port that workers and doors use.")
    ui_port: int = Field(8233, ge=1, le=65535, description="Embedded server: the port of the Temporal UI.")
    synchronous: str = Field("full", pattern="^(full|normal)$", description="Embedded server: SQLite durability.")
    retention_days: int = Field(90, ge=1, le=3650, description="Days that Temporal keeps closed cases' histories.")
    max_cached_cases: int = Field(1000, ge=0, description="Worker: cases kept warm in memory (70 to 122 KB each).")
    portal_host: str = Field("127.0.0.1", description="Portal: the address that it listens on.")
    portal_port: int = Field(8080, ge=1, le=65535, description="Portal: the port.")
    portal_url: str = Field("", pattern="^(https?://[^/]+)?$", description="Portal: its address outside. Empty: local.")
    session_idle_minutes: int = Field(15, ge=1, le=480, description="Portal: an unused session ends after so long.")
    session_hours: int = Field(10, ge=1, le=24, description="Portal: any session ends after so long.")
    temporal_ui: str = Field("", description="The Temporal UI's address. Empty: that of the embedded server.")
    codec_origins: str = Field(
        "",
        pattern=r"^(https?://[^/,*\s]+(,https?://[^/,*\s]+)*)?$",
        description="Codec server: origins of other Temporal UIs, commas between. Empty: the portal's own only.",
    )
    codec_audience: str = Field("", description="Codec server: the audience of access tokens. Empty: none are taken.")
    oidc_issuer: str = Field("", description="Sign-in: the OpenID Connect issuer. Empty: the cast.")
    oidc_client_id: str = Field("", description="Sign-in: the client id.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Sign-in: the client secret.")
    oidc_claim: str = Field("email", description="Sign-in: the claim that holds the staff id.")
    worker_metrics: str = Field(
        "",
        pattern=r"^(\[[0-9a-f:]+\]:\d{1,5}|[\w.-]+:\d{1,5})?$",
        description="Worker: host:port where Prometheus reads its numbers. Empty: nowhere.",
    )
    log_format: str = Field("auto", pattern="^(auto|json|console)$", description="auto: console on a terminal.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - there is no such file
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - a folder whose names we do not choose
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code, then the environment, then the files that it names."""
        return init_settings, env_settings, SecretFiles(settings_cls)

    @property
    def records_url(self) -> str:
        """Where the records are, as SQLAlchemy wants it. Raises SettingsError for a password that has no user."""
        if not self.database_url:
            return f"sqlite:///{self.home / 'records.db'}"
        password = self.database_password.get_secret_value()
        if not password:
            return self.database_url
        url = urlsplit(self.database_url)
        user, at, host = url.netloc.rpartition("@")
        if not at or ":" in user:
            raise SettingsError(
                f"{PREFIX}DATABASE_PASSWORD goes with a URL that names a user and no password: "
                f"{PREFIX}DATABASE_URL=postgresql://user@host:5432/database."
            )
        return url._replace(netloc=f"{user}:{quote(password, safe='')}@{host}").geturl()

    @property
    def portal_address(self) -> str:
        """Where the portal is, for people."""
        return self.portal_url or f"http://{self.portal_host}:{self.portal_port}"

    @property
    def is_secure(self) -> bool:
        """Whether people reach the portal by https."""
        return self.portal_address.startswith("https://")

    @property
    def mail_folder(self) -> Path:
        """Print batches, and the queue before them."""
        return self.mail or self.home / "mail"

    @property
    def mhc_folder(self) -> Path:
        """The feed to MHC."""
        return self.mhc_feed or self.home / "mhc"

    @property
    def keys_folder(self) -> Path:
        """The vault of the keys that sign actions."""
        return self.keys or self.home / "keys"

    @property
    def anchors_folder(self) -> Path:
        """The anchor of the ledgers' chains; on another disk or machine than the records it is worth more."""
        return self.anchors or self.home / "anchors"

    @property
    def plan_keys_file(self) -> Path:
        """The file of the plan keys."""
        return self.plan_keys or self.keys_folder / "plan-keys.json"


def read_settings() -> Settings:
    """The settings in force. Raises SettingsError, naming each variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        complaints = "; ".join(f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"A setting cannot be used. {complaints}") from error
