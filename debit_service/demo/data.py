"""Made-up employers, mandates and contributions, the same at every run. Nobody here exists."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schwifty import IBAN

from debit_service.core.accounts import dz_rib_key, ma_rib_key
from debit_service.core.money import format_minor

#: Employers at each fund; 200 in all.
EMPLOYERS = {"CNAS": 90, "CNSS": 60, "EINZUGSSTELLE": 50}
PERIODS = {"CNAS": "2026-08", "CNSS": "2026-08", "EINZUGSSTELLE": "2026-09"}
DUE_DATES = {"CNAS": "2026-09-30", "CNSS": "2026-09-10", "EINZUGSSTELLE": "2026-09-28"}
CURRENCIES = {"CNAS": "DZD", "CNSS": "MAD", "EINZUGSSTELLE": "EUR"}
#: Employers of CNAS that never signed, and that signed but never took the form to their bank.
WITHOUT_MANDATE, NOT_LODGED = 1, 2
#: Nobody's number: the account that goes with it is given by an employer that changes it.
ANOTHER_ACCOUNT = 990

_COLUMNS = (
    "fund",
    "registration_number",
    "employer_reference",
    "employer_name",
    "language",
    "email",
    "account_scheme",
    "account",
    "signer_name",
    "signer_capacity",
    "signed_on",
    "reference",
    "amount_limit",
    "accepted_on",
    "evidence",
)


@dataclass(frozen=True, slots=True)
class Somebody:
    """One employer of the demo: `number` counts from 1 within its fund."""

    fund: str
    number: int

    @property
    def registration(self) -> str:
        """Its number at the fund."""
        return f"{self.number:06d}"

    @property
    def reference(self) -> str:
        """Its own number."""
        return f"{self.fund}-{self.number:03d}"

    @property
    def name(self) -> str:
        """Every third name of the two Maghreb funds is in Arabic."""
        if self.fund == "EINZUGSSTELLE":
            return f"Betrieb Nr. {self.number:03d} GmbH"
        return f"مؤسسة رقم {self.number:03d}" if self.number % 3 == 0 else f"Entreprise n° {self.number:03d}"

    @property
    def language(self) -> str:
        """The language of its notices."""
        return {"EINZUGSSTELLE": "en"}.get(self.fund, "ar" if self.number % 3 == 0 else "fr")

    @property
    def account(self) -> tuple[str, str]:
        """(scheme, number) with valid keys."""
        if self.fund == "CNAS":
            body = f"00{1 + self.number % 6}00123{self.number:010d}"
            return "DZ_RIB", body + dz_rib_key(body[3:])
        if self.fund == "CNSS":
            body = f"011780{self.number:016d}"
            return "MA_RIB", body + ma_rib_key(body)
        return "IBAN", str(IBAN.generate("DE", bank_code="37040044", account_code=f"{self.number:010d}"))

    @property
    def amount_minor(self) -> int:
        """What it owes: different for everybody, some of it uneven."""
        scale = {"CNAS": 40, "CNSS": 8, "EINZUGSSTELLE": 1}[self.fund]
        return (150_000 + self.number * 12_347) * scale + self.number

    @property
    def contribution(self) -> str:
        """The reference of its contribution."""
        return f"{self.fund}-{PERIODS[self.fund]}-{self.number:03d}"


def everybody() -> Iterator[Somebody]:
    """All employers, fund by fund."""
    for fund, count in EMPLOYERS.items():
        yield from (Somebody(fund, number) for number in range(1, count + 1))


def mandates_csv() -> bytes:
    """Existing mandates, as a fund would migrate them; one line is wrong on purpose (a digit of an account)."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _COLUMNS)
    writer.writeheader()
    for one in everybody():
        if not (one.fund == "CNAS" and one.number == WITHOUT_MANDATE):
            writer.writerow(_mandate(one))
    wrong = _mandate(Somebody("CNAS", 90))
    wrong |= {"registration_number": "999999", "employer_reference": "CNAS-999", "account": "00200112112300000147"}
    writer.writerow(wrong)
    return buffer.getvalue().encode()


def _mandate(one: Somebody) -> dict[str, str]:
    scheme, account = one.account
    lodged = one.fund != "EINZUGSSTELLE" and not (one.fund == "CNAS" and one.number == NOT_LODGED)
    return {
        "fund": one.fund,
        "registration_number": one.registration,
        "employer_reference": one.reference,
        "employer_name": one.name,
        "language": one.language,
        "account_scheme": scheme,
        "account": account,
        "signer_name": f"Gérance {one.number:03d}",
        "signer_capacity": "gérant",
        "signed_on": "2026-06-15",
        "accepted_on": "2026-07-01" if lodged else "",
        "evidence": f"stamped form {one.reference}" if lodged else "",
    }


def contributions_ndjson() -> bytes:
    """What the declaration systems hand over; three lines are wrong on purpose."""
    lines: list[dict[str, Any]] = [
        {
            "fund": one.fund,
            "registration_number": one.registration,
            "reference": one.contribution,
            "period": PERIODS[one.fund],
            "amount": format_minor(one.amount_minor, CURRENCIES[one.fund]),
            "currency": CURRENCIES[one.fund],
            "due_date": DUE_DATES[one.fund],
        }
        for one in everybody()
    ]
    lines.append(lines[0] | {"reference": "WRONG-AMOUNT", "amount": "12,50"})
    lines.append(lines[0] | {"reference": "WRONG-EMPLOYER", "registration_number": "777777"})
    lines.append(lines[0] | {"reference": "WRONG-CURRENCY", "currency": "EUR"})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
