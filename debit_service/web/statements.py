"""Statements of the same days, and which of them counts where the bank wrote one anew: a clerk says it."""

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from wtforms import SelectField

from debit_service.core.errors import DebitError
from debit_service.core.work import Role
from debit_service.reconcile.models import BankDocument
from debit_service.reconcile.service.replace import replace_statement, undo_replacement
from debit_service.reconcile.tie_out import replaced
from debit_service.reconcile.tie_out.replaced import Beside
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.batches import FINANCE
from debit_service.web.desk import actor, reading, working
from debit_service.web.ledger import zone

blueprint = Blueprint("statements", __name__, url_prefix="/ledger/statements")


class ReplaceForm(forms.WhyForm):
    """Which statement counts instead of which, and why."""

    replaced = SelectField(lazy_gettext("This one does not count any more"))
    replacing = SelectField(lazy_gettext("This one counts instead"))

    def offer(self, statements: Sequence[tuple[str, str]]) -> None:
        """Let a person choose among these."""
        self.replaced.choices = self.replacing.choices = list(statements)


@blueprint.get("/<statement_id>")
@allowed(*FINANCE)
def beside(statement_id: str) -> ResponseReturnValue:
    """A statement and those of its account that share days with it."""
    return _page(statement_id)


@blueprint.post("/<statement_id>")
@allowed(Role.FINANCE_CLERK)
def replace(statement_id: str) -> ResponseReturnValue:
    """Say which one counts."""
    form = ReplaceForm()
    with reading() as work:
        form.offer(_counting(replaced.beside(work, statement_id)))
    if not form.validate():
        return _page(statement_id, form), 422
    try:
        with working() as work:
            replace_statement(work, form.replaced.data, form.replacing.data, form.why.data)
    except DebitError as error:
        forms.show(form, error)
        return _page(statement_id, form, refused=error), 422
    return _done(statement_id)


@blueprint.post("/<statement_id>/<replacement_id>/undo")
@allowed(Role.FINANCE_CLERK)
def undo(statement_id: str, replacement_id: str) -> ResponseReturnValue:
    """Let the statement count again."""
    form = forms.WhyForm()
    if not form.validate():
        return _page(statement_id, undoing={replacement_id: form}), 422
    with working() as work:
        undo_replacement(work, replacement_id, form.why.data)
    return _done(statement_id)


def _done(statement_id: str) -> ResponseReturnValue:
    flash(gettext("Done."))
    return redirect(url_for("statements.beside", statement_id=statement_id))


def _page(
    statement_id: str,
    form: ReplaceForm | None = None,
    *,
    undoing: Mapping[str, forms.WhyForm] | None = None,
    refused: DebitError | None = None,
) -> str:
    with reading() as work:
        found = replaced.beside(work, statement_id)
        page: str = render_template(
            "statements.html",
            about=statement_id,
            statements=found,
            named=_named(found),
            form=form or _replace_form(found),
            taken_back=replaced.taken_back(work, [one.document.id for one in found]),
            zone=zone(found[0].document.fund_id),
            undo_forms=_undo_forms(found, undoing or {}),
            refused=refused,
            sent=list((undoing or {}).values()),
        )
    return page


def _replace_form(found: Sequence[Beside]) -> ReplaceForm | None:
    """The form for a clerk where there is something to choose: the statement that was read last most likely counts."""
    counting = _counting(found)
    if Role.FINANCE_CLERK not in actor().roles or len(counting) < 2:
        return None
    form = ReplaceForm(formdata=None)
    form.offer(counting)
    form.replaced.data, form.replacing.data = counting[0][0], counting[-1][0]
    return form


def _undo_forms(found: Sequence[Beside], sent: Mapping[str, forms.WhyForm]) -> dict[str, forms.WhyForm]:
    """For a clerk, of each replacement the form that undoes it, as it was sent or empty."""
    if Role.FINANCE_CLERK not in actor().roles:
        return {}
    said = [one.replacement.id for one in found if one.replacement]
    undo_forms = {one: sent.get(one) or forms.WhyForm(formdata=None) for one in said}
    for one, form in undo_forms.items():
        forms.tell_apart(form, one)
    return undo_forms


def _counting(found: Sequence[Beside]) -> list[tuple[str, str]]:
    """The statements that count, by id and in words, the newest last."""
    names = _named(found)
    return [(one, names[one]) for one in sorted(one.document.id for one in found if one.replacement is None)]


def _named(found: Sequence[Beside]) -> dict[str, str]:
    """Statement -> how people call it, by the bank's name and the order in which they were read."""
    ordered = sorted((one.document for one in found), key=lambda one: one.id)
    return {one.id: _called(number, one) for number, one in enumerate(ordered, start=1)}


def _called(number: int, document: BankDocument) -> str:
    said = document.container_id or document.message_id or "–"
    return str(gettext("Statement %(number)s: %(name)s", number=number, name=said))
