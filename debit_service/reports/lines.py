"""Lines of the report, many at a time: what is known of some contributions is read by sets, then each line is made of it.

However many contributions are asked for, the number of queries is the same; whoever wants all of them asks for some at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from debit_service.collections import queries as collections
from debit_service.collections.queries import Tried
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution, OtherPayment
from debit_service.core.calendar import Calendar
from debit_service.core.work import Work
from debit_service.disputes import queries as disputes
from debit_service.employers import queries as employers
from debit_service.funds.queries import Funds
from debit_service.funds.rules import returnable_until
from debit_service.mandates import queries as mandates
from debit_service.penalties import of_contributions as penalties
from debit_service.penalties.models import FaultDecision
from debit_service.penalties.tariff.catalogue import ReasonCodes
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.rules import Outcome, State, paid_in_full_on, surplus
from debit_service.reports.rules import Attempt, Line, Made, Standing, debited, penalised, standing


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of some contributions, by the id of the contribution unless said otherwise."""

    attempts: Mapping[str, list[Tried]]
    outcomes: Mapping[str, Outcome]  # by collection
    decisions: Mapping[str, FaultDecision]  # by collection
    otherwise: Mapping[str, list[OtherPayment]]
    paid_out: Mapping[str, int]
    penalties: Mapping[str, list[penalties.Known]]
    contested: set[str]
    mandates: Mapping[tuple[str, str], mandates.Live]  # by fund and employer
    names: Mapping[str, str]  # by employer
    numbers: Mapping[tuple[str, str], str]  # by fund and employer


def lines_of(
    work: Work, funds: Funds, calendars: Mapping[str, Calendar], codes: ReasonCodes, owed: Sequence[Contribution]
) -> Iterator[Line]:
    """The line of each of these contributions, in their order. Names of employers are opened for these only."""
    known = _known(work, owed)

    @cache
    def returnable(fund_id: str, paid_on: date) -> date:
        """Until when the money may still go back: the scheme's return window, and for CORE the refund window."""
        windows = funds.get(fund_id)
        open_days, days = windows.return_window_open_days.value, windows.refund_window_days.value
        return returnable_until(paid_on, open_days, days, calendars[fund_id])

    for one in owed:
        settled_on = _settled_on(known, one)
        yield _line(codes, known, one, returnable(one.fund_id, settled_on) if settled_on else None)


def _known(work: Work, owed: Sequence[Contribution]) -> _Known:
    ids = [one.id for one in owed]
    attempts = collections.attempts_of_each(work, ids)
    tried = {one.id: one.amount_minor for some in attempts.values() for one in some if one.cancelled_why is None}
    employer_ids = {one.employer_id for one in owed}
    return _Known(
        attempts=attempts,
        outcomes=reconcile.outcomes_of(work, tried),
        decisions=penalties.decision_of_each(work, ids),
        otherwise=contributions.other_payments_of_each(work, ids),
        paid_out=decisions.paid_out_of_each(work, ids),
        penalties=penalties.known_of_each(work, ids),
        contested=disputes.open_among(work, ids),
        mandates=mandates.live_of_each(work, {one.employer_id for one in owed if one.id not in attempts}),
        names={one.id: employers.name(work, one) for one in employers.of_each(work, employer_ids).values()},
        numbers=employers.numbers_of_each(work, employer_ids),
    )


def _line(codes: ReasonCodes, known: _Known, one: Contribution, until: date | None) -> Line:
    """One contribution with everything that is known of it; `until`: its last day on which the money may still go back."""
    tried = _tried(known, one)
    outcomes = [known.outcomes[each.id] for each in tried]
    attempts = tuple(_attempt(known, codes, each) for each in tried)
    otherwise = known.otherwise.get(one.id, [])
    otherwise_minor, kept = sum(each.amount_minor for each in otherwise), debited(outcomes)
    live = any(each.live for each in tried)
    stands = standing(outcomes, live=live, owed_minor=one.amount_minor, otherwise_minor=otherwise_minor)
    too_much = surplus(one.amount_minor, kept, otherwise_minor)
    penalty, penalty_minor, penalty_why = penalised(
        [(each.effect, each.because or "") for each in attempts if each.effect],
        [Made(each.state, each.due_minor, _formula(each), each.why) for each in known.penalties.get(one.id, ())],
    )
    return Line(
        contribution_id=one.id,
        reference=one.reference,
        fund_id=one.fund_id,
        employer_id=one.employer_id,
        employer=known.names[one.employer_id],
        registration_number=known.numbers.get((one.fund_id, one.employer_id), ""),
        period=one.period,
        due_date=one.due_date,
        amount_minor=one.amount_minor,
        currency=one.currency,
        debited_minor=kept,
        paid_otherwise_minor=otherwise_minor,
        refund_owed_minor=max(too_much - known.paid_out.get(one.id, 0), 0),
        standing=stands,
        why=_why(known, one, stands, attempts, otherwise_minor),
        paid_on=_paid_on(known, one),
        returnable_until=until,
        attempts=attempts,
        penalty=penalty,
        penalty_minor=penalty_minor,
        penalty_why=penalty_why,
        dispute_open=one.id in known.contested,
    )


