"""The keys at a terminal: ``second-opinion keys``, and ``rotate``, ``rewrap``, ``shred`` of it. No key is ever shown.

They need no server; listing and making keys needs no records either.
"""

from typing import Annotated, Any

from cyclopts import App, Parameter

from cli.casekeys import rewrap_keys, shred_case
from cli.options import BAD_INPUT, DONE, Flag, Json, Who
from cli.screen import as_json, complain, console, now, table
from policy.timeframes import spoken
from wiring.keys import DoorKey, RootKey, Vault, open_vault
from wiring.plankeys import PlanKey, open_key_ring
from wiring.settings import Settings, read_settings

app = App(name="keys")


@app.default
def list_keys(*, json: Json = False) -> int:
    """List the keys that sign actions, and the plan's keys, which wrap each case's: which signs, which wraps."""
    return print_keys(read_settings(), json=json)


@app.command
def rotate(*, root: Annotated[bool, Flag] = False, plan: Annotated[bool, Flag] = False) -> int:
    """Make a new door key, which signs from now on; running cases believe it.

    Parameters
    ----------
    root
        Make a new root key too; cases that are opened from now on believe it beside the older ones.
    plan
        Make a new plan key instead: it wraps the keys of new cases at once; `keys rewrap` wraps those of the others.
    """
    if plan and root:
        complain("Give --plan or --root, one at a time: they have nothing to do with each other.")
        return BAD_INPUT
    return rotate_plan_key(read_settings()) if plan else rotate_keys(read_settings(), root=root)


@app.command
def rewrap() -> int:
    """Wrap every case's key by the plan key that is active; safe to repeat, while everything runs."""
    return rewrap_keys(read_settings())


@app.command
def shred(
    case: str,
    *,
    actor: Who,
    reason: Annotated[str, Parameter(name="--reason", help="Why, for the ledger. No health information.")],
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="", show_default=False, help="Do not ask.")] = False,
) -> int:
    """Destroy the key of a closed case's history: nobody can read that history again. Cannot be undone.

    Parameters
    ----------
    case
        A case number, the number of a delegated decision, or the external reference of either.
    """
    return shred_case(read_settings(), case, actor=actor, reason=reason, is_agreed=yes)


def print_keys(settings: Settings, *, json: bool) -> int:
    """Prints the root and door keys, until when they hold, and which signs; makes none. Raises VaultError."""
    vault, ring = open_vault(settings), open_key_ring(settings)
    roots, doors, signing = vault.root_keys(), vault.door_keys(), vault.signing_door(now())
    plan = ring.held()
    if json:
        as_json(
            {
                "folder": str(vault.folder),
                "roots": _roots(roots),
                "doors": _doors(doors, signing),
                "plan_keys": _plan_keys(plan),
            }
        )
        return DONE
    if not roots and not doors:
        console.print(
            f"[dim]There are no keys in {vault.folder} yet: they are made when the first action is signed, "
            "or now, with: second-opinion keys rotate[/]",
            soft_wrap=True,
        )
    else:
        _print_tables(vault, roots, doors, signing)
    table(
        f"Plan keys, in {ring.where}",
        ("id", "made", "use"),
        ((key.id, spoken(key.made_at) if key.made_at else "-", _wraps(key, plan)) for key in plan),
        empty=f"There is no plan key in {ring.where} yet: the embedded server's first command makes one.",
    )
    return DONE


def rotate_keys(settings: Settings, *, root: bool) -> int:
    """Makes a new door key, and with ``root`` a new root key first; says which. Raises VaultError."""
    vault = open_vault(settings)
    if root:
        made = vault.rotate_root(now())
        console.print(f"[green]New root key[/] {made.fingerprint}: cases opened from now on believe it, too.")
    door = vault.door_keys()[0] if root else vault.rotate_door(now())
    console.print(f"[green]New door key[/] {door.fingerprint}: it signs from now until {spoken(door.until)}.")
    return DONE


def rotate_plan_key(settings: Settings) -> int:
    """Makes a new plan key, the first one included; says what is left to do. Raises KeyRingError."""
    ring = open_key_ring(settings)
    earlier = ring.held()
    made = ring.rotate(now())
    console.print(f"[green]New plan key[/] {made.id} in {ring.where}: it wraps the keys of new cases.", soft_wrap=True)
    if earlier:
        console.print("The others stay until no case needs them: second-opinion keys rewrap", soft_wrap=True)
    else:
        console.print("Keep a copy of the file in a safe place: without it nobody can read a case.", soft_wrap=True)
    return DONE


def _wraps(key: PlanKey, plan: list[PlanKey]) -> str:
    return "[green]wraps[/]" if key == plan[0] else "opens what it has wrapped"


def _plan_keys(plan: list[PlanKey]) -> list[dict[str, Any]]:
    return [{"id": key.id, "made_at": key.made_at and key.made_at.isoformat(), "wraps": key == plan[0]} for key in plan]


def _print_tables(vault: Vault, roots: list[RootKey], doors: list[DoorKey], signing: DoorKey | None) -> None:
    table(
        "Root keys, newest first",
        ("fingerprint", "where", "use"),
        ((r.fingerprint, r.name, "certifies doors" if r.is_private else "is believed") for r in roots),
        empty=f"There is no root key in {vault.folder}: the door keys sign until they end, and no new one can be made.",
    )
    table(
        "Door keys, newest first",
        ("fingerprint", "until", "use"),
        ((d.fingerprint, spoken(d.until), _use(d, signing)) for d in doors),
        empty="There is no door key yet; one is made when an action is signed.",
    )


def _use(door: DoorKey, signing: DoorKey | None) -> str:
    if door == signing:
        return "[green]signs[/]"
    return "not used" if door.holds_at(now()) else "ended"


def _roots(roots: list[RootKey]) -> list[dict[str, Any]]:
    return [
        {"fingerprint": root.fingerprint, "where": root.name, "certifies": root.is_private, "public": root.public}
        for root in roots
    ]


def _doors(doors: list[DoorKey], signing: DoorKey | None) -> list[dict[str, Any]]:
    return [
        {
            "fingerprint": door.fingerprint,
            "since": door.since.isoformat(),
            "until": door.until.isoformat(),
            "signs": door == signing,
        }
        for door in doors
    ]
