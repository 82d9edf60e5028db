"""One small story, told through the rooms' use cases, that every page has something to show of.

Two employers at CNAS: the first is paid, the second's account had no money, so that a penalty is proposed. A bank entry
whose reference was lost waits in suspense, and the second employer contests what it was meant for; a batch waits for approval;
the first employer is known at CACOBATPH with a draft and no mandate there, and its mandate's form came back stamped; a third
employer's mandate is signed and not lodged yet.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from scan_files import pdf

from debit_service import operations
from debit_service.access.service import add_person
from debit_service.banks import service as bank_store
from debit_service.banks.channels.folder import FolderChannel
from debit_service.collections import queries as collections
from debit_service.collections.models import Collection, RunHold
from debit_service.collections.service.approve import approve
from debit_service.collections.service.submit import submit
from debit_service.contributions import queries as contributions
from debit_service.contributions.service import import_rows
from debit_service.core.accounts import AccountScheme, dz_rib_key, parse_account
from debit_service.core.clock import SetClock
from debit_service.core.settings import Settings
from debit_service.core.work import SERVICE, Actor, Role
from debit_service.disputes import queries as dispute_queries
from debit_service.disputes.rules import Subject, SubjectKind
from debit_service.disputes.service import Objection, contest
from debit_service.disputes.service import withdraw as withdraw_dispute
from debit_service.employers.models import Employer
from debit_service.employers.queries import find
from debit_service.employers.service import enrol, register
from debit_service.ledger import queries as ledger
from debit_service.mandates import queries as mandate_queries
from debit_service.mandates import service as mandates
from debit_service.mandates.authority import Authority, Capacity
from debit_service.mandates.documents import DocumentKind, attach
from debit_service.mandates.drafts import FormData, prepare
from debit_service.penalties import queries as penalties
from debit_service.penalties import relief_queries
from debit_service.penalties.service import amnesty
from debit_service.reconcile.by_persons import decisions
from debit_service.reconcile.queue import waiting
from debit_service.reconcile.queue.exceptions import Decision
from debit_service.reconcile.service import Ask, decide, import_stored, undo
from debit_service.reconcile.tie_out import close as tie_out_close
from debit_service.schema import upgrade
from debit_service.wiring import Service, open_service

PASSWORD = "a long sentence for the tests"
APPROVER = Actor("approver", frozenset({Role.FINANCE_APPROVER}))
CLERK = Actor("clerk", frozenset({Role.FINANCE_CLERK}))
AGENT = Actor("agent", frozenset({Role.MANDATE_AGENT}))
#: The first employer's name tries to be a script: no page may run it.
HOSTILE_NAME = "<script>alert('x')</script> شركة الأمل"
#: So does what the second employer writes; its two lines stay two.
OBJECTION = "Déjà payé <b>en août</b>.\nVoir notre relevé."
STAMPED = pdf()
FREE_RIB = f"001{'00123'}{'0300200100'}{dz_rib_key('001230300200100')}"
#: What CNAS must have confirmed before anything is debited for it. Presenting again stays unconfirmed: one failure, one attempt.
_CONFIRMED = "".join(
    f'"CNAS.{fact}" = {{ by = "test desk", on = 2026-09-01, why = "an example, for tests" }}\n'
    for fact in ("scheme", "creditor.name", "creditor.account", "creditor.identifier", "creditor.agent_bic")
)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ids:
    """What the story made, by the role that it plays in tests."""

    paid: str
    failed: str
    failed_debit: str
    lost: str
    first_mandate: str
    second_mandate: str
    batch_sent: str
    batch_made: str
    held_run: str
    suspense: str
    dispute: str
    first_dispute: str
    dispute_document: str
    waiting_mandate: str
    penalty: str
    document: str
    draft: str
    decision: str
    close: str
    amnesty: str
    booking: str


def settings_in(home: Path) -> Settings:
    """Settings of a service that lives in `home`; its bank's door is closed."""
    return Settings(
        home=home,
        confirmations=home / "confirmations.toml",
        secure_cookies=False,
        bank_urls={"mock-bank": "http://127.0.0.1:9"},
    )


