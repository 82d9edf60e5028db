"""Account numbers with their scheme: published examples, and every way of being wrong."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debit_service.core.accounts import AccountScheme, dz_rib_key, ma_rib_key, parse_account
from debit_service.core.errors import InvalidInput

PUBLISHED_DZ_RIBS = [
    "00799999000000020091",
    "00200112112300000146",
    "00200112112300000243",
    "00200112112300000340",
    "00100627030030018036",
]
MA_RIB = "011519000001205000534921"


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@pytest.mark.parametrize("rib", PUBLISHED_DZ_RIBS)
def test_ribs_published_by_algerian_public_bodies_are_accepted(rib: str) -> None:
    assert parse_account(rib, AccountScheme.DZ_RIB).value == rib


def test_the_moroccan_example_is_accepted_and_its_key_makes_it_divisible_by_97() -> None:
    assert parse_account(MA_RIB, AccountScheme.MA_RIB).value == MA_RIB
    assert int(MA_RIB) % 97 == 0


@pytest.mark.parametrize(
    "iban",
    ["DZ58 0002 1000 0111 3000 0005 70", "MA64 0115 1900 0001 2050 0053 4921", "DE89 3704 0044 0532 0130 00"],
)
def test_ibans_are_accepted_with_blanks_and_kept_without(iban: str) -> None:
    assert parse_account(iban, AccountScheme.IBAN).value == iban.replace(" ", "")


def test_groups_may_be_separated_by_blanks_dots_and_hyphens() -> None:
    assert parse_account("007-99999.0000000200 91", AccountScheme.DZ_RIB).value == PUBLISHED_DZ_RIBS[0]


def test_the_algerian_key_covers_agency_and_account_but_not_the_bank() -> None:
    bank, agency_and_account = "021", "000011130000005"  # from DZ58 0002 1000 0111 3000 0005 70
    assert dz_rib_key(agency_and_account) == "70"
    assert dz_rib_key(bank + agency_and_account) == "48"  # what people write who put the bank into the key
    other_bank = "003" + PUBLISHED_DZ_RIBS[1][3:]
    assert parse_account(other_bank, AccountScheme.DZ_RIB).value == other_bank


@pytest.mark.parametrize(
    ("text", "scheme", "code"),
    [
        ("00200112112300000147", AccountScheme.DZ_RIB, "account.DZ_RIB.key"),
        ("0020011211230000014", AccountScheme.DZ_RIB, "account.DZ_RIB.length"),
        ("002001121123000001460", AccountScheme.DZ_RIB, "account.DZ_RIB.length"),
        ("", AccountScheme.DZ_RIB, "account.DZ_RIB.length"),
        ("0020011211230000014X", AccountScheme.DZ_RIB, "account.DZ_RIB.characters"),
        ("٠٠٢٠٠١١٢١١٢٣٠٠٠٠٠١٤٦", AccountScheme.DZ_RIB, "account.DZ_RIB.characters"),
        ("011519000001205000534922", AccountScheme.MA_RIB, "account.MA_RIB.key"),
        ("01151900000120500053492", AccountScheme.MA_RIB, "account.MA_RIB.length"),
        ("DE88370400440532013000", AccountScheme.IBAN, "account.IBAN.key"),
        ("DE8937040044053201300", AccountScheme.IBAN, "account.IBAN.length"),
        ("00200112112300000146", AccountScheme.IBAN, "account.IBAN.length"),
    ],
)
def test_what_is_wrong_with_an_account_number_is_named(text: str, scheme: AccountScheme, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_account(text, scheme)
    assert refusal.value.code == code


def test_an_algerian_iban_with_right_check_digits_and_a_wrong_rib_key_is_refused() -> None:
    bban = "00" + "002001121123000001" + "47"
    check = 98 - int(bban + "133500") % 97  # D = 13, Z = 35, ISO 7064 mod 97-10
    with pytest.raises(InvalidInput) as refusal:
        parse_account(f"DZ{check:02d}{bban}", AccountScheme.IBAN)
    assert refusal.value.code == "account.IBAN.key"


@pytest.mark.parametrize("text", ["00200112112300000147", "DE88370400440532013000", "0020011211230000014"])
def test_a_refusal_never_repeats_the_number(text: str) -> None:
    scheme = AccountScheme.IBAN if text.startswith("DE") else AccountScheme.DZ_RIB
    with pytest.raises(InvalidInput) as refusal:
        parse_account(text, scheme)
    assert not re.search(r"[0-9]{6}", str(refusal.value))


def test_an_account_shows_its_last_four_characters_only() -> None:
    account = parse_account(MA_RIB, AccountScheme.MA_RIB)
    assert (str(account), repr(account)) == ("••••4921", "AccountNumber(MA_RIB, ••••4921)")


@given(bank=digits(3), rest=digits(15), position=st.integers(3, 17), change=st.integers(1, 9))
def test_a_single_wrong_digit_of_agency_or_account_breaks_an_algerian_key(
    bank: str, rest: str, position: int, change: int
) -> None:
    rib = bank + rest + dz_rib_key(rest)
    assert parse_account(rib, AccountScheme.DZ_RIB).value == rib
    wrong = rib[:position] + str((int(rib[position]) + change) % 10) + rib[position + 1 :]
    with pytest.raises(InvalidInput):
        parse_account(wrong, AccountScheme.DZ_RIB)


@given(first=digits(22), position=st.integers(0, 21), change=st.integers(1, 9))
def test_a_single_wrong_digit_breaks_a_moroccan_key(first: str, position: int, change: int) -> None:
    rib = first + ma_rib_key(first)
    assert parse_account(rib, AccountScheme.MA_RIB).value == rib
    wrong = rib[:position] + str((int(rib[position]) + change) % 10) + rib[position + 1 :]
    with pytest.raises(InvalidInput):
        parse_account(wrong, AccountScheme.MA_RIB)
