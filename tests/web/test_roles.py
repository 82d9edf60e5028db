"""Every route against every role: who is let in, who is refused, who is asked to sign in."""

from collections.abc import Callable
from dataclasses import asdict

import pytest
from flask import Flask
from web.conftest import Browser
from web.story import Ids

from debit_service.app import create_app
from debit_service.core.work import Role
from debit_service.web import access
from debit_service.wiring import Service

LOGINS = {
    "first": Role.EMPLOYER,
    "agent": Role.MANDATE_AGENT,
    "clerk": Role.FINANCE_CLERK,
    "approver": Role.FINANCE_APPROVER,
    "administrator": Role.ADMINISTRATOR,
}
EMPLOYER, AGENT, CLERK, APPROVER, ADMINISTRATOR = "E", "M", "C", "A", "D"
LETTERS = {
    Role.EMPLOYER: EMPLOYER,
    Role.MANDATE_AGENT: AGENT,
    Role.FINANCE_CLERK: CLERK,
    Role.FINANCE_APPROVER: APPROVER,
    Role.ADMINISTRATOR: ADMINISTRATOR,
}
#: Who may call what, written down a second time and by hand: a slip in a decorator shows here. "*": everybody.
EXPECTED = {
    "pages.home": "EMCAD",
    "pages.funds": "CAD",
    "pages.health": "*",
    "pages.static": "*",
    "pages.vendor": "*",
    "sessions.sign_in": "*",
    "sessions.sign_out": "EMCAD",
    "contributions.own": "E",
    "contributions.detail": "ECA",
    "contributions.dispute": "E",
    "contributions.proof_pack": "ECA",
    "payments.record": "C",
    "payments.undo": "A",
    "circumstances.state": "C",
    "mandates.own": "E",
    "mandates.new": "E",
    "mandates.revoke": "E",
    "report.show": "CA",
    "report.download": "CA",
    "reports.index": "CA",
    "reports.figure": "CA",
    "reports.taken": "CA",
    "reports.statement": "ECA",
    "reports.entries": "CA",
    "reports.collections": "CA",
    "entries.show": "CA",
    "entries.bank": "CA",
    "books.trial_balance": "CA",
    "books.account": "CA",
    "books.booking": "CA",
    "ledger.tied_out": "CA",
    "ledger.closes": "CA",
    "ledger.prepare": "CA",
    "ledger.close": "CA",
    "ledger.approve": "A",
    "statements.beside": "CA",
    "statements.replace": "C",
    "statements.undo": "C",
    "batches.listed": "CA",
    "batches.detail": "CA",
    "batches.approve": "A",
    "batches.send": "CA",
    "batches.cancel": "CA",
    "batches.held": "CA",
    "batches.release": "A",
    "suspense.entry": "CA",
    "suspense.match": "C",
    "suspense.listed": "CA",
    "suspense.allocate": "C",
    "suspense.recognise": "C",
    "suspense.set_aside": "C",
    "suspense.tell_before": "C",
    "suspense.hold": "C",
    "suspense.doubt": "C",
    "decisions.detail": "CA",
    "decisions.confirm": "A",
    "decisions.refuse": "CA",
    "decisions.undo": "C",
    "refunds.listed": "CA",
    "refunds.paid": "C",
    "mandate_desk.listed": "MC",
    "mandate_desk.record": "MC",
    "mandate_desk.find": "MC",
    "mandate_life.show": "CA",
    "mandate_life.change": "C",
    "mandate_life.stopped": "CA",
    "mandate_life.lift": "A",
    "documents.listed": "EMCA",
    "documents.attach": "MC",
    "documents.printed": "EMCA",
    "documents.scan": "EMCA",
    "drafts.detail": "EMC",
    "drafts.printed": "EMC",
    "drafts.discard": "EMC",
    "drafts.prepare": "MC",
    "drafts.enter": "MC",
    "disputes.listed": "CA",
    "disputes.show": "ECA",
    "disputes.take": "C",
    "disputes.ask": "C",
    "disputes.answer": "CA",
    "disputes.decide": "A",
    "disputes.reply": "E",
    "disputes.appeal": "E",
    "disputes.withdraw": "E",
    "disputes.attach": "EC",
    "disputes.document": "ECA",
    "disputes.figures": "CAD",
    "faults.listed": "CA",
    "faults.show": "CA",
    "faults.find": "C",
    "faults.approve": "A",
    "faults.withdraw": "CA",
    "outages.listed": "CAD",
    "outages.record": "D",
    "outages.withdraw": "D",
    "penalties.listed": "CA",
    "penalties.show": "CA",
    "penalties.confirm": "A",
    "penalties.reverse": "A",
    "penalties.pay": "C",
    "penalties.give_back": "A",
    "penalties.undo_payment": "A",
    "confirming.listed": "CA",
    "confirming.confirm": "A",
    "reliefs.listed": "CA",
    "reliefs.penalty": "CA",
    "reliefs.approve": "A",
    "reliefs.undo": "CA",
    "reliefs.amnesty_list": "CA",
    "reliefs.prepare": "CA",
    "reliefs.amnesty": "CA",
    "reliefs.approve_amnesty": "A",
    "reliefs.undo_amnesty": "CA",
    "calendars.listed": "CA",
    "calendars.show": "CA",
    "calendars.correct": "C",
    "calendars.withdraw": "C",
    "runs.listed": "CAD",
}


