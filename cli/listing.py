"""``second-opinion list``: cases from the records, by filters and by saved views; the views with their links."""

from rich.markup import escape

from cli.options import DONE, ViewName, records
from cli.screen import as_json, cases_table, console, now
from records import worklists
from records.worklists import CaseFilter
from wiring.settings import read_settings
from wiring.views import BY_NAME, Link, address, links, of_ppg, ppg_query, temporal_ui


def list_cases(asked: CaseFilter, view: ViewName | None, *, overdue: bool, names: bool, limit: int, json: bool) -> int:
    """The cases that fit, due soonest first."""
    at = now()
    if overdue:
        asked = asked.model_copy(update={"is_open": True, "overdue_at": at})
    chosen = BY_NAME[view].chosen(at).and_also(asked) if view else asked
    rows = worklists.cases(records(), chosen, with_names=names, limit=limit).rows
    as_json(rows) if json else cases_table(rows, with_names=names)
    return DONE


def list_views(ppg: str, *, json: bool) -> int:
    """The views as of now; with a ``ppg`` each of that physician organization, and all of its open cases."""
    ui = temporal_ui(read_settings())
    found = [_of_ppg(link, ui, ppg) for link in links(ui, now())] if ppg else list(links(ui, now()))
    if ppg:
        query = ppg_query(ppg)
        of_it = {"name": "", "title": "Its open cases", "meaning": f"open cases of {ppg}"}
        found.append(Link(**of_it, query=query, address=address(ui, query)))
    if json:
        as_json(found)
        return DONE
    for link in found:
        console.print(f"[bold]{escape(link.title)}[/]{f'  --view {link.name}' if link.name else ''}")
        console.print(f"  {escape(link.meaning)}", soft_wrap=True)
        console.print(f"  {escape(link.address or link.query)}", soft_wrap=True)
    return DONE


def _of_ppg(link: Link, ui: str, ppg: str) -> Link:
    query = f"{link.query} AND {of_ppg(ppg)}"
    return link.model_copy(update={"query": query, "address": address(ui, query)})
