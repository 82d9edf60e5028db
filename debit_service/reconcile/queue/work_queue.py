"""The work queue as a clerk sees it: what waits, why, since when, what it may be; page by page, in a fixed number of queries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, func, select

from debit_service.collections.models import BatchTransition, Collection, PaymentInformation
from debit_service.contributions.models import Contribution
from debit_service.core.bulk import among
from debit_service.core.work import Role, Work
from debit_service.funds.queries import Funds
from debit_service.mandates.models import Mandate
from debit_service.reconcile import days, queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankDocument, BankEntry, Disposition, Resolution
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.queue.exceptions import Exceptional, exception_of, reasons_of
from debit_service.reconcile.queue.suggest import Candidate, Known, Suggestion, equally_good, suggestions

#: Entries that a page shows; the others come up as these are done.
SHOWN_MAX: Final = 50
#: Debits and contributions of one kind that are looked through for a page; beyond that an amount tells nothing any more.
_CANDIDATES_MAX: Final = 2000
#: How long after a debit's day an equal amount speaks for it: a bank books within days, most returns come within eight weeks.
_BOOKED_WITHIN, _RETURNED_WITHIN = timedelta(days=15), timedelta(days=70)
_WORD: Final = re.compile(r"[^\s,;:()\[\]\"']+")


@dataclass(frozen=True, slots=True)
class Waits:
    """One entry of the queue. `on` is its day, `age_days` how old that is today at its fund; `left_minor` is what nobody has
    decided about, None of what is no money; `held_until` the day until which it is held.
    """

    entry: BankEntry
    disposition: Disposition
    exception: Exceptional
    left_minor: int | None
    on: date | None
    age_days: int | None
    held_until: date | None
    proposed: bool
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to show of the queue: one fund's (`waiting.NONE`: of no fund's account), one exception's, what waits for so many days
    at least; held entries too.
    """

    fund_id: str | None = None
    exception: Exceptional | None = None
    days_min: int = 0
    held: bool = False
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The entries shown, and how many the filter lets through."""

    shown: tuple[Waits, ...]
    count: int


def page(work: Work, funds: Funds, wanted: Filter, *, at_most: int = SHOWN_MAX) -> Page:
    """The oldest entries that wait, with their suggestions; those of no day come last."""
    work.actor.require(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    todays = days.todays(work, funds)
    where = [decisions.WAITS, *conditions(wanted, todays)]
    found = (
        select(BankEntry, Disposition, days.told_on())
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .join(BankDocument, BankDocument.id == BankEntry.document_id)
        .where(*where)
    )
    total = select(func.count()).select_from(found.with_only_columns(BankEntry.id).subquery())
    rows = work.session.execute(found.order_by(days.told_on().nulls_last(), BankEntry.id).limit(at_most)).all()
    entries = [entry for entry, _, _ in rows]
    ids = [one.id for one in entries]
    parts, held, proposed = decisions.parts_of_each(work, ids), decisions.follow_ups(work, ids), _proposed(work, ids)
    suggested = suggestions_for(work, funds, entries)
    shown = []
    for entry, disposition, on in rows:
        best = suggested.get(entry.id, ())
        decided = sum(minor for _, minor in parts.get(entry.id, []))
        shown.append(
            Waits(
                entry=entry,
                disposition=disposition,
                exception=exception_of(disposition.reason, equally_good(best)),
                left_minor=(entry.amount_minor or 0) - decided if decisions.is_money(entry) else None,
                on=on,
                age_days=(days.today_of(entry.fund_id, todays) - on).days if on else None,
                held_until=held.get(entry.id),
                proposed=entry.id in proposed,
                suggestions=best,
            )
        )
    return Page(tuple(shown), work.session.scalar(total) or 0)


def conditions(wanted: Filter, todays: days.Todays) -> Iterable[ColumnElement[bool]]:
    """The conditions on a bank entry and what stands of it."""
    if wanted.entry_id:
        yield BankEntry.id == wanted.entry_id
        return
    if wanted.fund_id:
        yield BankEntry.fund_id == (None if wanted.fund_id == waiting.NONE else wanted.fund_id)
    if wanted.exception:
        yield Disposition.reason.in_(reasons_of(wanted.exception))
    if wanted.days_min:
        yield days.told_on() <= days.days_ago(wanted.days_min, todays)
    if not wanted.held:
        newest = (
            select(func.max(Resolution.id))
            .where(Resolution.entry_id == BankEntry.id, Resolution.decision == "held", Resolution.stands)
            .correlate(BankEntry)
            .scalar_subquery()
        )
        until = select(Resolution.follow_up).where(Resolution.id == newest).scalar_subquery()
        yield func.coalesce(until, date.min) <= days.days_ago(0, todays)


def _proposed(work: Work, entry_ids: Sequence[str]) -> set[str]:
    """Those of these entries about which another person is asked."""
    waits = Resolution.four_eyes & Resolution.confirmed_by.is_(None) & Resolution.stands
    query = (
        select(Resolution.entry_id)
        .join(Disposition, Disposition.id == Resolution.disposition_id)
        .where(waits, Disposition.most_recent, among(work.session, Resolution.entry_id, entry_ids))
    )
    return {str(one) for one in work.session.scalars(query)}


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries of a fund (None: no known one) and a currency wait as one exception; and how much of money that came in,
    and of money that went out, nobody has decided about: minor units.
    """

    fund_id: str | None
    exception: Exceptional
    currency: str | None
    entries: int
    in_minor: int
    out_minor: int


