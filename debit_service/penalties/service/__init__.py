"""The use cases of penalties: gather the evidence, assess fault and amount, let a person adopt or withdraw."""

from debit_service.penalties.service.adopt import adopt, withdraw
from debit_service.penalties.service.assess import Assessed, assess

__all__ = ["Assessed", "adopt", "assess", "withdraw"]
