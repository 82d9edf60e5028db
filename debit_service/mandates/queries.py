"""Read mandates: the live one, its history, what is sealed in it."""

from collections.abc import Sequence

from sqlalchemy import or_, select

from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.work import Work
from debit_service.mandates.models import Mandate, MandateDocument, MandateForm, MandateTransition


def live(work: Work, fund_id: str, employer_id: str) -> Mandate | None:
    """The one live mandate of an employer at a fund."""
    query = select(Mandate).where(Mandate.fund_id == fund_id, Mandate.employer_id == employer_id, Mandate.live)
    return work.session.scalars(query).one_or_none()


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
