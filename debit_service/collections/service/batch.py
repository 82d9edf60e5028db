"""Batch: what must leave today goes into one file a fund, bank and scheme; the file is written, read again and frozen.

The bytes are stored before anybody may approve them, and never change: sending again is sending the same bytes.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from typing import cast

from sqlalchemy import select

from debit_service.banks import service as bank_store
from debit_service.collections import queries, rules
from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation
from debit_service.contributions.models import Contribution
from debit_service.core import audit, events
from debit_service.core.accounts import parse_account
from debit_service.core.calendar import Calendar
from debit_service.core.clock import business_date
from debit_service.core.database import in_turn
from debit_service.core.errors import Refused
from debit_service.core.state import move
from debit_service.core.work import Actor, Desk, Role, Work
from debit_service.disputes import queries as disputes
from debit_service.funds.profile import BankProfile, Fund
from debit_service.iso20022 import pain008
from debit_service.iso20022.pain008.values import Scheme, SequenceType
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates.models import Mandate


def make_batches(work: Work, fund: Fund, bank: BankProfile, calendar: Calendar, today: date) -> list[Batch]:
    """Freeze every planned collection of `fund` whose file must leave by `today` into batches, each one file.

    A collection whose notice did not go out in time waits and is re-dated; one that must not be made any more is cancelled.
    """
    work.actor.require(Role.FINANCE_CLERK)
    in_turn(work.session, f"collections/{fund.id}")
    in_turn(work.session, bank_store.TURN)
    _check_profile(bank)
    due = [one for one in _planned(work, fund, calendar, today) if _keep(work, one)]
    announced = [one for one in due if _announced_in_time(work, fund, one)]
    by_scheme: dict[str, list[Collection]] = {}
    for collection in announced:
        by_scheme.setdefault(work.session.get_one(Mandate, collection.mandate_id).scheme, []).append(collection)
    made = []
    for scheme, collections in sorted(by_scheme.items()):
        groups = [[collections[index] for index in block] for block in rules.blocks(collections)]
        made += _make_files(work, fund, bank, scheme, groups)
    return made


def _announced_in_time(work: Work, fund: Fund, collection: Collection) -> bool:
    """Whether its notice went out the agreed number of days ahead; if not, planning re-dates it and it is announced anew."""
    found = queries.notice_sent(work, collection)
    sent_at = found[1].done_at if found else None
    if sent_at is None:
        return False
    return (collection.collection_date - sent_at.date()).days >= fund.debit_policy.notice_days_ahead.require()


def _check_profile(bank: BankProfile) -> None:
    """Refuse a bank whose rules cannot be kept, rather than send it a file that breaks them."""
    if bank.bic_rule == "require":
        raise Refused(
            "bank.rule_unsupported",
            "The bank requires the BIC of every employer's bank, and no mandate form asks for it.",
            place=f"config/banks/{bank.id}.toml",
            remedy="Ask the bank whether it takes notprovided or omit instead.",
        )


def _planned(work: Work, fund: Fund, calendar: Calendar, today: date) -> list[Collection]:
    query = select(Collection).where(
        Collection.fund_id == fund.id, Collection.live, Collection.payment_information_id.is_(None)
    )
    lead = fund.debit_policy.lead_open_days.require()
    waiting = work.session.scalars(query.order_by(Collection.collection_date, Collection.id).with_for_update())
    return [one for one in waiting if rules.send_day(one.collection_date, lead, calendar) <= today]


def _keep(work: Work, collection: Collection) -> bool:
    """False, and the collection cancelled, when it must not be made any more."""
    obstacle = no_longer_allowed(work, collection)
    if obstacle is None:
        return True
    cancel(work, collection, obstacle)
    return False


def no_longer_allowed(work: Work, collection: Collection) -> str | None:
    """Why a planned collection must not be made any more: its mandate is gone, or the employer contests it."""
    state = mandate_queries.state(work, collection.mandate_id)
    if state != "active":
        return f"the mandate {collection.mandate_reference_sent or ''} is {state.replace('_', ' ')}".replace("  ", " ")
    return disputes.against_debit(work, collection.contribution_id)


def cancel(work: Work, collection: Collection, why: str) -> None:
    """Take a collection that was not sent out of the world; the contribution may be collected again."""
    collection.live, collection.cancelled_why, collection.payment_information_id = False, why, None
    work.session.flush()
    audit.record(work, "collection.cancelled", collection.id, why=why)
    events.publish(work, "collection.cancelled", collection.id, contribution=collection.contribution_id)


def _make_files(work: Work, fund: Fund, bank: BankProfile, scheme: str, groups: list[list[Collection]]) -> list[Batch]:
    """One batch for each file that the bank's limits make of the groups; the order of the collections is kept."""
    collections = [one for group in groups for one in group]
    for collection in collections:
        _freeze(work, fund, scheme, collection)
    whole = pain008.Message(
        message_id=work.new_id(),
        created_at=work.now(),
        initiating_party=fund.creditor.name.require(),
        groups=[_block(work, fund, bank, scheme, f"block-{n}", group) for n, group in enumerate(groups, start=1)],
    )
    waiting = iter(collections)
    made = []
    for part in pain008.split(whole, bank.limits, bank.style):
        message = pain008.renamed(part, work.new_id())
        taken = [list(islice(waiting, block.count)) for block in message.groups]
        made.append(_make_batch(work, fund, bank, scheme, message, taken))
    return made


