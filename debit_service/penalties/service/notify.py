"""Notify: the employer is told of a penalty that is confirmed, with the argument, the sum and how to contest; and again of each
change, also that less is owed, or nothing.

The notice is owed to the outbox in the transaction that records it, and leaves as every message does; until it has left, nobody
is told (`departures`). The same amount is never told twice. While the employer contests, and while what the bank says now is not
assessed yet, nothing is claimed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, TypedDict
from zoneinfo import ZoneInfo

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.collections.notice_text import language_of
from debit_service.core import audit, events
from debit_service.core.clock import business_date
from debit_service.core.work import Role, Work
from debit_service.disputes import queries as disputes
from debit_service.disputes.rules import Terms
from debit_service.employers import queries as employers
from debit_service.employers.models import Employer
from debit_service.funds.profile import Fund
from debit_service.penalties import notice_figures, notice_queries, queries, relief_queries
from debit_service.penalties.life import NO_GROUND, NOT_LATE, OTHER_VERSION, Said, is_lower, is_untold
from debit_service.penalties.models import FaultDecision, PenaltyDeparture, PenaltyNotice, PenaltyTransition
from debit_service.penalties.notice_figures import NoticedDelay
from debit_service.penalties.notice_text import LoweredNotice, NoticedFailure, NoticedRule, penalty_notice_body
from debit_service.penalties.notice_text import PenaltyNotice as NoticeText
from debit_service.penalties.queries import Shown
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.assess import bring_about, take_turn
from debit_service.penalties.service.decide import Bench
from debit_service.penalties.service.evidence import failure_said
from debit_service.penalties.service.recall import recall
from debit_service.penalties.tariff import days, used
from debit_service.penalties.tariff.catalogue import PenaltyRules, ReasonCodes
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry

OUTBOX_KIND: Final = "penalty_notice"
#: Penalties that one transaction tells of.
AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all notices of a fund are written with; `paid_minor`: contribution -> what was paid of it."""

    terms: Terms
    codes: ReasonCodes
    rules: PenaltyRules
    paid_minor: Mapping[str, int] = field(default_factory=dict)

    @property
    def fund(self) -> Fund:
        """Whose penalties these are."""
        return self.terms.fund


def notify(work: Work, head: Letterhead, bench: Bench, after: str = "") -> tuple[int, str | None]:
    """Owe a notice for each penalty of the fund of which the employer is still to be told what is owed, judged anew first.

    A claim, where it is the first or more is owed; else a short message that less is owed, or nothing, and what becomes of what
    was paid. A claim about which the employer was right in a dispute waits until an approver has decided about it since.
    Takes the next penalties with ids above `after`; returns how many were told of, and the last id, None when no more are left.
    """
    work.actor.require(Role.FINANCE_CLERK)
    take_turn(work, head.fund.id)
    found = queries.untold(work, head.fund.id, after=after, limit=AT_A_TIME)
    ids, contributions = [one.penalty.id for one in found], sorted({one.contribution.id for one in found})
    bring_about(work, bench, contributions)
    recall(work, ids)
    contested, unheeded = disputes.contested(work, contributions), queries.unheeded(work, ids)
    said = notice_queries.said_of_each(work, ids)
    waiting = [
        one
        for one in queries.untold_among(work, ids)
        if is_untold(one.state, one.money, said[one.penalty.id])
        and (not one.money.owed_minor or (one.contribution.id not in contested and one.penalty.id not in unheeded))
    ]
    whom = employers.of_each(work, {one.contribution.employer_id for one in waiting})
    head = replace(head, rules=used.as_used(work, head.rules), paid_minor=_paid(work, contributions))
    told = sum(_tell(work, head, one, said[one.penalty.id], whom[one.contribution.employer_id]) for one in waiting)
    if told:
        audit.record(work, "penalty.notices_made", head.fund.id, count=told)
    return told, ids[-1] if len(found) == AT_A_TIME else None


def _paid(work: Work, contributions: Sequence[str]) -> dict[str, int]:
    """Contribution -> what its debits brought and kept, and other means."""
    attempts = collections.attempts_of_each(work, contributions)
    tried = {one.id: one.amount_minor for those in attempts.values() for one in those}
    outcomes = reconcile.outcomes_of(work, tried)
    paid = days.payments_of_each(work, contributions, attempts, outcomes, with_value_dates=False)
    return {contribution: sum(one.minor for one in those) for contribution, those in paid.items()}


def _tell(work: Work, head: Letterhead, one: Shown, said: Said, employer: Employer) -> bool:
    """Owe one notice, and its departure; False while not all of its evidence is there."""
    before, number = notice_queries.before_next(work, one.penalty.id)
    named = _named(work, head, one, employer, number, before)
    if before and is_lower(one.money, said):
        notice: NoticeText | LoweredNotice | None = _lowered(work, one, before, named)
    else:
        notice = _claim(work, head, one, named, language_of(employer.language))
    if notice is None:
        return False
    body = penalty_notice_body(employer.language, notice, employers.email(work, employer))
    outbox_id, notice_id = events.owe(work, OUTBOX_KIND, one.penalty.id, body), work.new_id()
    work.session.flush()
    work.session.add(
        PenaltyNotice(
            id=notice_id,
            penalty_id=one.penalty.id,
            number=number,
            amount_minor=one.money.owed_minor,
            sha256=sha256(body.encode()).hexdigest(),
            language=language_of(employer.language),
            contest_by=notice.contest_by,
            outbox_id=outbox_id,
            made_at=work.now(),
        )
    )
    work.session.flush()
    work.session.add(PenaltyDeparture(notice_id=notice_id, life_step=one.life_step, paid_minor=one.money.kept_minor))
    one.penalty.untold = False
    work.session.flush()
    return True


