"""sepaxml, in the peers' environment: imported by name, because the service's environment does not have it."""

from importlib import import_module

from benchmarks.data import COLLECTED_ON, CREDITOR_BIC, CREDITOR_IDENTIFIER, CREDITOR_NAME, iban
from benchmarks.task import Seen, Task

_sepaxml = import_module("sepaxml")


def write(task: Task) -> Seen:
    """sepaxml as its README shows it; its own validation (of the whole text, by xmlschema) is left out."""
    message = _sepaxml.SepaDD(
        {
            "name": CREDITOR_NAME,
            "IBAN": iban(0),
            "BIC": CREDITOR_BIC,
            "batch": True,
            "creditor_id": CREDITOR_IDENTIFIER,
            "currency": "EUR",
        },
        schema="pain.008.001.08",
    )
    for reference, amount, mandate, signed_on, name, account, bic, remittance in task.rows:
        message.add_payment(
            {
                "name": name,
                "IBAN": account,
                "BIC": bic,
                "amount": amount,
                "type": "RCUR",
                "collection_date": COLLECTED_ON,
                "mandate_id": mandate,
                "mandate_date": signed_on,
                "description": remittance,
                "endtoend_id": reference,
            }
        )
    task.target.write_bytes(message.export(validate=False))
    return Seen()