def tell(home: Path) -> Ids:
    """Live through the story in the empty folder `home`."""
    settings = settings_in(home)
    settings.home.joinpath("confirmations.toml").write_text(_CONFIRMED)
    upgrade(settings)
    clock = SetClock(datetime(2026, 10, 5, 9, 0, tzinfo=UTC))
    service = open_service(settings, clock)
    first, second, third = _people(service)
    first_mandate = _mandate(service, first, "0200300400")
    with service.desk.work(CLERK) as work:
        attach(work, mandates.get(work, first_mandate), DocumentKind.BANK_VALIDATION, STAMPED)
    second_mandate = _mandate(service, second, "0200300500")
    waiting_mandate = _signed(service, third, "0200300600")
    _declare(service)
    _collect(service)
    clock.set(datetime(2026, 10, 27, 9, 0, tzinfo=UTC))
    batch_sent = _collect(service)[0]
    with service.desk.work(APPROVER) as work:
        approve(work, batch_sent, collections.batch(work, batch_sent).sha256)
    for folder in ("in", "out"):
        (home / "bank" / folder).mkdir(parents=True)
    outcome = submit(service.desk, APPROVER, service.funds.get("CNAS"), batch_sent, FolderChannel(home / "bank"))
    assert outcome == "sent"
    clock.set(datetime(2026, 11, 3, 9, 0, tzinfo=UTC))
    _bank_answers(service)
    _held_for_a_moment(service)
    clock.set(NOW)
    operations.assess_penalties(service, SERVICE, service.funds.get("CNAS"))
    batch_made = _collect(service)[0]
    mandate_ids = (first_mandate, second_mandate, waiting_mandate)
    batch_ids = (batch_sent, batch_made, _held(service))
    _prepare_close(service)
    _amnesty(service)
    ids = _ids(service, mandate_ids, batch_ids, _contest(service), _draft(service))
    service.desk.database.dispose()
    return ids


def _held(service: Service) -> str:
    """A run of 3 debits that stopped at a bound of 2."""
    with service.desk.work(CLERK) as work:
        hold = RunHold(
            id=work.new_id(),
            fund_id="CNAS",
            business_date=NOW.date(),
            sha256="0" * 64,
            count=3,
            control_sum_minor=12_345_600,
            currency="DZD",
            reasons=["3 debits, and the bound is 2"],
            made_by=CLERK.name,
            made_at=work.now(),
        )
        work.session.add(hold)
    return hold.id


def _prepare_close(service: Service) -> None:
    """The clerk has prepared to close CNAS, whose statements come by post; an approver is to say yes."""
    fund, through = service.funds.get("CNAS"), date(2026, 11, 20)
    with service.desk.work(CLERK) as work:
        tie_out_close.prepare(work, fund, through, "the accounts are made", despite="statements come by post")


def _people(service: Service) -> tuple[Employer, Employer, Employer]:
    with service.desk.work(SERVICE) as work:
        first = register(work, reference="099900000000001", name=HOSTILE_NAME, language="ar")
        second = register(work, reference="099900000000002", name="Entreprise Deux", language="fr")
        third = register(work, reference="099900000000003", name="Entreprise Trois", language="fr")
        enrol(work, first, "CNAS", "1600000001")
        enrol(work, first, "CACOBATPH", "7700000001")
        enrol(work, second, "CNAS", "1600000002")
        enrol(work, third, "CNAS", "1600000003")
        add_person(work, "first", PASSWORD, [Role.EMPLOYER], first.id)
        add_person(work, "second", PASSWORD, [Role.EMPLOYER], second.id)
        add_person(work, "agent", PASSWORD, [Role.MANDATE_AGENT])
        add_person(work, "clerk", PASSWORD, [Role.FINANCE_CLERK])
        add_person(work, "approver", PASSWORD, [Role.FINANCE_APPROVER])
        add_person(work, "administrator", PASSWORD, [Role.ADMINISTRATOR])
        add_person(work, "administrator-2", PASSWORD, [Role.ADMINISTRATOR])
    return first, second, third


