"""Plan: what a person asks for becomes the parts of an entry's money, or is refused with the reason; nothing is changed here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from debit_service.collections import queries as collections
from debit_service.collections.models import Collection
from debit_service.contributions import queries as contributions
from debit_service.contributions.models import Contribution
from debit_service.core.clock import business_date
from debit_service.core.errors import InvalidInput, NotFound, Refused
from debit_service.core.work import Work
from debit_service.employers import queries as employers
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.reconcile import days, queries
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.by_persons.standing import Claim, ClaimPayment, Purpose, allocation, order_on
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service.ask import Ask, check_belongs
from debit_service.reconcile.service.told_before import told_before
from debit_service.reconcile.service.undoable import check_whole


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry about which a person decides: what was made of it until now, what of its money no person has decided about (minor
    units), and of which fund it is, if known."""

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
    claim_id: str | None = None
    claim_payment_id: str | None = None
    collection_id: str | None = None


def waiting(work: Work, funds: Funds, entry_id: str) -> Waiting:
    """The entry as it waits. Raises NotFound, or Refused `entry.not_waiting`."""
    entry, disposition = _known(work, entry_id)
    if disposition.kind != "suspense" and disposition.reason != "rest":
        by_rule = decisions.may_be_doubted(entry, disposition)
        raise Refused(
            "entry.not_waiting",
            f"This entry is {disposition.kind}, not in suspense.",
            place=entry_id,
            remedy="Put it in suspense first." if by_rule else "Undo what was decided about it first.",
        )
    return _waiting(work, funds, entry, disposition)


def doubtful(work: Work, funds: Funds, entry_id: str) -> Waiting:
    """The entry, of which a person doubts what was made of it by rule. Raises NotFound, or Refused `entry.not_by_rule`."""
    entry, disposition = _known(work, entry_id)
    if not decisions.may_be_doubted(entry, disposition):
        raise Refused(
            "entry.not_by_rule",
            "Only a booking that was matched, or taken for one that was told already, by rule is put in suspense.",
            place=entry_id,
            remedy="Undo what a person decided about it; what waits is decided about as it is.",
        )
    check_whole(work, entry_id)
    return _waiting(work, funds, entry, disposition)


def _known(work: Work, entry_id: str) -> tuple[BankEntry, Disposition]:
    entry = work.session.get(BankEntry, entry_id)
    disposition = queries.disposition(work, entry_id)
    if entry is None or disposition is None:
        raise NotFound("entry.unknown", f"There is no bank entry {entry_id}.")
    # Done again by a replay, a decision comes after a file or before it: never between two of its lines.
    queries.check_not_being_read(work, entry.file_id, entry.account_index, place=entry_id)
    return entry, disposition


def _waiting(work: Work, funds: Funds, entry: BankEntry, disposition: Disposition) -> Waiting:
    fund = funds.get(entry.fund_id) if entry.fund_id else None
    return Waiting(entry, disposition, decisions.left_minor(work, entry) if decisions.is_money(entry) else 0, fund)


def planned(work: Work, waits: Waiting, ask: Ask) -> list[Part]:
    """The parts that `ask` makes of the entry; none for a match, a hold, a doubt, and what is no money.

    Raises what does not fit.
    """
    check_belongs(ask)
    if ask.decision is Decision.SUSPENDED:
        return []
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
        return [_recognised(work, waits, ask.recorded or "", ask.claim_payments)]
    if ask.decision is Decision.BANK_CHARGE:
        return _charge(work, waits, ask)
    if ask.decision is Decision.TOLD_BEFORE:
        _check_told_before(work, waits, ask.same_as)
    purpose = _WHOLE.get(ask.decision)
    return [Part(purpose, _asked_minor(waits, ask))] if purpose and waits.left_minor else []


_WHOLE = {
    Decision.REFUND_OWED: Purpose.REFUND,
    Decision.NOT_OURS: Purpose.NOT_OURS,
}


def _asked_minor(waits: Waiting, ask: Ask) -> int:
    """How much of what waits is asked about: all of it, unless an amount is named."""
    minor = waits.left_minor if ask.amount_minor is None else ask.amount_minor
    if not 0 < minor <= waits.left_minor:
        raise Refused(
            "entry.more_than_there",
            "An amount is more than nothing, and not more than what of this entry waits.",
            place=waits.entry.id,
        )
    return minor


