"""``python -m bench``: cases per second beside the bare workflow, warm and cold, and what one case costs."""

import argparse
import asyncio
import json
import logging
import os
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.costs import Costs, costs_of
from bench.scripts import SCRIPTS
from bench.stage import open_stage
from wiring.logs import set_up_logs
from wiring.settings import read_settings

WARM, COLD = 1000, 6  # cases in the worker's cache, and cases that take a step at the same time
COSTS = Path(__file__).parent / "costs.json"
RESULTS = Path(__file__).parent / "results"
BUDGET_EVENTS, BUDGET_RATIO = 80, 0.5


async def measure(rounds: int, cases: int) -> dict[str, Any]:
    """Interleaved rounds, warm and cold, after one that does not count."""
    figures: dict[str, Any] = {"rounds": rounds, "cases": cases}
    with tempfile.TemporaryDirectory(prefix="second-opinion-bench-") as folder:
        async with open_stage(Path(folder), read_settings()) as stage:
            for name, cached in (("warm", WARM), ("cold", COLD)):
                ours, bare = [], []
                async with stage(cached) as played:
                    await played.ours(2), await played.bares(2)
                    for _ in range(rounds):
                        seconds, our_handles = await played.ours(cases)
                        ours.append(cases / seconds)
                        seconds, bare_handles = await played.bares(cases)
                        bare.append(cases / seconds)
                    figures[name] = {"ours": ours, "bare": bare}
                    if name == "warm":
                        figures["costs"] = {
                            "ours": vars(await costs_of(our_handles[0])),
                            "bare": vars(await costs_of(bare_handles[0])),
                        }
    return figures


async def scripted() -> dict[str, dict[str, int]]:
    """The exact costs of each scripted case: they stay the same to the last digit, so a test compares them."""
    with tempfile.TemporaryDirectory(prefix="second-opinion-costs-") as folder:
        async with open_stage(Path(folder), read_settings()) as stage, stage(WARM) as played:
            found = {}
            for name, script in SCRIPTS.items():
                _, (handle,) = await played.ours(1, script)
                found[name] = (await costs_of(handle)).exact()
            return found


def report(figures: dict[str, Any]) -> None:
    """The table."""
    console = Console()
    speed = Table(title="Cases per second: median (least to most)", title_justify="left")
    for column in ("", "ours", "bare", "ours / bare, pair by pair", f"budget {BUDGET_RATIO}"):
        speed.add_column(column)
    for name in ("warm", "cold"):
        ours, bare = figures[name]["ours"], figures[name]["bare"]
        ratio = median(a / b for a, b in zip(ours, bare, strict=True))
        kept = "kept" if ratio >= BUDGET_RATIO else "[red]missed[/]"
        speed.add_row(name, _spread(ours), _spread(bare), f"{ratio:.2f}", kept)
    console.print(speed)
    one = Table(title="One straightforward approval", title_justify="left")
    for column in ("", "events", "workflow tasks", "actions", "bytes"):
        one.add_column(column)
    for name, values in figures["costs"].items():
        cost = Costs(**values)
        one.add_row(name, str(cost.events), str(cost.workflow_tasks), str(cost.actions), f"{cost.size:,}")
    console.print(one)
    events = figures["costs"]["ours"]["events"]
    console.print(
        f"Budget: at most {BUDGET_EVENTS} events: {'kept' if events <= BUDGET_EVENTS else 'MISSED'} ({events})"
    )


def _spread(figures: list[float]) -> str:
    return f"{median(figures):.1f} ({min(figures):.1f} to {max(figures):.1f})"


def main() -> None:
    """Measures, prints, and keeps the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=30)
    parser.add_argument("--keep-costs", action="store_true", help="write down what the scripted cases cost, and end")
    asked = parser.parse_args()
    if asked.keep_costs:
        COSTS.write_text(json.dumps(asyncio.run(scripted()), indent=2) + "\n", encoding="utf-8")
        return
    set_up_logs("console", level=logging.WARNING)
    figures = asyncio.run(measure(asked.rounds, asked.cases))
    figures |= {"at": datetime.now(UTC).isoformat(), "python": platform.python_version(), "cores": os.cpu_count()}
    RESULTS.mkdir(exist_ok=True)
    kept = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    kept.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    report(figures)
    Console().print(f"Kept in {kept.relative_to(Path.cwd())}" if kept.is_relative_to(Path.cwd()) else f"Kept in {kept}")


if __name__ == "__main__":
    main()
