"""The demonstration's fax machine: it stands in for a fax server, and reports every job as sent. It dials nobody.

It keeps to docs/fax-spool.md, so what the demonstration shows is what a plan's own fax server would see.
"""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

EVERY = 0.2  # seconds between two looks into the spool


async def answering(spool: Path) -> None:
    """Answers for every job in the spool, until it is cancelled."""
    while True:
        await asyncio.to_thread(answer_all, spool, datetime.now(UTC))
        await asyncio.sleep(EVERY)


def answer_all(spool: Path, at: datetime) -> int:
    """Takes every job that waits and reports it as sent at ``at`` (aware); gives back how many there were."""
    waiting = sorted((spool / "outgoing").glob("*.json"))
    for found in waiting:
        _answer(spool, found, at)
    return len(waiting)


def _answer(spool: Path, found: Path, at: datetime) -> None:
    taken, done = spool / "taken", spool / "done"
    for folder in (taken, done):
        folder.mkdir(mode=0o700, exist_ok=True)
    try:
        mine = found.rename(taken / found.name)
    except FileNotFoundError:
        return  # it was taken back
    job = json.loads(mine.read_text(encoding="utf-8"))
    report = {
        "status": "sent",
        "at": at.isoformat(),
        "pages": job["pages"],
        "remote_id": f"DEMO-{job['id'][:8]}",
        "reason": "the demonstration's fax machine dials nobody",
    }
    beside = done / f".{found.name}.part"
    beside.write_text(json.dumps(report), encoding="utf-8")
    beside.rename(done / found.name)
    (spool / "outgoing" / job["pdf"]).unlink(missing_ok=True)
