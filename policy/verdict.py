"""What a rule answers: a value that is truthy or falsy and knows its reason and its clause."""

import re
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict

FROZEN = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _written_out(given: object) -> object:
    """A number would be read as seconds since 1970, and nobody means that."""
    if isinstance(given, int | float) or (isinstance(given, str) and NUMBER.fullmatch(given.strip())):
        raise ValueError("give day, time and offset, as 2026-11-23T09:00:00-08:00")
    return given


NUMBER = re.compile(r"[-+]?[0-9.eE+]+")
Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class Value(BaseModel):
    """A frozen value. Unknown fields are errors, and no error shows what was typed (it may be health information)."""

    model_config = FROZEN


class Entered(Value):
    """A value as people enter it: blanks around a text do not count, and a blank text is none."""

    model_config = ConfigDict(str_strip_whitespace=True)


class Allowed(Value):
    """The rule has no objection."""

    allowed: Literal[True] = True

    def __bool__(self) -> Literal[True]:
        return True


class Refused(Value):
    """The rule objects: a sentence for a person, the clause or statute it rests on, and the field where it lies."""

    allowed: Literal[False] = False
    reason: str
    clause: str = ""
    field: str = ""

    def __bool__(self) -> Literal[False]:
        return False


Verdict = Allowed | Refused


def first_refusal(*verdicts: Verdict) -> Verdict:
    """The first objection, or Allowed when there is none."""
    return next((v for v in verdicts if not v), Allowed())
