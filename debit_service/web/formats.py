"""How amounts, dates and numbers look. For people only: what is formatted here is never read back.

Amounts and codes stand in `<bdi>`, so that a right-to-left page does not turn their parts around.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup
from pydantic import BaseModel

from debit_service.core.money import exponent, format_minor


def init_app(app: Flask) -> None:
    """Give the templates their filters."""
    app.jinja_env.filters.update(money=money, day=day, moment=moment, code=code, fact=fact)


def money(minor: int, currency: str) -> Markup:
    """An amount with its ISO code: never a symbol, because several currencies stand on one page."""
    places = exponent(currency)
    pattern = f"#,##0.{'0' * places}" if places else "#,##0"
    number = format_decimal(Decimal(format_minor(minor, currency)), format=pattern, locale=get_locale())
    return Markup('<bdi dir="ltr" class="money">{} {}</bdi>').format(number, currency)


def day(value: date | None) -> Markup:
    """A calendar day, written out, so that nobody takes the day for the month."""
    if value is None:
        return Markup("–")
    return Markup('<time datetime="{}"><bdi>{}</bdi></time>').format(value.isoformat(), written_out(value))


def written_out(value: date) -> str:
    """A calendar day within a sentence."""
    return str(format_date(value, "d MMM y", locale=get_locale()))


def moment(value: datetime, time_zone: str) -> Markup:
    """A moment in the fund's time zone."""
    text = format_datetime(value, "d MMM y HH:mm", tzinfo=ZoneInfo(time_zone), locale=get_locale())
    return Markup('<time datetime="{}"><bdi>{}</bdi></time>').format(value.isoformat(), text)


def code(value: str | None) -> Markup:
    """An identifier: always left to right, and it may be broken anywhere."""
    return Markup('<bdi dir="ltr" class="code">{}</bdi>').format(value or "–")


def fact(value: Any) -> str:
    """The value of a fund's fact, as it stands in its file."""
    if isinstance(value, BaseModel):
        return ", ".join(f"{name} = {one}" for name, one in value)
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return "–" if value is None else str(value)
