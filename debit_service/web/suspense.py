"""The work queue: the bank entries that wait for a person, and what a clerk decides about each."""

from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from markupsafe import Markup

from debit_service.core.errors import DebitError
from debit_service.core.money import format_minor
from debit_service.core.work import Role, Work
from debit_service.penalties.at_the_bank import what_it_may_be
from debit_service.penalties.service.from_entries import decide
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.models import BankEntry
from debit_service.reconcile.queue import work_queue
from debit_service.reconcile.queue.exceptions import Decision, Exceptional, meaning
from debit_service.reconcile.queue.suggest import Recognisable
from debit_service.reconcile.queue.waiting import NONE
from debit_service.reconcile.queue.work_queue import Filter, Waits
from debit_service.reconcile.same_booking.said_since import contradictions
from debit_service.reconcile.service import Ask, Decided
from debit_service.reconcile.service.told_before import Before, told_before
from debit_service.web import formats, forms, queue_asked, queue_forms, queue_words, words
from debit_service.web.access import allowed
from debit_service.web.asked import words_asked
from debit_service.web.desk import actor, reading, service, working

blueprint = Blueprint("suspense", __name__, url_prefix="/suspense")

FINANCE = (Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
_WHOLE = (Decision.REFUND_OWED, Decision.BANK_CHARGE, Decision.NOT_OURS)


@blueprint.get("")
@allowed(*FINANCE)
def listed() -> ResponseReturnValue:
    """What waits, the oldest first; by fund, exception and age where asked; and the decisions that wait for another person."""
    asked = words_asked(queue_asked.NAMES)
    wanted = queue_asked.wanted(asked)
    with reading() as work:
        return render_template(
            "suspense_queue.html",
            page=work_queue.page(work, service().funds, wanted),
            counts=work_queue.counts(work),
            proposals=decisions.proposals(work),
            asked={name: value for name, value in asked.items() if value},
            wanted=wanted,
            funds=service().funds,
            ages=queue_asked.AGES,
            exceptions=[one.value for one in Exceptional if one is not Exceptional.SEVERAL],
            queue_words=queue_words,
            no_fund=NONE,
        )


@blueprint.get("/<entry_id>")
@allowed(*FINANCE)
def entry(entry_id: str) -> ResponseReturnValue:
    """One bank entry: what it says, what was made of it, and, while it waits, what it may be and what may be decided."""
    return _entry_page(entry_id, {})


@blueprint.post("/<entry_id>")
@allowed(Role.FINANCE_CLERK)
def match(entry_id: str) -> ResponseReturnValue:
    """Match the entry to the collections with these references."""
    form = queue_forms.MatchForm()
    return _decide(
        entry_id,
        "match",
        form,
        "end_to_end_id",
        lambda currency: Ask(
            decision=Decision.MATCHED,
            why=form.why.data,
            end_to_end_ids=form.debits(),
            shares=form.parts(currency),
            charge_minor=form.charge_minor(currency),
            charges=form.charges(currency),
        ),
    )


@blueprint.post("/<entry_id>/allocate")
@allowed(Role.FINANCE_CLERK)
def allocate(entry_id: str) -> ResponseReturnValue:
    """Let the entry pay contributions."""
    form = queue_forms.AllocateForm()
    return _decide(
        entry_id,
        "allocate",
        form,
        "shares",
        lambda currency: Ask(
            decision=Decision.ALLOCATED,
            why=form.why.data,
            shares=form.asked(currency),
            registration_number=form.registration_number.data or None,
            refund_rest=form.refund_rest.data,
        ),
    )


@blueprint.post("/<entry_id>/recognise")
@allowed(Role.FINANCE_CLERK)
def recognise(entry_id: str) -> ResponseReturnValue:
    """Say that it is the bank's booking of what was recorded by hand."""
    form = queue_forms.RecogniseForm()
    with reading() as work:
        form.offer(_recorded(work, decisions.entry(work, entry_id)))
    return _decide(
        entry_id,
        "recognise",
        form,
        "recorded",
        lambda _: Ask(decision=Decision.RECOGNISED, why=form.why.data, recorded=form.recorded.data),
    )


@blueprint.post("/<entry_id>/told-before")
@allowed(Role.FINANCE_CLERK)
def tell_before(entry_id: str) -> ResponseReturnValue:
    """Say that another report has told of this booking already."""
    form = queue_forms.ToldBeforeForm()
    with reading() as work:
        form.offer(_told_before(work, decisions.entry(work, entry_id)))
    return _decide(
        entry_id,
        "told_before",
        form,
        "booking",
        lambda _: Ask(decision=Decision.TOLD_BEFORE, why=form.why.data, same_as=form.booking.data),
    )


@blueprint.post("/<entry_id>/set-aside")
@allowed(Role.FINANCE_CLERK)
def set_aside(entry_id: str) -> ResponseReturnValue:
    """Say that it is to be given back, is a charge, or is none of the fund's."""
    form = queue_forms.SetAsideForm()
    form.offer(one.value for one in _WHOLE)
    return _decide(
        entry_id,
        "set_aside",
        form,
        "decision",
        lambda currency: Ask(
            decision=Decision(form.decision.data),
            why=form.why.data,
            end_to_end_id=form.end_to_end_id.data or None,
            amount_minor=form.amount_minor(currency),
        ),
    )


@blueprint.post("/<entry_id>/doubt")
@allowed(Role.FINANCE_CLERK)
def doubt(entry_id: str) -> ResponseReturnValue:
    """Put in suspense what was matched, or folded, by rule."""
    form = forms.WhyForm()
    return _decide(entry_id, "doubt", form, "why", lambda _: Ask(decision=Decision.SUSPENDED, why=form.why.data))


@blueprint.post("/<entry_id>/hold")
@allowed(Role.FINANCE_CLERK)
def hold(entry_id: str) -> ResponseReturnValue:
    """Hold it until a day."""
    form = queue_forms.HoldForm()
    return _decide(
        entry_id,
        "hold",
        form,
        "follow_up",
        lambda _: Ask(decision=Decision.HELD, why=form.why.data, follow_up=form.follow_up.data),
    )


def _decide(
    entry_id: str, name: str, form: forms.WhyForm, field: str, ask: Callable[[str], Ask]
) -> ResponseReturnValue:
    """Decide what a form asks; what does not fit is said at its `field`."""
    if not form.validate():
        return _entry_page(entry_id, {name: form})
    try:
        with working() as work:
            currency = decisions.entry(work, entry_id).currency or ""
            decided = decide(work, service().funds, entry_id, ask(currency))
    except DebitError as error:
        if error.code == "entry.unknown":
            raise
        queue_forms.show(form, error, field)
        return _entry_page(entry_id, {name: form})
    tell(decided)
    return redirect(url_for("suspense.listed"))


def tell(decided: Decided) -> None:
    """Say what became of a decision."""
    flash(
        gettext("Proposed. Another person confirms it; nothing has changed until then.")
        if decided.state == "proposed"
        else gettext("Done.")
    )


def _entry_page(entry_id: str, sent: Mapping[str, forms.WhyForm]) -> ResponseReturnValue:
    """The page of an entry, with the form that was sent, if one was, and its errors."""
    with reading() as work:
        found = decisions.entry(work, entry_id)
        shown = work_queue.page(work, service().funds, Filter(entry_id=entry_id)).shown
        waits = shown[0] if shown else None
        made, history = decisions.dispositions(work, entry_id), decisions.history(work, entry_id)
        newest = made[-1] if made else None
        proposed = newest is not None and decisions.taken_by(work, newest.id) is not None
        may_doubt = newest is not None and decisions.may_be_doubted(found, newest) and not proposed
        page = render_template(
            "suspense.html",
            entry=found,
            waits=waits,
            means=meaning(waits.disposition.reason).says if waits else "",
            dispositions=made,
            history=history,
            proposed=proposed,
            said_since=contradictions(work, [entry_id]),
            forms_of=_forms(work, found, waits, sent) if waits else _doubt_form(sent, may_doubt=may_doubt),
            asked=next(iter(sent), None),
            time_zone=service().funds.get(found.fund_id).time_zone if found.fund_id else "UTC",
            suggested_share=suggested_share,
            suggested_charge=suggested_charge,
            queue_words=queue_words,
        )
    return page, 422 if sent else 200


def _forms(work: Work, found: BankEntry, waits: Waits, sent: Mapping[str, forms.WhyForm]) -> dict[str, forms.WhyForm]:
    """The forms of everything that may be decided about an entry, by name; those that it is suggested to fill in are."""
    if Role.FINANCE_CLERK not in actor().roles:
        return {}
    may = decisions.possible_about(found, waits.disposition.reason)
    offered: dict[str, forms.WhyForm] = {}
    if Decision.TOLD_BEFORE in may and (told := _told_before(work, found)):
        offered["told_before"] = before = queue_forms.ToldBeforeForm(formdata=None)
        before.offer(told)
        # The only one is filled in, as a suggestion is.
        before.booking.data = told[0][0] if len(told) == 1 else None
    if Decision.MATCHED in may:
        offered["match"] = queue_forms.MatchForm(
            formdata=None, end_to_end_id=request.args.get("debit"), charge=request.args.get("charge")
        )
    if Decision.ALLOCATED in may:
        offered["allocate"] = queue_forms.AllocateForm(formdata=None, shares=request.args.get("shares"))
    if Decision.RECOGNISED in may and (recorded := _recorded(work, found)):
        offered["recognise"] = recognised = queue_forms.RecogniseForm(formdata=None)
        recognised.offer(recorded)
    whole = [one.value for one in may if one in _WHOLE]
    if whole:
        offered["set_aside"] = aside = queue_forms.SetAsideForm(formdata=None)
        aside.offer(whole)
    offered["hold"] = queue_forms.HoldForm(formdata=None)
    offered |= sent
    for name, form in offered.items():
        forms.tell_apart(form, name)
    return offered


def _doubt_form(sent: Mapping[str, forms.WhyForm], *, may_doubt: bool) -> dict[str, forms.WhyForm]:
    """The form by which an entry that does not wait is put in suspense, for who may; and the one that was sent."""
    if Role.FINANCE_CLERK not in actor().roles:
        return {}
    offered = {"doubt": forms.WhyForm(formdata=None)} if may_doubt else {}
    offered |= sent
    for name, form in offered.items():
        forms.tell_apart(form, name)
    return offered


def _told_before(work: Work, found: BankEntry) -> list[tuple[str, str]]:
    """The bookings that this may be another report of, by id and in words."""
    return [(one.entry.id, _before_in_words(one, found.currency or "XXX")) for one in told_before(work, found)]


def _before_in_words(before: Before, currency: str) -> str:
    one = before.entry
    names = [formats.code(name) for name in (one.message, one.account_servicer_reference, one.id) if name]
    if before.debits:
        parts = gettext("%(count)s debits that were sent together, booked each by itself", count=before.debits)
        return Markup(" · ").join([formats.day(one.booking_date), parts, formats.money(before.minor, currency), *names])
    return Markup(" · ").join([formats.day(one.booking_date), *names])


def _recorded(work: Work, found: BankEntry) -> list[tuple[str, str]]:
    """Payments and refunds that may be this booking, the likeliest first, by id and in words with what speaks for them."""
    return [(one.recorded.id, _in_words(one)) for one in what_it_may_be(work, found)]


def _in_words(one: Recognisable) -> str:
    recorded = one.recorded
    what = words.means(recorded.means) if recorded.means else gettext("Refund")
    parts = [what, str(recorded.day or ""), recorded.reference, recorded.about]
    if recorded.of_claim:
        parts[3] = gettext("penalty %(id)s", id=recorded.about)
    speaks = " ".join(queue_words.sentence(point.says) for point in one.points)
    return f"{' · '.join(filter(None, parts))}. {speaks}"


def suggested_charge(waits: Waits, debit_minor: int) -> str | None:
    """What of money that left is more than the debit, as it is typed: perhaps a charge that the bank did not state."""
    more = (waits.left_minor or 0) - debit_minor
    returned = waits.entry.direction == "debit" and more > 0
    return format_minor(more, waits.entry.currency or "XXX") if returned else None


def suggested_share(waits: Waits, open_minor: int) -> str:
    """What of an entry a contribution can take, as it is typed."""
    minor = min(waits.left_minor or 0, open_minor)
    return format_minor(minor, waits.entry.currency or "XXX")
