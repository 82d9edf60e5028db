"""How many failed debits are decided without a person, on mixes of reasons and evidence said here, and what would raise it.

No fund's figures are public. What is known: in the EPC's report on R-transactions of the fourth quarter of 2015, AM04 and MS03
together were more than half of all failures (retold at slimpay.com/blog/epc-r-transaction-report-over-50-are-recoverable).
Everything else below is an assumption, to be replaced by a fund's own counts by code (`debit reports`).
`.venv/bin/python -m benchmarks.fault_mix --help`.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from debit_service.core.settings import PROJECT
from debit_service.core.text import aligned
from debit_service.funds.profile import LocalCode
from debit_service.penalties.fault.engine import decide_fault
from debit_service.penalties.fault.reason_codes import Placed, ReasonCodes, load_reason_codes
from debit_service.penalties.fault.values import Amendment, CaseFile, Effect, Failure, Notice, Phase, Piece

DAY, AMOUNT = date(2026, 10, 30), 100_000
CUT_OFF = datetime(2026, 10, 28, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)

# Failures in a hundred. The first two keep AM04 and MS03 a little over half, as published; a clearing has codes of its own.
MIXES: dict[str, dict[str, int]] = {
    "SEPA B2B": {"AM04": 42, "MS03": 14, "MD01": 12, "AC04": 6, "MS02": 6, "AC01": 5, "AC06": 4, "AG01": 2, "AC13": 2,
                 "SL01": 2, "SL11": 1, "DNOR": 1, "RC01": 1, "MD07": 1, "ED05": 1},
    "SEPA CORE": {"AM04": 40, "MS03": 14, "MD06": 12, "MD01": 8, "MS02": 8, "AC04": 6, "AC01": 4, "AC06": 4, "SL01": 2,
                  "MD07": 1, "ED05": 1},
    "clearing with own codes": {"R-01": 50, "R-05": 18, "R-03": 14, "R-04": 10, "R-02": 8},
}  # fmt: skip
OWN_CODES = {"R-01": "AM04", "R-02": "AC04", "R-03": "MD01", "R-04": "AC06", "R-05": "MS03"}
# What stands behind "reason not specified" (MS03, AG07), where a bank agrees to say it; in a hundred.
BEHIND_MS03 = {"AM04": 75, "AC04": 15, "MS02": 10}

# In a thousand failures, what the records of this service say beside the plain case; an assumption each.
ODDS: dict[str, Mapping[str, int]] = {
    "notice": {"in time": 970, "short": 20, "none": 10},
    "file": {"in time": 990, "late": 10},
    "day": {"open": 995, "closed since": 5},
    "other debit": {"none": 990, "one": 10},
    "amendment": {"none": 985, "crossed": 12, "forgotten": 3},
    "revocation": {"none": 990, "crossed": 6, "in time": 4},
    "account": {"as signed": 999, "another": 1},
    "outage": {"none": 995, "ours": 5},
    "paid": {"nothing": 970, "part": 10, "all": 20},
    "dispute": {"none": 970, "open": 30},
    "history": {"worked": 800, "never": 200},
    "accepted": {"on file": 600, "not on file": 400},
    "told": {"on record": 300, "not on record": 700},
}


@dataclass(frozen=True, slots=True)
class Obtained:
    """Evidence that a fund goes and gets; it changes what is known, never what happened."""

    name: str
    says: Mapping[str, str]
    reasons_told: bool = False
    own_codes_confirmed: bool = False


STEPS = (
    Obtained("as it is", {}),
    Obtained("every mandate's acceptance by its bank is on file", {"accepted": "on file"}),
    Obtained("every employer was told on record to lodge it", {"told": "on record"}),
    Obtained("disputes are answered before penalties are decided", {"dispute": "none"}),
    Obtained("the bank says what stands behind MS03", {}, reasons_told=True),
    Obtained("the clearing has confirmed its own codes", {}, own_codes_confirmed=True),
)


def drawn(draw: Random, odds: Mapping[str, int]) -> str:
    """One of the names, by its odds."""
    return draw.choices(list(odds), weights=list(odds.values()))[0]


def case_file(code: str, scheme: str, says: Mapping[str, str]) -> CaseFile:
    """The file of evidence of one failure. What no record of this service holds (who blocked, whose limit) is missing."""
    own = code in OWN_CODES
    phase = Phase.REFUND if code == "MD06" else Phase.RETURN
    failure = Failure(None if own else code, "R", phase, date(2026, 11, 3), AMOUNT, proprietary=code if own else None)
    sent_at = datetime(2026, 10, 20 if says["notice"] == "short" else 12, 8, tzinfo=UTC)
    moments = {"none": None, "in time": CUT_OFF - HOUR, "forgotten": CUT_OFF - HOUR, "crossed": CUT_OFF + HOUR}
    changed = moments[says["amendment"]]
    values: dict[str, Any] = {
        "failure": failure,
        "bank_file": "sha256",
        "scheme_sent": scheme,
        "scheme_on_mandate": scheme,
        "account_on_form": "account",
        "account_sent": "account" if says["account"] == "as signed" else "another",
        "amendments": (Amendment(changed, applied_before_file=False),) if changed else (),
        "amendment_block_sent": None,
        "revocation_received_at": moments[says["revocation"]],
        "mandate_signed_on": date(2025, 1, 15),
        "umr_on_form": "U-1",
        "umr_sent": "U-1",
        "creditor_id_on_form": "C-1",
        "creditor_id_sent": "C-1",
        "bank_acceptance": date(2025, 2, 1) if scheme == "B2B" and says["accepted"] == "on file" else None,
        "told_to_lodge": date(2025, 1, 15) if says["told"] == "on record" else None,
        "last_presented_on": date(2026, 9, 30) if says["history"] == "worked" else None,
        "notice": None if says["notice"] == "none" else Notice(AMOUNT, DAY, sent_at),
        "notice_days_agreed": 14,
        "amount_sent_minor": AMOUNT,
        "amount_declared_minor": AMOUNT,
        "collection_date_sent": DAY,
        "day_closed_since": "a late holiday" if says["day"] == "closed since" else None,
        "legal_due_date": DAY,
        "file_sent_at": CUT_OFF + HOUR if says["file"] == "late" else CUT_OFF - HOUR,
        "cut_off_at": CUT_OFF,
        "first_presented_on": DAY,
        "other_live_collections": int(says["other debit"] == "one"),
        "past_successes": 6 if says["history"] == "worked" else 0,
        "open_dispute": "dispute" if says["dispute"] == "open" else None,
        "debtor_bic_origin": "derived",
        "our_outage": "an outage" if says["outage"] == "ours" else None,
        "paid_before": {"nothing": 0, "part": 1, "all": AMOUNT}[says["paid"]],
        "twin": None,
        "bank_ack_at": None,
    }
    return CaseFile(**{name: Piece(value, name) for name, value in values.items()})


def with_own_codes(codes: ReasonCodes) -> ReasonCodes:
    """The table with the clearing's codes, confirmed."""
    local = [
        LocalCode.model_validate(
            {
                "code": own,
                "code_set": "R",
                "iso_code": iso,
                "valid_from": date(2026, 1, 1),
                "certainty": "confirmed",
                "source": "assumed here",
            }
        )
        for own, iso in OWN_CODES.items()
    ]
    return replace(codes, local=tuple(Placed(one, "clearing", "benchmark") for one in local))


