"""Who may call which route. Denied by default: a route without a declaration stops the application from being built."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from debit_service.core.work import Role
from debit_service.web.desk import actor, signed_in

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])

#: What each view declares: the roles that may call it; None for everybody, signed in or not.
_DECLARED: dict[Callable[..., Any], frozenset[Role] | None] = {}


def allowed(*roles: Role) -> Callable[[View], View]:
    """Declare that a route is for people who hold one of `roles`."""

    def declare(view: View) -> View:
        _DECLARED[view] = frozenset(roles)
        return view

    return declare


def everybody(view: View) -> View:
    """Declare that a route needs no sign-in."""
    _DECLARED[view] = None
    return view


def declared(app: Flask, endpoint: str) -> frozenset[Role] | None:
    """Who may call `endpoint`; None for everybody. Raises LookupError for a route that does not say."""
    view = app.view_functions[endpoint]
    if view not in _DECLARED:
        raise LookupError(f"the route {endpoint} does not declare who may call it")
    return _DECLARED[view]


def check_every_route(app: Flask) -> None:
    """Refuse to build an application with a route that does not say who may call it."""
    for rule in app.url_map.iter_rules():
        declared(app, rule.endpoint)


def gate() -> ResponseReturnValue | None:
    """Before each request: let in who may, ask who is not signed in to sign in, refuse the others (`access.role`)."""
    if request.endpoint is None:
        return None
    roles = declared(current_app, request.endpoint)
    if roles is None:
        return None
    if signed_in() is None:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("sessions.sign_in", next=wanted))
    actor().require(*roles)
    return None
