"""Money: exact texts in, integers inside, the same texts out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.errors import InvalidInput
from debit_service.core.money import MINOR_UNITS_MAX, exponent, format_minor, parse_minor

CURRENCIES = ["DZD", "MAD", "EUR", "TND", "JPY"]


@pytest.mark.parametrize(("currency", "decimals"), [("DZD", 2), ("MAD", 2), ("EUR", 2), ("TND", 3), ("JPY", 0)])
def test_the_decimals_are_those_of_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize("currency", ["ZZZ", "", "eur", "XAU"])
def test_what_is_no_currency_of_payment_is_refused(currency: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        exponent(currency)
    assert refusal.value.code == "currency.unknown"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.5", "EUR", 123450),
        ("19.99", "EUR", 1999),
        ("0.07", "DZD", 7),
        ("0", "EUR", 0),
        ("007.10", "EUR", 710),
        ("10.50000", "EUR", 1050),
        ("1.234", "TND", 1234),
        ("5", "JPY", 5),
        ("5.00", "JPY", 5),
    ],
)
def test_a_plain_decimal_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_minor(text, currency) == minor


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "-1", "1,5", "1.", ".5", "1e3", "1_000", "1 000", "0x1", "NaN", "١٢", "1.2.3", "1\n"]
)
def test_anything_but_digits_and_one_point_is_malformed(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_minor(text, "EUR")
    assert refusal.value.code == "amount.malformed"


@pytest.mark.parametrize(("text", "currency"), [("0.001", "EUR"), ("1.2345", "TND"), ("0.5", "JPY")])
def test_more_decimals_than_the_currency_has_are_refused_not_rounded(text: str, currency: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_minor(text, currency)
    assert refusal.value.code == "amount.too_precise"


def test_an_amount_beyond_eighteen_digits_is_refused() -> None:
    assert parse_minor("9999999999999999.99", "EUR") == MINOR_UNITS_MAX
    with pytest.raises(InvalidInput) as refusal:
        parse_minor("10000000000000000.00", "EUR")
    assert refusal.value.code == "amount.too_large"


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (123450, "EUR", "1234.50"),
        (7, "DZD", "0.07"),
        (-7, "DZD", "-0.07"),
        (0, "EUR", "0.00"),
        (5, "JPY", "5"),
        (1, "TND", "0.001"),
    ],
)
def test_minor_units_are_written_with_all_decimals(minor: int, currency: str, text: str) -> None:
    assert format_minor(minor, currency) == text


@given(minor=st.integers(0, MINOR_UNITS_MAX), currency=st.sampled_from(CURRENCIES))
def test_what_is_written_is_read_back_exactly(minor: int, currency: str) -> None:
    assert parse_minor(format_minor(minor, currency), currency) == minor