def decided(mix: str, obtained: Sequence[Obtained], count: int, codes: ReasonCodes) -> Counter[tuple[str, Effect]]:
    """Code as the bank gave it and effect, of `count` failures; the same failures whatever was obtained."""
    draw, found = Random(2026), Counter[tuple[str, Effect]]()
    scheme = "CORE" if mix == "SEPA CORE" else "B2B"
    if any(one.own_codes_confirmed for one in obtained):
        codes = with_own_codes(codes)
    for _ in range(count):
        said = drawn(draw, MIXES[mix])
        true = drawn(draw, BEHIND_MS03)
        says = {name: drawn(draw, odds) for name, odds in ODDS.items()}
        for one in obtained:
            says |= one.says
        told = any(one.reasons_told for one in obtained) and OWN_CODES.get(said, said) == "MS03"
        code = true if told else said
        case = case_file(code, scheme, says)
        failure = case.failure.value
        row = codes.find(failure.code, "R", proprietary=failure.proprietary, bank="clearing", on=failure.date)
        found[said, decide_fault(case, row).effect] += 1
    return found


def share(found: Counter[tuple[str, Effect]], effect: Effect, code: str | None = None) -> str:
    """In percent of all, or of those of one code."""
    of = sum(number for (each, _), number in found.items() if code in (None, each))
    number = sum(number for (each, got), number in found.items() if got is effect and code in (None, each))
    return f"{100 * number / of:.1f}"


def table(title: str, rows: Sequence[tuple[str, Counter[tuple[str, Effect]], str | None]]) -> list[str]:
    """Rows of a name and three shares."""
    titles = (title, "nothing follows %", "penalty %", "held %")
    order = (Effect.NONE, Effect.PENALISE, Effect.HOLD)
    return aligned(
        titles, ((name, *(share(found, each, code) for each in order)) for name, found, code in rows), right={1, 2, 3}
    )


def main() -> None:
    """Print, for each mix: the shares by code, and how they change with each kind of evidence, alone and together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3_000, help="failures for each mix")
    count = parser.parse_args().count
    codes = load_reason_codes(PROJECT / "config" / "reason_codes.csv")
    for mix, reasons in MIXES.items():
        plain = decided(mix, (), count, codes)
        print(f"\n{mix}: {count} failures", *table("code", [(code, plain, code) for code in reasons]), sep="\n")
        alone = [(one.name, decided(mix, (one,), count, codes), None) for one in STEPS]
        alone.append(("all of these", decided(mix, STEPS, count, codes), None))
        print("", *table("evidence obtained", alone), sep="\n")


if __name__ == "__main__":
    main()
