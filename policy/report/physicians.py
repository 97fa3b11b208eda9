"""Which physician is which account: the ledger knows who decided by account, the report by NPI. Policy 90.2.17, P12.

The staff file says whose account has which NPI. Of who is no longer in it only this is known: one account is one
physician, so that a case that stands under another NPI than the account's others shows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from policy.report.shape import Difference

LEDGER = "the ledger"
KEPT = 200  # cases that are remembered of each pair; how many there are is counted


class Physicians:
    """Accounts and NPIs, as cases show them and the staff file says."""

    def __init__(self, staff: Mapping[str, str] | None = None) -> None:
        """``staff`` is the NPI of each account that is known; of one without an NPI the account itself."""
        self._staff = dict(staff or {})
        self._pairs: dict[str, Counter[str]] = {}
        self._cases: dict[tuple[str, str], list[str]] = {}

    def see(self, number: str, account: str, physician: str) -> None:
        """A case that ``account`` decided by its ledger, and ``physician`` by the report."""
        self._pairs.setdefault(account, Counter())[physician] += 1
        kept = self._cases.setdefault((account, physician), [])
        if len(kept) < KEPT:
            kept.append(number)

    def of(self, account: str) -> str:
        """The NPI of an account: as the staff file says; else the one that most of its cases have."""
        if account in self._staff:
            return self._staff[account]
        seen = self._pairs.get(account)
        return min(seen, key=lambda npi: (-seen[npi], npi)) if seen else account

    def differences(self) -> Iterator[Difference]:
        """The cases that stand under another physician than who decided them by the ledger."""
        for account, seen in sorted(self._pairs.items()):
            right = self.of(account)
            for physician in sorted(seen.keys() - {right}):
                for number in self._cases[account, physician]:
                    yield Difference(
                        case_number=number,
                        field="physician",
                        report_says=physician,
                        source=LEDGER,
                        source_says=right if right == account else f"{right} ({account})",
                    )
                if (more := seen[physician] - KEPT) > 0:
                    what = f"cases of {account} under {physician}, besides those named"
                    yield Difference(figure=what, field="count", report_says=f"{more}", source=LEDGER, source_says="0")

    @property
    def unknown(self) -> list[str]:
        """The accounts that decided, stand under an NPI, and are not in the staff file: their NPI cannot be checked."""
        return sorted(account for account in self._pairs if account not in self._staff and self.of(account) != account)
