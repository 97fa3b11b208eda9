"""Documents through the browser: what is taken in, what is given out, to whom, and how harmless it is."""

import io

import pytest
from PIL import Image
from starlette.datastructures import Headers, UploadFile

from adapters.documents import DocumentError
from policy.request import Item
from portal.documents import clean, stored
from tests.adapters.samples import a_pdf, text_of
from tests.builders import CASE_MANAGER
from tests.portal.conftest import Portal
from tests.portal.filling import filled, forms_in


def a_picture(kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(file, kind)
    return file.getvalue()


def upload(name: str, data: bytes) -> UploadFile:
    return UploadFile(io.BytesIO(data), filename=name, headers=Headers({"content-type": "text/html"}))


def with_a_document(portal: Portal, name: str = "MRI of Núñez.pdf") -> tuple[str, str]:
    """A case with a document: its number, and the digest."""
    attachment = portal.world.documents.put(name, a_pdf())
    given = {"item": Item.TEST_RESULTS, "attachment": attachment.model_dump(mode="json")}
    portal.lives["asked"].act("receive_information", CASE_MANAGER, information=[given])
    portal.record("asked")
    return portal.numbers["asked"], attachment.sha256


async def test_a_picture_becomes_a_pdf_whatever_it_says_it_is(portal: Portal) -> None:
    attachment = await stored(portal.world, upload("../../scan.tiff", a_picture()))

    assert attachment.name == "scan.pdf"
    assert (portal.world.documents.get(attachment.sha256) or b"").startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"MZ a program", "is not a PDF"),
        (b"%PDF-1.7 and nothing", "is damaged"),
        (b"\x89PNG\r\n\x1a\nnothing", "The image is damaged"),
        (b"", "is empty"),
        (b"%PDF-1.7" + b" " * (20 * 1024 * 1024), "larger than 20 MB"),
    ],
)
async def test_what_is_no_document_is_refused_in_a_sentence(portal: Portal, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        await stored(portal.world, upload("x.pdf", data))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\x\\MRI.pdf", "MRI.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\u202egpj.pdf", "a b gpj.pdf"),
        ("", "document.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_is_made_fit_to_be_shown(given: str, shown: str) -> None:
    assert clean(given) == shown


def test_a_document_is_shown_in_the_browser_and_can_do_nothing_there(portal: Portal) -> None:
    number, digest = with_a_document(portal)

    answer = portal.as_("cm.alvarez").get(f"/cases/{number}/documents/{digest}")

    assert (answer.status_code, answer.content) == (200, a_pdf())
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == (
        "inline; filename=\"MRI of N__ez.pdf\"; filename*=UTF-8''MRI%20of%20N%C3%BA%C3%B1ez.pdf"
    )


@pytest.mark.parametrize("who", ["md.osei", "in.park", "co.grant"])
def test_a_document_is_for_those_who_read_the_whole_case(portal: Portal, who: str) -> None:
    number, digest = with_a_document(portal)

    assert portal.as_(who).get(f"/cases/{number}/documents/{digest}").status_code == 404


def test_a_document_is_not_shown_through_another_case(portal: Portal) -> None:
    _, digest = with_a_document(portal)
    browser = portal.as_("cm.alvarez")

    assert browser.get(f"/cases/{portal.numbers['new']}/documents/{digest}").status_code == 404
    assert browser.get(f"/cases/{portal.numbers['new']}/documents/..%2f..%2fkeys").status_code == 404


def test_a_document_that_was_changed_on_the_disk_is_not_shown(portal: Portal) -> None:
    number, digest = with_a_document(portal)
    place = portal.settings.home / "documents" / digest[:2] / f"{digest}.pdf"
    place.chmod(0o600)
    place.write_bytes(a_pdf(2))

    answer = portal.as_("cm.alvarez").get(f"/cases/{number}/documents/{digest}")

    assert answer.status_code == 500
    assert "was changed on the disk" in answer.text


def test_a_letter_that_has_not_left_is_not_there_yet(portal: Portal) -> None:
    number = portal.numbers["asked"]

    answer = portal.as_("cm.alvarez").get(f"/cases/{number}/letters/{number}-pend-1-member")

    assert answer.status_code == 404
    assert "has not left yet" in answer.text


def test_a_letter_or_a_packet_that_is_gone_says_so(portal: Portal) -> None:
    number = portal.numbers["closed"]
    browser = portal.as_("cm.alvarez")

    for path in (f"letters/{number}-denial-1-member", "packet"):
        answer = browser.get(f"/cases/{number}/{path}")
        assert answer.status_code == 500
        assert "does not lie where it should" in answer.text
    assert browser.get(f"/cases/{portal.numbers['new']}/packet").status_code == 404


def test_a_file_that_was_taken_in_stays_when_the_rest_is_not_right_yet(portal: Portal) -> None:
    browser, action = portal.as_("cm.alvarez"), f"/cases/{portal.numbers['asked']}/do/receive_information"
    page = browser.get(action).text
    files = {"information.0.attachment": ("scan.png", a_picture(), "image/png")}

    first = browser.post(action, data=filled(page, action), files=files)
    sent = browser.post(action, data=filled(first.text, action, information__0__item="test_results"))

    assert first.status_code == 422
    assert "scan.pdf" in first.text
    assert sent.status_code == 303
    kept = portal.world.kept.waiting()[0][1].model_dump()["information"][0]["attachment"]
    assert kept["name"] == "scan.pdf"
    assert text_of(portal.world.documents.get(kept["sha256"]) or b"") == ""


def test_a_refused_file_is_said_beside_its_input(portal: Portal) -> None:
    browser, action = portal.as_("cm.alvarez"), f"/cases/{portal.numbers['asked']}/do/receive_information"
    page = browser.get(action).text
    files = {"information.0.attachment": ("virus.exe", b"MZ", "application/pdf")}

    answer = browser.post(action, data=filled(page, action, information__0__item="test_results"), files=files)

    assert answer.status_code == 422
    assert "virus.exe: The document is not a PDF" in answer.text
    assert forms_in(answer.text)[action]["information.0.item"] == ["test_results"]


def test_a_digest_that_nobody_stored_is_no_document(portal: Portal) -> None:
    browser, action = portal.as_("cm.alvarez"), f"/cases/{portal.numbers['asked']}/do/receive_information"
    typed = {"information__0__item": "test_results", "information__0__attachment__kept": f"{'0' * 64} made-up.pdf"}

    answer = browser.post(action, data=filled(browser.get(action).text, action, **typed))

    assert answer.status_code == 422
