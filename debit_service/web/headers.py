"""Headers that every answer carries, and the id under which a request is found in the logs."""

import secrets

import structlog
from flask import Flask, Response, current_app, g, request

# Bootstrap's style sheet draws ticks and arrows from data: images; nothing else may come from anywhere but here.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'none'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_ONE_YEAR_SECONDS = 365 * 24 * 60 * 60
_log = structlog.get_logger()


def init_app(app: Flask) -> None:
    """Name each request, and set the headers of each answer."""
    app.before_request(_name_request)
    app.after_request(_set_headers)


def _name_request() -> None:
    g.request_id = secrets.token_hex(8)
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _set_headers(response: Response) -> Response:
    headers = response.headers
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    # same-origin and not no-referrer: over HTTPS the CSRF check wants to see that a form came from this site.
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Request-ID"] = g.request_id
    if request.endpoint not in {"pages.static", "pages.vendor"}:
        headers["Cache-Control"] = "no-store"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR_SECONDS}"
    # The endpoint and not the address: an address may carry what a person typed.
    _log.info("request", method=request.method, endpoint=request.endpoint, status=response.status_code)
    structlog.contextvars.unbind_contextvars("request_id")
    return response
