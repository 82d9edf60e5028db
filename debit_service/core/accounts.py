"""Account numbers with their scheme: IBAN, Algerian RIB (20 digits), Moroccan RIB (24 digits).

An account is never "an IBAN string": Algeria and Morocco are not in the official IBAN registry, and their clearing knows
the RIB. IBAN structure and check digits are schwifty's; the two national keys are ours, because no library has them:

- Algeria, Banque d'Algerie instruction 06-2004: bank 3, agency 5, account 10, key 2;
  key = 97 - (agency and account x 100 mod 97). The bank code is *not* in the key.
- Morocco: bank 3, city 3, account 16, key 2; key = 97 - (first 22 digits x 100 mod 97).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from schwifty import IBAN
from schwifty.exceptions import SchwiftyException

from debit_service.core.errors import InvalidInput


class AccountScheme(StrEnum):
    """How an account number is to be read; also the proprietary scheme name in ISO 20022 `Othr/SchmeNm/Prtry`."""

    IBAN = "IBAN"
    DZ_RIB = "DZ_RIB"
    MA_RIB = "MA_RIB"


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """A checked account number: its scheme, and its characters without blanks. Never logged: `str()` shows the mask."""

    scheme: AccountScheme
    value: str

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"AccountNumber({self.scheme}, {self.masked})"

    @property
    def masked(self) -> str:
        """What a person may see on a list: the last four characters."""
        return f"••••{self.value[-4:]}"


def parse_account(text: str, scheme: AccountScheme) -> AccountNumber:
    """Read `text` as an account of `scheme`; blanks, dots and hyphens between groups are allowed.

    Raises InvalidInput with code `account.<scheme>.length`, `.characters` or `.key`; the message never repeats the number.
    """
    value = re.sub(r"[\s.\-]", "", text).upper()
    match scheme:
        case AccountScheme.IBAN:
            _check_iban(value)
        case AccountScheme.DZ_RIB:
            _check_digits(value, 20, scheme)
            _check_key(value, dz_rib_key(value[3:18]), scheme)
        case AccountScheme.MA_RIB:
            _check_digits(value, 24, scheme)
            _check_key(value, ma_rib_key(value[:22]), scheme)
    return AccountNumber(scheme, value)


def dz_rib_key(agency_and_account: str) -> str:
    """The two-digit key of 15 digits (agency 5, account 10)."""
    return f"{97 - int(agency_and_account) * 100 % 97:02d}"


def ma_rib_key(first_22: str) -> str:
    """The two-digit key of 22 digits (bank 3, city 3, account 16)."""
    return f"{97 - int(first_22) * 100 % 97:02d}"


def _check_digits(value: str, length: int, scheme: AccountScheme) -> None:
    if not re.fullmatch(r"[0-9]*", value, re.ASCII):
        raise InvalidInput(f"account.{scheme}.characters", "This account number is written with digits only.")
    if len(value) != length:
        raise InvalidInput(
            f"account.{scheme}.length",
            f"This account number has {length} digits; {len(value)} were given.",
            remedy="Copy it from the bank's account identity document.",
        )


def _check_key(value: str, key: str, scheme: AccountScheme) -> None:
    if value[-2:] != key:
        raise InvalidInput(
            f"account.{scheme}.key",
            "The last two digits (the key) do not fit the rest of the account number.",
            remedy="Compare it digit by digit with the bank's account identity document.",
        )


def _check_iban(value: str) -> None:
    try:
        iban = IBAN(value)
    except SchwiftyException as error:
        kind = "key" if "checksum" in str(error).lower() else "length"
        raise InvalidInput(
            f"account.IBAN.{kind}",
            "This is no valid IBAN (ISO 13616: country, length, structure and check digits).",
            remedy="Compare it with the account statement.",
        ) from None
    # A Moroccan or Algerian IBAN carries the national number; its own key is checked too (no library does).
    if iban.country_code == "MA":
        _check_key(value[4:], ma_rib_key(value[4:26]), AccountScheme.IBAN)
    if iban.country_code == "DZ":
        _check_key(value[6:], dz_rib_key(value[9:24]), AccountScheme.IBAN)
