"""Documents that lie beside an intake file: ``{"path": "mri.pdf"}`` becomes a stored Attachment. Policy, P2 and P7.

Nothing outside the file's own folder can be taken in. No message shows the path: a file may be named after a member.
"""

import copy
import hashlib
from collections.abc import Callable, Iterator
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from adapters.documents import DocumentError
from adapters.shelf import AdapterError
from policy.request import Attachment
from wiring.intakefields import shown
from wiring.intakefiles import MOST_BYTES, IntakeError, Place, Problems

Store = Callable[[str, bytes], Attachment]
LONGEST_NAME = 200


def with_documents(value: Any, *, folder: Path | None, store: Store) -> Any:  # noqa: ANN401 - JSON
    """JSON (a staff action's fields, say) in which each ``{"path": …}`` is the stored Attachment.

    Raises IntakeError, naming the field, for a document that is not there or is not taken in.
    """
    stored, problems = attach(value, folder, taken_in_by(store))
    for place, trouble in problems:
        raise IntakeError(f"{shown(place)}: {trouble}")
    return stored


def attach(
    value: Any,  # noqa: ANN401 - JSON
    folder: Path | None,
    make: Callable[[str, Path], Attachment],
) -> tuple[Any, Problems]:
    """A copy in which each ``{"path": …}`` is the Attachment that ``make`` makes of it, and the problems, by place.

    Where there is none the value itself comes back.
    """
    problems: Problems = []
    places = tuple(_paths_in(value))
    value = copy.deepcopy(value) if places else value
    for place in places:
        parent = reduce(getitem, place[:-1], value)
        try:
            given = parent[place[-1]]
            path = _document(given, folder)
            parent[place[-1]] = make(Path(given["path"]).name, path).model_dump(mode="json")
        except Exception as trouble:
            if isinstance(trouble, AdapterError) and not isinstance(trouble, DocumentError):
                raise  # the store itself is out of order: no row is to blame
            problems.append((place, str(trouble)))
    return value, problems


def _paths_in(value: Any, place: Place = ()) -> Iterator[Place]:  # noqa: ANN401 - JSON
    """Where an attachment is expected and a path is given."""
    last = place[-1] if place else ""
    expected = (isinstance(last, str) and last.endswith("attachment")) or place[-2:-1] == ("attachments",)
    if expected and isinstance(value, dict) and "path" in value:
        yield place
    elif isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(part, dict | list):
                yield from _paths_in(part, (*place, key))


def _document(given: dict[str, Any], folder: Path | None) -> Path:
    """The document that is meant. Raises IntakeError for one that is not there, or lies elsewhere."""
    if folder is None:
        raise IntakeError("names a file, but standard input has none beside it; read the request from a file")
    if set(given) != {"path"} or not isinstance(given["path"], str):
        raise IntakeError('holds more than a path, or no text; give it as {"path": "mri.pdf"}')
    try:
        root = folder.resolve()
        path = (root / given["path"]).resolve()
        if not path.is_relative_to(root):
            raise IntakeError("leads out of the intake file's folder; put the document into it")
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            return path
    except (OSError, RuntimeError, ValueError):  # no right, a loop of links, a name that no file can have
        pass
    raise IntakeError("names no readable file of at most 50 MB; put it beside the intake file, or mend the path")


def stand_in(name: str, path: Path) -> Attachment:
    """What stands for a document that has not been taken in yet."""
    return Attachment(name=name[:LONGEST_NAME], sha256=hashlib.sha256(str(path).encode()).hexdigest(), size=1)


def taken_in_by(store: Store) -> Callable[[str, Path], Attachment]:
    """What reads a document and gives it to the store."""

    def take_in(name: str, path: Path) -> Attachment:
        try:
            data = path.read_bytes()
        except OSError:
            raise IntakeError("cannot be read; check who may read the document") from None
        return store(name, data)

    return take_in
