"""The story replays every history that was ever recorded, in the sandbox, and ends where it ended then.

The SDK's replayer compares commands only. An action that no longer fits its model becomes a refusal, and where no
command depends on the action, only the case tells: so no running case is broken by a change, and none forgets.
"""

import json
import logging
from pathlib import Path

import pytest
from pydantic import create_model

from policy.actions import ACTIONS
from tests.histories.replaying import recorded_history, replayed
from tests.histories.states import differences, state, state_file

HERE = Path(__file__).parent
HISTORIES = sorted(f for f in HERE.glob("*/*.json") if f.name != "models.json")


async def lost_in_replay(file: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the case has lost or changed in a replay to which the SDK has no objection."""
    caplog.set_level(logging.WARNING, logger="temporalio")

    failure, case = await replayed(recorded_history(file))

    assert failure is None
    assert not [line for line in caplog.messages if "dropping" in line.lower()]
    assert case is not None
    return differences(json.loads(state_file(file).read_text(encoding="utf-8")), state(case))


def test_there_are_histories_of_every_kind_of_case():
    assert len(HISTORIES) >= 17


def test_every_history_has_its_state():
    assert [state_file(history) for history in HISTORIES] == sorted(HERE.glob("*/states/*.json"))


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: f"{file.parent.name}/{file.stem}")
async def test_a_recorded_history_replays_into_its_recorded_state(file, caplog):
    lost = await lost_in_replay(file, caplog)

    assert not lost, "\n".join(lost[:10])


@pytest.mark.parametrize(
    ("name", "signal", "loss"),
    [
        ("example-02", "record_contact_attempt", "information_requests[0].attempts: recorded 1, now 0"),
        ("example-10", "add_comment", "receipts[0].accepted: recorded True, now False"),
        ("example-11", "record_contact_attempt", "information_requests[0].attempts: recorded 2, now 0"),
    ],
)
async def test_a_model_that_no_longer_takes_a_recorded_action_is_found_out_by_the_state_alone(
    name, signal, loss, caplog, monkeypatch
):
    tightened = create_model("Tightened", __base__=ACTIONS[signal], now_required=(str, ...))
    monkeypatch.setitem(ACTIONS, signal, tightened)

    lost = await lost_in_replay(HERE / "2026-11" / f"{name}.json", caplog)

    assert loss in lost


async def test_a_model_that_no_longer_takes_a_recorded_decision_fails_the_replay_itself(monkeypatch):
    tightened = create_model("Tightened", __base__=ACTIONS["determine"], now_required=(str, ...))
    monkeypatch.setitem(ACTIONS, "determine", tightened)

    failure, _ = await replayed(recorded_history(HERE / "2026-11" / "example-15.json"))

    assert "Nondeterminism" in str(failure)
