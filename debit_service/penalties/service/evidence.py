"""Evidence: the files of failed debits, each piece with the id of the record that proves it.

A piece that cannot be found stays None, and the rules then hold the case for a person: nothing is assumed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

from debit_service.collections.models import Collection
from debit_service.collections.rules import PLAN_AHEAD, cut_off_at
from debit_service.core.calendar import Calendar
from debit_service.core.work import Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.mandates.queries import Terms
from debit_service.mandates.rules import RECEIVED_AT
from debit_service.penalties.fault.outages import Course, in_the_way
from debit_service.penalties.fault.values import Amendment, CaseFile, Failure, Finding, Notice, Party, Phase, Piece
from debit_service.penalties.service.records import Owed, Records, Signed, Told, gather
from debit_service.reconcile.rules import Effect, Fact

SchemeName = Literal["CORE", "B2B"]
#: What the id of a piece begins with that nobody kept: it is as the configuration says now.
CONFIGURED: Final = "config:"
#: The bank says that it had the file too late for the day that was asked for.
_FILE_WAS_LATE = "TM01"
#: What a booking of money that went back says of itself; every other one is a return.
_PHASES = {"refund": Phase.REFUND, "reversal": Phase.REVERSAL}


def case_files(
    work: Work,
    fund: Fund,
    bank: BankProfile,
    calendar: Calendar,
    failed: Sequence[tuple[Collection, Fact]],
) -> dict[str, CaseFile]:
    """Everything that is known about failed debits of a fund, each with the fact by which the bank reported the failure; by
    collection."""
    late_files = {one.id for one, fact in failed if fact.reason_code == _FILE_WAS_LATE}
    records = gather(work, fund.id, [one for one, _ in failed], {fact.entry_id for _, fact in failed}, late_files)
    gatherer = _Gatherer(fund, bank, calendar, records)
    return {one.id: gatherer.case_file(one, fact) for one, fact in failed}


class _Gatherer:
    """Makes case files of the records of one fund."""

    def __init__(self, fund: Fund, bank: BankProfile, calendar: Calendar, records: Records) -> None:
        self._fund, self._bank, self._calendar, self._records = fund, bank, calendar, records
        #: What is counted in days is counted in the fund's own.
        self._zone = ZoneInfo(fund.time_zone)
        #: Debits share their few days.
        self._days: dict[date, tuple[datetime, str | None]] = {}

    def case_file(self, collection: Collection, failure: Fact) -> CaseFile:
        """Everything that is known about one failed debit."""
        known = self._records
        contribution = known.contributions[collection.contribution_id]
        mandate = known.mandates[collection.mandate_id]
        form = known.forms[mandate.form_id]
        file_id, sha256 = known.files[failure.entry_id]
        sent, signed = f"collection:{collection.id}", f"form:{form.id}"
        history, owed = f"mandate:{mandate.id}", f"contribution:{contribution.id}"
        # A file that was written before versions were noted carried the mandate as it stood.
        version = collection.mandate_version_sent or mandate.version
        agreed, agreed_in = _terms(known, mandate, version), signed if version == 1 else history
        cut_off = self._cut_off(collection)
        file_sent_at = self._sent_at(collection)
        attempts = known.attempts.get(contribution.id, [])
        presented = [one for one in attempts if one.sent]
        notice = _notice(known.notices.get(collection.id), collection, self._zone)
        notice_days = self._days_agreed(collection)
        scheme_sent = cast("SchemeName | None", collection.scheme_sent)
        return CaseFile(
            failure=Piece(failure_said(failure), f"entry:{failure.entry_id}"),
            bank_file=Piece(sha256, f"file:{file_id}"),
            scheme_sent=Piece(scheme_sent, sent) if scheme_sent else None,
            scheme_on_mandate=Piece(cast("SchemeName", mandate.scheme), history),
            account_on_form=Piece(agreed.account_index, agreed_in),
            account_sent=_piece(collection.account_index_sent, sent),
            amendments=Piece(_amendments(known, mandate, version, self._zone), history),
            amendment_block_sent=_change_told(known, mandate, version, collection),
            revocation_received_at=Piece(_revoked_at(known, mandate.id, self._zone), history),
            mandate_signed_on=Piece(mandate.signed_on, signed),
            umr_on_form=Piece(agreed.reference, agreed_in),
            umr_sent=_piece(collection.mandate_reference_sent, sent),
            creditor_id_on_form=Piece(agreed.creditor_identifier, agreed_in),
            creditor_id_sent=_piece(collection.creditor_identifier_sent, sent),
            bank_acceptance=Piece(_accepted_on(known, mandate.id, file_sent_at, self._zone), history)
            if mandate.scheme == "B2B"
            else None,
            # Only the form of the web app says to the signer, above the signature, that the bank must be told.
            told_to_lodge=Piece(form.signed_on if form.how == "web" else None, signed),
            last_presented_on=Piece(known.last_presented.get(collection.id), history),
            notice=notice,
            notice_days_agreed=notice_days,
            amount_sent_minor=Piece(collection.amount_minor, sent),
            amount_declared_minor=Piece(_open_when_planned(known, contribution, collection), owed),
            collection_date_sent=Piece(collection.collection_date, sent),
            day_closed_since=Piece(self._day(collection.collection_date)[1], f"calendar:{self._fund.calendar}"),
            legal_due_date=Piece(contribution.due_date, owed),
            file_sent_at=file_sent_at,
            cut_off_at=cut_off,
            first_presented_on=Piece(presented[0].collection_date, f"collection:{presented[0].id}")
            if presented
            else None,
            other_live_collections=Piece(
                sum(
                    1 for one in attempts if one.live and one.id != collection.id and one.attempt <= collection.attempt
                ),
                sent,
            ),
            past_successes=Piece(_past_successes(known, collection), history),
            open_dispute=_dispute(known, contribution.id),
            # The form asks for no BIC and the file carries none: whatever BIC a bank used was derived, never the employer's.
            debtor_bic_origin=Piece("derived", sent),
            mandate_limit_minor=Piece(mandate.amount_limit_minor, signed),
            our_outage=self._outage(collection, contribution, notice, file_sent_at, cut_off.value, notice_days.value),
            paid_before=Piece(_paid_before(known, collection), owed),
            twin=_twin(known, collection.id),
            bank_ack_at=self._acknowledged_at(collection, failure),
            finding=_finding(known, collection.id),
        )

    def _day(self, collection_date: date) -> tuple[datetime, str | None]:
        """The bank's cut-off on the day on which the file had to leave, and what closes the day of the debit, as known now."""
        if collection_date not in self._days:
            lead, bank, calendar = self._fund.debit_policy.lead_open_days.value, self._bank, self._calendar
            at = cut_off_at(collection_date, lead, bank.cut_off, bank.time_zone, calendar)
            self._days[collection_date] = at, calendar.why_closed(collection_date)
        return self._days[collection_date]

    def _cut_off(self, collection: Collection) -> Piece[datetime]:
        """By when the bank had to have the file: as kept with it, and only for files before that by the configuration now."""
        kept = self._records.cut_offs.get(collection.id)
        if kept is not None:
            return Piece(kept, f"batch:{self._records.batches[collection.id]}")
        return Piece(self._day(collection.collection_date)[0], f"{CONFIGURED}{self._bank.id}.cut_off")

    def _days_agreed(self, collection: Collection) -> Piece[int]:
        """The days of notice: as kept with the notice, and only for notices before that by the configuration now."""
        told = self._records.notices.get(collection.id)
        if told is not None and told.days_agreed is not None:
            return Piece(told.days_agreed, f"notice:{told.id}")
        days = self._fund.debit_policy.notice_days_ahead
        return Piece(days.value, f"{CONFIGURED}{days.place}")

    def _sent_at(self, collection: Collection) -> Piece[datetime] | None:
        batch_id = self._records.batches.get(collection.id)
        at = self._records.sent_at.get(batch_id) if batch_id else None
        return Piece(at, f"batch:{batch_id}") if at else None

    def _acknowledged_at(self, collection: Collection, failure: Fact) -> Piece[datetime | None] | None:
        """Looked up only where the bank says that the file was late: otherwise nobody asks."""
        batch_id = self._records.batches.get(collection.id)
        if failure.reason_code != _FILE_WAS_LATE or batch_id is None:
            return None
        return Piece(self._records.acknowledged_at.get(batch_id), f"batch:{batch_id}")

    def _outage(
        self,
        collection: Collection,
        contribution: Owed,
        notice: Piece[Notice | None],
        file_sent_at: Piece[datetime] | None,
        cut_off: datetime,
        agreed: int,
    ) -> Piece[str | None]:
        noticed_at = notice.value.sent_at if notice.value else None
        sent_at = file_sent_at.value if file_sent_at else None
        first_day = datetime.combine(contribution.due_date - PLAN_AHEAD, time(), self._zone)
        course = Course(
            plannable_at=min(collection.planned_at, max(contribution.received_at, first_day)),
            noticed_at=noticed_at,
            cut_off_at=cut_off,
            sent_at=sent_at,
            late=collection.days_late_by_service > 0
            or noticed_at is None
            or (collection.collection_date - noticed_at.date()).days < agreed
            or (sent_at is not None and sent_at > cut_off),
        )
        found = in_the_way(course, self._records.outages, self._records.missed)
        return Piece(*found) if found else Piece(None, f"collection:{collection.id}")


