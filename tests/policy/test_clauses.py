"""The map of the rules is whole: each clause of the policy has its line, and each line a module that exists."""

from pathlib import Path

import pytest

import policy
from policy.clauses import Clause
from policy.request import Reason

pytestmark = pytest.mark.documents

FOLDER = Path(policy.__path__[0])


def the_map() -> dict[str, str]:
    """Clause to module, as the table in the package's docstring has it."""
    table = (policy.__doc__ or "").split("=\n")[2].rsplit("\n=", 1)[0]
    rows = (line.rsplit(maxsplit=0)[0] for line in table.splitlines() if line.strip())
    cells = ((row[:11].split(), row[11:].split()[0]) for row in rows)
    return {clause: module for clauses, module in cells for clause in clauses}


@pytest.mark.parametrize("clause", Clause)
def test_every_clause_stands_in_the_map_with_a_module_that_exists(clause):
    module = the_map()[clause]

    assert (FOLDER / f"{module}.py").is_file()


def test_the_map_names_no_clause_that_the_policy_lacks():
    assert set(the_map()) == set(Clause)


@pytest.mark.parametrize("clause", Clause)
def test_every_clause_says_in_short_what_it_asks(clause):
    assert clause.text


def test_every_listed_reason_is_a_clause():
    assert {reason.value for reason in Reason} - {"RX"} <= {clause.value for clause in Clause}


@pytest.mark.parametrize("module", sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__init__"))
def test_every_module_of_the_rules_opens_with_a_sentence(module):
    first = (FOLDER / f"{module}.py").read_text(encoding="utf-8").splitlines()[0]

    assert first.startswith('"""')
    assert len(first) > 20
