"""The report's charts as SVG, by Altair and vl-convert: offline, in our own font, the same data the same bytes. P12.

There is no style attribute in them: the portal's content security policy would bar it.
"""

import re
from xml.sax.saxutils import escape, quoteattr

from adapters.committee.drawing import converted
from adapters.committee.funnelplot import funnel
from adapters.committee.runchart import over_time
from policy.report.shape import Funnel, OverTime

OPENING = re.compile(r"<svg [^>]*?(?P<size>width=\"[\d.]+\" height=\"[\d.]+\" viewBox=\"[\d. -]+\")[^>]*>")
SPOKEN = re.compile(r' (?:role|aria-[a-z]+)="[^"]*"')
CLIP = re.compile(r'(?<=id="clip)\d+(?=")|(?<=url\(#clip)\d+(?=\))')


def svg_of(chart: Funnel | OverTime) -> str:
    """A chart as one SVG element with title and description; the first takes about a second, the next ones 50 ms."""
    drawn = funnel(chart) if isinstance(chart, Funnel) else over_time(chart)
    return _as_our_own(converted(drawn), chart.id, chart.title, chart.summary)


def alone(svg: str) -> bytes:
    """A chart as a file of its own."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{svg}\n'.encode()


def _as_our_own(svg: str, name: str, title: str, description: str) -> str:
    """With a title and a description of ours in the place of Vega's, and ids that are this chart's alone."""
    size = OPENING.match(svg)
    if size is None:
        raise ValueError("vl-convert gave no SVG as it is known")
    numbers: dict[str, str] = {}
    body = SPOKEN.sub("", svg[size.end() :])
    body = CLIP.sub(lambda found: f"-{name}-{numbers.setdefault(found[0], str(len(numbers)))}", body)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" id={quoteattr(name)} class="chart" {size["size"]} role="img" '
        f'aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-description">{escape(description)}</desc>'
    )
    return opening + body
