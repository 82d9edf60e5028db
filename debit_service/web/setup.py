"""Fits the pages into a Flask application, in the order in which each request passes them."""

from flask import Flask
from flask_wtf import CSRFProtect

from debit_service.core.work import Role
from debit_service.web import (
    access,
    batches,
    books,
    calendars,
    circumstances,
    confirming,
    contributions,
    decisions,
    disputes,
    documents,
    drafts,
    errors,
    faults,
    formats,
    headers,
    languages,
    ledger,
    mandate_desk,
    mandate_life,
    mandates,
    menu,
    outages,
    pages,
    payments,
    penalties,
    refunds,
    reliefs,
    report,
    reports,
    reports_entry,
    runs,
    sessions,
    statements,
    suspense,
    uploads,
    words,
)
from debit_service.web.desk import actor

BLUEPRINTS = (
    pages,
    sessions,
    contributions,
    mandates,
    drafts,
    report,
    reports_entry,
    reports,
    books,
    ledger,
    statements,
    batches,
    suspense,
    decisions,
    refunds,
    reliefs,
    mandate_desk,
    mandate_life,
    documents,
    disputes,
    payments,
    circumstances,
    penalties,
    confirming,
    faults,
    outages,
    calendars,
    runs,
)


def init_app(app: Flask) -> None:
    """Everything that pages need. Raises LookupError for a route that does not say who may call it."""
    headers.init_app(app)
    sessions.init_app(app)
    languages.init_app(app)
    app.before_request(access.gate)
    # After it is known who sends a request, and before the check of the token reads its form.
    app.request_class = uploads.InMemoryRequest
    app.before_request(uploads.make_room)
    CSRFProtect(app)
    errors.init_app(app)
    formats.init_app(app)
    app.jinja_env.globals.update(words=words, Role=Role, menu=menu.shown)
    app.context_processor(lambda: {"actor": actor()})
    for module in BLUEPRINTS:
        app.register_blueprint(module.blueprint)
    access.check_every_route(app)
