"""File: from collections to the pain.008 that asks for them: opened, written, read again, frozen and stored."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, func, select, update

from debit_service.banks import service as bank_store
from debit_service.collections import rules
from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation
from debit_service.collections.service.candidates import paid
from debit_service.contributions.models import Contribution
from debit_service.core import audit
from debit_service.core.accounts import AccountNumber, AccountScheme, parse_account
from debit_service.core.bulk import among, paired
from debit_service.core.calendar import Calendar
from debit_service.core.crypto import KeyRing
from debit_service.core.errors import Refused
from debit_service.core.state import move
from debit_service.core.work import Work
from debit_service.funds.profile import BankProfile, Fund
from debit_service.iso20022 import pain008
from debit_service.iso20022.pain008.values import Scheme, SequenceType
from debit_service.mandates import queries as mandates
from debit_service.mandates.models import Mandate
from debit_service.mandates.rules import bank_of


class Due(NamedTuple):
    """A collection that leaves now, with what its line in the file says."""

    collection_id: str
    end_to_end_id: str
    amount_minor: int
    sequence_type: str
    collection_date: date
    contribution: str
    period: str
    mandate_id: str
    mandate_reference: str
    mandate_version: int
    signed_on: date
    account_scheme: str
    account_sealed: bytes
    debtor_name_sealed: bytes

    @property
    def block(self) -> tuple[str, date]:
        """What all collections of one block share. Scheme, creditor, account and currency are the same for a whole file (EPC
        implementation guidelines: one PmtInf for each of them; CORE and B2B never in one message)."""
        return (self.sequence_type, self.collection_date)


def lines_of(which: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """What a file says of the collections in `which`, in the order of `Due`."""
    return (
        select(
            Collection.id,
            Collection.end_to_end_id,
            Collection.amount_minor,
            Collection.sequence_type,
            Collection.collection_date,
            Contribution.reference,
            Contribution.period,
            Mandate.id,
            Mandate.reference,
            Mandate.version,
            Mandate.signed_on,
            Mandate.account_scheme,
            Mandate.account_sealed,
            Mandate.debtor_name_sealed,
        )
        .join(Mandate, Mandate.id == Collection.mandate_id)
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .where(which)
    )


def message_of(work: Work, fund: Fund, bank: BankProfile, scheme: str, due: Sequence[Due]) -> pain008.Message:
    """One message of everything in `due`, which is in the order of its blocks."""
    amendments = _amendments(work, fund, due)
    return pain008.Message(
        message_id=work.new_id(),
        created_at=work.now(),
        initiating_party=fund.creditor.name.require(),
        groups=[
            _block(fund, bank, scheme, f"block-{number}", _lines(work.keys, list(some), amendments), block)
            for number, (block, some) in enumerate(groupby(due, key=attrgetter("block")), start=1)
        ],
    )


def _lines(keys: KeyRing, due: Sequence[Due], amendments: Mapping[str, pain008.Amendment]) -> list[pain008.DirectDebit]:
    opened, schemes = keys.open, {scheme.value: scheme for scheme in AccountScheme}
    return [
        pain008.DirectDebit(
            end_to_end_id=one.end_to_end_id,
            # Some banks repeat only this one.
            instruction_id=one.end_to_end_id,
            amount_minor=one.amount_minor,
            mandate_id=one.mandate_reference,
            signed_on=one.signed_on,
            debtor_name=opened(one.debtor_name_sealed, f"mandates.debtor_name:{one.mandate_id}"),
            debtor_account=AccountNumber(
                schemes[one.account_scheme], opened(one.account_sealed, f"mandates.account:{one.mandate_id}")
            ),
            debtor_bic=None,
            remittance=f"{one.contribution} {one.period}",
            amendment=amendments.get(one.mandate_id),
        )
        for one in due
    ]


def _block(
    fund: Fund,
    bank: BankProfile,
    scheme: str,
    block_id: str,
    lines: list[pain008.DirectDebit],
    block: tuple[str, date],
) -> pain008.PaymentInformation:
    sequence_type, collection_date = block
    return pain008.PaymentInformation(
        id=block_id,
        scheme=cast("Scheme", scheme),
        sequence_type=cast("SequenceType", sequence_type),
        collection_date=collection_date,
        creditor=pain008.Creditor(
            name=fund.creditor.name.require(),
            account=parse_account(fund.creditor.account.require(), fund.creditor.account_scheme),
            agent_bic=fund.creditor.agent_bic.value if fund.creditor.agent_bic.confirmed else None,
            identifier=fund.creditor.identifier.require(),
            country=fund.country,
            address=None,
        ),
        batch_booking=bank.batch_booking,
        charge_bearer="SLEV",
        # SEPA's service level is a claim that a payment outside the euro area must not make.
        service_level="SEPA" if fund.currency == "EUR" else None,
        count=len(lines),
        control_sum_minor=sum(line.amount_minor for line in lines),
        currency=fund.currency,
        transactions=lines,
    )


def _amendments(work: Work, fund: Fund, due: Sequence[Due]) -> dict[str, pain008.Amendment]:
    """What the bank must be told of each mandate that changed since a collection under it last succeeded: with every collection
    until one succeeds.

    A mandate under which nothing was ever presented has changed its account before any bank knew it: then only a reference or
    a creditor identifier that it brought with it is told.
    """
    versions = {one.mandate_id: one.mandate_version for one in due if one.mandate_version > 1}
    if not versions:
        return {}
    known = _versions_known_to_the_bank(work, fund, versions)
    changes = mandates.changes_since(work, {mandate_id: known.get(mandate_id, 1) for mandate_id in versions})
    told = {}
    for mandate_id, change in changes.items():
        presented = mandate_id in known
        told[mandate_id] = pain008.Amendment(
            original_mandate_id=change.original_reference,
            original_creditor_identifier=change.original_creditor_identifier,
            original_debtor_account=change.original_account if presented else None,
            new_bank=change.new_bank and presented,
        )
    return {mandate_id: one for mandate_id, one in told.items() if one != pain008.Amendment()}


def _versions_known_to_the_bank(work: Work, fund: Fund, mandate_ids: Iterable[str]) -> dict[str, int]:
    """By mandate: the newest version under which money came, else the first one that was presented; none where none was."""
    presented = (
        select(Collection.mandate_id, func.min(Collection.mandate_version_sent))
        .where(among(work.session, Collection.mandate_id, mandate_ids))
        .where(Collection.payment_information_id.is_not(None))
        .group_by(Collection.mandate_id)
    )
    newest = presented.with_only_columns(Collection.mandate_id, func.max(Collection.mandate_version_sent))
    asked = work.session.execute(presented).all()
    succeeded = work.session.execute(newest.where(paid(fund.id).exists())).all()
    return {mandate_id: version or 1 for mandate_id, version in (*asked, *succeeded)}


def keep(
    work: Work,
    fund: Fund,
    bank: BankProfile,
    calendar: Calendar,
    scheme: str,
    message: pain008.Message,
    due: Mapping[str, Sequence[Due]],
) -> Batch:
    """Write `message`, whose blocks hold the collections of `due` (by PmtInfId); read it again, store it, expect what it asks.

    Raises Refused `batch.differs` when the file does not say what the database says: nothing is then kept.
    """
    buffer = io.BytesIO()
    written = pain008.write_pain008(buffer, message, style=bank.style)
    _check_against_source(buffer, message.message_id, [one for some in due.values() for one in some])
    file = bank_store.store(work, "out", bank.id, f"{message.message_id}.xml", buffer.getvalue())
    batch = Batch(
        id=message.message_id,
        fund_id=fund.id,
        bank_id=bank.id,
        scheme=scheme,
        file_id=file.file_id,
        sha256=written.sha256,
        count=written.count,
        control_sum_minor=written.control_sum_minor,
        currency=fund.currency,
        made_by=work.actor.name,
        made_at=work.now(),
    )
    work.session.add(batch)
    work.session.flush()
    for block in message.groups:
        _expect(work, fund, bank, calendar, batch, block, due[block.id])
    evidence = {"sha256": batch.sha256}
    move(work, BatchTransition, rules.BATCH_MACHINE, batch.id, "made", "collections due to leave", evidence)
    audit.record(
        work, "batch.made", batch.id, sha256=batch.sha256, count=batch.count, control_sum_minor=batch.control_sum_minor
    )
    return batch


def _check_against_source(buffer: io.BytesIO, batch_id: str, due: Sequence[Due]) -> None:
    """Read the written file again with the independent reader: every reference and amount must be the database's."""
    written: dict[str | None, int] = {}
    summary = pain008.reread(buffer, each=written.__setitem__)
    expected = {one.end_to_end_id: one.amount_minor for one in due}
    if summary.message_id != batch_id or written != expected or summary.count != len(expected):
        raise Refused(
            "batch.differs", "The written file does not say what the database says; it was not kept.", place=batch_id
        )


