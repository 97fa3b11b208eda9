"""The report's charts: what is drawn, what is said of it, and that the same data gives the same bytes. P12."""

import hashlib
import os
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from adapters.committee.charts import svg_of
from adapters.committee.drawing import COLOURS
from policy.report.shape import Funnel, OverTime, Standing
from tests.adapters.samples import ROOT
from tests.reports import a_funnel, a_report, over_time

SVG = "{http://www.w3.org/2000/svg}"
REPORT = a_report()
CHARTS: tuple[Funnel | OverTime, ...] = (*REPORT.funnels, *REPORT.over_time)
DIGESTS = """
import hashlib
from adapters.committee.charts import svg_of
from tests.reports import a_report
report = a_report()
print([hashlib.sha256(svg_of(chart).encode()).hexdigest() for chart in reversed((*report.funnels, *report.over_time))])
"""


def written(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.id)
def test_a_chart_has_a_title_and_says_its_summary_to_who_cannot_see_it(chart):
    root = ET.fromstring(svg_of(chart))

    title, described = root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")

    assert (root.get("role"), title, described) == ("img", chart.title, chart.summary)
    assert root.get("aria-labelledby") == f"{chart.id}-title {chart.id}-description"


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.id)
def test_a_chart_has_nothing_that_the_portals_policy_bars_and_only_the_colours_that_a_page_knows(chart):
    svg = svg_of(chart)

    colours = set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg))

    assert not re.search(r"style=|<style|<script|href|https?://(?!www\.w3\.org/2000/svg)", svg)
    assert colours <= set(COLOURS)


def test_ids_are_those_of_the_chart_alone_so_that_charts_can_stand_on_one_page():
    ids = [name for chart in CHARTS for name in re.findall(r'\bid="([^"]+)"', svg_of(chart))]

    assert len(ids) == len(set(ids))


def test_what_stands_out_is_named_and_nothing_else_is():
    chart = REPORT.funnels[0]
    striking = {p.label for p in chart.points if p.standing in (Standing.FLAGGED, Standing.OUTSIDE_998)}

    names = {text for text in written(svg_of(chart)) if text.startswith("NPI")}

    assert names == striking


def test_every_unit_is_a_point_of_the_funnel():
    chart = REPORT.funnels[0]

    marks = re.findall(r'<g class="mark-symbol role-mark [^"]*"[^>]*>(.*?)</g>', svg_of(chart))

    assert sum(mark.count("<path") for mark in marks) == len(chart.points)


def test_a_quarter_outside_the_limits_has_its_number_beside_it():
    chart = REPORT.over_time[0]
    striking = [str(p.share.percent) + " %" for p in chart.quarters if p.standing is Standing.OUTSIDE_998]

    said = written(svg_of(chart))

    assert striking
    assert set(striking) <= set(said)
    assert f"Median {chart.signals.median} %" in said


def test_a_funnel_of_nobody_and_a_series_of_nothing_can_be_drawn():
    funnel = a_funnel(REPORT.period, 9).model_copy(update={"points": (), "curves": ()})
    series = over_time().model_copy(update={"quarters": (), "months": ()})

    assert all(svg_of(chart).endswith("</svg>") for chart in (funnel, series))


def test_the_same_data_gives_the_same_bytes_in_another_process_time_zone_and_language():
    elsewhere = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", DIGESTS]

    there = subprocess.run(command, env=elsewhere, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)

    here = [hashlib.sha256(svg_of(chart).encode()).hexdigest() for chart in CHARTS]
    assert there.stdout.strip() == str(here[::-1])
    assert here == [hashlib.sha256(svg_of(chart).encode()).hexdigest() for chart in CHARTS]
