"""Evidence: the file of one failed debit, each piece with the id of the record that proves it.

A piece that cannot be found stays None, and the rules then hold the case for a person: nothing is assumed.
"""

from datetime import UTC, date, datetime, time
from typing import Literal, cast
from zoneinfo import ZoneInfo

from debit_service.banks import queries as bank_files
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.rules import send_day
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.calendar import Calendar
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.funds.profile import BankProfile, Fund
from debit_service.mandates import queries as mandates
from debit_service.mandates.models import Mandate
from debit_service.penalties.values import Amendment, CaseFile, Failure, Notice, Phase, Piece
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.rules import Effect, Fact

SchemeName = Literal["CORE", "B2B"]


def case_file(
    work: Work, fund: Fund, bank: BankProfile, calendar: Calendar, collection: Collection, failure: Fact
) -> CaseFile:
    """Everything that is known about the failed debit `collection`, whose failure the bank reported as `failure`."""
    contribution = work.session.get_one(Contribution, collection.contribution_id)
    mandate = work.session.get_one(Mandate, collection.mandate_id)
    entry = work.session.get_one(BankEntry, failure.entry_id)
    form, _ = mandates.form(work, mandate.form_id)
    sent = f"collection:{collection.id}"
    signed = f"form:{form.id}"
    history = f"mandate:{mandate.id}"
    # A file that was written before versions were noted carried the mandate as it stood.
    version = collection.mandate_version_sent or mandate.version
    agreed, agreed_in = mandates.terms(work, mandate, version), signed if version == 1 else history
    file_sent_at = _sent_at(work, collection)
    attempts = collections.attempts(work, contribution.id)
    presented = [one for one in attempts if collections.was_sent(work, one)]
    scheme_sent = cast("SchemeName | None", collection.scheme_sent)
    return CaseFile(
        failure=Piece(_failure(failure), f"entry:{entry.id}"),
        bank_file=Piece(bank_files.get(work, entry.file_id).sha256, f"file:{entry.file_id}"),
        scheme_sent=Piece(scheme_sent, sent) if scheme_sent else None,
        scheme_on_mandate=Piece(cast("SchemeName", mandate.scheme), history),
        account_on_form=Piece(agreed.account_index, agreed_in),
        account_sent=_piece(collection.account_index_sent, sent),
        amendments=Piece(_amendments(work, mandate, version), history),
        revocation_received_at=Piece(_revoked_at(work, mandate.id), history),
        mandate_signed_on=Piece(mandate.signed_on, signed),
        umr_on_form=Piece(agreed.reference, agreed_in),
        umr_sent=_piece(collection.mandate_reference_sent, sent),
        creditor_id_on_form=Piece(agreed.creditor_identifier, agreed_in),
        creditor_id_sent=_piece(collection.creditor_identifier_sent, sent),
        bank_acceptance=Piece(_accepted_on(work, mandate.id, file_sent_at), history)
        if mandate.scheme == "B2B"
        else None,
        # Only the form of the web app says to the signer, above the signature, that the bank must be told.
        told_to_lodge=Piece(form.signed_on if form.how == "web" else None, signed),
        last_presented_on=Piece(collections.last_presented(work, mandate.id, before=collection.id), history),
        notice=_notice(work, collection),
        notice_days_agreed=Piece(
            fund.debit_policy.notice_days_ahead.value, f"config:{fund.debit_policy.notice_days_ahead.place}"
        ),
        amount_sent_minor=Piece(collection.amount_minor, sent),
        amount_declared_minor=Piece(
            _open_when_planned(work, contribution, collection), f"contribution:{contribution.id}"
        ),
        collection_date_sent=Piece(collection.collection_date, sent),
        day_closed_since=Piece(calendar.why_closed(collection.collection_date), f"calendar:{fund.calendar}"),
        legal_due_date=Piece(contribution.due_date, f"contribution:{contribution.id}"),
        file_sent_at=file_sent_at,
        cut_off_at=Piece(_cut_off(fund, bank, calendar, collection.collection_date), f"config:{bank.id}.cut_off"),
        first_presented_on=Piece(presented[0].collection_date, f"collection:{presented[0].id}") if presented else None,
        other_live_collections=Piece(
            sum(1 for one in attempts if one.live and one.id != collection.id and one.attempt <= collection.attempt),
            sent,
        ),
        past_successes=Piece(_past_successes(work, collection), history),
        open_dispute=_dispute(work, contribution.id),
        # The form asks for no BIC and the file carries none: whatever BIC a bank used was derived, never the employer's.
        debtor_bic_origin=Piece("derived", sent),
        mandate_limit_minor=Piece(mandate.amount_limit_minor, signed),
    )


