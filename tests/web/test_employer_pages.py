"""The employer's desk: its contributions, its mandates, its objections."""

from collections.abc import Callable

import pytest
from web.conftest import Browser
from web.story import APPROVER, CLERK, FREE_RIB, HOSTILE_NAME, Ids

from debit_service import operations
from debit_service.core.work import SERVICE
from debit_service.disputes import queries as disputes
from debit_service.mandates import queries as mandates
from debit_service.mandates.models import Mandate
from debit_service.penalties import notice_queries
from debit_service.penalties import queries as penalties
from debit_service.wiring import Service


def answers(**changed: object) -> dict[str, object]:
    """A mandate form that is filled in well, but for what a test changes."""
    filled = {
        "funds": ["CACOBATPH"],
        "account_scheme": "DZ_RIB",
        "account": FREE_RIB,
        "debtor_name": "شركة الأمل",
        "signer_name": "Signer",
        "capacity": "legal_representative",
        "amount_limit": "",
        "step": "check",
    }
    return {**filled, **changed}


def test_the_list_shows_state_amount_and_next_debit(somebody: Callable[[str], Browser]) -> None:
    page = somebody("first").get("/contributions")
    assert "120,000.50" in page
    assert "Paid on" in page
    assert "Will be debited on" in page


def test_the_list_names_the_funds_without_a_mandate(somebody: Callable[[str], Browser]) -> None:
    assert "You have no mandate at: CACOBATPH." in somebody("first").get("/contributions")
    assert "You have no mandate" not in somebody("second").get("/contributions")


def test_an_employer_sees_only_its_own(somebody: Callable[[str], Browser], ids: Ids) -> None:
    page = somebody("second").get("/contributions")
    assert ids.failed in page
    assert ids.paid not in page


def test_a_failed_debit_is_told_with_the_banks_words_the_fault_and_the_penalty(
    somebody: Callable[[str], Browser], ids: Ids
) -> None:
    page = somebody("second").get(f"/contributions/{ids.failed}")
    for part in (
        "There was not enough money in the account.",
        "AM04",
        "the employer",
        "The debit was announced and presented as agreed, and the account was not funded.",
        "Penalty proposed, not confirmed",
    ):
        assert part in page


def test_of_a_penalty_that_was_told_the_page_says_what_to_pay_where_and_until_when_and_how_to_contest(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    second, address = somebody("second"), f"/contributions/{ids.failed}"
    assert "Last day to contest" not in second.get(address)
    with service.desk.reading(SERVICE) as work:
        asked_minor = penalties.money_of(work, ids.penalty).whole_minor
    operations.confirm_penalty(service, APPROVER, ids.penalty, "the file is complete", asked_minor)
    fund = service.funds.get("CNAS")
    operations.notify_penalties(service, CLERK, fund)
    operations.deliver(service, CLERK)

    page, form = second.get(address), second.get(f"{address}/dispute?about=penalty-{ids.penalty}")
    with service.desk.reading(SERVICE) as work:
        (told,) = notice_queries.told_of(work, ids.failed)
    assert told.pay_by
    contest_by, pay_by = (f'<time datetime="{one}">' for one in (told.contest_by, told.pay_by))
    for part in (f"{ids.penalty}-1", fund.creditor.account.value, contest_by, pay_by):
        assert part in page
    assert contest_by in form
    assert f"about=penalty-{ids.penalty}" in page


def test_a_name_that_is_a_script_is_shown_as_text(somebody: Callable[[str], Browser], ids: Ids) -> None:
    for login, address in (("clerk", "/report"), ("clerk", f"/contributions/{ids.paid}"), ("first", "/mandates/new")):
        page = somebody(login).get(address)
        assert HOSTILE_NAME not in page
        assert "&lt;script&gt;" in page


def contested(ids: Ids, text: str) -> dict[str, str]:
    """What the second employer enters against the debit that failed."""
    return {"subject": f"debit-{ids.failed}", "ground": "money_was_there", "text": text}


def test_an_objection_reaches_the_fund(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    second = somebody("second")
    second.post(f"/contributions/{ids.failed}/dispute", contested(ids, "The account had money."))
    with service.desk.reading(SERVICE) as work:
        dispute = disputes.open_for(work, ids.failed)
        assert dispute is not None
        assert disputes.text(work, dispute) == "The account had money."
    assert "You contest this contribution" in second.get(f"/contributions/{ids.failed}")


def test_a_second_objection_is_refused_with_the_form_kept(somebody: Callable[[str], Browser], ids: Ids) -> None:
    second = somebody("second")
    address = f"/contributions/{ids.failed}/dispute"
    second.post(address, contested(ids, "The account had money."))
    page = second.post(address, contested(ids, "Once more."), 422)
    assert "You contest this already" in page
    assert "Once more." in page


def test_the_form_offers_only_funds_that_know_the_employer_and_have_no_mandate(
    somebody: Callable[[str], Browser],
) -> None:
    page = somebody("first").get("/mandates/new")
    assert 'value="CACOBATPH"' in page
    assert 'value="CNAS"' not in page
    assert 'value="CNSS"' not in page
    assert "You have a mandate at every fund" in somebody("second").get("/mandates/new")


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"funds": []}, "funds", "Choose at least one fund."),
        ({"account": ""}, "account", "Enter the account number."),
        ({"account": "123"}, "account", "An Algerian RIB has 20 digits."),
        ({"account": FREE_RIB[:-1] + str((int(FREE_RIB[-1]) + 1) % 10)}, "account", "(the key) do not fit"),
        ({"account": "0010012303002001OO67"}, "account", "digits only"),
        ({"account_scheme": "IBAN", "account": "DE00"}, "account", "This is no IBAN"),
        ({"debtor_name": " "}, "debtor_name", "Enter the name of the account holder."),
        ({"debtor_name": "x" * 71}, "debtor_name", "At most 70 characters."),
        ({"signer_name": ""}, "signer_name", "Enter your name."),
        ({"capacity": ""}, "capacity", "Say in what capacity you sign."),
        ({"amount_limit": "1,000"}, "amount_limit", "like 250000.00"),
        ({"amount_limit": "1.001"}, "amount_limit", "too many decimals"),
    ],
)
def test_each_mistake_is_told_on_top_and_linked_to_its_field(
    somebody: Callable[[str], Browser], changed: dict[str, object], field: str, message: str
) -> None:
    page = somebody("first").post("/mandates/new", answers(**changed), 422)
    top = page.split("errors-title")[2].split("</ul>")[0]
    assert f'href="#{field}"' in top
    assert message in top
    assert f'id="{field}"' in page


