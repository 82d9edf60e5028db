"""A state machine as a value: which transitions are declared. Rooms declare theirs in rules; `state.py` keeps the history."""

from collections.abc import Mapping
from dataclasses import dataclass

from debit_service.core.errors import Refused


@dataclass(frozen=True, slots=True)
class Machine:
    """The declared transitions: from each state, the states that may follow."""

    name: str
    initial: str
    transitions: Mapping[str, frozenset[str]]

    def check(self, from_state: str | None, to_state: str, subject: str) -> None:
        """Refuse a move that is not declared."""
        allowed = frozenset({self.initial}) if from_state is None else self.transitions.get(from_state, frozenset())
        if to_state not in allowed:
            raise Refused(
                "state.transition",
                f"A {self.name} that is {from_state or 'new'} cannot become {to_state}.",
                place=subject,
                remedy=f"Allowed now: {', '.join(sorted(allowed)) or 'nothing, this state is final'}.",
            )

    def states(self) -> frozenset[str]:
        """Every state that is declared."""
        return frozenset(self.transitions) | {to for allowed in self.transitions.values() for to in allowed}
