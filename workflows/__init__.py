"""THE STORY: what happens to a request, in order, and how long it may take."""

CASES = "second-opinion-cases"
LETTERS = "second-opinion-letters"

QUEUES = {"cases": CASES, "letters": LETTERS}


def workflow_id(case_number: str) -> str:
    """The id of a case's workflow: ``so-`` and the case number, which says nothing about a person."""
    return f"so-{case_number}"
