"""Plan: what a person asks for becomes the parts of an entry's money, or is refused with the reason; nothing is changed here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.reconcile import decisions, queries
from debit_service.reconcile.exceptions import Decision
from debit_service.reconcile.models import BankEntry, Disposition, FileReading
from debit_service.reconcile.standing import Claim, Purpose, allocation, order_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a person wants done with an entry.

    `MATCHED` names the collection by `end_to_end_id`. `ALLOCATED` names contributions (id or reference) with amounts, or one
    employer by its `registration_number`, whose open contributions are then paid in the fund's order; `refund_rest` lets what is
    left be owed back, else it waits on. `RECOGNISED` names the payment, or the refund paid out, that was `recorded`. `HELD` names
    the day of the `follow_up`.
    """

    decision: Decision
    why: str
    end_to_end_id: str | None = None
    shares: tuple[tuple[str, int], ...] = ()
    registration_number: str | None = None
    refund_rest: bool = False
    recorded: str | None = None
    follow_up: date | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that waits for a person: why, what of its money is undecided (minor units), and of which fund it is, if known."""

    entry: BankEntry
    disposition: Disposition
    left_minor: int
    fund: Fund | None

    @property
    def credit(self) -> bool:
        """Whether money came in."""
        return self.entry.direction == "credit"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an entry's money, as it is to be written."""

    purpose: Purpose
    amount_minor: int
    contribution_id: str | None = None
    payment_id: str | None = None
    payout_id: str | None = None


def waiting(work: Work, funds: Funds, entry_id: str) -> Waiting:
    """The entry as it waits. Raises NotFound, or Refused `entry.not_waiting`."""
    entry = work.session.get(BankEntry, entry_id)
    disposition = queries.disposition(work, entry_id)
    if entry is None or disposition is None:
        raise NotFound("entry.unknown", f"There is no bank entry {entry_id}.")
    if work.session.get(FileReading, entry.file_id) is None:
        # Done again by a replay, a decision comes after its file or before it: never between two of its lines.
        raise Refused(
            "entry.file_being_read",
            "Its file is being read: what else it says may explain this entry.",
            place=entry_id,
            remedy="Try again in a few minutes; if reading was cut off, `debit bank fetch` goes on with it.",
        )
    if disposition.kind != "suspense" and disposition.reason != "rest":
        raise Refused(
            "entry.not_waiting",
            f"This entry is {disposition.kind}, not in suspense.",
            place=entry_id,
            remedy="Undo what was decided about it first.",
        )
    fund = funds.get(entry.fund_id) if entry.fund_id else None
    return Waiting(entry, disposition, decisions.left_minor(work, entry) if decisions.is_money(entry) else 0, fund)


def planned(work: Work, waits: Waiting, ask: Ask) -> list[Part]:
    """The parts that `ask` makes of the entry; none for a match, a hold, and what is no money. Raises what does not fit."""
    may = decisions.possible_about(waits.entry, waits.disposition.reason)
    if ask.decision not in may:
        if waits.fund is None and decisions.is_money(waits.entry):
            raise _no_fund(waits.entry)
        raise Refused(
            "entry.not_possible",
            "This cannot be decided about this entry.",
            place="decision",
            remedy=f"Possible are: {', '.join(one.value for one in may)}.",
        )
    if ask.decision is Decision.HELD:
        _check_follow_up(work, waits, ask.follow_up)
        return []
    if ask.decision is Decision.ALLOCATED:
        return _allocated(work, waits, ask)
    if ask.decision is Decision.RECOGNISED:
        return [_recognised(work, waits, ask.recorded or "")]
    purpose = _WHOLE.get(ask.decision)
    return [Part(purpose, waits.left_minor)] if purpose and waits.left_minor else []


_WHOLE = {
    Decision.REFUND_OWED: Purpose.REFUND,
    Decision.BANK_CHARGE: Purpose.CHARGE,
    Decision.NOT_OURS: Purpose.NOT_OURS,
}


def check_again(work: Work, waits: Waiting, parts: Iterable[Part]) -> None:
    """Refuse a proposal that no longer fits when another person confirms it."""
    asked = [one for one in parts if one.purpose is Purpose.CONTRIBUTION]
    owed = {one.contribution_id: work.session.get_one(Contribution, one.contribution_id) for one in asked}
    _check_shares(work, waits, [(owed[one.contribution_id], one.amount_minor) for one in asked])
    for part in parts:
        if part.purpose is Purpose.RECORDED:
            _recognised(work, waits, part.payment_id or part.payout_id or "")