def _signed(service: Service, employer: Employer, account: str) -> str:
    rib = f"00100123{account}{dz_rib_key(f'00123{account}')}"
    form = mandates.SignedForm(
        employer=employer,
        account=parse_account(rib, AccountScheme.DZ_RIB),
        debtor_name="Holder",
        signer_name="Signer",
        signer_capacity="manager",
        signed_on=date(2026, 10, 1),
        how="paper",
    )
    with service.desk.work(CLERK) as work:
        (mandate,) = mandates.sign(work, form, [service.funds.get("CNAS")])
    return mandate.id


def _mandate(service: Service, employer: Employer, account: str) -> str:
    mandate_id = _signed(service, employer, account)
    with service.desk.work(CLERK) as work:
        mandate = mandates.get(work, mandate_id)
        mandates.lodge(work, mandate, "lodged", "stamp 1")
        mandates.accept(work, mandate, "accepted", "stamp 2")
    return mandate_id


def _draft(service: Service) -> str:
    """A proximity office prepares a form for the first employer at CACOBATPH; returns its number."""
    data = FormData(
        account=parse_account(FREE_RIB, AccountScheme.DZ_RIB),
        debtor_name="شركة الأمل",
        signer_name="محمد بن علي",
        signer_capacity="",
        authority=Authority(Capacity.LEGAL_REPRESENTATIVE),
    )
    with service.desk.work(AGENT) as work:
        employer = find(work, "CACOBATPH", "7700000001")
        assert employer is not None
        return prepare(work, employer, [service.funds.get("CACOBATPH")], data).number


def _declare(service: Service) -> None:
    rows = "fund,registration_number,reference,period,amount,currency,due_date\n" + "".join(
        f"CNAS,{number},{reference},{period},{amount},DZD,{due}\n"
        for number, reference, period, amount, due in (
            ("1600000001", "PAID", "2026-09", "120000.50", "2026-10-30"),
            ("1600000002", "FAILED", "2026-09", "80000.00", "2026-10-30"),
            ("1600000002", "LOST", "2026-08", "1500.00", "2026-10-30"),
            ("1600000001", "NEXT", "2026-10", "121000.00", "2026-11-29"),
        )
    )
    with service.desk.work(CLERK) as work:
        report = import_rows(work, service.funds, service.calendars, rows.encode(), "declared.csv")
    assert report.taken == 4, report.bad


def _collect(service: Service) -> list[str]:
    fund = service.funds.get("CNAS")
    return operations.collect(service, CLERK, fund, operations.today(service, fund)).batches


def _bank_answers(service: Service) -> None:
    """The bank books what was asked, returns one for AM04, and books one under a reference that nobody knows."""
    with service.desk.reading(SERVICE) as work:
        sent = {
            reference: collections.attempts(work, contributions.get(work, reference).id)[0]
            for reference in ("PAID", "FAILED")
        }
        entries = "".join(
            (
                _entry("CRDT", sent["PAID"]),
                _entry("CRDT", sent["FAILED"]),
                _entry("DBIT", sent["FAILED"], "<RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf>"),
                _entry("CRDT", None),
            )
        )
    account = service.funds.get("CNAS").creditor.account.value
    body = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-02T09:00:00Z</CreDtTm></GrpHdr>"
        f"<Ntfctn><Id>N1</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>{entries}</Ntfctn>"
        "</BkToCstmrDbtCdtNtfctn></Document>"
    )
    with service.desk.work(SERVICE) as work:
        bank_store.store(work, "in", "mock-bank", "camt.054.xml", body.encode())
    import_stored(service.desk, SERVICE, service.funds)


