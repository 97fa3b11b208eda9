"""The import contracts hold, and each one would notice: an offending import breaks it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.documents

ROOT = Path(__file__).parents[1]
FOLDERS = ("policy", "workflows", "activities", "records", "adapters", "reporting", "wiring", "cli")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [str(program), "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("file", "offence", "contract"),
    [
        ("policy/lifecycle.py", "import temporalio.workflow", "Rules know only Python and pydantic"),
        ("policy/lifecycle.py", "import activities.ports", "Doors open inward"),
        ("workflows/deadline.py", "import random", "The story never touches the world, even through a friend"),
        ("activities/ports.py", "import sqlalchemy", "The story never touches the world, even through a friend"),
        ("workflows/deadline.py", "import records.tables", "The story never touches the world, even through a friend"),
        ("records/rows.py", "import activities.ports", "The world knows only the rules"),
        ("reporting/trends.py", "import records.casefacts", "Doors open inward"),
        ("adapters/shelf.py", "import records.tables", "Doors open inward"),
        ("wiring/logs.py", "import cli.main", "Doors open inward"),
        ("cli/house.py", "import worker", "Nobody leaves through a front door"),
    ],
)
def test_an_offending_import_breaks_its_contract(tmp_path, file, offence, contract):
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "worker.py", "starter.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    target = tmp_path / file
    target.write_text(f"{target.read_text(encoding='utf-8')}\n{offence}\n", encoding="utf-8")

    ended = lint(tmp_path)

    assert ended.returncode == 1, ended.stdout
    assert f"{contract} BROKEN" in ended.stdout
