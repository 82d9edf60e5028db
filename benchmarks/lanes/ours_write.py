"""This library's writer, called as a program would call it."""

from benchmarks.data import (
    COLLECTED_ON,
    CREATED,
    CREDITOR_BIC,
    CREDITOR_IDENTIFIER,
    CREDITOR_NAME,
    MESSAGE_ID,
    PAYMENT_INFORMATION_ID,
    iban,
)
from benchmarks.task import Seen, Task
from debit_service.core.accounts import AccountNumber, AccountScheme
from debit_service.iso20022.pain008 import Creditor, DirectDebit, Message, PaymentInformation, write_pain008


def write(task: Task) -> Seen:
    """Rows to a checked file."""
    scheme = AccountScheme.IBAN
    debits = (
        DirectDebit(reference, None, amount, mandate, signed_on, name, AccountNumber(scheme, account), bic, remittance)
        for reference, amount, mandate, signed_on, name, account, bic, remittance in task.rows
    )
    creditor = Creditor(CREDITOR_NAME, AccountNumber(scheme, iban(0)), CREDITOR_BIC, CREDITOR_IDENTIFIER, "DE")
    group = PaymentInformation(
        id=PAYMENT_INFORMATION_ID,
        scheme="CORE",
        sequence_type="RCUR",
        collection_date=COLLECTED_ON,
        creditor=creditor,
        count=task.size,
        control_sum_minor=task.total_minor,
        currency="EUR",
        transactions=debits,
    )
    with task.target.open("wb") as out:
        written = write_pain008(out, Message(MESSAGE_ID, CREATED, CREDITOR_NAME, [group]), version="08")
    return Seen(written.count, written.control_sum_minor)
