"""Money: integer minor units and an ISO 4217 currency. No float, and no rounding that nobody asked for."""

import re
from decimal import Decimal
from functools import cache

from iso4217 import Currency

from debit_service.core.errors import InvalidInput

# 18 digits are what ISO 20022 allows an amount (ActiveCurrencyAndAmount: totalDigits 18), and they fit 64 bits.
MINOR_UNITS_MAX = 999_999_999_999_999_999
_DECIMAL = re.compile(r"[0-9]{1,18}(\.[0-9]{1,5})?", re.ASCII)


@cache
def exponent(currency: str) -> int:
    """The number of decimals that ISO 4217 gives `currency` (DZD 2, TND 3, JPY 0).

    Raises InvalidInput `currency.unknown`.
    """
    try:
        decimals = Currency(currency).exponent
    except ValueError:
        decimals = None
    if decimals is None:
        raise InvalidInput("currency.unknown", f"{currency!r} is no ISO 4217 currency that money is kept in.")
    return int(decimals)


def parse_minor(text: str, currency: str) -> int:
    """The minor units of a plain decimal such as `1234.5`: ASCII digits and one point; no sign, blank, exponent or grouping.

    Trailing zeros beyond the currency's decimals are accepted (`10.50000` is what some banks write); other digits there are not.
    Raises InvalidInput `amount.malformed` or `amount.too_precise`.
    """
    if not _DECIMAL.fullmatch(text):
        raise InvalidInput(
            "amount.malformed",
            "An amount is written with digits and at most one decimal point.",
            remedy="Write it like 1234.56.",
        )
    scaled = Decimal(text).scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise InvalidInput("amount.too_precise", f"{currency} has {exponent(currency)} decimals; the amount has more.")
    minor = int(scaled)
    if minor > MINOR_UNITS_MAX:
        raise InvalidInput("amount.too_large", "An amount has at most 18 digits.")
    return minor


def format_minor(minor: int, currency: str) -> str:
    """The plain decimal of `minor`, for files and logs: `1234.50`. Screens localise; files never do."""
    places = exponent(currency)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
