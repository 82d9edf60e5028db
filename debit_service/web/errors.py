"""Errors as pages: what is wrong, where, and what to do next. What nobody foresaw shows only the id of the request."""

import structlog
from flask import Flask, g, render_template
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from debit_service.core.errors import DebitError, InvalidInput, NotFound, Refused, Unavailable

_STATUS: tuple[tuple[type[DebitError], int], ...] = (
    (InvalidInput, 422),
    (Refused, 409),
    (NotFound, 404),
    (Unavailable, 503),
)
_log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(DebitError, _ours)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(InternalServerError, _unexpected)


def status_of(error: DebitError) -> int:
    """The HTTP status of an error of the house."""
    if error.code.startswith("access."):
        return 403
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def _ours(error: DebitError) -> ResponseReturnValue:
    return render_template("error.html", error=error), status_of(error)


def _form_too_old(error: CSRFError) -> ResponseReturnValue:
    return render_template("error.html", error=Refused("web.form", error.description)), 400


def _of_http(error: HTTPException) -> ResponseReturnValue:
    shown = Refused(f"web.{error.code}", error.name)
    return render_template("error.html", error=shown), error.code or 500


def _unexpected(error: InternalServerError) -> ResponseReturnValue:
    cause = error.original_exception or error
    _log.error("request.failed", cause=type(cause).__name__, exc_info=cause)
    shown = Refused("web.unexpected", "Something went wrong here; nothing was changed.", place=g.request_id)
    return render_template("error.html", error=shown), 500
