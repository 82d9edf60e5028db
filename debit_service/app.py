"""Builds the Flask application around a service; nothing else."""

from flask import Flask

from debit_service.web import setup
from debit_service.web.desk import EXTENSION
from debit_service.wiring import Service, open_service

REQUEST_BYTES_MAX = 1024 * 1024


def create_app(service: Service) -> Flask:
    """The web application on `service`."""
    settings = service.settings
    # Static files are served by a route of the pages, which declares who may call it like every other.
    app = Flask("debit_service.web", static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value()
        if settings.secret_key
        else service.desk.keys.derive("web session").hex(),
        MAX_CONTENT_LENGTH=REQUEST_BYTES_MAX,
        SESSION_COOKIE_NAME="__Host-session" if settings.secure_cookies else "session",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.extensions[EXTENSION] = service
    setup.init_app(app)
    return app


def from_environment() -> Flask:
    """The application on the settings in force, for a WSGI server: `gunicorn 'debit_service.app:from_environment()'`."""
    return create_app(open_service())
