"""The story replays every history that was ever recorded, in the sandbox: no running case is broken by a change."""

import logging
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from wiring.temporal import build_replayer
from workflows import workflow_id

HISTORIES = sorted(Path(__file__).parent.glob("*/*.json"))


def test_there_are_histories_of_every_kind_of_case():
    assert len(HISTORIES) >= 17


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: f"{file.parent.name}/{file.stem}")
async def test_a_recorded_history_replays(file, caplog):
    caplog.set_level(logging.WARNING, logger="temporalio")
    history = WorkflowHistory.from_json(workflow_id(file.stem), file.read_text(encoding="utf-8"))

    result = await build_replayer().replay_workflow(history, raise_on_replay_failure=False)

    assert result.replay_failure is None
    assert not [line for line in caplog.messages if "dropping" in line.lower()]
