"""Print and mail at a terminal: ``second-opinion mail``: what waits, batches, the day of posting. Procedure 3, 5, 7, 8.

It reads and writes the mail folder and the outbox, and needs neither server nor records.
"""

from datetime import date
from typing import Annotated, Any

from cyclopts import App, Parameter

from adapters.batches import Batch, BatchTotals, PrintBatches, totals_of
from cli.options import BAD_INPUT, DONE, REFUSED, Json
from cli.screen import as_json, complain, console, now, table
from policy.calendar import local_day
from policy.timeframes import spoken
from policy.verdict import Refused
from wiring.mailroom import open_batches
from wiring.settings import read_settings

app = App(name="mail")

Name = Annotated[str, Parameter(help="The batch, as 2026-11-02-1.")]


@app.command(name="list")
def list_(*, json: Json = False) -> int:
    """List the letters that wait to be printed, and the batches with the day they were mailed."""
    mail = open_batches(read_settings())
    waiting, batches = mail.waiting(), mail.batches()
    if json:
        as_json({"waiting": waiting, "batches": [_described(mail, batch) for batch in batches]})
        return DONE
    table(
        "Letters that wait to be printed",
        ("letter", "since", "pages", "language", "large print"),
        ((w.key, spoken(w.at), str(w.pages), w.language, "yes" if w.large_print else "no") for w in waiting),
        empty="No letter waits to be printed.",
    )
    table(
        "Batches",
        ("batch", "letters", "pages", "sheets", "stands"),
        ((*map(str, _counts(batch)), _stands(mail, batch)) for batch in batches),
        empty="There is no batch yet. Make one with: second-opinion mail batch",
    )
    return DONE


@app.command(name="batch")
def batch_(*, json: Json = False) -> int:
    """Put all letters that wait into a batch: a folder with the PDFs, a manifest and its control totals.

    A batch that was interrupted is finished first. docs/mail-batch.md describes the folder.
    """
    settings = read_settings()
    gathered = open_batches(settings).gather(local_day(now()))
    if json:
        as_json(gathered)
    for totals in () if json else gathered.batches:
        console.print(f"{_sentence(totals)} It lies in {settings.mail_folder / totals.batch}", soft_wrap=True)
    if gathered.held_back:
        complain("Letters that do not lie in the outbox as they were queued, and wait on:", *gathered.held_back)
        return REFUSED
    if not gathered.batches and not json:
        console.print("[dim]No letter waits to be printed.[/]")
    return DONE


@app.command
def mailed(batch: Name, *, on: date | None = None, json: Json = False) -> int:
    """Record the day on which a batch went to the post. It cannot be changed afterwards.

    Parameters
    ----------
    on
        The day, as 2026-11-02; default: today.
    """
    today = local_day(now())
    answer = open_batches(read_settings()).post(batch, on or today, today)
    if isinstance(answer, Refused):
        complain(answer.reason)
        return BAD_INPUT if answer.field else REFUSED
    if json:
        as_json({"batch": batch, **answer.model_dump(mode="json")})
    else:
        console.print(f"Batch {batch} was mailed on {answer.on}.")
    return DONE


@app.command
def verify(batch: Name, *, json: Json = False) -> int:
    """Compare a batch's folder with what was put into it: the manifest, its totals, and the digest of each letter."""
    mail = open_batches(read_settings())
    found = mail.find(batch)
    if found is None:
        complain(f"There is no batch {batch}. List them with: second-opinion mail list")
        return BAD_INPUT
    wrong = mail.verify(found)
    if json:
        as_json({"batch": batch, "letters": len(found.lines), "wrong": wrong})
    elif wrong:
        complain(f"Batch {batch} is not as it was made.", *wrong)
    else:
        console.print(f"[green]Batch {batch}:[/] {_count(len(found.lines), 'letter')}, each as it was queued.")
    return REFUSED if wrong else DONE


def _described(mail: PrintBatches, batch: Batch) -> dict[str, Any]:
    posted = mail.mailed(batch.name)
    return {
        **totals_of(batch).model_dump(mode="json"),
        "made_at": batch.made_at.isoformat(),
        "finished": mail.totals(batch.name) is not None,
        "mailed_on": posted.on.isoformat() if posted else None,
    }


def _counts(batch: Batch) -> tuple[str, int, int, int]:
    totals = totals_of(batch)
    return batch.name, totals.letters, totals.pages, totals.sheets


def _stands(mail: PrintBatches, batch: Batch) -> str:
    if posted := mail.mailed(batch.name):
        return f"mailed on {posted.on}"
    return "[yellow]to be mailed[/]" if mail.totals(batch.name) else "[red]not finished[/]"


def _sentence(totals: BatchTotals) -> str:
    return (
        f"Batch {totals.batch}: {_count(totals.letters, 'letter')}, {_count(totals.pages, 'page')} on "
        f"{_count(totals.sheets, 'sheet')}; manifest SHA-256 {totals.sha256}."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