def check_again(
    work: Work,
    waits: Waiting,
    parts: Sequence[Part],
    claims: Sequence[Claim] = (),
    claim_payments: Sequence[ClaimPayment] = (),
) -> None:
    """Refuse a proposal that no longer fits when another person confirms it.

    Of surcharges, `claims` are open now, and of their payments `claim_payments` are shown by no entry.
    """
    still_open = {one.id: one for one in claims}
    for part in parts:
        if part.purpose is Purpose.SURCHARGE and part.claim_id not in still_open:
            raise _more_than_open(part.claim_id or "")
    _check_claims([(still_open[one.claim_id], one.amount_minor) for one in parts if one.claim_id in still_open])
    asked = [one for one in parts if one.purpose is Purpose.CONTRIBUTION]
    owed = {one.contribution_id: work.session.get_one(Contribution, one.contribution_id) for one in asked}
    surcharges = sum(one.amount_minor for one in parts if one.purpose is Purpose.SURCHARGE)
    _check_shares(work, waits, [(owed[one.contribution_id], one.amount_minor) for one in asked], surcharges)
    for part in parts:
        if part.purpose is Purpose.RECORDED:
            named = part.payment_id or part.payout_id or part.claim_payment_id
            _recognised(work, waits, named or "", claim_payments)
    _check_given_back(work, {one.collection_id: one.amount_minor for one in parts if one.collection_id})


def _no_fund(entry: BankEntry) -> Refused:
    return Refused(
        "entry.no_fund",
        "It stands on another account than those of the funds that are known here.",
        place=entry.id,
        remedy="Set it aside as none of ours, or hold it until the fund's account is configured.",
    )


def _check_told_before(work: Work, waits: Waiting, same_as: str | None) -> None:
    if same_as not in {one.entry.id for one in told_before(work, waits.entry)}:
        raise Refused(
            "entry.not_the_same",
            "No such booking has the same account, currency, direction, amount and reference, told by another report.",
            place=same_as or "same_as",
            remedy="See the entry for the bookings that it may be another report of.",
        )


def _check_follow_up(work: Work, waits: Waiting, follow_up: date | None) -> None:
    today = business_date(work.clock, waits.fund.time_zone) if waits.fund else work.now().date()
    if follow_up is None or follow_up <= today:
        raise InvalidInput("entry.follow_up", "Say on which day after today it is looked at again.", place="follow_up")


def _allocated(work: Work, waits: Waiting, ask: Ask) -> list[Part]:
    fund = waits.fund
    if fund is None:
        raise _no_fund(waits.entry)
    claims = {one.id: one for one in ask.claims}
    named = ask.shares or _by_order(work, waits, fund, ask)
    surcharges = [(claims[name], minor) for name, minor in named if name in claims]
    shares = [(_contribution(work, fund, name), minor) for name, minor in named if name not in claims]
    _check_claims(surcharges)
    _check_shares(work, waits, shares, sum(minor for _, minor in surcharges))
    parts = [Part(Purpose.CONTRIBUTION, minor, contribution_id=one.id) for one, minor in shares]
    parts += [Part(Purpose.SURCHARGE, minor, claim_id=one.id) for one, minor in surcharges]
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


def _by_order(work: Work, waits: Waiting, fund: Fund, ask: Ask) -> list[tuple[str, int]]:
    """(contribution or surcharge, minor units) of an employer, in the order in which the fund lets a payment settle them."""
    employer = employers.find(work, fund.id, ask.registration_number or "")
    if employer is None:
        raise NotFound(
            "employer.unknown", f"{fund.id} knows no employer with this number.", place="registration_number"
        )
    owed = [
        one
        for one in contributions.listed(work, fund_id=fund.id, employer_id=employer.id)
        if one.currency == waits.entry.currency
    ]
    still_open = decisions.open_of_each(work, owed)
    claims = [Claim(one.id, one.due_date, still_open[one.id]) for one in owed]
    day = days.of_each(work, [waits.entry])[waits.entry.id]
    order = order_on(fund.reconciliation.allocation_orders.require(), day)
    shares = allocation(order, [*claims, *ask.claims], waits.left_minor)
    if not shares:
        raise Refused("allocation.nothing_open", "This employer owes nothing now.", place="registration_number")
    return shares


def _check_claims(surcharges: Sequence[tuple[Claim, int]]) -> None:
    if len({one.id for one, _ in surcharges}) < len(surcharges):
        raise InvalidInput("entry.twice", "A surcharge is named twice.", place="contribution")
    for one, minor in surcharges:
        if not 0 < minor <= one.open_minor:
            raise _more_than_open(one.id)


def _more_than_open(place: str) -> Refused:
    return Refused(
        "entry.more_than_open",
        "A share is more than nothing, and not more than is open of what it pays.",
        place=place,
        remedy="Let what is left over wait, or be owed back.",
    )


