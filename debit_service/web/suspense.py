"""Suspense: a clerk decides to which collection a bank entry belongs."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.core.errors import DebitError, NotFound
from debit_service.core.work import Role, Work
from debit_service.reconcile import queries as reconcile
from debit_service.reconcile.models import BankEntry, Disposition
from debit_service.reconcile.service import resolve
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import reading, service, working

blueprint = Blueprint("suspense", __name__, url_prefix="/suspense")


@blueprint.get("/<entry_id>")
@allowed(Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
def entry(entry_id: str) -> ResponseReturnValue:
    """One bank entry in suspense, and why it is there."""
    return _entry_page(entry_id, forms.ResolveForm()), 200


@blueprint.post("/<entry_id>")
@allowed(Role.FINANCE_CLERK)
def match(entry_id: str) -> ResponseReturnValue:
    """Match the entry to the collection with this reference."""
    form = forms.ResolveForm()
    if not form.validate():
        return _entry_page(entry_id, form), 422
    try:
        with working() as work:
            resolve(work, service().funds, entry_id, form.end_to_end_id.data, form.why.data)
    except DebitError as error:
        forms.show(form, error)
        return _entry_page(entry_id, form), 422
    flash(gettext("The entry is matched."))
    return redirect(url_for("report.show"))


def _entry_page(entry_id: str, form: forms.ResolveForm) -> str:
    with reading() as work:
        found, disposition = _waiting(work, entry_id)
        return render_template("suspense.html", form=form, entry=found, disposition=disposition)


def _waiting(work: Work, entry_id: str) -> tuple[BankEntry, Disposition]:
    for row in reconcile.queue(work):
        found, disposition = row
        if found.id == entry_id:
            return found, disposition
    raise NotFound("entry.unknown", "There is no such entry in suspense.")
