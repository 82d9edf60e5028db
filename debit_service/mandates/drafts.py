"""Form data that nobody has signed yet: prepared, printed or continued, and closed when signed, discarded or too old."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from debit_service.core import audit, events
from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.errors import NotFound, Refused
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.mandates.admission import check_account
from debit_service.mandates.authority import IN_WORDS, Authority, Capacity
from debit_service.mandates.draft_numbers import ALPHABET, BODY_LENGTH, draft_number, read_draft_number
from debit_service.mandates.models import Mandate, MandateDraft
from debit_service.mandates.service import Recurrence, SignedForm, sign

KEPT_DAYS = 90
_MAY_PREPARE = (Role.EMPLOYER, Role.FINANCE_CLERK, Role.MANDATE_AGENT)


@dataclass(frozen=True, slots=True)
class FormData:
    """What a form says before anybody signs it; the fields mean what they mean in `SignedForm`."""

    account: AccountNumber
    debtor_name: str
    signer_name: str
    signer_capacity: str
    authority: Authority = IN_WORDS
    amount_limit_minor: int | None = None
    recurrence: Recurrence = "recurrent"

    def signed(
        self, employer: Employer, on: date, how: str, *, consent: str | None = None, language: str | None = None
    ) -> SignedForm:
        """The same, signed."""
        return SignedForm(
            employer=employer,
            account=self.account,
            debtor_name=self.debtor_name,
            signer_name=self.signer_name,
            signer_capacity=self.signer_capacity,
            signed_on=on,
            how=how,
            amount_limit_minor=self.amount_limit_minor,
            consent=consent,
            language=language,
            authority=self.authority,
            recurrence=self.recurrence,
        )


def prepare(
    work: Work, employer: Employer, funds: Sequence[Fund], data: FormData, replaces: MandateDraft | None = None
) -> MandateDraft:
    """Keep `data` as a draft with a number of its own; the draft that it `replaces` is discarded, or stays where nothing changed.

    Refused is a fund that does not know the employer or may not debit its account.
    """
    work.actor.require(*_MAY_PREPARE)
    work.actor.require_employer(employer.id)
    if replaces:
        if read(work, replaces) == data and replaces.fund_ids == [fund.id for fund in funds]:
            return replaces
        discard(work, replaces)
    _check_funds(work, employer, funds, data.account)
    draft_id = work.new_id()
    draft = MandateDraft(
        id=draft_id,
        number=_fresh_number(work),
        employer_id=employer.id,
        fund_ids=[fund.id for fund in funds],
        content_sealed=work.keys.seal(_content(data), f"mandate_drafts.content:{draft_id}"),
        made_at=work.now(),
        made_by=work.actor.name,
    )
    work.session.add(draft)
    work.session.flush()
    audit.record(work, "mandate_draft.prepared", draft_id, number=draft.number, funds=draft.fund_ids)
    events.publish(work, "mandate_draft.prepared", draft_id, number=draft.number, funds=draft.fund_ids)
    return draft


def _check_funds(work: Work, employer: Employer, funds: Sequence[Fund], account: AccountNumber) -> None:
    registered = {one.fund_id for one in employers.registrations(work, employer.id)}
    for fund in funds:
        check_account(work, fund, employer.id, account)
        if fund.id not in registered:
            raise Refused(
                "mandate.not_registered",
                f"This employer has no number at {fund.id}.",
                remedy=f"Enrol it at {fund.id} first.",
            )


def _fresh_number(work: Work) -> str:
    while True:
        number = draft_number("".join(secrets.choice(ALPHABET) for _ in range(BODY_LENGTH)))
        if work.session.scalars(select(MandateDraft.id).where(MandateDraft.number == number)).first() is None:
            return number


def _content(data: FormData) -> bytes:
    content: dict[str, Any] = {
        "version": 1,
        "account_scheme": data.account.scheme.value,
        "account": data.account.value,
        "debtor_name": data.debtor_name,
        "signer_name": data.signer_name,
        "signer_capacity": data.signer_capacity,
        "authority": data.authority.as_dict(),
        "amount_limit_minor": data.amount_limit_minor,
        "recurrence": data.recurrence,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()


def read(work: Work, draft: MandateDraft) -> FormData:
    """What a draft says."""
    content = json.loads(work.keys.open(draft.content_sealed, f"mandate_drafts.content:{draft.id}"))
    return FormData(
        account=AccountNumber(AccountScheme(content["account_scheme"]), content["account"]),
        debtor_name=content["debtor_name"],
        signer_name=content["signer_name"],
        signer_capacity=content["signer_capacity"],
        authority=Authority(Capacity(content["authority"]["kind"]), content["authority"]["document"]),
        amount_limit_minor=content["amount_limit_minor"],
        recurrence=content["recurrence"],
    )


def get(work: Work, typed: str) -> MandateDraft:
    """The draft with the number that somebody typed. Raises InvalidInput for a slip of the pen, NotFound for no such draft."""
    work.actor.require(*_MAY_PREPARE)
    number = read_draft_number(typed)
    draft = work.session.scalars(select(MandateDraft).where(MandateDraft.number == number)).one_or_none()
    if draft is None:
        raise NotFound("draft.unknown", f"There is no draft {number}.", place="number")
    work.actor.require_employer(draft.employer_id)
    return draft


def open_of(work: Work, employer_id: str) -> Sequence[MandateDraft]:
    """An employer's drafts that are neither signed nor discarded, the newest first."""
    work.actor.require_employer(employer_id)
    query = select(MandateDraft).where(MandateDraft.employer_id == employer_id, MandateDraft.closed_at.is_(None))
    return work.session.scalars(query.order_by(MandateDraft.id.desc())).all()