def _tried(known: _Known, one: Contribution) -> list[Tried]:
    """The attempts that were not cancelled."""
    return [each for each in known.attempts.get(one.id, ()) if each.cancelled_why is None]


def _paid_on(known: _Known, one: Contribution) -> date | None:
    """The day on which all of it was paid, by what its debits kept and by other means; None while something is owed."""
    outcomes = [known.outcomes[each.id] for each in _tried(known, one)]
    debited = [(each.settled_on, each.kept_minor) for each in outcomes if each.settled_on]
    otherwise = [(each.paid_on, each.amount_minor) for each in known.otherwise.get(one.id, ())]
    return paid_in_full_on(one.amount_minor, [*debited, *otherwise])


def _settled_on(known: _Known, one: Contribution) -> date | None:
    """The day on which a debit of it was booked, and stayed."""
    days = (known.outcomes[each.id].settled_on for each in _tried(known, one))
    return next((day for day in days if day), None)


def _formula(penalty: penalties.Known) -> str:
    return f"{penalty.rule_id}: {'; '.join(penalty.formulas)}"


def _attempt(known: _Known, codes: ReasonCodes, tried: Tried) -> Attempt:
    result, decision = known.outcomes[tried.id], known.decisions.get(tried.id)
    failure = result.failure
    row = None
    if failure and failure.reason_code:
        row = codes.find(failure.reason_code, "S" if failure.reason_code_set == "S" else "R")
    return Attempt(
        collection_id=tried.id,
        number=tried.attempt,
        amount_minor=tried.amount_minor,
        collection_date=tried.collection_date,
        date_reason=tried.date_reason,
        sent=tried.sent,
        outcome=result.state.value if tried.sent or result.state is not State.SENT else "planned",
        reason_code=failure.code if failure else None,
        reason_name=row.name if row else None,
        party=decision.party if decision else None,
        effect=decision.effect if decision else None,
        because=_because(decision) if decision else None,
        missing=tuple(decision.argument["missing"]) if decision else (),
    )


def _because(decision: FaultDecision) -> str:
    steps = decision.argument["steps"]
    said = str(steps[-1]["because"]) if steps else str(decision.argument.get("ended", ""))
    return said.removeprefix(f"{decision.party}: ")


_SAID = {Standing.PAID_OTHERWISE: "paid by other means", Standing.PARTLY_PAID: "a part is still owed"}


def _why(known: _Known, one: Contribution, stands: Standing, attempts: Sequence[Attempt], otherwise_minor: int) -> str:
    """The one sentence that a finance clerk wants."""
    if stands is Standing.PAID:
        kept = (State.SETTLED.value, State.PARTLY_SETTLED.value)
        paid = next(each.number for each in attempts if each.outcome in kept)
        also = ", and paid by other means" if otherwise_minor else ""
        return (f"debited at attempt {paid}" if paid > 1 else "debited") + also
    if said := _SAID.get(stands):
        return said
    if attempts:
        last = attempts[-1]
        reason = f" {last.reason_code} {last.reason_name or ''}".rstrip() if last.reason_code else ""
        return f"{last.outcome}{reason}"
    cancelled = [each.cancelled_why for each in known.attempts.get(one.id, ()) if each.cancelled_why]
    return cancelled[-1] if cancelled else _why_not_tried(known, one, max(one.amount_minor - otherwise_minor, 0))


def _why_not_tried(known: _Known, one: Contribution, open_minor: int) -> str:
    mandate = known.mandates.get((one.fund_id, one.employer_id))
    if mandate is None:
        return "no mandate"
    if mandate.amount_limit_minor is not None and open_minor > mandate.amount_limit_minor:
        return "the amount is above the limit that the employer set on its mandate"
    state = mandate.state
    return "not planned yet" if state == "active" else f"the mandate is {state.replace('_', ' ')}, not active"
