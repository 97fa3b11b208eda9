"""Every role tries every page and every action of every other role. What is allowed is written out here, by hand.

A route that stands in no row of the tables fails the test, so whoever adds one has to say whose it is.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from starlette.testclient import TestClient

from policy.actions import ACTIONS
from policy.calendar import local_day
from policy.committee.actions import COMMITTEE_ACTIONS
from policy.committee.transition import between
from policy.delegateactions import DELEGATED_ACTIONS
from policy.people import Role
from policy.request import Information, Item
from portal.documents import letter_name
from portal.guard import FAILED
from portal.pages import now
from records.committees import CommitteeReports
from records.directory import prepare
from tests.builders import CASE_MANAGER, CLINICAL, CMO
from tests.committees import READY, ready
from tests.policy.physicians import a_physician, an_npi
from tests.portal.conftest import Portal
from tests.portal.decisions import begin
from tests.reports import a_report

CAST = {
    "I": "in.park",  # intake
    "M": "cm.alvarez",  # case manager
    "C": "md.chen",  # CMO
    "D": "md.haddad",  # physician designee
    "K": "md.osei",  # consultant, in orthopedic surgery
    "S": "sv.okafor",  # supervisor
    "A": "ad.moreno",  # administrator
    "U": "au.silva",  # auditor
    "T": "co.grant",  # committee
}
EVERYBODY = "IMCDKSAUT"
PUBLIC = "public"

# Whose each page is. A case that waits for an orthopedic surgeon is filled in, unless it says "closed".
PAGES = {
    "/": EVERYBODY,
    "/keyboard": EVERYBODY,
    "/tasks": "MCDKSA",
    "/cases": "IMCDKSAU",
    "/cases/{number}": "IMCDKSAU",
    "/cases/{number}/do/{signal}": "the table of actions",
    "/cases/{number}/documents/{sha256}": "MCDKSAU",
    "/cases/{number}/letters/{name}": "MCDSAU",  # closed
    "/cases/{number}/packet": "MCDSAU",  # closed
    "/intake": "IMSA",
    "/intake/{number}": "IMSA",
    "/supervisor": "SA",
    "/panel": "CSA",
    "/panel/template.csv": "CSA",
    "/panel/roster.csv": "CSA",
    "/panel/{who}/away": "SA",
    "/delegated": "IMCDSAU",
    "/delegated/new": "IMSA",
    "/delegated/scores": "IMCDSAU",
    "/delegated/{number}": "IMCDSAU",
    "/delegated/{number}/do/{signal}": "the table of delegated actions",
    "/delegated/{number}/documents/{sha256}": "MCDSAU",
    "/delegated/{number}/letters/{name}": "nobody",  # nothing answers here: test_delegated_live has the rest
    "/delegated/{number}/packet": "nobody",  # none is filed here
    "/committee": "MCDSAUT",
    "/reports/{number}/committee": "MCDSAUT",
    "/reports/{number}/committee/do/{signal}": "the table of committees' actions",
    "/directory": "IMCDSAU",
    "/directory/import": "SA",
    "/directory/versions": "IMCDSAU",
    "/directory/versions/{version}": "IMCDSAU",
    "/directory/{npi}": "IMCDSAU",
    "/reports": "CDSAUT",
    "/reports/style.css": "CDSAUT",
    "/reports/made": "CDSAUT",
    "/reports/made/files/{file}": "CDSAUT",
    "/reports/{name}": "CDSAUT",
    "/reports/{name}/files/{file}": "CDSAUT",
    "/reports/{name}/cases": "CDSAU",  # a committee reads figures, and no case
    "/audit": "SAU",
    "/audit/{number}": "SAU",
    "/audit/{number}/print.css": "SAU",
    "/temporal/{rest:path}": "SAU",
    "/temporal/_app/{rest:path}": "SAU",
    "/signin": PUBLIC,
    "/signin/oidc": PUBLIC,
    "/signin/oidc/callback": PUBLIC,
    "/healthz": PUBLIC,
    "/readyz": PUBLIC,
    "/metrics": PUBLIC,  # on this machine; test_health has the rest
    "/api": PUBLIC,
    "/api/openapi.json": PUBLIC,
    "/api/requests/{number}": PUBLIC,  # by token; test_programs has the rest
    "/api/{rest:path}": PUBLIC,
}
POSTS = {
    "/tasks/claim": "MCDKSA",
    "/tasks/release": "MCDKSA",
    "/tasks/reassign": "SA",
    "/tasks/views": "MCDKSA",
    "/tasks/views/delete": "MCDKSA",
    "/supervisor/troubles/{kind}/{number}": "SA",
    "/cases/search": "IMCDSAU",
    "/cases/{number}/do/{signal}": "the table of actions",
    "/intake": "IMSA",
    "/panel/import": "SA",
    "/panel/{who}/away": "SA",
    "/panel/{who}/back": "SA",
    "/delegated/new": "IMSA",
    "/delegated/{number}/do/{signal}": "the table of delegated actions",
    "/committee": "CSAT",
    "/reports/{number}/committee/do/{signal}": "the table of committees' actions",
    "/directory/import": "SA",
    "/audit": "SAU",
    "/temporal/{rest:path}": "SAU",
    "/codec/decode": PUBLIC,  # by session or token; test_codec has the rest
    "/codec/encode": PUBLIC,
    "/signin": PUBLIC,
    "/signout": PUBLIC,
    "/api/requests": PUBLIC,
    "/api/delegated": PUBLIC,
    "/api/documents": PUBLIC,
    "/api/{rest:path}": PUBLIC,
}
# Whose each action is, by role; whether it can be done now the case says.
DOES = {
    "claim_task": "MCDKSA",
    "release_task": "MCDKSA",
    "assign_task": "SA",
    "delegate_task": "MCDKSA",
    "return_task": "MCDKSA",
    "suspend_task": "MCDKSA",
    "resume_task": "MCDKSA",
    "save_draft": "",  # has no form of its own: it is a button in others
    "skip_task": "MCDKSA",
    "escalate_task": "MCDKSA",
    "nominate_task": "MCDSA",
    "lift_exclusion": "A",
    "add_comment": "IMCDKSA",
    "confirm_completeness": "M",
    "request_information": "M",
    "record_contact_attempt": "M",
    "receive_information": "M",
    "refer_to_consultation": "CD",
    "submit_consultation": "K",
    "determine": "CD",
    "sign_expired_determination": "CD",
    "place_opinion": "M",
    "receive_report": "M",
    "record_appointment": "M",
    "record_visit": "M",
    "decline_placement": "M",
    "change_physician": "M",
    "extend_authorization": "M",
    "record_fee_agreement": "M",
    "withdraw_request": "IMCDS",
    "expedite_request": "CD",
    "refuse_expedite": "CD",
    "extend_decision": "CD",
    "change_determination": "CDSA",
    "take_up_third_opinion": "SA",
    "record_call": "M",
    "report_returned_letter": "IMSA",
    "reissue_letter": "MSA",
}
DOES_DELEGATED = {
    "supplement_copy": "IMSA",
    "note_corrective_action": "IMSA",
    "waive_finding": "CDSA",
    "pull_up_case": "CDS",
}
DOES_COMMITTEE = {
    "present_report": "CSAT",
    "discuss_report": "CSAT",
    "accept_report": "CT",
    "decide_action": "CT",
    "note_follow_up": "MCDSAT",
    "complete_action": "MCDSAT",
    "hand_over_action": "CSAT",
    "postpone_action": "CSAT",
    "withdraw_action": "CT",
}
NO_PAGE = "There is no such page, or it is not for your role."


def a_pdf() -> bytes:
    made, pdf = BytesIO(), pikepdf.Pdf.new()
    pdf.add_blank_page()
    pdf.save(made)
    return made.getvalue()


def a_directory(portal: Portal) -> str:
    """A version with one physician."""
    prepared, today = prepare([a_physician(1)]), local_day(now())
    made = portal.world.directory.import_version(prepared, label="A", source="a.csv", in_force_from=today, at=now())
    return made.version.id


def a_report_of_quarter(portal: Portal) -> str:
    """A report that is ready to be presented."""
    file = ready()
    CommitteeReports(portal.world.records).record(between(None, file, READY))
    return file.number


@pytest.fixture
def filled(portal: Portal) -> dict[str, dict[str, str]]:
    """What is filled into the paths, for a case that waits for a review and for one that is closed."""
    report = portal.world.documents.put("report.pdf", a_pdf())
    information = (*CLINICAL[:-1], Information(item=Item.TEST_RESULTS, attachment=report))
    life = portal.begin("documented", information=information)
    life.act("confirm_completeness", CASE_MANAGER)
    life.act("refer_to_consultation", CMO, question="Is a second opinion useful?")
    portal.record("documented")
    key = portal.lives["closed"].case.notices[0].key
    decision = begin(portal, letter_attachment=report)
    listed = {"version": a_directory(portal), "npi": an_npi(1)}
    return {
        "waiting": {
            "number": portal.numbers["documented"],
            "sha256": report.sha256,
            "who": "cm.brown",
            "kind": "stuck",
            **listed,
        },
        "decision": {"number": decision.number, "sha256": report.sha256, "name": "x"},
        "closed": {"number": portal.numbers["closed"], "name": letter_name(key)},
        "report": {**a_finished_report(portal), "number": a_report_of_quarter(portal)},
    }


def routes(app: Any) -> Iterator[tuple[str, str]]:
    """Method and path of every route, however deep it lies."""
    for route in app.routes:
        if hasattr(route, "original_router"):
            yield from routes(route.original_router)
        elif hasattr(route, "methods"):
            yield from ((method, route.path) for method in route.methods if method in ("GET", "POST"))


def a_finished_report(portal: Portal) -> dict[str, str]:
    """With the number of which the test asks for the cases."""
    report = a_report(funnels=(), over_time=())
    stored = portal.world.reports.put(report, {"report.pdf": b"%PDF-1.7"})
    return {"name": stored.slug, "file": "report.pdf"}


def tries(filled: dict[str, dict[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Method, address and whose it is, for every row of the tables that is not public."""
    of_one = {"/delegated/{number}": ("decision", DOES_DELEGATED), "/reports/{number}": ("report", DOES_COMMITTEE)}
    for method, table in (("GET", PAGES), ("POST", POSTS)):
        for path, whose in table.items():
            found = next((of_one[start] for start in of_one if path.startswith(start)), None)
            if found or "{signal}" in path:
                given, does = found or ("waiting", DOES)
                yield from tries_of_one(method, path, whose, filled[given], does)
            elif path.startswith("/reports/"):
                wanted = "?table=requests-by-specialty&row=cardiology&column=received"
                yield method, path.format(**filled["report"]) + wanted, whose
            elif whose != PUBLIC:
                is_closed = "{name}" in path or path.endswith("/packet")
                open_ended = path.replace("{rest:path}", "x")
                yield method, open_ended.format(**filled["closed" if is_closed else "waiting"]), whose


