"""Reports compiled on demand, at hand for a while: who takes one away gets the figures that he has read. P12."""

import hashlib
from collections import OrderedDict
from threading import Lock

from adapters.committee.reading import data_of
from policy.report.shape import CommitteeReport

AT_HAND = 8  # reports; a megabyte each at most


class Drafts:
    """The last few, by the SHA-256 of their data. They are in this process's memory only. Safe for threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, CommitteeReport] = OrderedDict()

    def keep(self, report: CommitteeReport) -> str:
        """One more, and its digest; the one that nobody asked for longest makes room."""
        digest = digest_of(report)
        with self._lock:
            self._kept[digest] = report
            self._kept.move_to_end(digest)
            while len(self._kept) > AT_HAND:
                self._kept.popitem(last=False)
        return digest

    def find(self, digest: str) -> CommitteeReport | None:
        """One by its digest; None when it is not at hand any more."""
        with self._lock:
            found = self._kept.get(digest)
            if found is not None:
                self._kept.move_to_end(digest)
            return found


def digest_of(report: CommitteeReport) -> str:
    """The SHA-256 of its data: every figure, and when the records were read."""
    return hashlib.sha256(data_of(report)).hexdigest()
