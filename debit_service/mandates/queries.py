"""Read mandates: the live one, its history and versions, what is sealed in it, and who may not be debited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import or_, select

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.bulk import among
from debit_service.core.work import Work
from debit_service.mandates.models import (
    DebitBlock,
    Mandate,
    MandateAmendment,
    MandateDocument,
    MandateForm,
    MandateTransition,
)

#: How many ids one statement may name, well below what either database takes.
_IDS_IN_ONE_STATEMENT = 10_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What a bank is told of a mandate, as it stood at some version. The account is its blind index."""

    reference: str
    creditor_identifier: str
    account_index: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What a bank must be told of a mandate that was amended (ISO: AmdmntInfDtls): what stood before, None where nothing changed.

    Where the account went to another bank (`new_bank`: SMNDA), the old number means nothing to it: `original_account` is None.
    """

    original_reference: str | None
    original_creditor_identifier: str | None
    original_account: AccountNumber | None
    new_bank: bool


def live(work: Work, fund_id: str, employer_id: str) -> Mandate | None:
    """The one live mandate of an employer at a fund."""
    query = select(Mandate).where(Mandate.fund_id == fund_id, Mandate.employer_id == employer_id, Mandate.live)
    return work.session.scalars(query).one_or_none()


class Live(NamedTuple):
    """What tells whether a live mandate lets an amount be debited: its state, and the employer's own limit in minor units."""

    state: str
    amount_limit_minor: int | None


def live_of_each(work: Work, employer_ids: Iterable[str]) -> dict[tuple[str, str], Live]:
    """(fund, employer) -> its live mandate; where there is none, it is left out."""
    query = (
        select(Mandate.fund_id, Mandate.employer_id, MandateTransition.to_state, Mandate.amount_limit_minor)
        .join(MandateTransition, MandateTransition.subject_id == Mandate.id)
        .where(among(work.session, Mandate.employer_id, employer_ids), Mandate.live, MandateTransition.most_recent)
    )
    return {
        (fund_id, employer_id): Live(state, limit_minor)
        for fund_id, employer_id, state, limit_minor in work.session.execute(query)
    }


def state(work: Work, mandate_id: str) -> str:
    """The state of a mandate now."""
    query = select(MandateTransition.to_state).where(
        MandateTransition.subject_id == mandate_id, MandateTransition.most_recent
    )
    return work.session.scalars(query).one()


def history(work: Work, mandate_id: str) -> Sequence[MandateTransition]:
    """Every transition, oldest first."""
    query = (
        select(MandateTransition).where(MandateTransition.subject_id == mandate_id).order_by(MandateTransition.sort_key)
    )
    return work.session.scalars(query).all()


def account(work: Work, mandate: Mandate) -> AccountNumber:
    """The account that may be debited."""
    value = work.keys.open(mandate.account_sealed, f"mandates.account:{mandate.id}")
    return AccountNumber(AccountScheme(mandate.account_scheme), value)


def debtor_name(work: Work, mandate: Mandate) -> str:
    """The account holder's name as signed."""
    return work.keys.open(mandate.debtor_name_sealed, f"mandates.debtor_name:{mandate.id}")


def form(work: Work, form_id: str) -> tuple[MandateForm, bytes]:
    """A form and the bytes that were signed."""
    row = work.session.get_one(MandateForm, form_id)
    return row, work.keys.open_bytes(row.content_sealed, f"mandate_forms.content:{form_id}")


def waiting(work: Work) -> Sequence[tuple[Mandate, str]]:
    """Mandates that are signed or lodged and not accepted by the employer's bank yet, with their states, oldest first."""
    query = (
        select(Mandate, MandateTransition.to_state)
        .join(MandateTransition, MandateTransition.subject_id == Mandate.id)
        .where(MandateTransition.most_recent, MandateTransition.to_state.in_(("signed", "lodged_at_bank")))
        .order_by(Mandate.id)
    )
    return [(mandate, to_state) for mandate, to_state in work.session.execute(query)]


def of_employer(work: Work, employer_id: str) -> Sequence[tuple[Mandate, str]]:
    """An employer's mandates with their states, newest first."""
    query = (
        select(Mandate, MandateTransition.to_state)
        .join(MandateTransition, MandateTransition.subject_id == Mandate.id)
        .where(Mandate.employer_id == employer_id, MandateTransition.most_recent)
        .order_by(Mandate.id.desc())
    )
    return [(mandate, to_state) for mandate, to_state in work.session.execute(query)]


def of_form(work: Work, form_id: str) -> Sequence[Mandate]:
    """The mandates that one signature made, one a creditor, in the order in which the form names them."""
    return work.session.scalars(select(Mandate).where(Mandate.form_id == form_id).order_by(Mandate.id)).all()


