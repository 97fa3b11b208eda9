"""What a scripted case costs is known to the last digit: a change that costs more says so in ``bench/costs.json``."""

import json

import pytest

from bench.__main__ import BUDGET_EVENTS, COSTS, WARM
from bench.costs import costs_of
from bench.scripts import SCRIPTS
from bench.stage import open_stage
from tests.ports import free_port
from wiring.settings import Settings

pytestmark = pytest.mark.server
KEPT = json.loads(COSTS.read_text(encoding="utf-8"))


async def test_scripted_cases_cost_exactly_what_is_written_down(tmp_path):
    settings = Settings(grpc_port=free_port(), ui_port=free_port())
    found = {}

    async with open_stage(tmp_path, settings) as stage, stage(WARM) as played:
        for name, script in SCRIPTS.items():
            _, (handle,) = await played.ours(1, script)
            found[name] = (await costs_of(handle)).exact()

    assert found == KEPT


def test_a_straightforward_approval_keeps_its_budget():
    assert KEPT["straightforward approval"]["events"] <= BUDGET_EVENTS
