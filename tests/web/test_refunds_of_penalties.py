"""Money that is owed back of a penalty: on the page of refunds and in its list, with what it is for, until it is given back."""

import json
from collections.abc import Callable
from datetime import date

import pytest
from bank_files import pain002
from click.testing import CliRunner
from house import APPROVER, CLERK, House
from web.conftest import Browser
from web.story import Ids

from debit_service.cli import main
from debit_service.contributions.payments import Means, Paid
from debit_service.core.money import format_minor
from debit_service.core.work import SERVICE
from debit_service.penalties import queries
from debit_service.penalties.service import pay, reverse
from debit_service.wiring import Service

PAID = {"paid_on": "2026-11-20", "means": "transfer", "evidence": "transfer list 4"}


def test_what_was_paid_for_a_penalty_that_fell_is_shown_until_an_approver_has_recorded_it_as_given_back(
    somebody: Callable[[str], Browser], service: Service, ids: Ids
) -> None:
    clerk, approver, page = somebody("clerk"), somebody("approver"), f"/penalties/{ids.penalty}"
    with service.desk.reading(SERVICE) as work:
        whole = queries.money_of(work, ids.penalty).whole_minor
        amount = format_minor(whole, queries.get(work, ids.penalty).currency)
    why = {"why": "Looked at the file."}
    approver.post(f"{page}/confirm", why | {"seen_minor": str(whole)}, page=page)
    clerk.post(f"{page}/payments", PAID | {"amount": amount, "reference": "IN-1"}, page=page)
    assert ids.penalty not in clerk.get("/refunds")

    approver.post(f"{page}/reverse", why, page=page)

    shown = clerk.get("/refunds")
    assert page in shown
    assert "Looked at the file." in shown
    assert "record=give_back" not in shown
    form = f"{page}?record=give_back"
    assert form in approver.get("/refunds").replace("&amp;", "&")
    assert 'id="give-back" open' in approver.get(form)

    approver.post(f"{page}/give-back", PAID | {"amount": amount, "reference": "OUT-1"}, page=page)
    assert "Nothing is owed back." in clerk.get("/refunds")


def test_the_list_names_the_penalty_and_what_is_left(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house, settings = sqlite_house, sqlite_house.service.settings
    sent = house.sent()
    house.bank_says(pain002(sent, "RJCT", "AM04"))
    house.go_to(date(2026, 10, 15))
    house.assess()
    with house.reading() as work:
        (one,) = queries.penalties_of(work, sent.contribution_id)
    house.confirm_penalty(one.id)
    with house.desk.work(CLERK) as work:
        paid = Paid(
            amount_minor=50_00,
            currency="DZD",
            paid_on=date(2026, 10, 15),
            means=Means.CASH,
            reference="C-1",
            evidence="receipt 17",
        )
        pay.pay(work, house.service.funds, one.id, paid)
    with house.desk.work(APPROVER) as work:
        reverse(work, house.fund(), one.id, "our mistake")
    for name, value in (("HOME", str(settings.home)), ("DATABASE_URL", settings.url)):
        monkeypatch.setenv(f"DEBIT_{name}", value)

    told = json.loads(CliRunner().invoke(main, ["reconcile", "refunds", "list", "--json"]).stdout)

    assert told == [
        {
            "fund": "CNAS",
            "from": "penalty",
            "reference": one.id,
            "owed": "50.00",
            "paid_out": "0.00",
            "left": "50.00",
            "currency": "DZD",
            "paid_with": "",
        }
    ]
