"""What a fund may debit: the account, the employer and the reference of a mandate that is to be, or to be changed.

What decides takes values; whoever asks about one mandate has them read here, and who asks about many has read them before.
"""

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import ColumnElement, func, select, true, union_all

from debit_service.core.accounts import AccountNumber
from debit_service.core.errors import InvalidInput, Refused
from debit_service.core.work import Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.iso20022.charset import check_reference
from debit_service.mandates import queries, rules
from debit_service.mandates.models import Mandate, MandateAmendment

REFERENCE_LENGTH_MAX = 35


def check_account(work: Work, fund: Fund, employer_id: str, account: AccountNumber) -> None:
    """Refuse an account that this fund does not debit, and one that is blocked, or whose employer is."""
    check_scheme(fund, account)
    index = work.keys.index(account.value, "account")
    if obstacle := queries.blocked(work, fund.id, employer_id, index):
        raise Refused(
            "mandate.blocked",
            f"{obstacle[0].upper()}{obstacle[1:]}.",
            place=fund.id,
            remedy="See `debit mandates blocks`; an approver may lift a block.",
        )


def check_scheme(fund: Fund, account: AccountNumber) -> None:
    """Refuse an account that this fund does not debit."""
    if account.scheme not in fund.debtor_account_schemes:
        accepted = ", ".join(fund.debtor_account_schemes)
        raise InvalidInput(
            "mandate.account_scheme", f"{fund.id} debits accounts given as: {accepted}.", place="account_scheme"
        )


def check_place(work: Work, fund: Fund, employer_id: str) -> str:
    """Refuse an employer that the fund does not know, or that has a live mandate there; returns its number at the fund."""
    numbers = [one.number for one in employers.registrations(work, employer_id) if one.fund_id == fund.id]
    if not numbers:
        raise Refused(
            "mandate.not_registered",
            f"This employer has no number at {fund.id}.",
            remedy=f"Enrol it at {fund.id} first.",
        )
    if standing := queries.live(work, fund.id, employer_id):
        raise live_already(fund, standing.reference)
    return numbers[0]


def live_already(fund: Fund, reference: str) -> Refused:
    """The refusal of a second mandate beside the live one with this reference."""
    return Refused(
        "mandate.live_already",
        f"This employer has a mandate at {fund.id} already: {reference}.",
        remedy="Revoke it first, or leave this fund out of the form.",
    )


def fresh_reference(work: Work, fund: Fund, number: str) -> str:
    """A reference that no mandate of the fund has, or had before it was amended."""
    stem = rules.reference_stem(fund.id, number).upper()
    return References(_used(work, fund, lambda known: known.startswith(stem))).fresh(fund, number)


def check_free(work: Work, fund: Fund, reference: str) -> None:
    """Refuse a reference that banks do not take, or that names another mandate of the fund, or once did."""
    check_reference(reference, REFERENCE_LENGTH_MAX, "reference")
    References(_used(work, fund, lambda known: known == reference.upper())).check_free(fund, reference)


class References:
    """References of a fund's mandates, in capitals: banks compare them without regard to case (facts 1.2)."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known: set[str] = set()
        #: Of those that end in a version, the highest, by what stands before it.
        self._newest: dict[str, int] = {}
        for reference in known:
            self.add(reference)

    def add(self, reference: str) -> None:
        """From now on `reference` is taken."""
        reference = reference.upper()
        self._known.add(reference)
        stem, _, version = reference.rpartition("-")
        if version.isdecimal():
            self._newest[stem] = max(int(version), self._newest.get(stem, 0))

    def check_free(self, fund: Fund, reference: str) -> None:
        """Refuse a reference that banks do not take, or that is taken."""
        check_reference(reference, REFERENCE_LENGTH_MAX, "reference")
        if reference.upper() in self._known:
            raise Refused(
                "mandate.reference_taken", f"{fund.id} has another mandate with this reference.", place="reference"
            )

    def fresh(self, fund: Fund, number: str) -> str:
        """A reference for the employer with this number at the fund, which is not taken."""
        stem = rules.reference_stem(fund.id, number)
        version = self._newest.get(stem.upper())
        taken = [f"{stem}-{version}"] if version is not None else []
        return rules.next_reference(fund.id, number, taken)


def references(work: Work, fund: Fund) -> References:
    """All of a fund's, those included that its mandates had before they were amended."""
    return References(_used(work, fund, lambda _: true()))


def _used(work: Work, fund: Fund, like: Callable[[ColumnElement[str]], ColumnElement[bool]]) -> Sequence[str]:
    """Of the references that the fund's mandates have or had, those whose capitals are `like` this; in capitals."""
    now, before = func.upper(Mandate.reference), func.upper(MandateAmendment.original_reference)
    amended = select(before).join(Mandate, Mandate.id == MandateAmendment.mandate_id)
    both = union_all(
        select(now).where(Mandate.fund_id == fund.id, like(now)),
        amended.where(Mandate.fund_id == fund.id, like(before)),
    )
    return work.session.scalars(both).all()
