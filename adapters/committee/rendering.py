"""Every file of a report, by name: page, paper, spreadsheet, data and charts. Same report, same bytes. P12."""

from collections.abc import Callable

from adapters.committee.charts import alone as chart_alone
from adapters.committee.charts import svg_of
from adapters.committee.page import alone
from adapters.committee.paper import paper
from adapters.committee.reading import CHARTS, DATA, PAGE, PAPER, SPREADSHEET, charts_of, data_of
from adapters.committee.spreadsheet import spreadsheet
from policy.report.shape import CommitteeReport


def drawings_of(report: CommitteeReport) -> dict[str, str]:
    """The charts' SVG by id."""
    return {chart.id: svg_of(chart) for chart in charts_of(report)}


def file_of(report: CommitteeReport, name: str) -> bytes:
    """The PDF, the spreadsheet or the data alone: the same bytes as among all files.

    Raises KeyError for another name, and AdapterError when the paper cannot be typeset.
    """
    made: dict[str, Callable[[], bytes]] = {
        PAPER: lambda: paper(report, drawings_of(report)).pdf,
        SPREADSHEET: lambda: spreadsheet(report),
        DATA: lambda: data_of(report),
    }
    return made[name]()


def files_of(report: CommitteeReport, tell: Callable[[str], None] = lambda _: None) -> dict[str, bytes]:
    """The files by name, ``charts/`` among them; ``tell`` hears of each part before it is made.

    About 3 s for 20 charts and 30 tables; how many cases there were does not matter. Raises AdapterError when the paper
    cannot be typeset.
    """
    tell(f"{len(charts_of(report))} charts")
    drawings = drawings_of(report)
    tell("the page")
    files = {PAGE: alone(report, drawings), DATA: data_of(report)}
    tell("the spreadsheet")
    files[SPREADSHEET] = spreadsheet(report)
    tell("the PDF")
    files[PAPER] = paper(report, drawings).pdf
    return files | {f"{CHARTS}{name}.svg": chart_alone(svg) for name, svg in drawings.items()}
