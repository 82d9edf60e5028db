"""Notify: the employer is told of a penalty that is confirmed, with the argument, the sum and how to contest.

The notice is owed to the outbox in the transaction that records it, and leaves as every message does. Another amount is told
again, the same one never. While the employer contests, and while what the bank says now is not assessed yet, nothing is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Final
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
from debit_service.penalties import queries
from debit_service.penalties.models import FaultDecision, PenaltyNotice, PenaltyTransition
from debit_service.penalties.notice_text import NoticedFailure, NoticedRule, NoticedStep, penalty_notice_body
from debit_service.penalties.notice_text import PenaltyNotice as NoticeText
from debit_service.penalties.queries import Shown
from debit_service.penalties.service import lifecycle
from debit_service.penalties.service.assess import bring_about, take_turn
from debit_service.penalties.service.decide import Bench
from debit_service.penalties.service.evidence import failure_said
from debit_service.penalties.tariff.catalogue import PenaltyRules, ReasonCodes
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry

OUTBOX_KIND: Final = "penalty_notice"
#: Penalties that one transaction tells of.
AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all notices of a fund are written with."""

    terms: Terms
    codes: ReasonCodes
    rules: PenaltyRules

    @property
    def fund(self) -> Fund:
        """Whose penalties these are."""
        return self.terms.fund


def notify(work: Work, head: Letterhead, bench: Bench, after: str = "") -> tuple[int, str | None]:
    """Owe a notice for each confirmed penalty of the fund of which not this amount was told last, judged anew first.

    One about which the employer was right in a dispute waits until an approver has decided about it since.
    Takes the next penalties with ids above `after`; returns how many were told of, and the last id, None when no more are left.
    """
    work.actor.require(Role.FINANCE_CLERK)
    take_turn(work, head.fund.id)
    found = queries.listed(work, fund_id=head.fund.id, state="confirmed", after=after, limit=AT_A_TIME)
    contributions = sorted({one.contribution.id for one in found})
    bring_about(work, bench, contributions)
    contested = disputes.contested(work, contributions)
    unheeded = queries.unheeded(work, [one.penalty.id for one in found])
    waiting = [
        one
        for one in queries.among_these(work, [one.penalty.id for one in found], "confirmed")
        if one.money.owed_minor and one.contribution.id not in contested and one.penalty.id not in unheeded
    ]
    whom = employers.of_each(work, {one.contribution.employer_id for one in waiting})
    told = sum(_tell(work, head, bench, one, whom[one.contribution.employer_id]) for one in waiting)
    if told:
        audit.record(work, "penalty.notices_made", head.fund.id, count=told)
    return told, found[-1].penalty.id if len(found) == AT_A_TIME else None


def _tell(work: Work, head: Letterhead, bench: Bench, one: Shown, employer: Employer) -> bool:
    failures = [_failure(work, head, each) for each in queries.grounds_of(work, one.contribution.id)]
    whole = [each for each in failures if each]
    if not whole or len(whole) < len(failures):
        return False
    number = len(queries.notices_of(work, one.penalty.id)) + 1
    notice = _notice(work, head, one, employer, number, whole)
    body = penalty_notice_body(employer.language, notice, employers.email(work, employer))
    outbox_id = events.owe(work, OUTBOX_KIND, one.penalty.id, body)
    work.session.flush()
    work.session.add(
        PenaltyNotice(
            id=work.new_id(),
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
    lifecycle.post(work, one.penalty, bench.today)
    return True


def _notice(
    work: Work, head: Letterhead, one: Shown, employer: Employer, number: int, failures: Sequence[NoticedFailure]
) -> NoticeText:
    fund, penalty, contribution, money = head.fund, one.penalty, one.contribution, one.money
    today = business_date(work.clock, fund.time_zone)
    confirmed = [step for step in queries.steps_of(work, penalty.id) if step.confirmed_minor]
    return NoticeText(
        reference=_reference(penalty.id, number),
        replaces=_reference(penalty.id, number - 1) if number > 1 else None,
        fund_name=fund.names.best(language_of(employer.language)),
        employer_name=employers.name(work, employer),
        contribution=contribution.reference,
        period=contribution.period,
        due_date=contribution.due_date,
        currency=penalty.currency,
        failures=failures,
        rule=_rule(work, head, one),
        steps=[NoticedStep(from_date=step.from_date, to_date=step.to_date, formula=step.formula) for step in confirmed],
        relieved_minor=money.confirmed_minor - money.surcharge_minor,
        bank_fee_minor=money.fees_minor,
        total_minor=money.owed_minor,
        pay_by=today + timedelta(days=fund.penalties.pay_days.require()),
        pay_to=fund.creditor.account.value,
        contest_by=head.terms.contest_until(today),
        contest_where=fund.names.best(language_of(employer.language)),
    )


def _reference(penalty_id: str, number: int) -> str:
    """What an employer quotes: the penalty, and which notice of it."""
    return f"{penalty_id}-{number}"


def _rule(work: Work, head: Letterhead, one: Shown) -> NoticedRule:
    rule = head.rules.get(one.penalty.rule_id, one.penalty.rule_version)
    by_a_person = lifecycle.newest(work, one.penalty.id, "confirmed") if rule.needs_confirmation else None
    return NoticedRule(
        id=rule.id,
        version=rule.version,
        source=rule.source,
        confidence=rule.confidence,
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
