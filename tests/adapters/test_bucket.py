"""The cabinet, the outbox and the documents in a bucket; and a storage that refuses, is not there, or is lost."""

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import moto.settings
import pytest
from moto.core.authorization import ActionAuthenticatorMixin

from adapters.bucket import Access, Address, Bucket, address_of
from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentError, DocumentStore
from adapters.inventory import Difference, Recorded, take
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError
from policy.filing import Packet
from policy.particulars import Filing
from policy.request import Information, Item
from tests.adapters import kill_at_every_step
from tests.adapters.samples import NUMBER, ROOT, a_letter, a_packet, a_pdf, an_approved_case, text_of
from tests.adapters.storage import Storage, a_storage
from tests.builders import CLINICAL

NAME = "Prior Authorizations/Núñez, Ana.pdf"


class Far:
    """Outbox, documents and cabinet in one bucket, each below a prefix of its own."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.name = storage.made()
        self.outbox = Outbox(storage.bucket(self.name, "outbox"))
        self.documents = DocumentStore(storage.bucket(self.name, "documents"))
        self.cabinet = FilingCabinet(storage.bucket(self.name, "cabinet"), self.outbox, self.documents)

    def packet(self) -> Packet:
        report = self.documents.put("consultation.pdf", a_pdf(2, "report"))
        scan = self.documents.put("x-ray.pdf", a_pdf(3))
        information = (*CLINICAL[:3], Information(item=Item.TEST_RESULTS, attachment=scan))
        return a_packet(an_approved_case(self.outbox, reports=(report,), information=information))

    def spoil(self, key: str, data: bytes | None) -> None:
        """What somebody with other rights does: changes a file, or takes it away."""
        if data is None:
            self.storage.client.delete_object(Bucket=self.name, Key=key)
        else:
            self.storage.client.put_object(Bucket=self.name, Key=key, Body=data)


@pytest.fixture
def far(storage: Storage) -> Far:
    return Far(storage)


def test_a_packet_is_filed_in_a_bucket_as_in_a_folder(far: Far) -> None:
    packet = far.packet()

    filing = far.cabinet.file(packet)
    again = far.cabinet.file(packet)

    pdf = far.cabinet.bytes_of(filing.path) or b""
    assert again == filing
    assert hashlib.sha256(pdf).hexdigest() == filing.sha256
    assert text_of(pdf).endswith(f"{NUMBER}, packet page {filing.pages} of {filing.pages}")
    assert f"cabinet/{filing.path}" in far.storage.keys(far.name)
    assert [line.filing for line in far.cabinet.register()] == [filing]
    assert far.cabinet.packets() == [filing.path]
    assert far.cabinet.tree()[-1] == f"            └── {Path(filing.path).name}"


@pytest.mark.parametrize("data", [b"altered", None])
def test_a_packet_that_was_altered_or_taken_away_is_found(far: Far, data: bytes | None) -> None:
    filing = far.cabinet.file(far.packet())
    recorded = Recorded(case_number=NUMBER, path=filing.path, sha256=filing.sha256)

    far.spoil(f"cabinet/{filing.path}", data)

    found = [finding.difference for finding in take(far.cabinet, lambda: [recorded]).findings]
    assert found == ([Difference.ALTERED, Difference.UNREADABLE] if data else [Difference.MISSING])


def test_a_document_is_verified_by_its_digest_when_it_is_read(far: Far) -> None:
    document = far.documents.put("x-ray.pdf", a_pdf(3))
    assert far.documents.get(document.sha256) == a_pdf(3)

    far.spoil(f"documents/{document.sha256[:2]}/{document.sha256}.pdf", a_pdf(2))

    with pytest.raises(DocumentError, match="was changed"):
        far.documents.get(document.sha256)


def test_a_letter_in_a_bucket_has_no_path_and_says_what_to_do(far: Far) -> None:
    delivery = far.outbox.post(a_letter())

    with pytest.raises(AdapterError) as raised:
        far.outbox.path_of(delivery.document)

    said = f"Letters lie in s3://{far.name}/outbox, not in a folder; set SECOND_OPINION_OUTBOX to one."
    assert str(raised.value) == said


def test_a_packet_killed_at_any_step_is_filed_once_in_a_bucket(storage: Storage, tmp_path: Path) -> None:
    name = storage.made()
    script = [sys.executable, str(Path(kill_at_every_step.__file__)), "bucket", str(tmp_path)]
    env = {"PYTHONPATH": str(ROOT), "STORAGE_URL": storage.url, "STORAGE_BUCKET": name}

    run = subprocess.run(script, capture_output=True, text=True, check=False, env=env)

    assert (run.returncode, run.stderr) == (0, "")
    answers = [Filing.model_validate_json(line.partition(" ")[2]) for line in run.stdout.splitlines()]
    assert len(answers) >= 5
    for step, filing in enumerate(answers, 1):
        home = f"{tmp_path.name}/{step:03}"
        outbox = Outbox(storage.bucket(name, f"{home}/outbox"))
        documents = DocumentStore(storage.bucket(name, f"{home}/documents"))
        cabinet = FilingCabinet(storage.bucket(name, f"{home}/cabinet"), outbox, documents)
        assert cabinet.packets() == [filing.path]
        assert [line.filing for line in cabinet.register()] == [filing]
        assert hashlib.sha256(cabinet.bytes_of(filing.path) or b"").hexdigest() == filing.sha256


def trouble_of(bucket: Bucket, verb: str) -> str:
    work: dict[str, Any] = {
        "get": lambda: bucket.get(NAME),
        "put": lambda: bucket.put(NAME, b"x"),
        "names": lambda: bucket.names(".register/*/*.json"),
        "visible": bucket.visible,
    }
    with pytest.raises(AdapterError) as raised:
        work[verb]()
    assert raised.value.__cause__ is None
    return str(raised.value)


VERBS = {"get": "read", "put": "written to", "names": "read", "visible": "read"}


@pytest.mark.parametrize(("work", "verb"), VERBS.items())
def test_a_bucket_that_is_not_there_is_one_sentence_without_a_name(storage: Storage, work: str, verb: str) -> None:
    said = trouble_of(storage.bucket("no-such-bucket"), work)

    assert said == f"s3://no-such-bucket/plan/um cannot be {verb}: there is no such bucket."


@pytest.mark.parametrize(("work", "verb"), VERBS.items())
def test_refused_credentials_are_one_sentence_without_a_name(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, work: str, verb: str
) -> None:
    bucket = storage.a_bucket()
    monkeypatch.setattr(moto.settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
    monkeypatch.setattr(ActionAuthenticatorMixin, "request_count", 0)

    said = trouble_of(bucket, work)

    assert said == f"{bucket.place} cannot be {verb}: the credentials were refused, or have no right to it."


def test_a_storage_that_does_not_answer_is_one_sentence_without_a_name() -> None:
    bucket = Bucket(Address("filing", ""), Access("http://127.0.0.1:9", "us-west-2", "door", "secret"))

    assert trouble_of(bucket, "put") == "s3://filing cannot be written to: it does not answer."


def test_a_storage_that_overwrites_is_not_written_to() -> None:
    with a_storage(overwrites=True) as careless:
        name = careless.made()

        said = trouble_of(careless.bucket(name), "put")

        assert said.endswith("cannot be written to: it overwrites a file when asked not to (If-None-Match).")
        assert careless.keys(name) == ["plan/um/.written-once"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://filing", ("filing", "")),
        ("s3://filing/", ("filing", "")),
        ("s3://um.filing/plan/90-2-17", ("um.filing", "plan/90-2-17")),
        ("s3://", None),
        ("s3://Filing", None),
        ("s3://filing/../other", None),
        ("https://filing", None),
        ("/var/filing", None),
    ],
)
def test_an_address_is_a_bucket_and_a_prefix(text: str, address: tuple[str, str] | None) -> None:
    assert address_of(text) == address