def _open_when_planned(work: Work, contribution: Contribution, collection: Collection) -> int:
    """What was declared, less what was known to be paid by other means when the debit was planned; minor units."""
    at = collection.planned_at
    known = [
        one.amount_minor
        for one in contributions.other_payments(work, contribution.id)
        if one.recorded_at <= at and (one.undone_at is None or one.undone_at > at)
    ]
    return contribution.amount_minor - sum(known)


def _failure(fact: Fact) -> Failure:
    phase = Phase.REJECT if fact.effect is Effect.REJECTED else Phase.REFUND if fact.kind == "refund" else Phase.RETURN
    return Failure(
        code=fact.reason_code,
        code_set="S" if fact.reason_code_set == "S" else "R",
        phase=phase,
        date=fact.on,
        amount_minor=fact.amount_minor,
        proprietary=fact.reason_proprietary,
    )


def _piece(value: str | None, evidence_id: str) -> Piece[str] | None:
    return Piece(value, evidence_id) if value is not None else None


def _revoked_at(work: Work, mandate_id: str) -> datetime | None:
    """When the employer, or its bank, revoked the mandate."""
    revoked = ("revoked", "revoked_by_bank")
    return next((one.at for one in mandates.history(work, mandate_id) if one.to_state in revoked), None)


def _accepted_on(work: Work, mandate_id: str, sent: Piece[datetime] | None) -> date | None:
    """When the employer's bank accepted the mandate as the file carried it: what it accepts later proves nothing for it."""
    accepted = [
        one.at
        for one in mandates.history(work, mandate_id)
        if one.to_state == "active" and one.from_state != "suspended" and (sent is None or one.at <= sent.value)
    ]
    return accepted[-1].date() if accepted else None


def _amendments(work: Work, mandate: Mandate, version_sent: int) -> tuple[Amendment, ...]:
    """What the employer asked to change: amendments of this mandate, and newer mandates, which this debit did not use."""
    own = [
        Amendment(one.received_at, applied_before_file=one.version <= version_sent)
        for one in mandates.amendments(work, mandate.id)
    ]
    newer = [one for one, _ in mandates.of_employer(work, mandate.employer_id) if one.fund_id == mandate.fund_id]
    return (*own, *(Amendment(one.created_at, applied_before_file=False) for one in newer if one.id > mandate.id))


def _past_successes(work: Work, collection: Collection) -> int:
    """How often this very account was debited with success before."""
    return sum(
        1
        for one in collections.of_mandate(work, collection.mandate_id)
        if one.id != collection.id and reconcile.outcome_of(work, one.id, one.amount_minor).settled_on is not None
    )


def _notice(work: Work, collection: Collection) -> Piece[Notice | None] | None:
    found = collections.notice_sent(work, collection)
    if found is None:
        return Piece(None, f"collection:{collection.id}")
    notice, message = found
    sent_at = cast("datetime", message.done_at)
    return Piece(Notice(notice.amount_minor, notice.collection_date, sent_at), f"notice:{notice.id}")


def _sent_at(work: Work, collection: Collection) -> Piece[datetime] | None:
    batch = collections.batch_of(work, collection)
    if batch is None:
        return None
    sent = [one for one in collections.submissions(work, batch.id) if one.outcome == "sent" and one.outcome_at]
    return Piece(cast("datetime", sent[-1].outcome_at), f"batch:{batch.id}") if sent else None


def _cut_off(fund: Fund, bank: BankProfile, calendar: Calendar, collection_date: date) -> datetime:
    """The bank's cut-off on the day on which the file had to leave."""
    day = send_day(collection_date, fund.debit_policy.lead_open_days.value, calendar)
    local = datetime.combine(day, time(bank.cut_off.hour, bank.cut_off.minute), ZoneInfo(bank.time_zone))
    return local.astimezone(UTC)


def _dispute(work: Work, contribution_id: str) -> Piece[str | None]:
    """The dispute that stands in the way: one without an answer, or one that the fund upheld. One that was rejected does not."""
    standing = [one for one in disputes.of_contribution(work, contribution_id) if one.answer != "rejected"]
    if not standing:
        return Piece(None, f"contribution:{contribution_id}")
    return Piece(standing[-1].id, f"dispute:{standing[-1].id}")