def counts(work: Work) -> list[Count]:
    """Everything that waits, held or not, by fund, exception and currency."""
    query = (
        select(BankEntry.fund_id, Disposition.reason, BankEntry.currency, func.count(), *waiting.sums())
        .join(Disposition, Disposition.entry_id == BankEntry.id)
        .where(decisions.WAITS)
        .group_by(BankEntry.fund_id, Disposition.reason, BankEntry.currency)
    )
    found: dict[tuple[str | None, Exceptional, str | None], Count] = {}
    for fund_id, reason, currency, count, in_minor, out_minor in work.session.execute(query):
        key = (fund_id, exception_of(reason), currency)
        before = found.get(key, Count(*key, 0, 0, 0))
        found[key] = Count(*key, before.entries + count, before.in_minor + in_minor, before.out_minor + out_minor)
    return sorted(found.values(), key=lambda one: (one.fund_id or "", one.exception, one.currency or ""))


def suggestions_for(work: Work, funds: Funds, entries: Sequence[BankEntry]) -> dict[str, tuple[Suggestion, ...]]:
    """Entry -> what it may be, the best first; an entry for which nothing speaks is left out."""
    known = [known_of(work, entry) for entry in entries if decisions.is_money(entry) and entry.fund_id in funds.funds]
    if not known:
        return {}
    candidates = _candidates(work, known)
    found = {one.entry_id: suggestions(one, candidates) for one in known}
    return {entry_id: best for entry_id, best in found.items() if best}


def known_of(work: Work, entry: BankEntry) -> Known:
    """What an entry tells by which what it may be is found."""
    personal = queries.personal(work, entry)
    account = re.sub(r"\s", "", personal.get("debtor_account", "")).upper()
    # An Algerian or Moroccan IBAN carries the national number, under which the mandate may know the account.
    numbers = {account, account[4:] if account[:2] in ("DZ", "MA") else ""} - {""}
    told = [entry.end_to_end_id or "", personal.get("remittance", "")]
    return Known(
        entry_id=entry.id,
        fund_id=entry.fund_id,
        currency=entry.currency,
        credit=entry.direction == "credit",
        amount_minor=entry.amount_minor or 0,
        charges_minor=entry.charges_minor or 0,
        booking_date=entry.booking_date,
        mandate_reference=entry.mandate_id,
        accounts=frozenset(work.keys.index(number, "account") for number in numbers),
        words=frozenset(word.strip(".") for text in told for word in _WORD.findall(text)),
    )


def _candidates(work: Work, known: Sequence[Known]) -> list[Candidate]:
    words = {word for one in known for word in one.words}
    mandates = _mandates(work, known)
    debits = _debits(work, known, words, mandates)
    named = _contributions(work, words, mandates, known)
    owed = {one.id: one for one in (*(contribution for _, contribution in debits), *named)}
    still_open = decisions.open_of_each(work, list(owed.values()))
    results = queries.outcomes_of(work, {one.id: one.amount_minor for one, _ in debits})
    newest: dict[str, int] = {}
    for one, _ in debits:
        newest[one.contribution_id] = max(newest.get(one.contribution_id, 0), one.attempt)
    found = [
        Candidate(
            fund_id=one.fund_id,
            currency=one.currency,
            contribution_id=one.contribution_id,
            reference=contribution.reference,
            amount_minor=one.amount_minor,
            open_minor=still_open[one.contribution_id],
            end_to_end_id=one.end_to_end_id,
            collection_date=one.collection_date,
            mandate_reference=one.mandate_reference_sent,
            account=one.account_index_sent,
            settled_minor=results[one.id].settled_minor,
            returned_minor=results[one.id].returned_minor,
            newest=one.attempt == newest[one.contribution_id],
        )
        for one, contribution in debits
    ]
    accounts = {one.employer_id: one.account_index for one in mandates}
    found += [
        Candidate(
            fund_id=one.fund_id,
            currency=one.currency,
            contribution_id=one.id,
            reference=one.reference,
            amount_minor=one.amount_minor,
            open_minor=still_open[one.id],
            account=accounts.get(one.employer_id),
        )
        for one in owed.values()
        if still_open[one.id]
    ]
    return found


