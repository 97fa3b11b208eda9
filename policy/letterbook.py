"""What each letter must say, as a page to read: made of the rows and the designs, so that it cannot go stale."""

from collections.abc import Iterable

from policy.catalogue import CATALOGUES, ENGLISH
from policy.checklist import CHECKLISTS, Requirement, Sourced
from policy.designs import DESIGNS
from policy.plan import PLAN

INTRO = """A letter carries every element that the rows below ask of it on its day, or it is not made: it is refused,
with the element and the citation. `Notice of Action`, `Coverage Decision Letter` and `Notice of Denial of Medical
Coverage` name the kind of notice; none of our letters is a form of CMS or DHCS, and none shows a form number."""


def letterbook() -> str:
    """The checklists, the letters, the windows and the languages, as Markdown."""
    letters = (
        (
            _names(design.kinds),
            _names(design.recipients),
            _names(design.lines) or "all",
            CATALOGUES[ENGLISH].subject[design.subject],
            ", ".join(f"`{element}`" for element in _carried(design.parts)),
            _names(design.enclosures) or "-",
        )
        for design in DESIGNS.letter
    )
    windows = (
        (w.name.replace("_", " "), _names(w.lines), str(w.amount), _span(w), w.citation, _sourced(w))
        for w in CHECKLISTS.window
    )
    languages = ", ".join(f"{catalogue.name} (`{code}`)" for code, catalogue in sorted(CATALOGUES.items()))
    parts = (
        "# What each letter must say",
        f"Made by `make rules` from `policy/editions/letters.toml` and `policy/words/`. {INTRO}",
        "## The checklists",
        _table(
            ("must say", "kinds", "decided", "to", "lines", "from", "citation", "source"),
            (_requirement(row) for row in CHECKLISTS.requirement),
        ),
        "## The elements",
        _table(("element", "what it is"), ((f"`{name}`", what) for name, what in CHECKLISTS.element.items())),
        "## The letters",
        f"Languages: {languages}. To professionals English; to a member whose language is not among them English, with "
        f"the taglines. Every letter names {PLAN.name} and its telephone numbers.",
        _table(("kinds", "to", "lines", "subject", "carries", "enclosed"), letters),
        "## How long the reader has",
        "Calendar days; the review in months.",
        _table(("for what", "lines", "how many", "letters written", "citation", "source"), windows),
    )
    return "\n\n".join(parts) + "\n"


def _requirement(row: Requirement) -> tuple[str, ...]:
    return (
        ", ".join(f"`{element}`" for element in row.elements),
        _names(row.kinds) or "all",
        _names(row.outcomes) or "-",
        _names(row.recipients) or "all",
        _names(row.lines) or "all",
        _span(row),
        row.citation,
        _sourced(row),
    )


def _carried(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(element for name in parts for element in DESIGNS.part[name].elements))


def _names(codes: Iterable[str]) -> str:
    return ", ".join(code.replace("_", " ") for code in codes)


def _span(row: Sourced) -> str:
    return f"{row.from_} to {row.to}" if row.to else f"from {row.from_}"


def _sourced(row: Sourced) -> str:
    return row.source + ("" if row.status == "found" else f" [{row.status}: confirm before live use]")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in lines)