def _held_for_a_moment(service: Service) -> None:
    """A clerk holds the entry that waits, and thinks better of it."""
    with service.desk.work(CLERK) as work:
        ((entry, *_),) = waiting.entries(work)
        ask = Ask(decision=Decision.HELD, why="the bank was asked", follow_up=date(2026, 12, 1))
        undo(work, service.funds, decide(work, service.funds, entry.id, ask).id, "the bank has answered")


def _entry(direction: str, collection: Collection | None, more: str = "") -> str:
    minor = collection.amount_minor if collection else 150000
    amount = f'<Amt Ccy="DZD">{minor // 100}.{minor % 100:02d}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
    reference = collection.end_to_end_id if collection else "NOT-OURS"
    code = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>{}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    return (
        f"<Ntry>{amount}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-10-29</Dt></BookgDt><ValDt><Dt>2026-10-29</Dt></ValDt>"
        f"{code.format('UPDD' if more else 'ESDD')}"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{amount}{more}</TxDtls></NtryDtls></Ntry>"
    )


def _contest(service: Service) -> tuple[str, str]:
    """The second employer contests the debit whose bank entry waits in suspense; the first one contested, and thought better."""
    terms = operations.dispute_terms(service, service.funds.get("CNAS"))
    disputes = []
    for login, number, reference in (("second", "1600000002", "LOST"), ("first", "1600000001", "PAID")):
        with service.desk.work(SERVICE) as work:
            found = find(work, "CNAS", number)
            assert found is not None
            employer = Actor(login, frozenset({Role.EMPLOYER}), found.id)
        with service.desk.work(employer) as work:
            one = contributions.get(work, reference)
            subject = Subject(SubjectKind.DEBIT, one.id, one.id, one.amount_minor)
            disputes.append(contest(work, terms, Objection(subject, OBJECTION, documents=(STAMPED,))).id)
            if login == "first":
                withdraw_dispute(work, terms, disputes[-1])
    return disputes[0], disputes[1]


def _amnesty(service: Service) -> None:
    """A clerk prepares an amnesty for periods of which there is no penalty yet."""
    terms = amnesty.Terms(
        first_period="2024-01",
        last_period="2024-12",
        states=("proposed",),
        basis_points=10_000,
        covers_later=True,
        law="an example of a law",
        decided_on=date(2026, 9, 1),
        why="for tests",
    )
    with service.desk.work(Actor("clerk", frozenset({Role.FINANCE_CLERK}))) as work:
        amnesty.prepare(work, service.funds.get("CNAS"), terms)


def _ids(
    service: Service,
    mandate_ids: tuple[str, str, str],
    batch_ids: tuple[str, str, str],
    disputes: tuple[str, str],
    draft: str,
) -> Ids:
    with service.desk.reading(SERVICE) as work:
        ((entry, *_),) = waiting.entries(work)
        decision, *_ = decisions.history(work, entry.id)
        (penalty,) = (one.penalty for one in penalties.listed(work))
        (document,) = mandate_queries.documents(work, mandates.get(work, mandate_ids[0]))
        return Ids(
            paid=contributions.get(work, "PAID").id,
            failed=contributions.get(work, "FAILED").id,
            failed_debit=collections.attempts(work, contributions.get(work, "FAILED").id)[0].id,
            lost=contributions.get(work, "LOST").id,
            first_mandate=mandate_ids[0],
            second_mandate=mandate_ids[1],
            batch_sent=batch_ids[0],
            batch_made=batch_ids[1],
            held_run=batch_ids[2],
            suspense=entry.id,
            dispute=disputes[0],
            first_dispute=disputes[1],
            dispute_document=dispute_queries.documents(work, disputes[1])[0].id,
            waiting_mandate=mandate_ids[2],
            penalty=penalty.id,
            document=document.id,
            draft=draft,
            decision=decision[0].id,
            close=ledger.closes(work.session)[0].id,
            amnesty=relief_queries.amnesties(work)[0].id,
            booking=ledger.entries_of_subjects(work.session, [entry.id])[0].id,
        )