def check_open(draft: MandateDraft) -> None:
    """Refuse a draft that is closed."""
    if draft.closed_at is not None:
        raise Refused(
            "draft.closed",
            f"The draft {draft.number} is closed: {draft.closed_why}.",
            place="number",
            remedy="Prepare another one, or enter the paper without a number.",
        )


def sign_draft(work: Work, form: SignedForm, funds: list[Fund], draft: MandateDraft | None) -> list[Mandate]:
    """Sign `form`, as prepared in `draft` or corrected since, and close the draft. What is refused leaves nothing."""
    if draft is None:
        return sign(work, form, funds)
    if form.employer.id != draft.employer_id:
        raise Refused(
            "draft.other_employer",
            "This draft was prepared for another employer.",
            place="registration_number",
            remedy="Compare the draft's number and the registration number with the paper.",
        )
    check_open(draft)
    made = sign(work, form, funds)
    _close(work, draft, "signed", made[0].form_id)
    return made


def discard(work: Work, draft: MandateDraft) -> None:
    """Nobody will sign this draft."""
    work.actor.require(*_MAY_PREPARE)
    work.actor.require_employer(draft.employer_id)
    _close(work, draft, "discarded")


def close_old(work: Work, today: date) -> int:
    """Close the drafts that nobody signed in 90 days; returns how many."""
    work.actor.require(Role.FINANCE_CLERK)
    limit = datetime.combine(today - timedelta(days=KEPT_DAYS), time(), UTC)
    query = select(MandateDraft).where(MandateDraft.closed_at.is_(None), MandateDraft.made_at < limit)
    old = work.session.scalars(query.order_by(MandateDraft.id)).all()
    for draft in old:
        _close(work, draft, f"nobody signed it in {KEPT_DAYS} days")
    return len(old)


def _close(work: Work, draft: MandateDraft, why: str, form_id: str | None = None) -> None:
    # Two people may close the same draft; the second finds it closed, whichever row it had read before.
    work.session.refresh(draft, with_for_update=True)
    check_open(draft)
    draft.closed_at, draft.closed_why, draft.form_id = work.now(), why, form_id
    work.session.flush()
    audit.record(work, "mandate_draft.closed", draft.id, why=why, form=form_id)
    events.publish(work, "mandate_draft.closed", draft.id, number=draft.number, why=why)
