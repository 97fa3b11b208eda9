"""axe finds nothing serious on any page: light and dark, wide and narrow."""

from typing import Any

import pytest

from tests.browser.conftest import Portal, is_accessible, picture

pytestmark = [pytest.mark.server, pytest.mark.browser, pytest.mark.xdist_group("browser accessible")]

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 800}, "reduced_motion": "reduce"},
}
PAGES = {
    "cm.alvarez": ("/tasks", "/tasks?tab=group", "/cases", "/cases/{case}", "/intake", "/keyboard"),
    "sv.okafor": ("/tasks?tab=all", "/supervisor", "/panel", "/cases/{case}/do/assign_task?task=T1", "/nowhere"),
    "md.chen": ("/cases/{case}/do/expedite_request", "/panel"),
    "au.silva": ("/audit", "/audit/{case}"),
    "in.park": ("/intake", "/cases"),
}


@pytest.fixture
def portal(shared_portal: Portal) -> Portal:
    """All tests here share one."""
    return shared_portal


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_serious_stands_in_anybodys_way(portal: Portal, look):
    case = portal.open_case()
    found: list[str] = []

    for who, paths in PAGES.items():
        page = portal.at(who, **LOOKS[look])
        for path in paths:
            page.goto(path.format(case=case))
            found += is_accessible(page)
            picture(page, f"{look}{path.format(case=case).replace('/', '-')}-{who}"[:80].replace("?", "-"))
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
        page.context.close()
    page = portal.browser.new_context(base_url=portal.address, **LOOKS[look]).new_page()
    page.goto("/signin")
    found += is_accessible(page)

    assert found == []
