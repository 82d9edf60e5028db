"""What keeps a planned collection from being made after all, asked of many at once; only those that meet something are told."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Exists, exists, select
from sqlalchemy.orm import aliased

from debit_service.collections.models import Collection, Notice, PaymentInformation
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.models import Dispute
from debit_service.funds.profile import Fund
from debit_service.mandates.models import DebitBlock, Mandate, MandateTransition


@dataclass(frozen=True, slots=True)
class Blocked:
    """Who is not debited at a fund: employers by id, accounts by blind index. The reasons stay on the list: they name people."""

    employers: set[str]
    accounts: set[str]

    def why(self, employer_id: str, account_index: str | None) -> str | None:
        """In words, what is blocked; None when neither employer nor account is."""
        if employer_id in self.employers:
            return "the employer is on the block list"
        return "the account is on the block list" if account_index in self.accounts else None


def blocked_now(work: Work, fund_id: str) -> Blocked:
    """The blocks that stand at a fund."""
    query = select(DebitBlock.employer_id, DebitBlock.account_index).where(
        DebitBlock.lifted_at.is_(None), DebitBlock.fund_id.is_(None) | (DebitBlock.fund_id == fund_id)
    )
    rows = work.session.execute(query).all()
    return Blocked({row[0] for row in rows if row[0]}, {row[1] for row in rows if row[1]})


def unsent(fund: Fund) -> ColumnElement[bool]:
    """The collections of a fund that are planned and in no batch yet."""
    return (Collection.fund_id == fund.id) & Collection.live & Collection.payment_information_id.is_(None)


def of_batch(batch_id: str) -> ColumnElement[bool]:
    """The collections of one file."""
    blocks = select(PaymentInformation.id).where(PaymentInformation.batch_id == batch_id)
    return Collection.payment_information_id.in_(blocks)


def superseded() -> Exists:
    """Correlated with a notice: the employer was told something else since."""
    newer = aliased(Notice)
    return exists().where(newer.collection_id == Notice.collection_id, newer.id > Notice.id).correlate(Notice)


def obstacles(work: Work, fund: Fund, which: ColumnElement[bool]) -> dict[str, str]:
    """Why collections among `which` must not be made any more, by id: their mandate is gone or was amended since the file was
    written, the employer contests the debit, it is blocked, or the contribution is paid."""
    found: dict[str, str] = {}
    for reasons in (
        _contested(work, which),
        _without_mandate(work, which),
        _amended(work, which),
        _blocked(work, fund, which),
        _paid_otherwise(work, which),
    ):
        for collection_id, reason in reasons:
            found.setdefault(collection_id, reason)
    return found


def _contested(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    query = (
        select(Collection.contribution_id, Collection.id)
        .join(Dispute, Dispute.contribution_id == Collection.contribution_id)
        .where(which, Dispute.answer.is_(None) | (Dispute.answer == "upheld"))
    )
    by_contribution = {row[0]: row[1] for row in work.session.execute(query)}
    for contribution_id, reason in disputes.against_debits(work, by_contribution).items():
        yield by_contribution[contribution_id], reason


def _without_mandate(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    query = (
        select(Collection.id, MandateTransition.to_state)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(MandateTransition, (MandateTransition.subject_id == Mandate.id) & MandateTransition.most_recent)
        .where(which, MandateTransition.to_state != "active")
    )
    for collection_id, state in work.session.execute(query):
        yield collection_id, f"the mandate is {state.replace('_', ' ')}"


def _amended(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    query = (
        select(Collection.id)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(which, Collection.mandate_version_sent != Mandate.version)
    )
    for collection_id in work.session.scalars(query):
        yield collection_id, "the mandate was amended after the file was written"


def _blocked(work: Work, fund: Fund, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    blocks = blocked_now(work, fund.id)
    if not blocks.employers and not blocks.accounts:
        return
    query = (
        select(Collection.id, Mandate.employer_id, Mandate.account_index)
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .where(which)
        .where(
            among(work.session, Mandate.employer_id, blocks.employers)
            | among(work.session, Mandate.account_index, blocks.accounts)
        )
    )
    for collection_id, employer_id, account_index in work.session.execute(query):
        if reason := blocks.why(employer_id, account_index):
            yield collection_id, reason


def _paid_otherwise(work: Work, which: ColumnElement[bool]) -> Iterator[tuple[str, str]]:
    paid = contributions.paid_otherwise()
    query = (
        select(Collection.id)
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .join(paid, paid.c.contribution_id == Contribution.id)
        .where(which, Collection.amount_minor > Contribution.amount_minor - paid.c.paid_minor)
    )
    for collection_id in work.session.scalars(query):
        yield collection_id, "the contribution is paid, or partly paid, by other means"
