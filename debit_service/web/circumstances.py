"""The circumstances of a contribution that the rule of its penalty asks for: a clerk records them on its page."""

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from debit_service.contributions import queries
from debit_service.contributions.circumstances import state_circumstances
from debit_service.core.errors import DebitError
from debit_service.core.work import Role
from debit_service.web import contributions, forms
from debit_service.web.access import allowed
from debit_service.web.desk import service, working

blueprint = Blueprint("circumstances", __name__)


@blueprint.post("/contributions/<contribution_id>/circumstances")
@allowed(Role.FINANCE_CLERK)
def state(contribution_id: str) -> ResponseReturnValue:
    """Record all that is known of them now."""
    form = forms.CircumstancesForm()
    if not form.validate():
        return contributions.page(contribution_id, circumstances_form=form), 422
    try:
        with working() as work:
            contribution = queries.get(work, contribution_id)
            fund = service().funds.get(contribution.fund_id)
            stated = state_circumstances(work, fund, contribution, form.circumstances, form.source.data)
    except DebitError as error:
        forms.show(form, error)
        return contributions.page(contribution_id, circumstances_form=form), 422
    flash(
        gettext("Recorded. The next assessment computes the penalty by it.")
        if stated
        else gettext("All of this is known already; nothing was changed.")
    )
    return redirect(url_for("contributions.detail", contribution_id=contribution_id))
