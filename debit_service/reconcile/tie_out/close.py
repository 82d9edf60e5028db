"""Close a fund's journal where it ties out with the bank's statements; or say despite what it is closed."""

from datetime import date, timedelta

from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.ledger import closing
from debit_service.ledger.models import ClosedPeriod
from debit_service.ledger.queries import closed_through
from debit_service.reconcile.tie_out import queries as tie_out


def prepare(work: Work, fund: Fund, through: date, why: str, *, despite: str | None = None) -> ClosedPeriod:
    """Prepare to close through a day; what the tie-out finds in the days since the close before needs a reason `despite` it."""
    return closing.prepare(work, fund, through, why, findings=_findings(work, fund.id, through), despite=despite)


def approve(work: Work, period_id: str, sha256: str) -> ClosedPeriod:
    """Close what another person has prepared, if totals and findings are still the same."""
    period = closing.prepared(work, period_id)
    return closing.approve(work, period_id, sha256, findings=_findings(work, period.fund_id, period.closed_through))


def _findings(work: Work, fund_id: str, through: date) -> list[str]:
    last = closed_through(work.session).get(fund_id)
    first = last + timedelta(days=1) if last else None
    return list(tie_out.findings(work, fund_id=fund_id, first=first, last=through))
