"""The use cases of penalties: decide the fault, bring the amount, confirm or reverse, tell the employer, and take the payment."""

from debit_service.penalties.service.assess import Assessed, assess
from debit_service.penalties.service.confirm import ConfirmedMany, confirm, confirm_many, reverse
from debit_service.penalties.service.decide import Bench

__all__ = ["Assessed", "Bench", "ConfirmedMany", "assess", "confirm", "confirm_many", "reverse"]