def _mandates(work: Work, known: Sequence[Known]) -> Sequence[Mandate]:
    """The mandates that the entries name, or whose account they came from."""
    by_account = among(work.session, Mandate.account_index, {index for one in known for index in one.accounts})
    named = {one.mandate_reference for one in known if one.mandate_reference}
    funds = {one.fund_id for one in known if one.fund_id}
    by_name = among(work.session, Mandate.reference, named) & among(work.session, Mandate.fund_id, funds)
    return work.session.scalars(select(Mandate).where(by_account | by_name)).all()


def _debits(
    work: Work, known: Sequence[Known], words: Iterable[str], mandates: Sequence[Mandate]
) -> list[tuple[Collection, Contribution]]:
    """The debits that were sent and that an entry names, whose mandate it names, or whose amount and day are near."""
    sent = (
        select(Collection, Contribution)
        .join(Contribution, Contribution.id == Collection.contribution_id)
        .where(_was_sent())
        .limit(_CANDIDATES_MAX)
    )
    questions = (
        sent.where(among(work.session, Collection.end_to_end_id, words)),
        sent.where(among(work.session, Contribution.reference, words)),
        sent.where(among(work.session, Collection.mandate_id, [one.id for one in mandates])),
        *_of_near_amounts(known),
    )
    rows: Mapping[str, tuple[Collection, Contribution]] = {
        one.id: (one, contribution) for query in questions for one, contribution in work.session.execute(query)
    }
    return list(rows.values())


def _was_sent() -> ColumnElement[bool]:
    """Whether the bank has a debit, or may have it: what was not handed over cannot be what it booked."""
    return Collection.payment_information_id.in_(
        select(PaymentInformation.id)
        .join(BatchTransition, BatchTransition.subject_id == PaymentInformation.batch_id)
        .where(BatchTransition.most_recent, BatchTransition.to_state.in_(("sending", "sent")))
    )


def _of_near_amounts(known: Sequence[Known]) -> Iterable[Select[Collection, Contribution]]:
    """Debits whose day and amount an entry has, or has but for a stated charge; those that went in, and those that came back."""
    for credit, within in ((True, _BOOKED_WITHIN), (False, _RETURNED_WITHIN)):
        booked = [one for one in known if one.credit == credit and one.booking_date]
        booked_on = [one.booking_date for one in booked if one.booking_date]
        if not booked_on:
            continue
        sign = 1 if credit else -1
        amounts = {one.amount_minor + charge for one in booked for charge in (0, sign * one.charges_minor)}
        blocks = select(PaymentInformation.id).where(
            PaymentInformation.collection_date.between(min(booked_on) - within, max(booked_on) + timedelta(days=1))
        )
        yield (
            select(Collection, Contribution)
            .join(Contribution, Contribution.id == Collection.contribution_id)
            .where(
                _was_sent(), Collection.payment_information_id.in_(blocks), Collection.amount_minor.in_(sorted(amounts))
            )
            .order_by(Collection.collection_date.desc(), Collection.id)
            .limit(_CANDIDATES_MAX)
        )


def _contributions(
    work: Work, words: Iterable[str], mandates: Sequence[Mandate], known: Sequence[Known]
) -> Sequence[Contribution]:
    """The contributions that an entry names, and those of the employers whose account it came from."""
    funds = {one.fund_id for one in known if one.fund_id}
    named = among(work.session, Contribution.reference, words)
    theirs = among(work.session, Contribution.employer_id, {one.employer_id for one in mandates})
    at_them = among(work.session, Contribution.fund_id, funds)
    query = (
        select(Contribution).where((named | theirs) & at_them).order_by(Contribution.due_date.desc(), Contribution.id)
    )
    return work.session.scalars(query.limit(_CANDIDATES_MAX)).all()
