"""A form asks for what an action wants, checks each answer at once, and loses nothing that was entered."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import Field

from cli.forms import ENVELOPE_FIELDS, INTRODUCTION, FormLeft, confirm, fill
from policy import actions
from policy.actions import ACTIONS
from policy.people import Actor
from policy.staffaction import StaffAction
from policy.taskactions import SPECIALIST, WHO, AssignTask, NominateTask, SuspendTask
from policy.tasks import Nominee
from tests.builders import CASE_MANAGER, MONDAY

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # Monday 10:00 in Los Angeles
PEOPLE = {person.id: person for person in map(Actor.model_validate, (WHO, SPECIALIST))}
ENVELOPE = {"action_id": "a-1", "actor": CASE_MANAGER.model_dump(mode="json"), "at": MONDAY.isoformat()}
DOCTOR = {"npi": "1003000126", "name": "Dr. Ana Ruiz", "specialty": "surgery"}
TYPED_DOCTOR = (*DOCTOR.values(), "", "", "", "")
TWO_ITEMS = [{"item": "diagnosis", "text": "M48.06"}, {"item": "member_phone", "text": "555"}]


class Script:
    """Answers from a list, and keeps what was said and asked. An exception in the list is how somebody leaves."""

    def __init__(self, *answers):
        self.answers, self.asked, self.said = list(answers), [], []

    def ask(self, question):
        self.asked.append(question)
        assert self.answers, f"nothing was prepared for: {question}"
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer
        return answer

    def say(self, text):
        self.said.append(text)


class FromExample:
    """Answers by the label of each question, from an example. Nothing may be asked twice."""

    def __init__(self, example):
        self.answers, self.label, self.lines, self.asked = dict(flat(example)), "", [], []

    def ask(self, question):
        if not question:
            return self.lines.pop(0) if self.lines else ""
        if question.startswith("Another?"):
            following = re.sub(r"\d+", lambda number: str(int(number[0]) + 1), self.label.split(",")[0])
            return "y" if any(label.startswith(following) for label in self.answers) else ""
        if found := re.match(r"Give (.+)\?", question):
            return "y" if any(label.lower().startswith(found[1]) for label in self.answers) else ""
        self.label = re.split(r" \[|: |\. ", question)[0]
        assert self.label not in self.asked
        self.asked.append(self.label)
        first, *self.lines = self.answers.get(self.label, "").split("\n")
        return first

    def say(self, text):
        assert text


def flat(value, label=""):
    """The answers that a person would type for an example, by the label of the question."""
    match value:
        case {"roles": _}:
            yield label, value["id"]
        case dict():
            for name, part in value.items():
                word = {"npi": "NPI"}.get(name, name.replace("_", " "))
                yield from flat(part, f"{label}, {word}" if label else word[:1].upper() + word[1:])
        case [dict(), *_]:
            for number, part in enumerate(value, 1):
                yield from flat(part, f"{label} {number}")
        case list() | tuple():
            yield label, ", ".join(value)
        case _:
            yield label, {True: "yes", False: "no"}.get(value, value)


def filled(model, *answers, **more):
    asker = Script(*answers)
    fields = fill(model, asker, people=PEOPLE, clock=lambda: NOW, **more)
    assert not asker.answers, "not everything was asked for"
    return fields, asker


def left(model, *answers, **more):
    with pytest.raises(FormLeft, match=r"^Nothing was sent\.$") as caught:
        fill(model, Script(*answers), **more)
    return caught.value.answers


@pytest.mark.parametrize("signal", ACTIONS)
def test_every_action_can_be_entered_and_its_example_comes_out_as_it_was(signal):
    model = ACTIONS[signal]
    task = {name: "T1" for name in model.EXAMPLE if name == "task_id"}

    fields = fill(model, FromExample(model.EXAMPLE), people=PEOPLE)

    assert {**task, **fields} == model.EXAMPLE
    whole = model.model_validate({**ENVELOPE, **task, **fields})
    assert whole.digest() == model.model_validate({**ENVELOPE, **model.EXAMPLE}).digest()


def test_the_envelope_is_asked_for_only_when_it_is_not_skipped():
    assert filled(ACTIONS["claim_task"])[0] == {}
    assert filled(ACTIONS["claim_task"], "T7", skip=ENVELOPE_FIELDS - {"task_id"})[0] == {"task_id": "T7"}


def test_the_form_begins_with_what_it_is_about_and_how_to_leave_it():
    _, asker = filled(actions.ConfirmCompleteness, "?", "")

    assert asker.said[0] == f"{actions.ConfirmCompleteness.ABOUT}\n{INTRODUCTION}"
    assert "At most 5,000 characters." in asker.said[1]


def test_a_wrong_answer_is_explained_at_once_and_asked_for_again():
    fields, asker = filled(
        actions.PlaceOpinion,
        *("9", "Out of network", "12345", *TYPED_DOCTOR),
        *("perhaps", "yes", "   ", "A123456", ""),
        *("", "", "none free", "", ""),
        *("", "", ""),
    )

    placed = {"tier": "out_of_network", "professional": DOCTOR, "board_certified": True, "licence": "A123456"}
    assert fields == {**placed, "passed_over": {"ppg": "none free"}}
    assert asker.said[1:] == [
        "Choose by number, 1 to 5, or by word: organization, network, ppg, plan, out_of_network.",
        "String should match pattern '^[0-9]{10}$'",
        "Answer yes or no.",
        "An answer is needed.",
    ]


def test_a_text_of_several_lines_ends_with_an_empty_one_and_a_moment_is_said_in_full():
    fields, asker = filled(SuspendTask, "soon", "tomorrow 9:00", "The clinic opens.")

    assert fields["until"] == "2026-11-24T09:00:00-08:00"
    assert asker.said[2] == "That is Tue 2026-11-24 09:00 PST."
    assert filled(actions.AddComment, "First,", "  then a second  ", "")[0] == {"text": "First,\n  then a second"}


def test_people_are_looked_up_one_after_the_other_until_there_is_no_other():
    fields, asker = filled(NominateTask, "nobody", "md.osei", "", "y", "cm.brown", "Knows the case.", "", "")

    assert fields["nominees"] == [{"person": SPECIALIST}, {"person": WHO, "reason": "Knows the case."}]
    assert asker.said[1:] == ["Nobody has the id nobody. Known: cm.brown, md.osei."]
    assert asker.asked[4].startswith("Nominees 2, person")


def test_a_list_that_is_full_is_not_gone_on_with():
    class Pair(StaffAction):
        """Two at most."""

        nominees: tuple[Nominee, ...] = Field(max_length=2)

    fields, _ = filled(Pair, "md.osei", "", "y", "cm.brown", "")

    assert [one["person"]["id"] for one in fields["nominees"]] == ["md.osei", "cm.brown"]


def test_what_is_wrong_only_as_a_whole_is_asked_again_with_the_answers_that_were_given():
    address = {"line1": "12 Elm St", "line2": "", "city": "Los Angeles", "state": "CA", "postal_code": "90012"}

    fields, asker = filled(actions.ReceiveInformation, "1", "", "", "", "", "", "", "y", *address.values(), "")

    del address["line2"]
    assert fields["information"] == [{"item": "member_address", "address": address}]
    assert asker.asked[3] == "Give information 1, address? [y/N]"
    assert asker.said[1:] == ["Information 1: member_address needs an 'address'"]
    assert asker.asked[4].startswith("Information 1, item [member_address]")


def test_a_field_that_the_whole_lacks_is_asked_in_the_end_and_no_other():
    fields, asker = filled(actions.Determine, "R1.", "", "", "approved", skip=ENVELOPE_FIELDS | {"outcome"})

    assert fields == {"outcome": "approved", "rationale": "R1."}
    assert asker.said[1:] == ["Outcome: Field required"]


def test_a_part_may_be_left_out_and_documents_are_only_hinted_at():
    fields, asker = filled(actions.ReceiveReport, "Stenosis.", "", "Therapy.", "", "", "", "")

    assert fields == {"findings": "Stenosis.", "recommendations": "Therapy."}
    assert asker.asked[-3] == "Give recommendation? [y/N]"
    assert asker.said[1:] == ["Attachments: documents come with --attach FILE."]


def test_a_draft_is_offered_and_enter_takes_it():
    draft = {"tier": "plan", "professional": DOCTOR, "board_certified": True, "licence": "A123456"}
    draft |= {"fee": "negotiated_for_ppg", "passed_over": {"ppg": "none free"}}
    stale = {"professional": {**DOCTOR, "pager": "1"}, "passed_over": {"ppg": "none free", "moon": "far"}, "old": 1}

    fields, asker = filled(actions.PlaceOpinion, *[""] * 19, known={**draft, **stale, "case_number": "SO-2026-000001"})

    assert fields == draft
    assert asker.asked[0].startswith("Tier [plan]")
    assert asker.asked[8].startswith("Board certified [yes; - for no]")


def test_a_hyphen_gives_up_what_was_there_and_is_an_answer_where_nothing_was():
    draft = {"tier": "plan", "licence": "A1", "fee": "negotiated_for_ppg", "passed_over": {"ppg": "none free"}}

    fields, _ = filled(
        actions.PlaceOpinion, "", *TYPED_DOCTOR, "", "", "-", "", "", "-", "", "", "", "", "", known=draft
    )

    assert fields == {"tier": "plan", "professional": DOCTOR, "licence": "A1"}
    assert filled(AssignTask, "cm.brown", "-")[0]["reason"] == "-"


def test_a_draft_that_cannot_be_used_is_said_to_be_so_and_not_offered_again():
    known = {"outcome": "maybe", "rationale": ["x"], "criteria": None}

    fields, asker = filled(actions.Determine, "", "denied", "", "R9.", "", "", known=known)

    assert fields == {"outcome": "denied", "rationale": "R9."}
    assert asker.asked[0].startswith("Outcome [maybe]")
    assert not asker.asked[1].startswith("Outcome [")
    assert asker.said[1:] == ["String should match pattern '^(approved|denied)$'", "Input should be a valid string"]


def test_drafts_of_lists_are_gone_through_and_can_be_cut_short():
    known, unchanged = {"information": [*TWO_ITEMS, 3]}, ("", "", "", "")

    kept, asker = filled(actions.ReceiveInformation, *unchanged, "", *unchanged, "n", known=known)
    cut, _ = filled(actions.ReceiveInformation, "", "M54", "", "", "", "n", known=known)

    assert "Another? [Y/n]" in asker.asked
    assert kept["information"] == TWO_ITEMS
    assert cut["information"] == [{"item": "diagnosis", "text": "M54"}]


def test_what_a_draft_says_of_a_skipped_field_goes_along_unasked_and_need_not_be_json():
    known = {"to": PEOPLE["cm.brown"], "reason": "Load."}

    fields, asker = filled(AssignTask, "", known=known, skip=ENVELOPE_FIELDS | {"to"})

    assert fields == {"to": WHO, "reason": "Load."}
    assert len(asker.asked) == 1


@pytest.mark.parametrize("way", [KeyboardInterrupt, EOFError])
def test_who_leaves_sends_nothing_and_keeps_what_was_entered_and_what_was_there(way):
    answers = left(actions.Determine, "2", "Therapy", "was not tried.", way, known={"criteria": "MCG", "task_id": "T4"})

    assert answers == {"outcome": "denied", "rationale": "Therapy\nwas not tried.", "criteria": "MCG"}


def test_who_leaves_in_the_middle_of_a_part_can_take_it_up_there():
    answers = left(actions.PlaceOpinion, "4", "1003000126", EOFError)
    fields, _ = filled(
        actions.PlaceOpinion, "", "", *TYPED_DOCTOR[1:], "", "A1", "", "", "", "none", "", "", "", "", "", known=answers
    )

    assert answers == {"tier": "plan", "professional": {"npi": "1003000126"}}
    assert fields["professional"] == DOCTOR
    information = left(actions.ReceiveInformation, "", "M54", EOFError, known={"information": TWO_ITEMS})["information"]
    assert information == [{"item": "diagnosis", "text": "M54"}, TWO_ITEMS[1]]


def test_what_would_be_sent_is_shown_in_full_before_it_is_sent():
    fields: dict[str, Any] = {"findings": "One.\nTwo.", "recommendation": {"recommends_procedure": False}, "to": WHO}
    fields |= {"information": [{"item": "diagnosis", "text": "M" * 100}], "items": ["diagnosis"] * 20}
    asker = Script("maybe", "y")

    assert confirm(asker, "On SO-2026-000001:", fields)

    assert asker.said[0] == (
        "On SO-2026-000001:\n  Findings:\n    One.\n    Two.\n  Recommendation:\n    Recommends procedure: no\n"
        f"  To: cm.brown\n  Information 1:\n    Item: diagnosis\n    Text: {'M' * 100}\n"
        f"  Items: {', '.join(['diagnosis'] * 20)}"
    )
    assert asker.asked[0] == "Send this? [y/N]"
    with pytest.raises(FormLeft) as caught:
        confirm(Script(EOFError), "On SO-2026-000001:", fields)
    assert caught.value.answers == fields


@pytest.mark.parametrize(
    ("typed", "how", "sent"),
    [
        ("", {}, False),
        ("", {"harmless": True}, True),
        ("n", {"harmless": True}, False),
        ("y", {"irrevocable": True, "word": "deny"}, False),
        ("", {"irrevocable": True, "word": "deny", "harmless": True}, False),
        (" Deny ", {"irrevocable": True, "word": "deny"}, True),
    ],
)
def test_enter_sends_only_what_is_harmless_and_a_word_what_cannot_be_taken_back(typed, how, sent):
    assert confirm(Script(typed), "Determine:", {"outcome": "denied"}, **how) is sent
