"""The story of committees' reports replays every history of one, in the sandbox, and ends where it ended then. P12."""

import json
from pathlib import Path

import pytest
from pydantic import create_model

from policy.committee.actions import COMMITTEE_ACTIONS
from tests.histories.models import FILE, actions_in, decodes, histories, models, tightened
from tests.histories.recordreports import PLAYED
from tests.histories.replaying import recorded_history, replayed
from tests.histories.states import differences, state, state_file
from tests.histories.test_replay import lost_in_replay

HERE = Path(__file__).parent / "reports"
FOLDERS = sorted(folder for folder in HERE.iterdir() if folder.is_dir())
HISTORIES = [history for folder in FOLDERS for history in histories(folder)]
WITHOUT_A_FILE = ("report-day",)


def named(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def test_there_is_a_history_of_each_way_that_a_report_can_go_and_each_has_its_state():
    newest = {history.stem for history in histories(FOLDERS[-1])}
    kept = [state_file(history) for history in HISTORIES if history.stem not in WITHOUT_A_FILE]

    assert newest == PLAYED.keys()
    assert kept == sorted(HERE.glob("*/states/*.json"))


@pytest.mark.parametrize("file", [f for f in HISTORIES if f.stem not in WITHOUT_A_FILE], ids=named)
async def test_a_recorded_history_replays_into_its_recorded_state(file, caplog):
    lost = await lost_in_replay(file, caplog)

    assert not lost, "\n".join(lost[:10])


async def test_the_morning_that_begins_a_report_replays():
    for file in (f for f in HISTORIES if f.stem in WITHOUT_A_FILE):
        failure, _ = await replayed(recorded_history(file))
        assert failure is None


def test_the_histories_hold_what_they_are_kept_for():
    kept = [state_file(file) for file in histories(FOLDERS[0]) if file.stem not in WITHOUT_A_FILE]
    states = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in kept}
    told = {name: [line["event"] for line in kept["story"]] for name, kept in states.items()}

    whole = told["whole-way"]
    assert (whole[0], whole[-1]) == ("report:asked-for", "report:closed")
    assert whole.count("notice:sent") == 2
    assert whole.index("action:reminded") < whole.index("action:overdue") < whole.index("report:closed")
    corrected = told["correction"]
    assert corrected[1] == "report:corrects"
    assert {"action:handed-over", "action:postponed", "action:withdrawn", "report:closed"} <= set(corrected)
    assert states["correction"]["made"]["difference"].startswith("A PPG sent a case late. Of 2026-Q3 ")
    assert told["broken-off"][3:5] == ["report:set-going", "report:ready"]
    assert told["cancelled"][3:] == ["action:refused", "report:ready"]
    assert "notice:undeliverable" in told["refusals"]
    assert states["refusals"]["refused_count"] > 10
    assert all(event.startswith(("report:", "action:", "notice:")) for story in told.values() for event in story)


@pytest.mark.parametrize(
    ("name", "signal", "loss"),
    [
        ("whole-way", "note_follow_up", "actions[0].follow_ups: recorded 1 items, now 0"),
        ("whole-way", "discuss_report", "hearings[0].accepted_at: recorded "),
        ("correction", "hand_over_action", "actions[1].owner.id: recorded 'cm.brown', now 'cm.alvarez'"),
    ],
)
async def test_a_model_that_no_longer_takes_a_recorded_action_is_found_out(name, signal, loss, monkeypatch):
    tightened_model = create_model("Tightened", __base__=COMMITTEE_ACTIONS[signal], now_required=(str, ...))
    monkeypatch.setitem(COMMITTEE_ACTIONS, signal, tightened_model)
    file = FOLDERS[0] / f"{name}.json"

    failure, kept = await replayed(recorded_history(file))

    assert kept is not None
    lost = differences(json.loads(state_file(file).read_text(encoding="utf-8")), state(kept))
    assert failure is not None or any(line.startswith(loss) for line in lost), lost


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_action_on_a_report_is_tighter_than_it_was_recorded_and_what_fitted_fits(folder):
    recorded = json.loads((folder / FILE).read_text(encoding="utf-8"))
    sent = [one for history in histories(folder) for one in actions_in(history)]

    assert tightened(recorded["models"], models(COMMITTEE_ACTIONS)) == []
    assert [s.place for s in sent if not decodes(s, COMMITTEE_ACTIONS) and s.place not in recorded["refused"]] == []
    assert len(sent) >= 30
