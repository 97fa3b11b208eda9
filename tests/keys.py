"""Encryption for tests that have no records: real keys and a real cipher, kept in memory behind the ports."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.converter import DataConverter

from records.casekeys import WrappedKey
from wiring.casekeys import CaseKeys
from wiring.encryption import encrypting
from wiring.errors import KeyRingError
from wiring.plankeys import PlanKey, Wrapped


@dataclass
class FakeKms:
    """A key management service: it wraps and unwraps, and shows no key. ``is_away`` is set by tests."""

    held: list[PlanKey] = field(default_factory=list)
    is_away: bool = False

    def __post_init__(self) -> None:
        self.rotate()

    @property
    def active(self) -> str:
        return self.held[0].id

    def rotate(self) -> None:
        name = f"kms-{len(self.held) + 1}"
        self.held.insert(0, PlanKey(id=name, made_at=datetime.now(UTC), secret=AESGCM.generate_key(256)))

    def wrap(self, key: bytes, bound_to: bytes) -> Wrapped:
        self._answer()
        return Wrapped(self.active, self.held[0].seal(key, bound_to))

    def unwrap(self, wrapped: Wrapped, bound_to: bytes) -> bytes:
        self._answer()
        return next(key for key in self.held if key.id == wrapped.plan_key).open(wrapped.data, bound_to)

    def _answer(self) -> None:
        if self.is_away:
            raise KeyRingError("The key management service does not answer.")


@dataclass
class FakeKeyStore:
    """The wrapped keys, in memory."""

    kept: dict[str, WrappedKey] = field(default_factory=dict)

    def keep(self, new: WrappedKey) -> WrappedKey:
        return self.kept.setdefault(new.workflow_id, new)

    def of_workflow(self, workflow_id: str) -> WrappedKey | None:
        return self.kept.get(workflow_id)

    def by_id(self, key_id: str) -> WrappedKey | None:
        return next((key for key in self.kept.values() if key.key_id == key_id), None)


def a_converter() -> DataConverter:
    """A converter as everything that runs has one, with keys of its own."""
    return encrypting(CaseKeys(FakeKms(), FakeKeyStore()))
