"""``python -m bench.letters``: how long a thousand letters take, typeset with their enclosures, posted and filed.

Each case has two letters and one packet, through the real mailroom and the real cabinet. Typst holds Python's lock
while it works, so more cores help by processes, as they do for workers, and not by threads.
"""

import argparse
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

from rich.console import Console

from adapters.cabinet import FilingCabinet
from adapters.documents import DocumentStore
from adapters.mailroom import Outbox
from policy.people import PersonName
from tests.adapters.samples import a_denied_case, a_packet, post_all
from tests.builders import MONDAY, a_member, a_request

BUDGET = 60.0  # seconds for LETTERS letters on two cores
LETTERS, CORES, PER_CASE = 1000, 2, 2
ENCLOSURES = ("nondiscrimination", "taglines")
FAMILIES = ("Núñez", "王", "Hakobyan", "Nguyễn", "الفارسي", "Сингх", "김", "ยุพิน", "Smith", "ਸਿੰਘ")


def deal_with(numbers: Iterable[int], folder: Path, enclosures: tuple[str, ...], *, large_print: bool) -> int:
    """Posts both letters of each case and files its packet; says how many letters left."""
    outbox = Outbox(folder / "outbox")
    cabinet = FilingCabinet(folder / "cabinet", outbox, DocumentStore(folder / "documents"))
    return sum(_deal_with_one(number, outbox, cabinet, enclosures, large_print=large_print) for number in numbers)


def _deal_with_one(
    number: int, outbox: Outbox, cabinet: FilingCabinet, enclosures: tuple[str, ...], *, large_print: bool
) -> int:
    member = a_member(name=PersonName(family=FAMILIES[number % len(FAMILIES)], given=f"Ana {number}"))
    case = a_denied_case(f"SO-2026-{number:06}", a_request(member=member))
    now = MONDAY + timedelta(hours=3)
    looks = {"enclosures": enclosures, "large_print": large_print}
    cabinet.file(a_packet(post_all(outbox, case, now, **looks)))
    return len(case.planned_notices)


def measure(
    letters: int, cores: int, enclosures: tuple[str, ...] = ENCLOSURES, *, large_print: bool = False
) -> tuple[float, float]:
    """The seconds that ``letters`` letters take on ``cores`` processes, their start included; the seconds of a core.

    On a machine that others use too only the latter says something.
    """
    before = _core_seconds()
    cases = letters // PER_CASE
    with tempfile.TemporaryDirectory(prefix="second-opinion-letters-") as folder, ProcessPoolExecutor(cores) as pool:
        work = partial(deal_with, folder=Path(folder), enclosures=enclosures, large_print=large_print)
        begun = perf_counter()
        left = sum(pool.map(work, [range(place, cases, cores) for place in range(cores)]))
        seconds = perf_counter() - begun
    if left != cases * PER_CASE:
        raise RuntimeError(f"{left} letters left instead of {cases * PER_CASE}")
    return seconds, _core_seconds() - before


def _core_seconds() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=LETTERS)
    parser.add_argument("--cores", type=int, default=min(CORES, os.cpu_count() or 1))
    asked = parser.parse_args()
    console = Console()
    for what, enclosures, large_print in (
        ("letters alone", (), False),
        ("with enclosures", ENCLOSURES, False),
        ("with enclosures, large print", ENCLOSURES, True),
    ):
        seconds, core_seconds = measure(asked.letters, asked.cores, enclosures, large_print=large_print)
        rate, budget = asked.letters / seconds, BUDGET * asked.letters / LETTERS
        verdict = "kept" if seconds <= budget else "[red]missed[/]"
        each = 1000 * core_seconds / asked.letters
        console.print(
            f"{asked.letters} {what}: {seconds:.1f} s, {rate:.0f} a second, {each:.0f} ms of a core each; "
            f"budget {budget:.0f} s: {verdict}"
        )


if __name__ == "__main__":
    main()
