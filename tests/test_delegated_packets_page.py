"""What docs/delegated-packets.md says of packets and checks is what the models and the rules have. Procedure 10."""

import re
from pathlib import Path

import pytest

from policy.delegated import DeciderRole, DelegatedPacket, DelegateOutcome
from policy.delegatefindings import PARTS, Check
from policy.delegation import LetterElement
from policy.edition import EDITIONS
from policy.request import Request

pytestmark = pytest.mark.documents

PAGE = (Path(__file__).parents[1] / "docs" / "delegated-packets.md").read_text(encoding="utf-8")
NUMBERS = {1: "next", 5: "five", 10: "ten"}


def codes() -> set[str]:
    return set(re.findall(r"`\.?([a-z_]+)[^`]*`", PAGE))


def test_every_field_that_a_packet_adds_to_a_request_is_described():
    added = DelegatedPacket.model_fields.keys() - Request.model_fields.keys()

    assert added <= codes()
    assert {*DelegateOutcome, *DeciderRole, *LetterElement} <= codes()


def test_every_check_is_described_under_its_part():
    rows: dict[str, str] = {}
    for line in PAGE.split("## What is checked")[1].splitlines():
        if line.startswith("| `"):
            names, part = line.split(" | ")[:2]
            rows |= dict.fromkeys(re.findall("`([a-z_]+)`", names), part)

    assert rows == {check.value: PARTS[check][0].value for check in Check}


def test_the_days_on_the_page_are_those_of_the_edition():
    terms = EDITIONS[-1].delegation

    assert f"by the end of the {NUMBERS[terms.copy_within_business_days]} business day" in PAGE
    assert f"it has {NUMBERS[terms.answer_within_business_days]} business days" in " ".join(PAGE.split())
    assert f"closed as deficient {NUMBERS[terms.closes_after_business_days]} business days later" in PAGE
    assert f"{terms.pass_mark:.0%}".replace("%", " %") in PAGE
    assert f"{terms.sanction_mark:.0%}".replace("%", " %") in PAGE
