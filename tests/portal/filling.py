"""A form as a browser without JavaScript has it: the inputs that a page shows, and what they would send."""

from html.parser import HTMLParser
from typing import Any

Fields = dict[str, list[str]]


class Forms(HTMLParser):
    """The forms of a page by their action, with the values that stand in them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, Fields] = {}
        self.inputs: dict[str, dict[str, str]] = {}
        self._form: Fields = {}
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = self.forms.setdefault(given.get("action", ""), {})
        elif tag == "input":
            self.inputs[given.get("id", name)] = given
            is_sent = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if is_sent and given.get("type") != "file":
                self._form.setdefault(name, []).append(given.get("value", ""))
        elif tag == "textarea":
            self._area = name
            self._form[name] = [""]
        elif tag == "select":
            self._select = name
            self._form[name] = [""]
        elif tag == "option" and "selected" in given:
            self._form[self._select] = [given.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._form[self._area][0] += data


def forms_in(html: str) -> dict[str, Fields]:
    """The forms of a page."""
    read = Forms()
    read.feed(html)
    return read.forms


def filled(html: str, action: str, **typed: Any) -> Fields:
    """What the form of an action sends, once something is typed; ``__`` in a name stands for a dot."""
    fields = forms_in(html)[action]
    return {**fields, **{name.replace("__", "."): _several(value) for name, value in typed.items()}}


def _several(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
