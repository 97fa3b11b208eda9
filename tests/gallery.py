"""One sample of every letter, to look at: ``make letters`` writes ``docs/letters/`` (PDF, first page as PNG, an index).

The cases are those of the tests of the rules, brought to each letter by the rules themselves; all people are synthetic.
The letters carry the dates of their cases, so the same rules and the same look give the same bytes.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from adapters import mailroom, typesetter
from policy.letter import Letter
from policy.particulars import NoticeKind, Recipient
from policy.request import LineOfBusiness
from tests.builders import a_member
from tests.policy.letters import APART, CASES, MEMBER, OWED, letter, letter_apart
from tests.policy.steps import approved, denied

FOLDER = Path(__file__).parents[1] / "docs" / "letters"
INDEX = "README.md"
PPI, COLOURS = 96, 24  # enough to judge the look; the whole gallery must stay small


class Sample(NamedTuple):
    """One letter of the gallery, the line of business whose words it has, and its form where it is not the usual."""

    kind: NoticeKind
    to: Recipient
    line: LineOfBusiness | None
    letter: Letter
    form: str = ""

    @property
    def name(self) -> str:
        """The name of its files, without an ending; line and form are in it where a letter has several samples."""
        usual = self.kind not in CASES or self.line is CASES[self.kind].request.line
        return "-".join(filter(None, (self.kind, self.to, "" if usual else self.line, self.form))).replace("_", "-")


@cache
def samples() -> tuple[Sample, ...]:
    """Every kind of letter to each of its recipients."""
    owed = ((kind, to, CASES[kind]) for kind in OWED for to in OWED[kind])
    of_cases = (Sample(kind, to, case.request.line, letter(case, kind, to)) for kind, to, case in owed)
    apart = (Sample(kind, to, content.line, letter_apart(kind, to)) for (kind, to), content in APART.items())
    return (*of_cases, *_denials(), *_other_forms(), *apart)


def _denials() -> Iterator[Sample]:
    """A denial by line of business: the law's words differ."""
    for line in LineOfBusiness:
        if line is not CASES[NoticeKind.DENIAL].request.line:
            yield Sample(NoticeKind.DENIAL, MEMBER, line, letter(denied(line=line), NoticeKind.DENIAL, MEMBER))


def _other_forms() -> Iterator[Sample]:
    """A letter in Spanish, and one in large print, to members who want them so."""
    spanish, large = a_member(language="es"), a_member(large_print=True)
    for kind, case, form in (
        (NoticeKind.DENIAL, denied(member=spanish), "in_spanish"),
        (NoticeKind.APPROVAL, approved(member=large), "in_large_print"),
    ):
        yield Sample(kind, MEMBER, case.request.line, letter(case, kind, MEMBER), form)


def pdf_of(sample: Sample) -> bytes:
    """The letter as it would leave: through the outbox itself."""
    with tempfile.TemporaryDirectory() as folder:
        outbox = mailroom.Outbox(Path(folder))
        return outbox.get(outbox.post(sample.letter).document) or b""


def picture_of(sample: Sample) -> bytes:
    """The first page as PNG."""
    source = typesetter.source_of("letter", mailroom.content_of(sample.letter))
    made = typesetter.compiler().compile(input=source, format="png", ppi=PPI)
    page = Image.open(io.BytesIO((made[0] if isinstance(made, list) else made) or b"")).convert("RGB")
    file = io.BytesIO()
    page.quantize(COLOURS).save(file, "PNG", optimize=True)
    return file.getvalue()


def index() -> str:
    """The page that lists the samples."""
    rows = (
        f"| {_words(', '.join(filter(None, (s.kind, s.form))))} | {_words(s.to)} | {_words(s.line or '-')} "
        f"| {s.letter.subject} | [PDF]({s.name}.pdf), [first page]({s.name}.png) |"
        for s in samples()
    )
    return "\n".join((HEAD, *rows, ""))


HEAD = """# The letters

One sample of every letter that the policy can owe, to each of its recipients, as it leaves the outbox. All people are
synthetic. The words come from `policy/words/`, the look from `adapters/letters/`. Written by `make letters`; a test
compares each PDF with what the rules and the templates make now.

| kind | to whom | line of business | subject | sample |
| --- | --- | --- | --- | --- |"""


def _words(code: str) -> str:
    return code.replace("_", " ")


def main() -> int:
    """Writes the gallery anew, and takes away what no longer belongs to it."""
    FOLDER.mkdir(exist_ok=True)
    files = {INDEX: index().encode()}
    for sample in samples():
        files |= {f"{sample.name}.pdf": pdf_of(sample), f"{sample.name}.png": picture_of(sample)}
    for stale in {path.name for path in FOLDER.iterdir()} - set(files):
        (FOLDER / stale).unlink()
    for name, data in files.items():
        (FOLDER / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