def _check_shares(
    work: Work, waits: Waiting, shares: Sequence[tuple[Contribution, int]], surcharges_minor: int
) -> None:
    still_open = decisions.open_of_each(work, [one for one, _ in shares])
    for one, minor in shares:
        if (one.fund_id, one.currency) != (waits.entry.fund_id, waits.entry.currency):
            raise Refused(
                "entry.no_fit", "The contribution is another fund's, or in another currency.", place=one.reference
            )
        if minor <= 0 or minor > still_open[one.id]:
            raise _more_than_open(one.reference)
    if len({one.id for one, _ in shares}) < len(shares):
        raise InvalidInput("entry.twice", "A contribution is named twice.", place="contribution")
    if sum(minor for _, minor in shares) + surcharges_minor > waits.left_minor:
        raise Refused(
            "entry.more_than_there", "The shares are more than what of this entry waits.", place=waits.entry.id
        )


def _charge(work: Work, waits: Waiting, ask: Ask) -> list[Part]:
    """A charge. One that is given back is that of the debits which are named, as far as the bank still keeps theirs."""
    asked = _asked_minor(waits, ask)
    if ask.end_to_end_ids:
        raise InvalidInput("entry.parts", "Say of each debit which part of the charge was taken for it.", place="share")
    named = ask.shares or (((ask.end_to_end_id, asked),) if ask.end_to_end_id else ())
    if named and not waits.credit:
        raise Refused(
            "entry.charge_taken",
            "Only a charge that the bank gives back is told apart by debits.",
            place=named[0][0],
            remedy="Leave the debit out; or match the entry to it.",
        )
    if named:
        shares = {_debit(work, waits, name).id: minor for name, minor in named}
        if len(shares) < len(named):
            raise InvalidInput("entry.twice", "A debit is named twice.", place="debit")
        _check_given_back(work, shares)
    else:
        shares = _charge_of_its_own_debit(work, waits, asked)
    rest = asked - sum(shares.values())
    if rest < 0:
        raise Refused(
            "entry.more_than_there", "The shares are more than what of this entry waits.", place=waits.entry.id
        )
    parts = [Part(Purpose.CHARGE, minor, collection_id=one) for one, minor in shares.items()]
    return [*parts, Part(Purpose.CHARGE, rest)] if rest else parts


def _charge_of_its_own_debit(work: Work, waits: Waiting, asked_minor: int) -> dict[str, int]:
    named = collections.by_end_to_end_id(work, waits.entry.end_to_end_id or "") if waits.credit else None
    if named is None or (named.fund_id, named.currency) != (waits.entry.fund_id, waits.entry.currency):
        return {}
    kept = queries.charges_kept_of_each(work, {named.id: named.amount_minor})[named.id]
    return {named.id: min(kept, asked_minor)} if kept else {}


def _debit(work: Work, waits: Waiting, end_to_end_id: str) -> Collection:
    found = collections.by_end_to_end_id(work, end_to_end_id)
    if found is None or (found.fund_id, found.currency) != (waits.entry.fund_id, waits.entry.currency):
        raise Refused(
            "entry.no_fit", "The fund has no debit with this reference in this currency.", place=end_to_end_id
        )
    return found


def _check_given_back(work: Work, shares: Mapping[str, int]) -> None:
    """Nothing is given back of a debit's charges beyond what the bank took for it and still keeps."""
    if not shares:
        return
    debits = collections.asked_by_id(work, shares)
    kept = queries.charges_kept_of_each(work, {one.id: one.amount_minor for one in debits})
    for one in debits:
        if not 0 < shares[one.id] <= kept[one.id]:
            raise Refused(
                "entry.more_than_charged",
                "A share is more than nothing, and not more than the bank took for this debit and still keeps.",
                place=one.end_to_end_id,
                remedy="Name the amount that belongs to it, or hold the entry until the file with its return is read.",
            )


def _recognised(work: Work, waits: Waiting, recorded: str, of_claims: Sequence[ClaimPayment]) -> Part:
    """The payment, or the refund paid out, that the bank's booking shows: it must be the same money, and not shown yet."""
    signed = waits.left_minor if waits.credit else -waits.left_minor
    booked = (waits.entry.fund_id, waits.entry.currency, signed)
    if any(one.id == recorded and (one.fund_id, one.currency, one.amount_minor) == booked for one in of_claims):
        return Part(Purpose.RECORDED, waits.left_minor, claim_payment_id=recorded)
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
