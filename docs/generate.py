"""Writes the generated pages of ``docs/`` (rules, actions, letter-checklists, temporal-ui, policy-map): ``make rules``.

A test compares them with what the rules and the models say now.
"""

import re
import sys
from pathlib import Path

from policy.actionbook import actionbook
from policy.clauses import Clause
from policy.edition import EDITIONS
from policy.letterbook import letterbook
from policy.rulebook import policy_map, rulebook
from wiring.viewbook import viewbook

ROOT = Path(__file__).parents[1]
NOT_RULES = ("__init__.py", "actionbook.py", "clauses.py", "letterbook.py", "rulebook.py")


def pages() -> dict[Path, str]:
    """Every generated page and what it must say."""
    return {
        ROOT / "docs" / "rules.md": rulebook(EDITIONS[-1]),
        ROOT / "docs" / "actions.md": actionbook(),
        ROOT / "docs" / "letter-checklists.md": letterbook(),
        ROOT / "docs" / "temporal-ui.md": viewbook(),
        ROOT / "docs" / "policy-map.md": policy_map(citing(rules()), citing(tests())),
    }


def rules() -> list[Path]:
    """The modules that carry clauses out."""
    return [file for file in sorted((ROOT / "policy").glob("*.py")) if file.name not in NOT_RULES]


def tests() -> list[Path]:
    """The tests that can cite a clause."""
    return [file for file in sorted((ROOT / "tests").rglob("test_*.py")) if file.name != "test_documents.py"]


def citing(files: list[Path]) -> dict[Clause, list[str]]:
    """Which files cite each clause, by id or by name."""
    texts = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in files}
    return {clause: [name for name, text in texts.items() if re.search(_pattern(clause), text)] for clause in Clause}


def _pattern(clause: Clause) -> str:
    return rf"Clause\.{clause.name}\b|(?<![\w.-]){re.escape(clause.value)}(?![\w-])"


def main() -> int:
    """Writes the pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
