"""Proof: are the versions of every mandate accounted for, and does each follow from the one before? For `debit verify`."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from sqlalchemy import func, select

from debit_service.core.work import Work
from debit_service.mandates import queries
from debit_service.mandates.models import Mandate, MandateAmendment


def breaks(work: Work) -> Iterator[str]:
    """Versions that nothing accounts for, amendments that contradict each other, and second live mandates."""
    counted = (
        select(Mandate.reference, Mandate.version, func.count(MandateAmendment.id))
        .outerjoin(MandateAmendment, MandateAmendment.mandate_id == Mandate.id)
        .group_by(Mandate.id)
        .having(Mandate.version != 1 + func.count(MandateAmendment.id))
    )
    for reference, version, amendments in work.session.execute(counted):
        yield f"mandate {reference}: it is at version {version}, and was amended {amendments} times"
    rivals = (
        select(Mandate.fund_id, Mandate.employer_id, func.count())
        .where(Mandate.live)
        .group_by(Mandate.fund_id, Mandate.employer_id)
        .having(func.count() > 1)
    )
    for fund_id, employer_id, count in work.session.execute(rivals):
        yield f"employer {employer_id} has {count} live mandates at {fund_id}"
    amended = (
        select(Mandate, MandateAmendment)
        .join(MandateAmendment, MandateAmendment.mandate_id == Mandate.id)
        .order_by(Mandate.id, MandateAmendment.version)
    )
    for mandate, rows in groupby(work.session.execute(amended), key=lambda row: row[0]):
        yield from _chain(work, mandate, [amendment for _, amendment in rows])


def _chain(work: Work, mandate: Mandate, amendments: Sequence[MandateAmendment]) -> Iterator[str]:
    """What stood before each amendment, and before the next one (or now), must differ in exactly what it names as changed."""
    stood = [*(_before(work, one) for one in amendments), _now(work, mandate)]
    for number, (one, before, after) in enumerate(zip(amendments, stood, stood[1:], strict=False), start=2):
        changed = {name for name, value in before.items() if value != after[name]}
        if one.version != number:
            yield f"mandate {mandate.reference}: its amendment to version {number} is missing"
        elif changed != set(one.changed) - {"bank"}:
            said, found = ", ".join(sorted(one.changed)), ", ".join(sorted(changed)) or "nothing"
            yield f"mandate {mandate.reference}: version {one.version} says that {said} changed; {found} did"


def _before(work: Work, amendment: MandateAmendment) -> dict[str, object]:
    return {
        "account": (amendment.original_account_scheme, amendment.original_account_index),
        "reference": amendment.original_reference,
        "creditor_identifier": amendment.original_creditor_identifier,
        "debtor_name": queries.original_debtor_name(work, amendment),
    }


def _now(work: Work, mandate: Mandate) -> dict[str, object]:
    return {
        "account": (mandate.account_scheme, mandate.account_index),
        "reference": mandate.reference,
        "creditor_identifier": mandate.creditor_identifier,
        "debtor_name": queries.debtor_name(work, mandate),
    }
