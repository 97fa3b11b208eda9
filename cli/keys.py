"""The keys at a terminal: ``second-opinion keys`` and ``second-opinion keys rotate``. No private key is ever shown.

They need neither server nor records.
"""

from typing import Annotated, Any

from cyclopts import App

from cli.options import DONE, Flag, Json
from cli.screen import as_json, console, now, table
from policy.timeframes import spoken
from wiring.keys import DoorKey, RootKey, Vault, open_vault
from wiring.settings import Settings, read_settings

app = App(name="keys")


@app.default
def list_keys(*, json: Json = False) -> int:
    """List the keys that sign actions: until when they hold, and which signs."""
    return print_keys(read_settings(), json=json)


@app.command
def rotate(*, root: Annotated[bool, Flag] = False) -> int:
    """Make a new door key, which signs from now on; running cases believe it.

    Parameters
    ----------
    root
        Make a new root key too; cases that are opened from now on believe it beside the older ones.
    """
    return rotate_keys(read_settings(), root=root)


def print_keys(settings: Settings, *, json: bool) -> int:
    """Prints the root and door keys, until when they hold, and which signs; makes none. Raises VaultError."""
    vault = open_vault(settings)
    roots, doors, signing = vault.root_keys(), vault.door_keys(), vault.signing_door(now())
    if json:
        as_json({"folder": str(vault.folder), "roots": _roots(roots), "doors": _doors(doors, signing)})
    elif not roots and not doors:
        console.print(
            f"[dim]There are no keys in {vault.folder} yet: they are made when the first action is signed, "
            "or now, with: second-opinion keys rotate[/]",
            soft_wrap=True,
        )
    else:
        _print_tables(vault, roots, doors, signing)
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