def test_a_fund_that_was_not_offered_cannot_be_chosen(somebody: Callable[[str], Browser]) -> None:
    somebody("first").post("/mandates/new", answers(funds=["CNSS"]), 422)


def test_all_answers_are_shown_before_they_are_signed(somebody: Callable[[str], Browser], service: Service) -> None:
    page = somebody("first").post("/mandates/new", answers(amount_limit="250000"), 200)
    for part in (FREE_RIB, "شركة الأمل", "Signer", "manager", "250,000.00", "I sign this mandate.", "CACOBATPH"):
        assert part in page
    assert signed(service) == []


def test_the_answers_can_be_changed_without_typing_them_again(somebody: Callable[[str], Browser]) -> None:
    page = somebody("first").post("/mandates/new", answers(step="edit"), 200)
    assert f'value="{FREE_RIB}"' in page


def test_without_the_tick_nothing_is_signed(somebody: Callable[[str], Browser], service: Service) -> None:
    page = somebody("first").post("/mandates/new", answers(step="sign"), 422)
    assert "Tick the box to sign." in page
    assert signed(service) == []


def test_a_signed_form_is_a_mandate_that_waits_for_the_bank(
    somebody: Callable[[str], Browser], service: Service
) -> None:
    first = somebody("first")
    first.post("/mandates/new", answers(step="sign", consent="y", amount_limit="250000"))
    ((mandate, state, account, holder),) = signed(service)
    assert (mandate.fund_id, state, account, holder) == ("CACOBATPH", "signed", FREE_RIB, "شركة الأمل")
    assert mandate.amount_limit_minor == 25_000_000
    page = first.get("/mandates")
    assert "Lodge it at your bank" in page
    assert FREE_RIB not in page


def test_signing_twice_makes_one_mandate(somebody: Callable[[str], Browser], service: Service) -> None:
    first = somebody("first")
    first.post("/mandates/new", answers(step="sign", consent="y"))
    first.post("/mandates/new", answers(step="sign", consent="y"), 422, page="/mandates/new?lang=en")
    assert len(signed(service)) == 1


def test_an_account_number_stands_in_no_address_and_no_cookie(somebody: Callable[[str], Browser]) -> None:
    first = somebody("first")
    first.post("/mandates/new", answers(step="sign", consent="y"))
    with first.client.session_transaction() as session:
        assert FREE_RIB not in str(dict(session))


def test_revoking_needs_a_reason(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    somebody("first").post(f"/mandates/{ids.first_mandate}/revoke", {"why": " "}, 422)
    with service.desk.reading(SERVICE) as work:
        assert mandates.state(work, ids.first_mandate) == "active"


def test_a_revoked_mandate_keeps_the_reason(somebody: Callable[[str], Browser], service: Service, ids: Ids) -> None:
    somebody("first").post(f"/mandates/{ids.first_mandate}/revoke", {"why": "We change banks."})
    with service.desk.reading(SERVICE) as work:
        newest = mandates.history(work, ids.first_mandate)[-1]
        assert (newest.to_state, newest.why, newest.who) == ("revoked", "We change banks.", "first")


def signed(service: Service) -> list[tuple[Mandate, str, str, str]]:
    """The first employer's mandates at CACOBATPH: each with its state, account and holder."""
    with service.desk.reading(SERVICE) as work:
        employer_id = work.session.query(Mandate.employer_id).order_by(Mandate.id).limit(1).scalar()
        found = [
            (one, state, mandates.account(work, one).value, mandates.debtor_name(work, one))
            for one, state in mandates.of_employer(work, employer_id or "")
            if one.fund_id == "CACOBATPH"
        ]
        work.session.expunge_all()
        return found
