"""Which workflow belongs to a number, and which number to a workflow: cases, delegates' decisions, reports."""

import pytest

from wiring.executions import case_number, workflow_of


@pytest.mark.parametrize(
    ("number", "workflow"),
    [
        ("SO-2026-000007", "so-SO-2026-000007"),
        ("SO-2026-000007-3", "so-SO-2026-000007-3"),
        ("DD-2026-000001", "so-DD-2026-000001"),
        ("2026-Q3", "report-2026-Q3"),
        ("2026-Q3-medi-cal-e2", "report-2026-Q3-medi-cal-e2"),
        ("2026-07-01-to-2026-08-15", "report-2026-07-01-to-2026-08-15"),
    ],
)
def test_a_number_has_its_workflow_and_a_workflow_its_number(number, workflow):
    assert workflow_of(number) == workflow
    assert case_number(workflow) == number


@pytest.mark.parametrize("workflow", ["report-day", "report-", "second-opinion-reconcile", "so-2026-Q3", "nightly"])
def test_what_is_neither_a_case_s_nor_a_report_s_workflow_has_no_number(workflow):
    assert case_number(workflow) == ""