def _expect(
    work: Work,
    fund: Fund,
    bank: BankProfile,
    calendar: Calendar,
    batch: Batch,
    block: pain008.PaymentInformation,
    due: Sequence[Due],
) -> None:
    """Record what the bank is expected to book, before it is asked for anything, and what it is told: if it says no, that is held
    against the form."""
    lead = fund.debit_policy.lead_open_days.value
    banks, told = _noted(block, due)
    work.session.add(
        PaymentInformation(
            id=block.id,
            batch_id=batch.id,
            sequence_type=block.sequence_type,
            collection_date=block.collection_date,
            count=block.count,
            control_sum_minor=block.control_sum_minor,
            cut_off_at=rules.cut_off_at(block.collection_date, lead, bank.cut_off, bank.time_zone, calendar),
        )
    )
    work.session.flush()
    each = paired(work.session, banks)
    frozen = (
        update(Collection)
        .where(Collection.mandate_id == Mandate.id, Collection.live, Collection.payment_information_id.is_(None))
        .where(Collection.id == each.c.key)
        .values(
            payment_information_id=block.id,
            mandate_version_sent=Mandate.version,
            account_index_sent=Mandate.account_index,
            mandate_reference_sent=Mandate.reference,
            creditor_identifier_sent=fund.creditor.identifier.require(),
            scheme_sent=batch.scheme,
            debtor_bank_sent=each.c.value,
            amendment_told=among(work.session, Collection.id, told),
        )
        .returning(Collection.id)
    )
    # An answer of the bank about an earlier attempt may have ended one of them while the file was written.
    if len(work.session.execute(frozen.execution_options(synchronize_session=False)).all()) != block.count:
        raise Refused(
            "batch.overtaken",
            "A debit of this file ended while it was written; nothing was kept.",
            place=batch.id,
            remedy="Run `debit collect` again.",
        )


def _noted(block: pain008.PaymentInformation, due: Sequence[Due]) -> tuple[dict[str, str | None], list[str]]:
    """What else the lines of a block say of `due`: collection -> the bank that keeps the account, where its number tells it; and
    the collections with which a change of the mandate is told."""
    ids = {one.end_to_end_id: one.collection_id for one in due}
    banks: dict[str, str | None] = {}
    told = []
    for line in block.transactions:
        bank = bank_of(line.debtor_account)
        banks[ids[line.end_to_end_id]] = "-".join(bank) if bank else None
        if line.amendment:
            told.append(ids[line.end_to_end_id])
    return banks, told
