"""The mandate form as a PDF: a page a creditor, two languages side by side, Arabic set from right to left.

What stands on it comes from the mandates as they are kept, or from a draft that waits for its signature, and goes into the page
as data, never as markup. The same mandates give the same bytes: the date of the document is the day of the signature, or that on
which the draft was made; fonts come from packages, and none from the machine.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

import typst

from debit_service.core import audit
from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.core.money import format_minor
from debit_service.core.work import Role, Work
from debit_service.funds.profile import Fund
from debit_service.funds.queries import Funds
from debit_service.mandates import drafts, queries, wording
from debit_service.mandates.authority import stated_in
from debit_service.mandates.drafts import FormData
from debit_service.mandates.models import Mandate, MandateDraft, MandateForm

#: Archives want PDF/A; its level "a" also tells a screen reader the order and the language of what stands on the page.
_STANDARD: Final = "a-2a"
#: How people read an account number: bank, agency or city, account, key.
_RIB_GROUPS = {AccountScheme.DZ_RIB: (3, 5, 10, 2), AccountScheme.MA_RIB: (3, 3, 16, 2)}


def form_pdf(work: Work, funds: Funds, mandate: Mandate) -> bytes:
    """The form under which `mandate` was signed, with a page for each creditor. That it was printed is on record."""
    work.actor.require(Role.EMPLOYER, Role.MANDATE_AGENT, Role.FINANCE_CLERK, Role.FINANCE_APPROVER)
    work.actor.require_employer(mandate.employer_id)
    form, signed = queries.form(work, mandate.form_id)
    pages = [_page(work, one, funds.get(one.fund_id)) for one in queries.of_form(work, form.id)]
    content = typeset(form_data(form, json.loads(signed), pages))
    # Last: who writes to the log makes others wait.
    audit.record(work, "mandate.form_printed", mandate.id, form=form.id)
    return content


def draft_pdf(work: Work, funds: Funds, draft: MandateDraft) -> bytes:
    """A draft as a form to sign by hand: its number in place of references, no date, a page for each creditor."""
    work.actor.require(Role.EMPLOYER, Role.MANDATE_AGENT, Role.FINANCE_CLERK)
    work.actor.require_employer(draft.employer_id)
    drafts.check_open(draft)
    data = drafts.read(work, draft)
    pages = [_draft_page(data, funds.get(fund_id)) for fund_id in draft.fund_ids]
    content = typeset(draft_data(draft, data, pages))
    audit.record(work, "mandate_draft.printed", draft.id, number=draft.number)
    return content


def form_data(form: MandateForm, signed: dict[str, Any], pages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Everything that the template sets of a signed form, as JSON values."""
    return {
        "draft": None,
        "form": form.id,
        "sha256": form.sha256,
        "how": form.how,
        "dated": form.signed_on.isoformat(),
        "signer_name": signed["signer_name"],
        "signer_capacity": signed["signer_capacity"],
        "authority": stated_in(signed).as_dict(),
        "pages": list(pages),
    }


def draft_data(draft: MandateDraft, data: FormData, pages: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Everything that the template sets of a draft."""
    return {
        "draft": draft.number,
        "dated": draft.made_at.date().isoformat(),
        "signer_name": data.signer_name,
        "signer_capacity": data.signer_capacity,
        "authority": data.authority.as_dict(),
        "pages": list(pages),
    }


def _page(work: Work, mandate: Mandate, fund: Fund) -> dict[str, Any]:
    account, debtor = queries.account(work, mandate), queries.debtor_name(work, mandate)
    return _creditor(fund, mandate.scheme, mandate.recurrence) | {
        "creditor_identifier": mandate.creditor_identifier,
        "reference": mandate.reference,
        **_debtor(account, debtor, mandate.amount_limit_minor, fund.currency),
    }


def _draft_page(data: FormData, fund: Fund) -> dict[str, Any]:
    return _creditor(fund, fund.scheme.value, data.recurrence) | {
        "creditor_identifier": fund.creditor.identifier.value,
        **_debtor(data.account, data.debtor_name, data.amount_limit_minor, fund.currency),
    }


def _creditor(fund: Fund, scheme: str, recurrence: str) -> dict[str, Any]:
    return {
        "languages": [_in_language(fund, scheme, recurrence, language) for language in wording.form_languages(fund)],
        "scheme": scheme,
        "recurrence": recurrence,
        "creditor": fund.creditor.name.value,
        "confirmed": fund.creditor.identifier.confirmed,
        "lodged_at_bank": fund.mandate_path.needs_bank_acceptance.value,
    }


def _debtor(account: AccountNumber, name: str, limit_minor: int | None, currency: str) -> dict[str, Any]:
    return {
        "debtor": name,
        "account_kind": "IBAN" if account.scheme is AccountScheme.IBAN else "RIB",
        "account": account_groups(account),
        "limit": None if limit_minor is None else _amount(limit_minor, currency),
    }


def _in_language(fund: Fund, scheme: str, recurrence: str, language: str) -> dict[str, Any]:
    return {
        "code": language,
        "words": dict(wording.words(language)),
        "fund": fund.names.best(language),
        "clauses": wording.clauses(fund, scheme, language, recurrence),
    }


def _amount(minor: int, currency: str) -> str:
    """An amount as it is read in each of the languages: thousands apart, then the currency."""
    whole, point, decimals = format_minor(minor, currency).partition(".")
    return f"{int(whole):,}".replace(",", "\N{NO-BREAK SPACE}") + f"{point}{decimals}\N{NO-BREAK SPACE}{currency}"


def account_groups(account: AccountNumber) -> list[str]:
    """An account number in the groups in which it is read: an IBAN in fours, a RIB by its parts."""
    number = account.value
    lengths = _RIB_GROUPS.get(account.scheme) or (4,) * -(-len(number) // 4)
    ends = [sum(lengths[: count + 1]) for count in range(len(lengths))]
    return [number[end - length : end] for length, end in zip(lengths, ends, strict=True)]


def typeset(data: dict[str, Any]) -> bytes:
    """The PDF of `data`. A name with letters that no font here has is printed with gaps, and then it is no PDF/A."""
    try:
        return _compiled(data, _STANDARD)
    except typst.TypstError:
        return _compiled(data, None)


def _compiled(data: dict[str, Any], standard: Literal["a-2a"] | None) -> bytes:
    return typst.compile(
        (files(__package__) / "form" / "form.typ").read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=standard,
        timestamp=datetime.combine(date.fromisoformat(data["dated"]), time(), UTC),
    )


@cache
def _fonts() -> typst.Fonts:
    """Amiri, and for letters that it does not have the fonts that typst carries."""
    return typst.Fonts(include_system_fonts=False, font_paths=[str(files("fontpkg_amiri") / "files")])