def tries_of_one(
    method: str, path: str, whose: str, given: dict[str, str], does: dict[str, str]
) -> Iterator[tuple[str, str, str]]:
    """The same of a delegated decision, or of a report."""
    if "{signal}" not in path:
        yield method, path.format(**given), whose.replace("nobody", "")
        return
    for signal, theirs in does.items():
        yield method, path.format(signal=signal, **given), theirs


def ask(browser: TestClient, method: str, address: str, **headers: str) -> Any:
    return browser.request(method, address, headers=headers)


def test_every_route_and_every_action_stands_in_a_row_of_the_tables(portal: Portal):
    found = set(routes(portal.app))
    rows = {*(("GET", path) for path in PAGES), *(("POST", path) for path in POSTS)}

    strangers = [f"{method} {path} is in no row of the table" for method, path in sorted(found - rows)]
    gone = [f"{method} {path} is in the table, but is no route" for method, path in sorted(rows - found)]

    assert strangers + gone == []
    assert set(DOES) == set(ACTIONS), "an action is in no row of the table"
    assert set(DOES_DELEGATED) == set(DELEGATED_ACTIONS), "an action is in no row of the table"
    assert set(DOES_COMMITTEE) == set(COMMITTEE_ACTIONS), "an action is in no row of the table"


def test_the_cast_has_one_person_of_every_role(portal: Portal):
    roles = [portal.house.staff[who].actor.roles for who in CAST.values()]

    assert roles == [(role,) for role in sorted(Role, key=[one for (one,) in roles].index)]
    assert len(CAST) == len(Role)


