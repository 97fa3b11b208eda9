"""The report as HTML: a part of a page for the portal, and a file that stands alone; neither needs a script. P12.

Every value is escaped. Charts stand in the page as SVG, each with its summary beside it and its numbers beneath.
"""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adapters.committee import reading
from policy.report.shape import CommitteeReport

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "report.css").read_text(encoding="utf-8")
FRAME = (TEMPLATES / "frame.css").read_text(encoding="utf-8")
Way = Callable[[str, str, str], str]
"""The address of the cases behind a cell, by table, row and column; empty for who may not see them."""


def nowhere(_table: str, _row: str, _column: str) -> str:
    """For a page from which nothing leads to cases."""
    return ""


def part_of_a_page(report: CommitteeReport, drawings: Mapping[str, str], way: Way = nowhere) -> str:
    """The report without a frame, safe to be put into a page; ``drawings`` are the charts' SVG by id."""
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            drawings={name: Markup(svg) for name, svg in drawings.items()},  # noqa: S704 - our own charts, escaped there
            way=way,
            title=reading.TITLE,
            readers=reading.READERS,
            marks=reading.marks_of(report),
            about=reading.about(report),
            sections=reading.by_section((*report.tables, *reading.charts_of(report))),
            reconciled=reading.reconciled(report.reconciliation) if report.reconciliation else (),
            definitions=reading.DEFINITIONS,
            why_withheld=reading.WHY_WITHHELD,
            bases=reading.BASES,
            numeric=reading.NUMERIC,
            told=reading.told,
            beneath=reading.beneath,
            behind=reading.behind,
            caption_of=reading.caption_of,
            withholds=reading.withholds,
        )
    )


def alone(report: CommitteeReport, drawings: Mapping[str, str]) -> bytes:
    """The report as one file: nothing is fetched, not even its style."""
    parts = {"frame": FRAME, "style": STYLE, "body": part_of_a_page(report, drawings)}
    ours = {name: Markup(text) for name, text in parts.items()}  # noqa: S704 - our own sheets, and what was escaped
    made = _environment().get_template("alone.html").render(report=report, title=reading.TITLE, **ours)
    return made.encode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
