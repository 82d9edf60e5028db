"""What is done about a dispute: contest, examine, ask, reply, answer, appeal, decide, withdraw, and keep the deadlines."""

from debit_service.disputes.service.appeal import appeal, decide, withdraw
from debit_service.disputes.service.clock import Kept, keep_time
from debit_service.disputes.service.contest import Objection, contest
from debit_service.disputes.service.documents import DOCUMENTS_MAX, attach, fetch
from debit_service.disputes.service.examine import answer, ask, reply, take
from debit_service.disputes.service.steps import TEXT_LENGTH_MAX

__all__ = [
    "DOCUMENTS_MAX",
    "TEXT_LENGTH_MAX",
    "Kept",
    "Objection",
    "answer",
    "appeal",
    "ask",
    "attach",
    "contest",
    "decide",
    "fetch",
    "keep_time",
    "reply",
    "take",
    "withdraw",
]