def failure_said(fact: Fact) -> Failure:
    return Failure(
        code=fact.reason_code,
        code_set="S" if fact.reason_code_set == "S" else "R",
        phase=Phase.REJECT if fact.effect is Effect.REJECTED else _PHASES.get(fact.kind, Phase.RETURN),
        date=fact.on,
        amount_minor=fact.amount_minor,
        proprietary=fact.reason_proprietary,
    )


def _piece(value: str | None, evidence_id: str) -> Piece[str] | None:
    return Piece(value, evidence_id) if value is not None else None


def _terms(known: Records, mandate: Signed, version: int) -> Terms:
    """What the mandate said at `version`."""
    later = next((one for one in known.amendments.get(mandate.id, []) if one.version > version), None)
    if later is None:
        return Terms(mandate.reference, mandate.creditor_identifier, mandate.account_index)
    return Terms(later.original_reference, later.original_creditor_identifier, later.original_account_index)


def _open_when_planned(known: Records, contribution: Owed, collection: Collection) -> int:
    """What was declared, less what was known to be paid by other means when the debit was planned; minor units."""
    at = collection.planned_at
    paid = sum(
        one.amount_minor
        for one in known.payments.get(contribution.id, [])
        if one.recorded_at <= at and (one.undone_at is None or one.undone_at > at)
    )
    return contribution.amount_minor - paid