def _make_batch(
    work: Work, fund: Fund, bank: BankProfile, scheme: str, message: pain008.Message, groups: list[list[Collection]]
) -> Batch:
    batch_id = message.message_id
    buffer = io.BytesIO()
    written = pain008.write_pain008(buffer, message, style=bank.style)
    _check_against_source(buffer, batch_id, [one for group in groups for one in group])
    file = bank_store.store(work, "out", bank.id, f"{batch_id}.xml", buffer.getvalue())
    batch = Batch(
        id=batch_id,
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
    _expect(work, batch, message.groups, groups)
    move(
        work,
        BatchTransition,
        rules.BATCH_MACHINE,
        batch.id,
        "made",
        "collections due to leave",
        {"sha256": batch.sha256},
    )
    audit.record(
        work, "batch.made", batch.id, sha256=batch.sha256, count=batch.count, control_sum_minor=batch.control_sum_minor
    )
    return batch


def _freeze(work: Work, fund: Fund, scheme: str, collection: Collection) -> None:
    """Keep what the bank is told, to compare with the form if the bank says no."""
    mandate = work.session.get_one(Mandate, collection.mandate_id)
    collection.account_index_sent = mandate.account_index
    collection.mandate_reference_sent = mandate.reference
    collection.creditor_identifier_sent = fund.creditor.identifier.require()
    collection.scheme_sent = scheme


def _block(
    work: Work, fund: Fund, bank: BankProfile, scheme: str, block_id: str, group: list[Collection]
) -> pain008.PaymentInformation:
    return pain008.PaymentInformation(
        id=block_id,
        scheme=cast("Scheme", scheme),
        sequence_type=cast("SequenceType", group[0].sequence_type),
        collection_date=group[0].collection_date,
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
        count=len(group),
        control_sum_minor=sum(one.amount_minor for one in group),
        currency=fund.currency,
        transactions=_direct_debits(work, group),
    )


def _direct_debits(work: Work, group: Iterable[Collection]) -> list[pain008.DirectDebit]:
    debits = []
    for collection in group:
        mandate = work.session.get_one(Mandate, collection.mandate_id)
        contribution = work.session.get_one(Contribution, collection.contribution_id)
        debits.append(
            pain008.DirectDebit(
                end_to_end_id=collection.end_to_end_id,
                instruction_id=None,
                amount_minor=collection.amount_minor,
                mandate_id=mandate.reference,
                signed_on=mandate.signed_on,
                debtor_name=mandate_queries.debtor_name(work, mandate),
                debtor_account=mandate_queries.account(work, mandate),
                debtor_bic=None,
                remittance=f"{contribution.reference} {contribution.period}",
                amendment=None,
            )
        )
    return debits


def _check_against_source(buffer: io.BytesIO, batch_id: str, collections: list[Collection]) -> None:
    """Read the written file again with the independent reader: every reference and amount must be the database's."""
    buffer.seek(0)
    summary = pain008.reread(buffer)
    expected = {one.end_to_end_id: one.amount_minor for one in collections}
    if summary.message_id != batch_id or dict(summary.amounts) != expected or summary.count != len(expected):
        raise Refused(
            "batch.differs", "The written file does not say what the database says; it was not kept.", place=batch_id
        )


def _expect(
    work: Work, batch: Batch, blocks: Sequence[pain008.PaymentInformation], groups: list[list[Collection]]
) -> None:
    """Record what the bank is expected to book, before it is asked for anything."""
    for block, group in zip(blocks, groups, strict=True):
        work.session.add(
            PaymentInformation(
                id=block.id,
                batch_id=batch.id,
                sequence_type=block.sequence_type,
                collection_date=block.collection_date,
                count=block.count,
                control_sum_minor=block.control_sum_minor,
            )
        )
        work.session.flush()
        for collection in group:
            collection.payment_information_id = block.id
    work.session.flush()


def cancel_batch(work: Work, batch_id: str, why: str) -> None:
    """Throw a batch away that was not sent. Its collections are planned again, unless they must not be made any more.

    A batch whose sending was cut off may be at the bank: only an approver, whom the bank told that it has nothing, may cancel it,
    and only while nobody is sending (see `cancel_alone`).
    """
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    batch = queries.batch(work, batch_id)
    if queries.batch_state(work, batch.id) == "sending":
        work.actor.require(Role.FINANCE_APPROVER)
    move(work, BatchTransition, rules.BATCH_MACHINE, batch.id, "cancelled", why)
    for collection in queries.of_batch(work, batch.id):
        cancel(work, collection, f"batch {batch.id} was cancelled: {why}")
    audit.record(work, "batch.cancelled", batch.id, why=why, business_date=business_date(work.clock, "UTC").isoformat())


def cancel_alone(desk: Desk, actor: Actor, batch_id: str, why: str) -> None:
    """`cancel_batch`, waiting until nobody is handing this batch to the bank."""
    with desk.database.alone(f"send {batch_id}"), desk.work(actor) as work:
        cancel_batch(work, batch_id, why)
