"""What belongs to a mandate on paper: the printed form, the scans of what was signed and stamped, and attaching another."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.utils import secure_filename

from debit_service.core.errors import DebitError
from debit_service.core.work import Role
from debit_service.mandates import documents, queries
from debit_service.mandates import service as mandates
from debit_service.mandates.documents import DocumentKind
from debit_service.mandates.form_pdf import form_pdf
from debit_service.web import forms
from debit_service.web.access import allowed
from debit_service.web.desk import actor, reading, service, working
from debit_service.web.uploads import download, takes_scan

blueprint = Blueprint("documents", __name__)

READERS = (Role.EMPLOYER, Role.MANDATE_AGENT, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
KEEPERS = (Role.FINANCE_CLERK, Role.MANDATE_AGENT)


@blueprint.get("/mandates/<mandate_id>/form.pdf")
@allowed(*READERS)
def printed(mandate_id: str) -> ResponseReturnValue:
    """The form as a PDF. That somebody took it is on record."""
    with working() as work:
        mandate = mandates.get(work, mandate_id)
        content = form_pdf(work, service().funds, mandate)
    return download(content, "application/pdf", secure_filename(f"{mandate.reference}.pdf"))


@blueprint.get("/mandates/<mandate_id>/documents")
@allowed(*READERS)
def listed(mandate_id: str) -> ResponseReturnValue:
    """A mandate's form and scans."""
    return _page(mandate_id, forms.DocumentForm()), 200


@blueprint.post("/mandates/<mandate_id>/documents")
@allowed(*KEEPERS)
@takes_scan
def attach(mandate_id: str) -> ResponseReturnValue:
    """Keep a scan with a mandate."""
    form = forms.DocumentForm()
    if form.validate():
        try:
            with working() as work:
                mandate = mandates.get(work, mandate_id)
                documents.attach(work, mandate, DocumentKind(form.kind.data), form.scan.data.read())
        except DebitError as error:
            forms.show(form, error)
        else:
            flash(gettext("The document is kept."))
            return redirect(url_for("documents.listed", mandate_id=mandate.id))
    return _page(mandate_id, form), 422


@blueprint.get("/documents/<document_id>")
@allowed(*READERS)
def scan(document_id: str) -> ResponseReturnValue:
    """A scan as it came. That somebody took it is on record."""
    with working() as work:
        found = documents.fetch(work, document_id)
    return download(found.content, found.media_type, found.name)


def _page(mandate_id: str, form: forms.DocumentForm) -> str:
    with reading() as work:
        mandate = mandates.get(work, mandate_id)
        fund = service().funds.get(mandate.fund_id)
        return render_template(
            "mandate_documents.html",
            mandate=mandate,
            state=queries.state(work, mandate.id),
            fund=fund,
            documents=queries.documents(work, mandate),
            form=form,
            may_attach=not actor().roles.isdisjoint(KEEPERS),
        )
