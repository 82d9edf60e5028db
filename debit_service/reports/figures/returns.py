"""How many debits fail, and why: by fund, month and reason, by fund and its bank, and by the bank of the debtor; rejects (before
settlement) and returns (after it) never mixed.

Rates are of the debits that a bank was given for days of that time. A debit that went back, was collected again and went back
for another reason counts under both reasons, and once for its banks. Which bank keeps the debtor's account is noted when the file
is written; a report opens no seal.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from schwifty import registry
from sqlalchemy import Select, extract, func, select

from debit_service.collections.models import Batch, BatchTransition, Collection, PaymentInformation
from debit_service.core.work import Work
from debit_service.funds.profile import Fund
from debit_service.funds.rules import clamped_day
from debit_service.penalties.fault.values import ReasonCode
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reconcile.models import Allocation, BankEntry, Disposition
from debit_service.reports.figures import sql, words
from debit_service.reports.figures.asking import ANY_CODE, NOT_NOTED, CollectionsAsked
from debit_service.reports.figures.behind import STAFF
from debit_service.reports.figures.sheet import N_, Column, Kind, Row, Said, Sheet, Table, Value

_FUND: Final = Column("fund", N_("Fund"), Kind.CODE)
_FAILURE: Final = Column("failure", N_("What happened"), Kind.TEXT)
_COUNTED: Final = (
    Column("count", N_("Number of debits"), Kind.COUNT),
    Column("amount", N_("Amount"), Kind.MONEY),
)
_RATE: Final = Column("rate", N_("Share of the debits sent"), Kind.RATE)
_BY_REASON: Final = (
    _FUND,
    Column("month", N_("Month"), Kind.CODE),
    _FAILURE,
    Column("code", N_("Reason code"), Kind.CODE),
    Column("reason", N_("Reason"), Kind.TEXT),
    *_COUNTED,
    Column("sent", N_("Sent in the month"), Kind.COUNT),
    _RATE,
)
_SENT: Final = Column("sent", N_("Debits sent"), Kind.COUNT)
_BY_FUND: Final = (_FUND, Column("bank", N_("Our bank"), Kind.CODE), _FAILURE, *_COUNTED, _SENT, _RATE)
_BY_DEBTOR_BANK: Final = (
    _FUND,
    Column("debtor_bank", N_("Employer's bank"), Kind.CODE),
    Column("name", N_("Name"), Kind.TEXT),
    _FAILURE,
    *_COUNTED,
    _SENT,
    _RATE,
)


def return_rates(work: Work, codes: ReasonCodes, since: date, until: date, fund: Fund | None = None) -> Sheet:
    """The failures of the debits with a collection day from `since` to `until`, of one fund or all."""
    work.actor.require(*STAFF)
    sent = _sent(work, since, until, fund)
    code = sql.reason_of().label("code")
    by_reason = _failed(work, since, until, fund, *_MONTH_OF, Allocation.effect, code)
    by_bank = _failed(work, since, until, fund, Batch.bank_id, Collection.debtor_bank_sent, Allocation.effect)
    asked = CollectionsAsked(since=since.isoformat(), until=until.isoformat(), sent="1")
    tables = [
        Table(
            "failures", Said(N_("Rejects and returns by reason")), _BY_REASON, _reasons(codes, by_reason, sent, asked)
        ),
        Table("funds", Said(N_("By fund and its bank")), _BY_FUND, _funds(by_bank, sent, asked)),
        Table("debtor_banks", Said(N_("By the employer's bank")), _BY_DEBTOR_BANK, _debtor_banks(by_bank, sent, asked)),
    ]
    return Sheet(
        "returns",
        Said(N_("Rejects and returns, %(since)s to %(until)s"), {"since": since, "until": until}),
        tables,
        [
            Said(N_("A reject comes before settlement, a return after it. Each month is that of the collection day.")),
            Said(N_("Only what had a reject or a return is listed. A share of few debits says little.")),
            Said(
                N_(
                    "The employer's bank is noted when the file is written: of older files, and where the account number does not"
                    " tell the bank, it is not noted."
                )
            ),
        ],
    )


_MONTH_OF: Final = (
    extract("year", Collection.collection_date).label("year"),
    extract("month", Collection.collection_date).label("month"),
)


def _chosen(query: Select[*tuple[Any, ...]], since: date, until: date, fund: Fund | None) -> Select[*tuple[Any, ...]]:
    """Of the debits that a bank has, those of these days, and of this fund."""
    query = (
        query.join(PaymentInformation, PaymentInformation.id == Collection.payment_information_id)
        .join(Batch, Batch.id == PaymentInformation.batch_id)
        .join(BatchTransition, (BatchTransition.subject_id == Batch.id) & BatchTransition.most_recent)
        .where(
            BatchTransition.to_state.in_(sql.AT_THE_BANK),
            Collection.cancelled_why.is_(None),
            Collection.collection_date.between(since, until),
        )
    )
    return query.where(Collection.fund_id == fund.id) if fund else query


def _sent(work: Work, since: date, until: date, fund: Fund | None) -> list[Any]:
    """How many debits a bank was given, a row for each fund, month, bank of the fund and bank of the debtor."""
    key = (Collection.fund_id, *_MONTH_OF, Batch.bank_id, Collection.debtor_bank_sent)
    grouped = _chosen(select(*key, func.count().label("sent")).select_from(Collection), since, until, fund)
    return list(work.session.execute(grouped.group_by(*key)))


def _failed(work: Work, since: date, until: date, fund: Fund | None, *by: Any) -> list[Any]:
    """A row for each fund, each value of `by`, and currency; each debit once in each."""
    what = (Collection.id, Collection.fund_id, Collection.currency, Collection.amount_minor)
    query = (
        select(*what, *by, func.max(BankEntry.reason_code_set).label("code_set"))
        .select_from(Collection)
        .join(Allocation, Allocation.collection_id == Collection.id)
        .join(Disposition, Disposition.id == Allocation.disposition_id)
        .join(BankEntry, BankEntry.id == Allocation.entry_id)
        .where(Disposition.most_recent, Allocation.effect.in_(tuple(words.FAILURES)))
    )
    each = _chosen(query, since, until, fund).group_by(*what, *by).subquery()
    key = (each.c.fund_id, *(each.c[one.key] for one in by), each.c.currency)
    sums = (
        func.count().label("failed"),
        sql.total(each.c.amount_minor).label("amount_minor"),
        func.max(each.c.code_set).label("code_set"),
    )
    return list(work.session.execute(select(*key, *sums).group_by(*key).order_by(*key)))


def _month(one: Any) -> str:
    return f"{int(one.year):04}-{int(one.month):02}"


def _reasons(codes: ReasonCodes, failed: list[Any], sent: list[Any], asked: CollectionsAsked) -> list[Row]:
    of_month: Counter[tuple[str, str]] = Counter()
    for one in sent:
        of_month[one.fund_id, _month(one)] += one.sent
    rows = []
    for one in failed:
        month, first = _month(one), date(int(one.year), int(one.month), 1)
        known = codes.find(one.code, "S" if one.code_set == "S" else "R") if one.code else None
        here = replace(
            asked,
            fund=one.fund_id,
            since=max(first.isoformat(), asked.since),
            until=min(clamped_day(first.year, first.month, 31).isoformat(), asked.until),
        )
        cells = (
            one.fund_id,
            month,
            words.called(words.FAILURES, one.effect),
            one.code or Said(N_("none given")),
            _meant(one.code, known),
        )
        counted = (one.failed, one.amount_minor, of_month[one.fund_id, month])
        rows.append(_row(cells, counted, one.currency, here, one.effect, one.code))
    return rows


def _meant(code: str, known: ReasonCode | None) -> Said | str | None:
    """What a bank means by a reason: in words, else by its name in ISO 20022."""
    if code in words.BANK_REASONS:
        return words.called(words.BANK_REASONS, code)
    return known.name if known else None


def _funds(failed: list[Any], sent: list[Any], asked: CollectionsAsked) -> list[Row]:
    rows = []
    for fund_id, bank, effect, currency, counted in _by_bank(failed, sent, "bank_id"):
        cells = (fund_id, bank, words.called(words.FAILURES, effect))
        rows.append(_row(cells, counted, currency, replace(asked, fund=fund_id, bank=bank), effect, ANY_CODE))
    return rows


def _debtor_banks(failed: list[Any], sent: list[Any], asked: CollectionsAsked) -> list[Row]:
    rows = []
    for fund_id, bank, effect, currency, counted in _by_bank(failed, sent, "debtor_bank_sent"):
        cells = (fund_id, bank or Said(N_("not noted")), _name_of(bank), words.called(words.FAILURES, effect))
        here = replace(asked, fund=fund_id, debtor_bank=bank or NOT_NOTED)
        rows.append(_row(cells, counted, currency, here, effect, ANY_CODE))
    return rows


#: How many failed, their amount in minor units, and how many were sent.
_Counted = tuple[int, int, int]


def _by_bank(failed: list[Any], sent: list[Any], which: str) -> Iterator[tuple[str, str, str, str, _Counted]]:
    """(fund, bank, effect, currency) and what was counted there, in order; the bank is empty, and last, where it is not noted."""
    given: Counter[tuple[str, str]] = Counter()
    for one in sent:
        given[one.fund_id, getattr(one, which) or ""] += one.sent
    counts: Counter[tuple[str, str, str, str]] = Counter()
    amounts: Counter[tuple[str, str, str, str]] = Counter()
    for one in failed:
        place = (one.fund_id, getattr(one, which) or "", one.effect, one.currency)
        counts[place] += one.failed
        amounts[place] += one.amount_minor
    for place in sorted(counts, key=lambda key: (key[0], not key[1], key)):
        yield *place, (counts[place], amounts[place], given[place[:2]])


def _name_of(bank: str) -> str | None:
    """What the table of banks (schwifty) calls it; None where the table does not have it."""
    country, _, code = bank.partition("-")
    known = sorted(registry.get_banks_by_code(country, code), key=lambda one: not one.primary)
    return known[0].name if known else None


def _row(
    cells: tuple[Value, ...], counted: _Counted, currency: str, here: CollectionsAsked, effect: str, code: str
) -> Row:
    """A row whose numbers lead to the debits: to those that failed in this way for this reason, and to all that were sent."""
    failed, amount_minor, sent = counted
    behind = replace(here, failure=effect, code=code).link()
    leads = {"count": behind, "amount": behind, "sent": here.link()}
    return Row((*cells, failed, amount_minor, sent, Decimal(failed) / sent), currency, leads)
