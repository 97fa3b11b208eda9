"""What is done once before the first start, and again with each new version: ``migrate``, ``namespace``, ``health``."""

import json as jsonlib
import re
import time
import urllib.error
import urllib.request

from sqlalchemy import make_url

from cli.house import DONE, REFUSED, quiet_logs
from cli.screen import as_json, complain, console
from records.database import open_engine, revisions, upgrade
from records.errors import place
from wiring.namespace import set_up_namespace
from wiring.settings import PREFIX, Settings
from workflows.inspection import SEARCH_ATTRIBUTES

PATIENCE = 3.0  # seconds
HEARTBEAT = re.compile(r"^second_opinion_worker_heartbeat_timestamp_seconds(?:{[^}]*})? (\S+)$", re.MULTILINE)
OLD_AFTER = 90.0  # seconds: a worker looks around every twenty
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - where we ask, not where we listen


def migrate(settings: Settings, *, json: bool) -> int:
    """The records' tables become those that this version knows; nothing when they are. Raises RecordsError."""
    engine = open_engine(settings.records_url)
    before, newest = revisions(engine)
    upgrade(engine)
    engine.dispose()
    if json:
        as_json({"before": before, "now": newest})
    elif before == newest:
        console.print(f"The records ({place(make_url(settings.records_url))}) are at revision {newest} already.")
    else:
        console.print(f"The records are at revision {newest} now; before: {before or 'none'}.")
    return DONE


async def namespace(settings: Settings, *, within: float, json: bool) -> int:
    """The cluster's namespace is set up. Raises TemporalError or ServerError."""
    quiet_logs(settings)
    made = await set_up_namespace(settings.retention_days, SEARCH_ATTRIBUTES, within)
    if json:
        as_json({**made.model_dump(), "search_attributes": SEARCH_ATTRIBUTES})
        return DONE
    was = "made now" if made.kept_before is None else f"was there, and kept {made.kept_before} days"
    console.print(f"Namespace {made.name} at {made.address}: {was}.")
    console.print(f"Closed cases are kept {made.kept_days} days. Search attributes: {', '.join(SEARCH_ATTRIBUTES)}.")
    return DONE


def health(settings: Settings, part: str) -> int:
    """Whether the portal or the worker of this machine lives: for who restarts it when it does not."""
    host, port = settings.portal_host, str(settings.portal_port)
    if part == "worker":
        host, _, port = settings.worker_metrics.rpartition(":")
        if not port:
            complain(f"A worker is asked at its numbers' address: set {PREFIX}WORKER_METRICS, as 127.0.0.1:9464.")
            return REFUSED
    host = EVERYWHERE.get(host, host)
    path = "metrics" if part == "worker" else "healthz"
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/{path}", timeout=PATIENCE) as answer:
            said = answer.read().decode("utf-8", "replace")
    except (urllib.error.URLError, OSError) as trouble:
        complain(f"The {part} does not answer at {host}:{port} ({type(trouble).__name__}).")
        return REFUSED
    age = time.time() - max((float(at) for at in HEARTBEAT.findall(said)), default=0) if part == "worker" else 0
    if age > OLD_AFTER:
        complain(f"The worker at {host}:{port} has not looked around for {min(age, 1e6):.0f} seconds.")
        return REFUSED
    console.print(jsonlib.dumps({part: "ok"}))
    return DONE