def documents(work: Work, mandate: Mandate) -> Sequence[MandateDocument]:
    """The scans that concern a mandate, its own and those of its form, oldest first; without their content."""
    concerned = or_(MandateDocument.mandate_id.is_(None), MandateDocument.mandate_id == mandate.id)
    query = select(MandateDocument).where(MandateDocument.form_id == mandate.form_id, concerned)
    return work.session.scalars(query.order_by(MandateDocument.id)).all()


def amendments(work: Work, mandate_id: str) -> Sequence[MandateAmendment]:
    """Every amendment of a mandate, oldest first."""
    query = select(MandateAmendment).where(MandateAmendment.mandate_id == mandate_id)
    return work.session.scalars(query.order_by(MandateAmendment.version)).all()


def changes_since(work: Work, versions: Mapping[str, int]) -> dict[str, Changed]:
    """What changed in mandates (id -> version that the bank knows) since that version, for each of which a bank must be told.

    A mandate that was not amended since is left out; so is one whose amendments cancelled each other out, or changed only what no
    bank is told of (the holder's name). What was transferred from another fund stood at version 1 under its reference there.
    """
    found: dict[str, Changed] = {}
    ids = list(versions)
    for start in range(0, len(ids), _IDS_IN_ONE_STATEMENT):
        query = (
            select(Mandate, MandateAmendment)
            .join(MandateAmendment, MandateAmendment.mandate_id == Mandate.id)
            .where(Mandate.id.in_(ids[start : start + _IDS_IN_ONE_STATEMENT]))
            .order_by(Mandate.id, MandateAmendment.version)
        )
        for mandate, rows in groupby(work.session.execute(query), key=lambda row: row[0]):
            later = [amendment for _, amendment in rows if amendment.version > versions[mandate.id]]
            changed = _changed(work, mandate, later) if later else None
            if changed:
                found[mandate.id] = changed
    return found


def _changed(work: Work, mandate: Mandate, later: Sequence[MandateAmendment]) -> Changed | None:
    stood = later[0]
    account_changed = stood.original_account_index != mandate.account_index
    new_bank = account_changed and any("bank" in one.changed for one in later)
    changed = Changed(
        original_reference=stood.original_reference if stood.original_reference != mandate.reference else None,
        original_creditor_identifier=stood.original_creditor_identifier
        if stood.original_creditor_identifier != mandate.creditor_identifier
        else None,
        original_account=original_account(work, stood) if account_changed and not new_bank else None,
        new_bank=new_bank,
    )
    return changed if changed != Changed(None, None, None, new_bank=False) else None


def original_account(work: Work, amendment: MandateAmendment) -> AccountNumber:
    """The account that stood before an amendment."""
    value = work.keys.open(amendment.original_account_sealed, f"mandate_amendments.original_account:{amendment.id}")
    return AccountNumber(AccountScheme(amendment.original_account_scheme), value)


def original_debtor_name(work: Work, amendment: MandateAmendment) -> str:
    """The account holder's name that stood before an amendment."""
    place = f"mandate_amendments.original_debtor_name:{amendment.id}"
    return work.keys.open(amendment.original_debtor_name_sealed, place)


def blocks(work: Work, *, lifted: bool = False) -> Sequence[DebitBlock]:
    """The blocks that stand, newest first; with `lifted` also those that stand no more."""
    query = select(DebitBlock).order_by(DebitBlock.id.desc())
    return work.session.scalars(query if lifted else query.where(DebitBlock.lifted_at.is_(None))).all()


def blocked(work: Work, fund_id: str, employer_id: str, account_index: str) -> str | None:
    """Why an employer may not be debited at a fund from this account, in words; None when it may."""
    subject = or_(DebitBlock.employer_id == employer_id, DebitBlock.account_index == account_index)
    here = or_(DebitBlock.fund_id.is_(None), DebitBlock.fund_id == fund_id)
    query = select(DebitBlock.account_index).where(subject, here, DebitBlock.lifted_at.is_(None))
    found = work.session.scalars(query).all()
    if not found:
        return None
    return "debits of this employer are blocked" if None in found else "debits of this account are blocked"


def blocked_account(work: Work, block: DebitBlock) -> str | None:
    """The number of the account that is blocked; None when it is an employer that is."""
    if block.account_sealed is None:
        return None
    return work.keys.open(block.account_sealed, f"debit_blocks.account:{block.id}")


def in_state(work: Work, state: str, at_most: int) -> Sequence[Mandate]:
    """Mandates in this state, oldest first."""
    query = (
        select(Mandate)
        .join(MandateTransition, MandateTransition.subject_id == Mandate.id)
        .where(MandateTransition.most_recent, MandateTransition.to_state == state)
    )
    return work.session.scalars(query.order_by(Mandate.id).limit(at_most)).all()
