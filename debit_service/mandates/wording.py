"""What a mandate says, in Arabic, French and English: one text for the page, for the signed form and for the printed one."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from debit_service.funds.profile import Fund

#: The order in which languages stand on a form, from the left; and which fill the second place where a fund names no other.
_FROM_THE_LEFT = ("fr", "en", "ar")


@cache
def words(language: str) -> Mapping[str, str]:
    """Every text of the form in one language."""
    texts: dict[str, dict[str, str]] = tomllib.loads(
        (files(__package__) / "form" / "words.toml").read_text(encoding="utf-8")
    )
    return texts[language]


def form_languages(fund: Fund) -> tuple[str, str]:
    """The two languages of a fund's form, from the left: those that the fund names, and French or English beside them."""
    named = [language for language in fund.languages if language in _FROM_THE_LEFT]
    first, second = list(dict.fromkeys([*named, *_FROM_THE_LEFT]))[:2]
    return (first, second) if _FROM_THE_LEFT.index(first) < _FROM_THE_LEFT.index(second) else (second, first)


def clauses(fund: Fund, scheme: str, language: str, recurrence: str = "recurrent") -> list[str]:
    """What the signer of a mandate of `scheme` at `fund` accepts, for many debits or for one."""
    said = words(language)
    keys = ["authorise", "announce", f"refund_{scheme}"]
    if fund.mandate_path.needs_bank_acceptance.value:
        keys.append("lodge")
    known = {"creditor": fund.creditor.name.value, "days": fund.debit_policy.notice_days_ahead.value}
    first, *others = [said[key].format_map(known) for key in keys]
    return [f"{first} {said[f'clause_{recurrence}']}", *others]