def _paid_before(known: Records, collection: Collection) -> int:
    """What was paid by other means by the day of the debit and not known when it was planned; minor units."""
    return sum(
        one.amount_minor
        for one in known.payments.get(collection.contribution_id, [])
        if one.undone_at is None
        and one.recorded_at > collection.planned_at
        and one.paid_on <= collection.collection_date
    )


def _revoked_at(known: Records, mandate_id: str, zone: ZoneInfo) -> datetime | None:
    """When the revocation of the employer, or of its bank, arrived; where nobody said so, when it was entered."""
    revoked = ("revoked", "revoked_by_bank")
    moved = next((one for one in known.transitions.get(mandate_id, []) if one.to_state in revoked), None)
    if moved is None:
        return None
    received = moved.evidence.get(RECEIVED_AT)
    return (datetime.fromisoformat(received) if received else moved.at).astimezone(zone)


def _accepted_on(known: Records, mandate_id: str, sent: Piece[datetime] | None, zone: ZoneInfo) -> date | None:
    """When the employer's bank accepted the mandate as the file carried it: what it accepts later proves nothing for it."""
    accepted = [
        one.at
        for one in known.transitions.get(mandate_id, [])
        if one.to_state == "active" and one.from_state != "suspended" and (sent is None or one.at <= sent.value)
    ]
    return accepted[-1].astimezone(zone).date() if accepted else None