class _Named(TypedDict):
    """What every notice names (`notice_text.Notice`)."""

    reference: str
    replaces: str | None
    fund_name: str
    employer_name: str
    contribution: str
    period: str
    due_date: date
    currency: str
    total_minor: int
    paid_minor: int
    made_on: date
    pay_by: date
    pay_to: str
    contest_by: date
    contest_where: str


def _named(
    work: Work, head: Letterhead, one: Shown, employer: Employer, number: int, before: PenaltyNotice | None
) -> _Named:
    fund, penalty, contribution = head.fund, one.penalty, one.contribution
    today, called = business_date(work.clock, fund.time_zone), fund.names.best(language_of(employer.language))
    return _Named(
        reference=notice_queries.reference(penalty.id, number),
        replaces=notice_queries.reference(penalty.id, before.number) if before else None,
        fund_name=called,
        employer_name=employers.name(work, employer),
        contribution=contribution.reference,
        period=contribution.period,
        due_date=contribution.due_date,
        currency=penalty.currency,
        total_minor=one.money.owed_minor,
        paid_minor=one.money.kept_minor,
        made_on=today,
        pay_by=today + timedelta(days=fund.penalties.pay_days.require()),
        pay_to=fund.creditor.account.value,
        contest_by=head.terms.contest_until(today),
        contest_where=called,
    )


def _claim(work: Work, head: Letterhead, one: Shown, named: _Named, language: str) -> NoticeText | None:
    """What is asked for, with its argument; None while a failure that it rests on is not to be found."""
    failures = [_failure(work, head, each) for each in queries.grounds_of(work, one.contribution.id)]
    whole = [each for each in failures if each]
    if not whole or len(whole) < len(failures):
        return None
    money = one.money
    lines = notice_figures.lines(queries.steps_of(work, one.penalty.id))
    return NoticeText(
        **named,
        failures=whole,
        rule=_rule(work, head, one, language),
        steps=lines,
        relieved_minor=money.confirmed_minor - money.surcharge_minor,
        bank_fee_minor=money.fees_minor,
        delay=_delay(head, one) if lines else None,
        days_count_if_rejected=head.fund.disputes.days_count_when_rejected.value,
    )


def _delay(head: Letterhead, one: Shown) -> NoticedDelay:
    computed = head.rules.computed_again(one.penalty.inputs)
    paid = head.paid_minor.get(one.contribution.id, 0) >= one.contribution.amount_minor
    return notice_figures.delay(one.penalty.inputs, computed.steps, paid=paid)


def _lowered(work: Work, one: Shown, before: PenaltyNotice, named: _Named) -> LoweredNotice:
    reliefs = relief_queries.standing(work, one.penalty.id)
    newly = [each for each in reliefs if each.approved_at and each.approved_at >= before.made_at]
    newest = lifecycle.newest(work, one.penalty.id, "reversed") if one.state == "reversed" else None
    why = _why(one, newest is not None and lifecycle.reversed_by_a_person(newest), relieved=bool(newly))
    ground = newly[-1].ground if why == "relieved" else ""
    return LoweredNotice(**named, before_minor=before.amount_minor, why=why, ground=ground)


_FELL: Final = {NO_GROUND: "ground", NOT_LATE: "in_time", OTHER_VERSION: "version"}


def _why(one: Shown, by_a_person: bool, *, relieved: bool) -> str:
    """Why less is owed: a key of the words `lowered`. What people wrote down about it is not the employer's to read."""
    if one.state == "reversed":
        return "person" if by_a_person else _FELL.get(one.why, "recomputed")
    if relieved:
        return "relieved"
    return "examined" if one.state == "proposed" else "recomputed"


def _rule(work: Work, head: Letterhead, one: Shown, language: str) -> NoticedRule:
    rule = head.rules.get(one.penalty.rule_id, one.penalty.rule_version)
    text = rule.text_in(language)
    by_a_person = lifecycle.newest(work, one.penalty.id, "confirmed") if rule.needs_confirmation else None
    return NoticedRule(
        id=rule.id,
        version=rule.version,
        citation=text.citation if text else "",
        sentence=text.sentence if text else "",
        confirmed=not rule.needs_confirmation,
        adopted_on=_day(head.fund, by_a_person) if by_a_person else None,
    )


def _day(fund: Fund, moved: PenaltyTransition) -> date:
    return moved.at.astimezone(ZoneInfo(fund.time_zone)).date()


def _failure(work: Work, head: Letterhead, decision: FaultDecision) -> NoticedFailure | None:
    collection = work.session.get_one(Collection, decision.collection_id)
    fact = reconcile.outcome_of(work, collection.id, collection.amount_minor).failure
    if fact is None:
        return None
    said = failure_said(fact)
    reason = head.codes.find(said.code, said.code_set) if said.code else None
    entry = work.session.get_one(BankEntry, fact.entry_id)
    announced = collections.notice_sent(work, collection)
    at = announced[1].done_at if announced else None
    return NoticedFailure(
        collection_date=collection.collection_date,
        amount_minor=collection.amount_minor,
        phase=said.phase,
        reason_code=said.code or said.proprietary or "",
        reason_name=reason.name if reason else "",
        entry_day=fact.on,
        entry_reference=_first(entry.account_servicer_reference, entry.entry_reference, entry.end_to_end_id, entry.id),
        announced_on=at.astimezone(ZoneInfo(head.fund.time_zone)).date() if at else None,
        steps=decision.argument["steps"],
    )


def _first(*names: str | None) -> str:
    known: Iterable[str] = (name for name in names if name)
    return next(iter(known), "")