@pytest.mark.parametrize("letter", CAST)
def test_who_may_enter_is_let_in_and_who_may_not_finds_no_page(portal: Portal, filled: Any, letter: str):
    browser, wrong = portal.as_(CAST[letter]), []

    for method, address, whose in tries(filled):
        answer = ask(browser, method, address)
        is_in = NO_PAGE not in answer.text  # what lies nowhere (a letter that is lost) is told in other words
        is_out = "/signin" in answer.headers.get("location", "") or FAILED in answer.text
        if is_out or is_in != (letter in whose):
            wrong.append(f"{method} {address}: {answer.status_code}, should be {'in' if letter in whose else '404'}")
        elif not is_in and answer.status_code != 404:
            wrong.append(f"{method} {address}: turned away with {answer.status_code}")

    assert wrong == []


def test_nobody_is_let_in_who_is_not_signed_in(portal: Portal, filled: Any):
    browser, wrong = portal.anybody(), []

    for method, address, _ in tries(filled):
        answer = ask(browser, method, address)
        if answer.status_code != 303 or not answer.headers["location"].startswith("/signin?next="):
            wrong.append(f"{method} {address}: {answer.status_code}")

    assert wrong == []


def test_htmx_is_led_to_the_sign_in_page_as_a_whole(portal: Portal, filled: Any):
    browser, wrong = portal.anybody(), []

    for method, address, _ in tries(filled):
        answer = ask(browser, method, address, **{"HX-Request": "true"})
        if answer.status_code != 204 or not answer.headers["hx-redirect"].startswith("/signin?next="):
            wrong.append(f"{method} {address}: {answer.status_code}")

    assert wrong == []


def test_what_is_public_asks_for_no_sign_in(portal: Portal):
    browser, wrong = portal.anybody(), []

    for method, table in (("GET", PAGES), ("POST", POSTS)):
        for path in (path for path, whose in table.items() if whose == PUBLIC):
            answer = ask(browser, method, path.replace("{rest:path}", "x").format(number="SO-2026-000001"))
            if "next=" in answer.headers.get("location", "") or FAILED in answer.text:
                wrong.append(f"{method} {path}: {answer.status_code}")

    assert wrong == []


def test_a_cookie_opens_nothing_to_programs(portal: Portal):
    browser = portal.as_("ad.moreno")

    answers = [browser.post("/api/requests", json={}), browser.get("/api/requests/SO-2026-000001")]

    assert [answer.status_code for answer in answers] == [401, 401]


def test_a_consultant_finds_no_case_that_waits_for_no_review_of_the_own_specialty(portal: Portal):
    browser = portal.as_("md.osei")
    others = [name for name in portal.numbers if name not in ("orthopedic", "nominated")]

    found = {name: browser.get(f"/cases/{portal.numbers[name]}").status_code for name in others}

    assert found == dict.fromkeys(others, 404)
