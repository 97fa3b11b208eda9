"""What may stand in a log line: each field with its meaning. What is not here does not come into a log.

Ids, codes, counts and places only. A text that is no such thing is withheld, whatever its field, so that a sentence of
a library, or something that a person typed, cannot come in under a field's name.
"""

import re
from typing import Any

from adapters.shelf import AdapterError
from records.errors import RecordsError
from wiring.keys import VaultError
from wiring.serverlock import ServerError
from wiring.settings import SettingsError

FIELDS = {
    "event": "What happened: a constant, as letter.left; docs/observability.md lists them.",
    "level": "debug, info, warning, error or critical.",
    "timestamp": "When, in UTC.",
    "correlation": "What belongs together, from the door that somebody came to until the letter that left.",
    "logger": "Which part said it.",
    "case": "A case number.",
    "workflow_id": "The workflow of the case.",
    "activity": "The step of the story that is carried out.",
    "attempt": "How often the step was tried, this time included.",
    "action": "What was done to a case: the name of a signal.",
    "accepted": "Whether the case took the action.",
    "letter": "A letter's key: case, opinion, kind, reader and number.",
    "channel": "A way out of the house.",
    "result": "How it ended, as a code.",
    "job": "A fax job's blind name.",
    "problem": "What is wrong, as a code, a status, or names of fields.",
    "error": "The class of an error, and of what caused it.",
    "place": "Where an error came from: files and lines, the innermost first.",
    "told": "The sentence of an error that is ours and names nobody: the settings, records, server, keys.",
    "setting": "The name of a setting.",
    "field": "The name of a field that was left out of a line, because it is not in this list.",
    "method": "An HTTP method.",
    "route": "A page, by the template of its path.",
    "status": "An HTTP status.",
    "ms": "Milliseconds.",
    "report": "A report of the committees: the folder in which it is kept, or its period.",
    "staff": "Who acted: an id of the staff file, or of a token.",
    "person": "Whom it is about: an id of the staff file.",
    "count": "How many.",
    "queue": "A task queue.",
    "kind": "A kind of task, letter or trouble.",
    "seconds": "Seconds.",
    "version": "A version of the directory.",
    "plan_key": "The id of a plan key.",
    "file": "A file of the house's own: its keys, its anchor.",
}
LOOKS = re.compile(r"[A-Za-z0-9_.:/@<>{}()+=,*\[\]#-]{0,200}|[A-Za-z0-9_.:/-]{1,80}( < [A-Za-z0-9_.:/<>-]{1,80}){1,8}")
EVENT = re.compile(r"[a-z]+(\.[a-z_]+)+")
NAME = re.compile(r"[a-z][a-z_]{0,39}")
WITHHELD = "(withheld)"

# Their messages are sentences of our own, which promise to hold nobody's data. An AdapterError's may name a file.
SPEAKABLE = (RecordsError, ServerError, SettingsError, VaultError)
SILENT = (AdapterError,)
OF_TEMPORAL = ("TemporalError", "KeyRingError", "CaseShreddedError")  # by name: what writes the log knows no Temporal


def fit(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever was given
    """The value as it may stand in a line."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        return told(value) if name == "told" else type(value).__name__
    if name == "timestamp":
        return value
    text = str(value)
    return text if LOOKS.fullmatch(text) else WITHHELD


def told(error: BaseException) -> str:
    """An error's sentence if it is one of ours, else its class."""
    is_ours = isinstance(error, SPEAKABLE) or type(error).__name__ in OF_TEMPORAL
    return str(error) if is_ours and not isinstance(error, SILENT) else type(error).__name__
