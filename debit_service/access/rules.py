"""How long a session lasts, how many guesses are allowed, what a password must be."""

from datetime import datetime, timedelta

from debit_service.core.errors import InvalidInput

IDLE_TIME_MAX = timedelta(minutes=30)
SESSION_TIME_MAX = timedelta(hours=10)
GUESS_WINDOW = timedelta(minutes=15)
GUESSES_PER_LOGIN_MAX = 5
GUESSES_PER_ADDRESS_MAX = 50
PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 128


def session_expired(opened_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether a session is over: idle for too long, or simply too old (ASVS 7.3)."""
    return now - last_seen_at > IDLE_TIME_MAX or now - opened_at > SESSION_TIME_MAX


def check_password(password: str, login: str) -> None:
    """Length only, no composition rules (ASVS 6.2): 12 to 128 characters, and not the login."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX or login.lower() in password.lower():
        raise InvalidInput(
            "access.password",
            f"A password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters and does not contain the login.",
            remedy="Use a sentence.",
        )