def addresses(app: Flask, ids: Ids) -> list[tuple[str, str, str]]:
    """Endpoint, method and address of every route, with ids that exist; an employer's own are the first's."""
    values = asdict(ids) | {
        "contribution_id": ids.paid,
        "mandate_id": ids.first_mandate,
        "batch_id": ids.batch_made,
        "hold_id": ids.held_run,
        "period_id": ids.close,
        "entry_id": ids.suspense,
        "resolution_id": ids.decision,
        "subject_id": ids.suspense,
        "penalty_id": ids.penalty,
        "payment_id": "nothing",
        "dispute_id": ids.first_dispute,
        "block_id": "none",
        "document_id": ids.document,
        "number": ids.draft,
        "name": "site.css",
        "calendar": "DZ",
        "which": "day",
        "what": "queue",
        "booking_id": ids.booking,
        "override_id": "nothing",
        "collection_id": ids.failed_debit,
        "finding_id": "nothing",
        "outage_id": "nothing",
        "statement_id": "nothing",
        "replacement_id": "nothing",
        "relief_id": "nothing",
        "amnesty_id": ids.amnesty,
    }
    values_of = {
        "mandate_desk.record": {"mandate_id": ids.waiting_mandate},
        "disputes.document": {"document_id": ids.dispute_document},
    }
    adapter = app.url_map.bind("localhost")

    def address(endpoint: str, names: set[str], method: str) -> str:
        known = values_of.get(endpoint, values)
        return adapter.build(endpoint, {name: known[name] for name in names}, method)

    return [
        (rule.endpoint, method, address(rule.endpoint, rule.arguments, method))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
    ]


def test_every_route_declares_exactly_the_roles_of_the_table(app: Flask) -> None:
    declared = {}
    for rule in app.url_map.iter_rules():
        roles = access.declared(app, rule.endpoint)
        declared[rule.endpoint] = "*" if roles is None else {LETTERS[role] for role in roles}
    assert declared == {name: "*" if who == "*" else set(who) for name, who in EXPECTED.items()}


@pytest.mark.parametrize("login", LOGINS)
def test_each_route_lets_in_exactly_the_roles_that_it_declares(
    app: Flask, ids: Ids, somebody: Callable[[str], Browser], login: str
) -> None:
    for endpoint, method, address in addresses(app, ids):
        if endpoint == "sessions.sign_out":
            continue  # the sign-out's own test; here it would end the session of the others
        answer = somebody(login).client.open(address, method=method, buffered=True)
        who = EXPECTED[endpoint]
        if who != "*" and LETTERS[LOGINS[login]] not in who:
            assert answer.status_code == 403, (method, address)
        elif method == "POST":
            # Let in by the gate, then stopped for want of the form's token: nothing was changed.
            assert answer.status_code == 400, (method, address)
        else:
            assert answer.status_code in {
                200,
                302,
                404 if endpoint in ("pages.vendor", "statements.beside") else 200,
            }, (method, address)


def test_nobody_signed_in_is_asked_to_sign_in_everywhere(app: Flask, ids: Ids, browser: Browser) -> None:
    for endpoint, method, address in addresses(app, ids):
        answer = browser.client.open(address, method=method, buffered=True)
        if EXPECTED[endpoint] != "*":
            assert (answer.status_code, answer.location.split("?")[0]) == (302, "/sign-in"), (method, address)


def test_an_employer_gets_nothing_by_another_employers_ids(somebody: Callable[[str], Browser], ids: Ids) -> None:
    second = somebody("second")
    for address in (
        f"/contributions/{ids.paid}",
        f"/contributions/{ids.paid}/dispute",
        f"/mandates/{ids.first_mandate}/revoke",
        f"/mandates/{ids.first_mandate}/form.pdf",
        f"/mandates/{ids.first_mandate}/documents",
        f"/documents/{ids.document}",
        f"/disputes/{ids.first_dispute}",
        f"/disputes/documents/{ids.dispute_document}",
        f"/drafts/{ids.draft}",
        f"/drafts/{ids.draft}/form.pdf",
        f"/mandates/new?draft={ids.draft}",
        "/contributions/PAID",
    ):
        assert "120" not in second.get(address, 403)


def test_an_employer_cannot_act_on_another_employers_ids(somebody: Callable[[str], Browser], ids: Ids) -> None:
    second = somebody("second")
    own = f"/contributions/{ids.failed}/dispute"
    second.post(f"/contributions/{ids.paid}/dispute", {"text": "mine"}, 403, page=own)
    second.post(f"/mandates/{ids.first_mandate}/revoke", {"why": "mine"}, 403, page=own)


def test_an_application_with_a_route_that_declares_nothing_is_not_built(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(access._DECLARED, access_view(create_app(service), "report.show"))
    with pytest.raises(LookupError, match=r"report\.show"):
        create_app(service)


def access_view(app: Flask, endpoint: str) -> Callable[..., object]:
    """The function behind a route."""
    return app.view_functions[endpoint]
