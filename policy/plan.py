"""Who writes the letters: the plan's name, address and numbers, as data (policy/plan.toml), read once at import.

A notice names the telephone number at which its reader is answered, and to a professional the name and the direct
number of whom it rests with (H&S 1367.01(h)(4)).
"""

import tomllib
from importlib.resources import files

from pydantic import Field

from policy.verdict import Value

NUMBER = r"^1-\d{3}-\d{3}-\d{4}$"


class Plan(Value):
    """The plan as its letters name it; numbers are as they are dialled.

    ``hours`` is by language (ISO 639), and so are ``departments``: the department's name in others than English.
    """

    name: str = Field(min_length=1)
    department: str = Field(min_length=1)
    address: tuple[str, ...] = Field(min_length=1)
    telephone: str = Field(pattern=NUMBER)
    tty: str = Field(pattern=NUMBER)
    provider_telephone: str = Field(pattern=NUMBER)
    fax: str = Field(pattern=NUMBER)
    director: str = Field(min_length=1)
    peer_telephone: str = Field(pattern=NUMBER)
    site: str = Field(min_length=1)
    hours: dict[str, str]
    departments: dict[str, str] = {}

    def facts(self, language: str) -> dict[str, str]:
        """What a letter in a language can say of the plan, by the names of the placeholders: ``plan_telephone``, …"""
        plain = {
            f"plan_{name}": value for name in type(self).model_fields if isinstance(value := getattr(self, name), str)
        }
        return plain | {
            "plan_address": ", ".join(self.address),
            "plan_hours": self.hours[language],
            "plan_department": self.departments.get(language, self.department),
        }


PLAN = Plan(**tomllib.loads(files("policy").joinpath("plan.toml").read_text(encoding="utf-8")))
