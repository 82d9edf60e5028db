"""Every test of this room also holds the two ways of deciding against each other: many entries together, and each by itself."""

from collections.abc import Iterator, Sequence

import pytest

from debit_service.core.work import Work
from debit_service.funds.queries import Funds
from debit_service.reconcile import queries
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.service import importing, match
from debit_service.reconcile.service.dispose import dispose_plain
from debit_service.reconcile.service.in_sets import decide_plain
from debit_service.reconcile.service.verdict import Entry, Plain, Verdict


@pytest.fixture(autouse=True)
def both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is decided together is what `match.decide` says of each by itself; what is posted is what the stored facts say."""

    def checked(work: Work, entries: Sequence[Entry]) -> Iterator[Plain]:
        for one in decide_plain(work, entries):
            alone = match.decide(work, work.session.get_one(BankEntry, one.entry.id))
            assert _said(one.verdict) == _said(alone)
            yield one

    def posted(work: Work, funds: Funds, plain: Sequence[Plain]) -> None:
        dispose_plain(work, funds, plain)
        for collection, after in (one.after for one in plain if one.after):
            assert after == queries.outcome_of(work, collection.id, collection.amount_minor)

    monkeypatch.setattr(importing, "decide_plain", checked)
    monkeypatch.setattr(importing, "dispose_plain", posted)


def _said(verdict: Verdict) -> tuple[object, ...]:
    shares = [(one.collection.id, one.effect, one.amount_minor, one.charges_minor) for one in verdict.shares]
    return (verdict.kind, verdict.reason, verdict.explanation, verdict.folded_into, shares)
