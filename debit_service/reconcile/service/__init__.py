"""The use cases of reconciliation, in the order of the path: read, match, post; and decide, for a person."""

from debit_service.reconcile.service.again import bring_again
from debit_service.reconcile.service.ask import Ask
from debit_service.reconcile.service.importing import Imported, Tell, import_file, import_stored, untold
from debit_service.reconcile.service.resolve import Decided, PaidOut, confirm, decide, pay_out, refuse, resolve, undo

__all__ = [
    "Ask",
    "Decided",
    "Imported",
    "PaidOut",
    "Tell",
    "bring_again",
    "confirm",
    "decide",
    "import_file",
    "import_stored",
    "pay_out",
    "refuse",
    "resolve",
    "undo",
    "untold",
]
