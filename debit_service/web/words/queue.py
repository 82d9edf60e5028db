"""What a person decides about an entry of the work queue."""

from collections.abc import Mapping
from typing import Final

from debit_service.reconcile.queue.exceptions import Decision
from debit_service.web.words.lookup import N_

DECISIONS: Final[Mapping[str, str]] = {
    Decision.MATCHED: N_("It belongs to a debit of ours"),
    Decision.ALLOCATED: N_("It pays contributions"),
    Decision.RECOGNISED: N_("It was recorded by hand before"),
    Decision.REFUND_OWED: N_("It is to be given back"),
    Decision.BANK_CHARGE: N_("It is a charge of the bank"),
    Decision.NOT_OURS: N_("It does not concern the fund"),
    Decision.HELD: N_("It is held until a day"),
    Decision.PAID_OUT: N_("A refund was paid out"),
    Decision.TOLD_BEFORE: N_("Another report has told of it before"),
    Decision.SUSPENDED: N_("What was made of it by rule is doubted"),
    Decision.UNDONE: N_("An earlier decision is undone"),
}
