"""What every file keeps that people act on: its story, the answers that it gave, what it refused.

A case, a delegated decision and a report before the committees are such files.
"""

from datetime import datetime
from typing import Any, ClassVar, Self

from policy.particulars import Receipt, RefusedAction, StoryEntry
from policy.receipts import recalled, retired
from policy.verdict import Value

STORY_KEPT = 200  # lines; the ledger has all
REFUSALS_KEPT = 100


class Storied(Value):
    """A file with a story. ``CLAUSE`` is the clause of every line of it, where all of them are of one."""

    CLAUSE: ClassVar[str] = ""

    receipts: tuple[Receipt, ...] = ()
    older_receipts: tuple[str, ...] = ()
    refusals: tuple[RefusedAction, ...] = ()
    refused_count: int = 0
    story: tuple[StoryEntry, ...] = ()
    seq: int = 0

    def receipt(self, action_id: str) -> Receipt | None:
        """The answer that an action was given; of one long ago only whether it was applied."""
        kept = next((r for r in reversed(self.receipts) if r.action_id == action_id), None)
        return kept or recalled(self.older_receipts, action_id)

    # -- small steps; each gives back the next value

    def but(self, **changes: Any) -> Self:  # noqa: ANN401 - as pydantic's own model_copy
        """The file with some fields changed."""
        return self.model_copy(update=changes)

    def remember(self, receipt: Receipt) -> Self:
        """One more receipt. The latest are kept whole, the older ones in short."""
        receipts, older = retired((*self.receipts, receipt), self.older_receipts)
        return self.but(receipts=receipts, older_receipts=older)

    def tell(
        self, at: datetime, event: str, text: str, *, actor: str = "", clause: str = "", unsigned: bool = False
    ) -> Self:
        """One more line of the story."""
        seq, clause = self.seq + 1, self.CLAUSE or clause
        entry = StoryEntry(seq=seq, at=at, event=event, text=text, actor=actor, clause=clause, unsigned=unsigned)
        return self.but(story=(*self.story, entry), seq=seq)

    def keep_refusal(self, refused: RefusedAction) -> Self:
        """One more action that could not be applied, with its line in the story; the latest are kept."""
        text = f"{refused.action}: {refused.reason}"
        told = self.tell(refused.at, "action:refused", text, actor=refused.actor, clause=refused.clause)
        kept = (*told.refusals, refused.model_copy(update={"seq": told.seq}))[-REFUSALS_KEPT:]
        return told.but(refusals=kept, refused_count=told.refused_count + 1)

    def trimmed(self, recorded_seq: int) -> Self:
        """With only the latest lines of the story, of those that are already in the ledger."""
        if len(self.story) <= STORY_KEPT:
            return self
        cut = len(self.story) - STORY_KEPT
        return self.but(story=tuple(e for n, e in enumerate(self.story) if n >= cut or e.seq > recorded_seq))
