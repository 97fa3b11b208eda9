"""The list of cases, with filters; and the search for a member's name, which stands in no URL."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Form
from fastapi.responses import Response

from policy.lifecycle import Outcome, Stage
from policy.people import Role
from policy.request import LineOfBusiness
from policy.tasks import IN_CHARGE, PHYSICIANS
from policy.verdict import Value
from portal.access import ROOMS, Room
from portal.pages import go, now, page
from portal.session import NotFound, Visit, entering
from portal.worklists import LONGEST_TEXT, one_of, page_number
from records import worklists
from records.worklists import MOST_FOUND, PAGE, CaseFilter, CasePage
from wiring.views import BY_NAME, VIEWS

router = APIRouter(include_in_schema=False)
Reading = Annotated[Visit, entering(Room.CASES)]

SEES_NAMES = (Role.INTAKE, Role.CASE_MANAGER, *PHYSICIANS, *IN_CHARGE, Role.AUDITOR)
SHORTEST_NAME, LONGEST_NAME = 2, 200
TITLES = {view.name: view.title for view in VIEWS}
OPEN = {"open": "Only open", "closed": "Only closed", "all": "Open and closed"}


class ShownCases(Value):
    """What stands in the URL of the list: the filters and the page, and never a name.

    Unless one says which (``open``), all open cases are listed; whoever looks for a number finds closed ones, too.
    """

    stage: Stage | None = None
    outcome: Outcome | None = None
    line: LineOfBusiness | None = None
    open: str = ""
    overdue: bool = False
    view: str = ""
    ppg: str = ""
    text: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """From a query string; what it does not know it leaves out."""
        text = query.get("text", "").strip()[:LONGEST_TEXT]
        return cls(
            stage=one_of(Stage, query.get("stage")),
            outcome=one_of(Outcome, query.get("outcome")),
            line=one_of(LineOfBusiness, query.get("line")),
            open=query.get("open", "") if query.get("open") in OPEN else "",
            overdue=query.get("overdue") == "yes",
            view=query.get("view", "") if query.get("view") in BY_NAME else "",
            ppg=query.get("ppg", "").strip()[:LONGEST_TEXT],
            text=text,
            page=page_number(query.get("page")),
        )

    def query(self, **changes: Any) -> str:  # noqa: ANN401 - fields of all types
        """As a query string, without what says nothing."""
        shown = self.model_copy(update=changes)
        values = {name: getattr(shown, name) for name in type(self).model_fields}
        values |= {"overdue": "yes" if shown.overdue else "", "page": shown.page if shown.page > 1 else ""}
        return urlencode({name: str(value) for name, value in values.items() if value})

    @property
    def is_filtered(self) -> bool:
        """Whether anything was chosen."""
        return self != ShownCases(page=self.page)

    def chosen(self, at: datetime) -> CaseFilter:
        """The filter at a moment: of the view, if one is chosen, and of what was chosen besides."""
        of_view = BY_NAME[self.view].chosen(at) if self.view else None
        unsaid = of_view.is_open if of_view else None if self.text else True
        stated = CaseFilter(
            stage=self.stage,
            outcome=self.outcome,
            line=self.line,
            is_open={"open": True, "closed": False, "all": None}.get(self.open, unsaid),
            overdue_at=at if self.overdue else None,
            ppg=self.ppg,
            text=self.text,
        )
        return of_view.and_also(stated) if of_view else stated


@router.get("/cases")
def cases(visit: Reading) -> Response:
    """A page of cases. A consultant has no list of them, only the own work."""
    if is_only_a_consultant(visit):
        return go(visit.request, "/tasks")
    shown = ShownCases.read(visit.request.query_params)
    records, with_names = visit.house.world.records, may_see_names(visit)
    offset = (shown.page - 1) * PAGE
    found = worklists.cases(records, shown.chosen(now()), with_names=with_names, offset=offset)
    return _page(visit, shown, found)


@router.post("/cases/search")
def search(
    visit: Reading, name: Annotated[str, Form()] = "", number: Annotated[str, Form(alias="page")] = ""
) -> Response:
    """The cases of members of a name: by POST, so that it stands in no URL, no history and no log."""
    if not may_see_names(visit):
        raise NotFound
    named, shown = " ".join(name.split())[:LONGEST_NAME], ShownCases(open="all", page=page_number(number))
    if len(named) < SHORTEST_NAME:
        return go(visit.request, "/cases", "Type at least two letters of the member's name.", good=False)
    found = worklists.cases_of_member(visit.house.world.records, named, offset=(shown.page - 1) * PAGE)
    return _page(visit, shown, found, searched=named)


def may_see_names(visit: Visit) -> bool:
    """Whether members are named to this person in lists."""
    return visit.actor.has(*SEES_NAMES)


def is_only_a_consultant(visit: Visit) -> bool:
    """Whether the cases are this person's only as a consultant."""
    others = (role for role in ROOMS[Room.CASES] if role is not Role.CONSULTANT)
    return not visit.actor.has(*others)


def _page(visit: Visit, shown: ShownCases, found: CasePage, searched: str = "") -> Response:
    return page(
        visit,
        "cases.html",
        shown=shown,
        found=found,
        searched=searched,
        first=(shown.page - 1) * PAGE + 1,
        with_names=may_see_names(visit),
        choices={"stage": Stage, "outcome": Outcome, "line": LineOfBusiness, "open": OPEN, "view": TITLES},
        chosen_view=BY_NAME.get(shown.view),
        is_cut=bool(searched) and found.total >= MOST_FOUND,
        longest_name=LONGEST_NAME,
    )