def _amendments(known: Records, mandate: Signed, version_sent: int, zone: ZoneInfo) -> tuple[Amendment, ...]:
    """What the employer asked to change: amendments of this mandate, and newer mandates, which this debit did not use."""
    own = [
        Amendment(one.received_at.astimezone(zone), applied_before_file=one.version <= version_sent)
        for one in known.amendments.get(mandate.id, [])
    ]
    newer = known.mandates_of.get((mandate.fund_id, mandate.employer_id), [])
    return (
        *own,
        *(
            Amendment(one.created_at.astimezone(zone), applied_before_file=False)
            for one in newer
            if one.id > mandate.id
        ),
    )


def _change_told(known: Records, mandate: Signed, version: int, collection: Collection) -> Piece[bool | None] | None:
    """Whether the file told what had changed in the mandate since its bank last knew it; None in the piece: there was nothing to
    tell. No piece for a mandate that had changed when nobody noted yet what files tell.
    """
    if not any(one.version <= version for one in known.amendments.get(mandate.id, [])):
        return Piece(None, f"mandate:{mandate.id}")
    if collection.amendment_told is None:
        return None
    had_to = collection.amendment_told or _had_to_be_told(known, mandate, version, collection)
    return Piece(collection.amendment_told if had_to else None, f"collection:{collection.id}")


def _had_to_be_told(known: Records, mandate: Signed, version: int, collection: Collection) -> bool:
    """Whether account, reference or creditor identifier were not those that the bank knew: from the last debit that was paid,
    else from the first one in a file (EPC rulebooks: an amendment is told until a debit succeeds). To a bank that never saw the
    mandate an account is not a changed one.
    """
    before = [one for one in known.presented.get(mandate.id, []) if one.collection_id < collection.id]
    paid = [one.version or 1 for one in before if one.is_paid]
    heard = max(paid) if paid else min((one.version or 1 for one in before), default=None)
    here, there = _terms(known, mandate, version), _terms(known, mandate, heard or 1)
    return here != (there if heard else replace(there, account_index=here.account_index))


def _past_successes(known: Records, collection: Collection) -> int:
    """How often this very account was debited with success before."""
    return sum(
        1
        for one in known.presented.get(collection.mandate_id, [])
        if one.is_paid and one.collection_id < collection.id and one.account_index == collection.account_index_sent
    )


def _notice(told: Told | None, collection: Collection, zone: ZoneInfo) -> Piece[Notice | None]:
    """What the employer was told last, if that is exactly the debit's amount and date, and has gone out."""
    same = told is not None and (told.amount_minor, told.collection_date) == (
        collection.amount_minor,
        collection.collection_date,
    )
    if told is None or told.sent_at is None or not same:
        return Piece(None, f"collection:{collection.id}")
    return Piece(Notice(told.amount_minor, told.collection_date, told.sent_at.astimezone(zone)), f"notice:{told.id}")


def _dispute(known: Records, contribution_id: str) -> Piece[str | None]:
    """The dispute that stands in the way. One that was rejected does not."""
    standing = known.disputes.get(contribution_id)
    return Piece(standing, f"dispute:{standing}" if standing else f"contribution:{contribution_id}")


def _twin(known: Records, collection_id: str) -> Piece[str | None]:
    twin = known.twins.get(collection_id)
    return Piece(twin, f"collection:{twin or collection_id}")


def _finding(known: Records, collection_id: str) -> Piece[Finding | None]:
    """What a person found; that it was the employer only when another person has approved it."""
    found = known.findings.get(collection_id)
    if found is None or (found.party == Party.EMPLOYER and found.approved_at is None):
        return Piece(None, f"collection:{collection_id}")
    return Piece(Finding(Party(found.party), found.because, found.about), f"finding:{found.id}")
