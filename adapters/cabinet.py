"""The filing cabinet: one packet for each case, by date and alphabet. Policy 90.2.17, Procedure 9."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path, PurePosixPath

from pydantic import AwareDatetime

from adapters.binder import Bound, Part, bind, count_pages, part_of_letter
from adapters.documents import DIGEST, DocumentError, DocumentStore
from adapters.mailroom import Outbox
from adapters.shelf import AdapterError, WriteOnce, shelf_at
from policy.filing import Packet
from policy.particulars import Filing
from policy.verdict import Value

PLACES = ".places"  # for each case where and when its packet is filed
REGISTER = ".register"  # for each packet in the cabinet its line of the register

Branch = dict[str, "Branch"]


class Place(Value):
    """Where a case's packet is filed, and when: settled before it is bound, so that no other day can change it."""

    path: str
    filed_on: date
    filed_at: AwareDatetime


class RegisterLine(Value):
    """One line of the drawer's register. ``order`` is its place in it: date, then alphabet, then number.

    ``number`` counts the packets of a case: it has more than one when it was reopened.

    ``unreadable`` are the digests of the letters and documents that were damaged when the packet was filed.
    """

    order: tuple[str, str, str, str]
    filed_on: date
    name: str
    case_number: str
    filing: Filing
    number: int = 1
    unreadable: tuple[str, ...] = ()


class FilingCabinet:
    """The cabinet, a folder or a bucket: ``Prior Authorizations/YYYY/MM/YYYY-MM-DD/Lastname, Firstname — CASE.pdf``."""

    def __init__(self, place: Path | WriteOnce, outbox: Outbox, documents: DocumentStore) -> None:
        self._shelf = shelf_at(place)
        self._outbox = outbox
        self._documents = documents

    @property
    def place(self) -> str:
        """Where the cabinet is, for people: a folder's path, or ``s3://bucket/prefix``."""
        return self._shelf.place

    def file(self, packet: Packet) -> Filing:
        """Bind a case's packet and file it, once per case and ``packet.number``: also when asked again, on another day.

        A letter or a document that is damaged has a page in its place. One that is not there at all keeps the case from
        being filed: AdapterError says how many, and the step is tried again until somebody has brought them back.
        Raises AdapterError also when a folder cannot be used.
        """
        key = key_of(packet.case_number, packet.number)
        parts = None if self._is_settled(key) else self._parts_of(packet)
        place = self._place_of(packet, f"{PLACES}/{key}.json")
        entry = f"{REGISTER}/{place.filed_on}/{key}.json"
        line = self._shelf.get(entry)
        if line is None:
            filed = self._filed(packet, place, parts or self._parts_of(packet))
            line = self._shelf.put(entry, filed.model_dump_json().encode())
        return RegisterLine.model_validate_json(line).filing

    def _is_settled(self, key: str) -> bool:
        """Whether it is settled where the packet of a case lies; then it is filed, or was begun to be."""
        return self._shelf.get(f"{PLACES}/{key}.json") is not None

    def register(self, day: date | None = None) -> list[RegisterLine]:
        """The drawer's register, of one day or of all, in the order of filing. Raises AdapterError if unreadable."""
        entries = self._shelf.get_all(self._shelf.names(f"{REGISTER}/{day or '*'}/*.json"))
        lines = (RegisterLine.model_validate_json(entry) for entry in entries if entry)
        return sorted(lines, key=lambda line: line.order)

    def tree(self) -> list[str]:
        """The cabinet as a tree, line by line, in the order of the register. Raises AdapterError if unreadable."""
        root: Branch = {}
        for line in self.register():
            branch = root
            for part in PurePosixPath(line.filing.path).parts:
                branch = branch.setdefault(part, {})
        return list(_drawn(root))

    def packets(self) -> list[str]:
        """The path of every file that people can see in the cabinet, in order. Raises AdapterError if unreadable."""
        return sorted(self._shelf.visible())

    def bytes_of(self, path: str) -> bytes | None:
        """A packet by its path, None where there is none. Raises AdapterError for one that cannot be read."""
        return self._shelf.get(path)

    def entries(self) -> dict[str, RegisterLine | None]:
        """Every line of the register, by ``key_of`` its case number; None for a line that is damaged."""
        names = sorted(self._shelf.names(f"{REGISTER}/*/*.json"))
        lines = map(_line, self._shelf.get_all(names))
        return {PurePosixPath(name).stem: line for name, line in zip(names, lines, strict=True)}

    def gone(self, letters: Mapping[str, str], documents: Iterable[str]) -> list[str]:
        """Of a case that is to be filed, what is not there: digests of letters (by their names) and of documents.

        Raises AdapterError when a folder cannot be read.
        """
        return [
            *(sha256 or name for name, sha256 in letters.items() if self._outbox.get(name) is None),
            *(sha256 for sha256 in documents if self._bytes_of(sha256) is None),
        ]

    def _place_of(self, packet: Packet, name: str) -> Place:
        path = f"{packet.folder}/{packet.file_name}"
        self._shelf.check(path)  # what leads out of the cabinet is refused before it is settled
        wanted = Place(path=path, filed_on=packet.filed_on, filed_at=packet.filed_at)
        return Place.model_validate_json(self._shelf.put(name, wanted.model_dump_json().encode()))

    def _filed(self, packet: Packet, place: Place, parts: Sequence[Part]) -> RegisterLine:
        packet = packet.model_copy(update={"filed_on": place.filed_on, "filed_at": place.filed_at})
        bound = bind(packet, parts)
        lies = self._shelf.put(place.path, bound.pdf)
        if lies != bound.pdf:  # another writer's, who had a document that we lack, or the other way round
            bound = Bound(lies, count_pages(lies), bound.unreadable)
        name = packet.request.member.name
        filing = Filing(
            path=place.path,
            sha256=hashlib.sha256(bound.pdf).hexdigest(),
            pages=bound.pages,
            filed_at=place.filed_at,
        )
        return RegisterLine(
            order=packet.filing_order,
            filed_on=place.filed_on,
            name=", ".join(filter(None, (name.family, name.given, name.suffix))),
            case_number=packet.case_number,
            filing=filing,
            number=packet.number,
            unreadable=bound.unreadable,
        )

    def _parts_of(self, packet: Packet) -> list[Part]:
        """The letters, the reports and the attachments, in their order. Raises AdapterError when any is not there."""
        letters = {document: self._outbox.get(document) for document in packet.letters}
        documents = {attachment.sha256: self._bytes_of(attachment.sha256) for attachment in packet.attachments}
        gone = [packet.letter_digests.get(name, name) for name, data in letters.items() if data is None]
        gone += [sha256 for sha256, data in documents.items() if data is None]
        if gone:
            raise AdapterError(_absent(packet.case_number, gone))
        reports = {a.sha256 for opinion in packet.opinions for a in opinion.documents}
        return [
            *(_letter(packet, document, data) for document, data in letters.items()),
            *(
                Part(
                    title=f"{'Report' if attachment.sha256 in reports else 'Attachment'}: {attachment.name}",
                    sha256=attachment.sha256,
                    data=documents[attachment.sha256],
                )
                for attachment in packet.attachments
            ),
        ]

    def _bytes_of(self, sha256: str) -> bytes | None:
        """A document's bytes, none of them when it is damaged; None when it is not there."""
        try:
            return self._documents.get(sha256)
        except DocumentError:
            return b""