def _no_fund(entry: BankEntry) -> Refused:
    return Refused(
        "entry.no_fund",
        "It stands on another account than those of the funds that are known here.",
        place=entry.id,
        remedy="Set it aside as none of ours, or hold it until the fund's account is configured.",
    )


def _check_follow_up(work: Work, waits: Waiting, follow_up: date | None) -> None:
    today = business_date(work.clock, waits.fund.time_zone) if waits.fund else work.now().date()
    if follow_up is None or follow_up <= today:
        raise InvalidInput("entry.follow_up", "Say on which day after today it is looked at again.", place="follow_up")


def _allocated(work: Work, waits: Waiting, ask: Ask) -> list[Part]:
    fund = waits.fund
    if fund is None:
        raise _no_fund(waits.entry)
    if ask.shares:
        shares = [(_contribution(work, fund, name), minor) for name, minor in ask.shares]
    else:
        shares = _by_order(work, waits, fund, ask.registration_number or "")
    _check_shares(work, waits, shares)
    parts = [Part(Purpose.CONTRIBUTION, minor, contribution_id=one.id) for one, minor in shares]
    rest = waits.left_minor - sum(part.amount_minor for part in parts)
    if rest and ask.refund_rest:
        parts.append(Part(Purpose.REFUND, rest))
    return parts


def _contribution(work: Work, fund: Fund, name: str) -> Contribution:
    found = work.session.get(Contribution, name) or contributions.by_reference(work, fund.id, name)
    if found is None:
        raise NotFound(
            "contribution.unknown", f"{fund.id} is owed no contribution with this reference.", place="contribution"
        )
    return found


def _by_order(work: Work, waits: Waiting, fund: Fund, number: str) -> list[tuple[Contribution, int]]:
    """The open contributions of an employer, in the order in which the fund lets a payment settle them."""
    employer = employers.find(work, fund.id, number)
    if employer is None:
        raise NotFound(
            "employer.unknown", f"{fund.id} knows no employer with this number.", place="registration_number"
        )
    owed = {
        one.id: one
        for one in contributions.listed(work, fund_id=fund.id, employer_id=employer.id)
        if one.currency == waits.entry.currency
    }
    still_open = decisions.open_of_each(work, list(owed.values()))
    claims = [Claim(one.id, one.due_date, still_open[one.id]) for one in owed.values()]
    day = waits.entry.booking_date or work.now().date()
    order = order_on(fund.reconciliation.allocation_orders.require(), day)
    shares = [(owed[name], minor) for name, minor in allocation(order, claims, waits.left_minor)]
    if not shares:
        raise Refused("allocation.nothing_open", "This employer owes nothing now.", place="registration_number")
    return shares


def _check_shares(work: Work, waits: Waiting, shares: Sequence[tuple[Contribution, int]]) -> None:
    still_open = decisions.open_of_each(work, [one for one, _ in shares])
    for one, minor in shares:
        if (one.fund_id, one.currency) != (waits.entry.fund_id, waits.entry.currency):
            raise Refused(
                "entry.no_fit", "The contribution is another fund's, or in another currency.", place=one.reference
            )
        if minor <= 0 or minor > still_open[one.id]:
            raise Refused(
                "entry.more_than_open",
                "A share is more than nothing, and not more than is open of the contribution.",
                place=one.reference,
                remedy="Let what is left over wait, or be owed back.",
            )
    if len({one.id for one, _ in shares}) < len(shares):
        raise InvalidInput("entry.twice", "A contribution is named twice.", place="contribution")
    if sum(minor for _, minor in shares) > waits.left_minor:
        raise Refused(
            "entry.more_than_there", "The shares are more than what of this entry waits.", place=waits.entry.id
        )


def _recognised(work: Work, waits: Waiting, recorded: str) -> Part:
    """The payment, or the refund paid out, that the bank's booking shows: it must be the same money, and not shown yet."""
    alike = {one.id for one in decisions.recorded_alike(work, waits.entry, waits.left_minor)}
    if recorded not in alike:
        raise Refused(
            "entry.nothing_recorded",
            "Nothing was recorded under this name that has this fund, currency and amount and no entry shows yet.",
            place="recorded",
            remedy="Undo what was recorded wrongly, or decide otherwise.",
        )
    if waits.credit:
        return Part(Purpose.RECORDED, waits.left_minor, payment_id=recorded)
    return Part(Purpose.RECORDED, waits.left_minor, payout_id=recorded)
