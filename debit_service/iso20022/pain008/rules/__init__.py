"""The rules of the SEPA direct debit schemes for a pain.008, beyond what its schema can say.

`rulebook` says which they are; `block` and `transaction` hold them, `runs` holds thousands of transactions at once, and `whole`
walks through a file.
"""

from debit_service.iso20022.pain008.rules.block import creditor_identifier_holds
from debit_service.iso20022.pain008.rules.whole import pain008_findings

__all__ = ["creditor_identifier_holds", "pain008_findings"]
