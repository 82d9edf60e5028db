"""Every test of this room also holds the two ways of deciding against each other: many entries together, and each by itself."""

from collections.abc import Iterator, Sequence

import pytest

from debit_service.core.work import Work
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.service import importing, match
from debit_service.reconcile.service.in_sets import decide_plain
from debit_service.reconcile.service.verdict import Entry, Verdict


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is decided together must be what `match.decide` says of the entry by itself."""

    def checked(work: Work, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Verdict]]:
        for entry, verdict in decide_plain(work, entries):
            alone = match.decide(work, work.session.get_one(BankEntry, entry.id))
            assert _said(verdict) == _said(alone)
            yield entry, verdict

    monkeypatch.setattr(importing, "decide_plain", checked)


def _said(verdict: Verdict) -> tuple[object, ...]:
    shares = [(one.collection.id, one.effect, one.amount_minor, one.charges_minor) for one in verdict.shares]
    return (verdict.kind, verdict.reason, verdict.explanation, verdict.folded_into, shares)
