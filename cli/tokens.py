"""The API's tokens at a terminal: ``second-opinion tokens``, ``tokens new``, ``tokens revoke``.

A token is shown once, when it is made; afterwards nobody can read it, we neither.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from cyclopts import App, Parameter
from cyclopts.validators import Number
from rich.markup import escape

from cli.options import BAD_INPUT, DONE, REFUSED, Json, records
from cli.screen import as_json, complain, console, now, table
from policy.people import Role
from policy.timeframes import spoken
from records.tokens import ApiToken, ApiTokens
from workflows.inspection import words

MOST_DAYS = 730
LONGEST_NAME = 80

app = App(name="tokens")


@app.default
def list_tokens(*, json: Json = False) -> int:
    """List the tokens: whose, for which role, until when, and when each was last used."""
    tokens = ApiTokens(records()).listed()
    if json:
        as_json([{**token.model_dump(mode="json"), "state": _state(token, now())} for token in tokens])
        return DONE
    table(
        "API tokens, oldest first",
        ("id", "name", "role", "state", "until", "last used"),
        (
            (
                token.id,
                escape(token.name),
                words(token.role),
                _state(token, now()),
                spoken(token.expires_at),
                spoken(token.last_used_at) if token.last_used_at else "never",
            )
            for token in tokens
        ),
        empty="There are no tokens yet; make one with: second-opinion tokens new NAME --role intake",
    )
    return DONE


@app.command
def new(
    name: str,
    *,
    role: Literal["intake", "case_manager", "supervisor", "administrator", "auditor"],
    days: Annotated[int, Parameter(validator=Number(gte=1, lte=MOST_DAYS), help="Days until it ends.")] = 365,
    json: Json = False,
) -> int:
    """Make a token for a program. It is shown this once; keep it where the program finds it, and nowhere else.

    Parameters
    ----------
    name
        Which program it is for, so that you know later what you revoke.
    role
        What the program may do: all may read a request's state, an auditor does nothing else.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        complain(f"Give a name of 1 to {LONGEST_NAME} characters, such as: fax-gateway")
        return BAD_INPUT
    token, text = ApiTokens(records()).issue(name, Role(role), at=now(), expires_at=now() + timedelta(days=days))
    if json:
        as_json({**token.model_dump(mode="json"), "token": text})
        return DONE
    until = f"{words(token.role)}, until {spoken(token.expires_at)}"
    console.print(f"[green]New token[/] {token.id} for {escape(name)} ({until}). It is shown only now:", soft_wrap=True)
    console.print(text, soft_wrap=True, markup=False)
    return DONE


@app.command
def revoke(token: str) -> int:
    """Revoke a token: the program is turned away from now on.

    Parameters
    ----------
    token
        The token's id, as the list shows it (not the token itself).
    """
    if not ApiTokens(records()).revoke(token, now()):
        complain("There is no such token, or it was revoked before. List them with: second-opinion tokens")
        return REFUSED
    console.print(f"[green]Revoked[/] {escape(token)}: it opens nothing any more.")
    return DONE


def _state(token: ApiToken, at: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "holds" if token.holds_at(at) else "ended"
