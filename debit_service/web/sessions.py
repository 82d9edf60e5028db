"""Sign in and out. The cookie holds an opaque token; the table of sessions says whose it is, how long, and can revoke it."""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import LoginManager, login_user, logout_user

from debit_service.access import service as access
from debit_service.access.models import Person
from debit_service.core.work import Role, Work
from debit_service.employers import queries as employers
from debit_service.web.access import allowed, everybody
from debit_service.web.desk import NOBODY, SignedIn, service, signed_in, working
from debit_service.web.forms import SignInForm

blueprint = Blueprint("sessions", __name__)

_SEEN = "seen"
# A session's last use is noted to the minute: a write for every page would make readers wait for bulk work.
_NOTE_USE_EVERY = timedelta(minutes=1)


def init_app(app: Flask) -> None:
    """Load people from their session token."""
    manager = LoginManager(app)
    # A phone changes its address all the time; the token alone decides.
    manager.session_protection = None
    manager.user_loader(_load)


def _load(token: str) -> SignedIn | None:
    with service().desk.reading(NOBODY) as work:
        person = access.person_of_session(work, token)
        loaded = _signed_in(work, token, person) if person else None
    if loaded:
        _note_use(token)
    return loaded


def _signed_in(work: Work, token: str, person: Person) -> SignedIn:
    employer = employers.get(work, person.employer_id) if person.employer_id else None
    return SignedIn(token, access.actor_of(person), employer.language if employer else None)


def _note_use(token: str) -> None:
    now = service().desk.clock.now().timestamp()
    if abs(now - session.get(_SEEN, 0)) >= _NOTE_USE_EVERY.total_seconds():
        with service().desk.work(NOBODY) as work:
            access.touch_session(work, token)
        session[_SEEN] = now


@blueprint.route("/sign-in", methods=["GET", "POST"])
@everybody
def sign_in() -> ResponseReturnValue:
    """Ask for login and password; then on to the page that was wanted."""
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("sign_in.html", form=form), 422 if form.errors else 200
    with service().desk.work(NOBODY) as work:
        answer = access.sign_in(work, form.login.data, form.password.data, request.remote_addr or "")
        person = answer.person
        found = _signed_in(work, access.open_session(work, person), person) if person else None
    if found is None:
        form.login.errors = [
            gettext("Too many attempts. Wait a quarter of an hour, then try again.")
            if answer.throttled
            else gettext("Login or password is wrong.")
        ]
        return render_template("sign_in.html", form=form), 429 if answer.throttled else 422
    # A new session from here on: nothing that was set before the sign-in lives on, but the choice of language.
    kept = session.get("lang")
    session.clear()
    if kept:
        session["lang"] = kept
    login_user(found)
    return redirect(_inside(request.args.get("next")) or url_for("pages.home"))


@blueprint.post("/sign-out")
@allowed(*Role)
def sign_out() -> ResponseReturnValue:
    """End this session, here and in the table of sessions."""
    person = signed_in()
    if person:
        with working() as work:
            access.close_session(work, person.token)
    logout_user()
    session.clear()
    return redirect(url_for("sessions.sign_in"))


def _inside(address: str | None) -> str | None:
    """An address on this site, or None: a link from outside must not lead people away after the sign-in."""
    if not address or "\\" in address or any(ord(character) < 0x20 for character in address):
        return None
    parts = urlsplit(address)
    inside = not parts.scheme and not parts.netloc and address.startswith("/") and not address.startswith("//")
    return address if inside else None
