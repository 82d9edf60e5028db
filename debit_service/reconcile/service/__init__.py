"""The use cases of reconciliation, in the order of the path: read, match, post; and resolve, for a person."""

from debit_service.reconcile.service.importing import Imported, import_file, import_stored
from debit_service.reconcile.service.resolve import resolve

__all__ = ["Imported", "import_file", "import_stored", "resolve"]
