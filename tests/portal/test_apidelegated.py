"""The API for delegates: a document, then the packet that names it. Procedure 10 (P10)."""

from datetime import timedelta

import pytest

from policy.delegated import NoticeGiven
from policy.people import Role
from portal.pages import now
from tests.adapters.samples import a_pdf
from tests.delegates import a_packet
from tests.portal.sending import issue, told

PDF = {"Content-Type": "application/pdf"}


@pytest.fixture
def program(portal):
    """A program with a token of intake."""
    client = portal.anybody()
    client.headers["Authorization"] = f"Bearer {issue(portal)[1]}"
    return client


def raw(**changes):
    """A packet that was decided an hour ago, without documents, with some fields changed."""
    decided = now() - timedelta(hours=1)
    packet = a_packet(
        received_by_delegate_at=decided - timedelta(hours=20),
        decided_at=decided,
        provider_notice=NoticeGiven(at=decided),
        member_notice=NoticeGiven(at=decided),
        record_attachment=None,
        letter_attachment=None,
    )
    given = {**packet.model_dump(mode="json", exclude_defaults=True), **changes}
    return {name: value for name, value in given.items() if value is not ...}


def test_a_document_and_the_packet_that_names_it_are_taken_in_once(program, portal):
    stored = program.post("/api/documents", content=a_pdf(), headers=PDF)
    packet = raw(record_attachment=stored.json())

    first, second = (program.post("/api/delegated", json=packet) for _ in range(2))

    assert (stored.status_code, first.status_code, second.status_code) == (201, 201, 200)
    assert first.json() == second.json()
    assert first.json()["number"] == f"DD-{now().year}-000001"
    assert first.json()["member"] == "matched"  # the portal's cases know the member
    (waiting,) = portal.world.packets.unstarted()
    assert waiting.packet.record_attachment.sha256 == stored.json()["sha256"]


def test_the_same_reference_with_other_content_is_a_conflict(program, portal):
    packet = raw()
    program.post("/api/delegated", json=packet)

    answer = program.post("/api/delegated", json={**packet, "rationale": "Another."})

    assert answer.status_code == 409
    assert told(answer) == {"external_reference": "was sent before, with other content"}
    assert len(portal.world.packets.unstarted()) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decided_at": ...}, "decided_at"),
        ({"outcome": "maybe"}, "outcome"),
        ({"decided_at": "2999-01-01T00:00:00Z"}, "decided_at"),
        ({"record_attachment": {"name": "a.pdf", "sha256": "4" * 64, "size": 5}}, "record_attachment"),
        ({"record_attachment": {"path": "/etc/passwd"}}, "record_attachment"),
    ],
)
def test_what_is_wrong_is_named_by_field_and_nothing_is_taken_in(program, portal, changes, field):
    answer = program.post("/api/delegated", json=raw(**changes))

    assert answer.status_code == 422
    assert field in told(answer)
    assert portal.world.packets.unstarted() == []


def test_what_is_no_pdf_is_sent_back(program):
    as_text = program.post("/api/documents", content=a_pdf(), headers={"Content-Type": "text/plain"})
    no_pdf = program.post("/api/documents", content=b"hello", headers=PDF)

    assert (as_text.status_code, no_pdf.status_code) == (415, 422)


def test_only_programs_with_a_token_that_may_send_come_in(portal):
    nobody, auditor = portal.anybody(), portal.anybody()
    auditor.headers["Authorization"] = f"Bearer {issue(portal, Role.AUDITOR)[1]}"

    for path in ("/api/documents", "/api/delegated"):
        assert (nobody.post(path).status_code, auditor.post(path).status_code) == (401, 403)
        assert auditor.get(path).headers["allow"] == "POST"
