"""Column types: what SQLite and PostgreSQL must agree on, to the letter."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import TypeAdapter
from sqlalchemy import JSON, DateTime, Dialect, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from policy.channels import Attempt
from policy.committee.file import CommitteeFile
from policy.complaints import FieldError
from policy.delegated import DelegatedPacket
from policy.directory import Physician
from policy.opinion import OpinionEnd
from policy.people import Member, Role
from policy.report.facts import Asked, LeftTier
from policy.report.shape import CommitteeReport
from policy.request import Reason, Request


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: any zone goes in, UTC comes out, always aware.

    SQLite alone would forget the zone. A time without one raises ValueError (as ``StatementError.orig``).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To the database."""
        if value is not None and value.utcoffset() is None:
            raise ValueError("a time without a zone cannot be recorded")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Text of any length. U+0000, which PostgreSQL refuses, becomes U+FFFD.

    Otherwise one such character, typed in a comment, would keep a case out of its ledger for ever.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database."""
        return value.replace("\x00", "\ufffd") if value else value


class Readable(TypeDecorator[StrEnum]):
    """An enum by its VALUE, as a plain string: readable in SQL, and a new member needs no migration."""

    impl = String(40)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        self.kind = kind
        super().__init__()

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database. Raises ValueError for what is no member."""
        return self.kind(value).value if value is not None else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002
        """From the database. Raises ValueError for what is no member."""
        return self.kind(value) if value is not None else None


class RoleList(TypeDecorator[tuple[Role, ...]]):
    """Roles in one readable string with a comma at both ends, so that ``,cmo,`` finds a role and no part of one."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value: Iterable[Role] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database."""
        return f",{','.join(value)}," if value is not None else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Role, ...] | None:  # noqa: ARG002
        """From the database."""
        return tuple(Role(part) for part in value.strip(",").split(",") if part) if value is not None else None

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:  # noqa: ANN401, ARG002
        """A search is for a piece of the string."""
        return String()


class JsonText(TypeDecorator[Any]):
    """Values of one kind as JSON text; a subclass says of which."""

    impl = Text()
    cache_ok = True
    kept: ClassVar[TypeAdapter[Any]]

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002
        """To the database."""
        return self.kept.dump_json(value).decode() if value is not None else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002
        """From the database."""
        if value == "[]":  # by far the most frequent one, where there are many
            return ()
        return self.kept.validate_json(value) if value is not None else None


class FieldErrors(JsonText):
    """What was wrong with which field."""

    cache_ok = True
    kept = TypeAdapter(tuple[FieldError, ...])


class Attempts(JsonText):
    """Every attempt to get a letter to its reader."""

    cache_ok = True
    kept = TypeAdapter(tuple[Attempt, ...])


class AskedList(JsonText):
    """The requests for information of a case."""

    cache_ok = True
    kept = TypeAdapter(tuple[Asked, ...])


class LeftList(JsonText):
    """The rungs of the ladder that were left, and why."""

    cache_ok = True
    kept = TypeAdapter(tuple[LeftTier, ...])


class EndList(JsonText):
    """How placements ended."""

    cache_ok = True
    kept = TypeAdapter(tuple[OpinionEnd, ...])


class ReasonList(JsonText):
    """The reasons of a request."""

    cache_ok = True
    kept = TypeAdapter(tuple[Reason, ...])


class ReportJson(JsonText):
    """A committees' report. Read back, it is checked again."""

    cache_ok = True
    kept = TypeAdapter(CommitteeReport)


class FileJson(JsonText):
    """A report's file, as its workflow has it. Read back, it is checked again."""

    cache_ok = True
    kept = TypeAdapter(CommitteeFile)


class MemberJson(JsonText):
    """A member, and how the member is reached. Read back, it is checked again."""

    cache_ok = True
    kept = TypeAdapter(Member)


class RequestJson(TypeDecorator[Request]):
    """A request as JSON. Read back, it is checked again."""

    # Not JSONB: it refuses the escape of U+0000, which JSON as text keeps as it came.
    impl = JSON()
    cache_ok = True

    def process_bind_param(self, value: Request | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        """To the database."""
        return value.model_dump(mode="json") if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> Request | None:  # noqa: ANN401, ARG002
        """From the database."""
        return Request.model_validate(value) if value is not None else None


class PhysicianJson(TypeDecorator[Physician]):
    """A physician of the directory as JSON text, without defaults. Read back, it is checked again."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: Physician | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """To the database; text is taken for JSON that was made before."""
        return value.model_dump_json(exclude_defaults=True) if isinstance(value, Physician) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> Physician | None:  # noqa: ARG002
        """From the database."""
        return Physician.model_validate_json(value) if value is not None else None


class PacketJson(TypeDecorator[DelegatedPacket]):
    """A delegate's packet as JSON. Read back, it is checked again."""

    impl = JSON()
    cache_ok = True

    def process_bind_param(self, value: DelegatedPacket | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002
        """To the database."""
        return value.model_dump(mode="json") if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> DelegatedPacket | None:  # noqa: ANN401, ARG002
        """From the database."""
        return DelegatedPacket.model_validate(value) if value is not None else None