def _letter(packet: Packet, document: str, data: bytes | None) -> Part:
    digest, note = packet.letter_digests.get(document, ""), packet.letter_notes.get(document, "")
    return part_of_letter(document, packet.case_number, data, digest, note)


def _absent(case_number: str, gone: Sequence[str]) -> str:
    """What to do about letters and documents that are not there, each by the first characters of its digest."""
    them = ", ".join(name[:12] if DIGEST.fullmatch(name) else name for name in gone)
    return (
        f"Case {case_number} cannot be filed: of its letters and documents {len(gone)} "
        f"{'is' if len(gone) == 1 else 'are'} not there ({them}). Restore from the backup; it is then filed by itself."
    )


def key_of(case_number: str, number: int = 1) -> str:
    """The name of a case's packet among the cabinet's own files: it tells nothing, and fits into any file system.

    A case that was reopened has further packets, ``number`` 2 and on; the first keeps the name that it always had.
    """
    name = case_number if number == 1 else f"{case_number}/{number}"
    return hashlib.sha256(name.encode()).hexdigest()


def _line(entry: bytes | None) -> RegisterLine | None:
    try:
        return RegisterLine.model_validate_json(entry or b"")
    except ValueError:
        return None


def _drawn(branch: Branch, indent: str = "", *, top: bool = True) -> Iterator[str]:
    for name, below in branch.items():
        is_last = name == next(reversed(branch))
        yield name if top else f"{indent}{'└── ' if is_last else '├── '}{name}"
        yield from _drawn(below, "" if top else indent + ("    " if is_last else "│   "), top=False)
