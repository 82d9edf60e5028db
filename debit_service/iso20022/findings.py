"""What is wrong with a file, said so that a person can act on it: a stable code, the place, the fact and the remedy."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `code` is stable; `path` is an element path such as `Stmt[0]/Ntry[3]` or `line 12`."""

    code: str
    severity: Severity
    path: str
    message: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        """The same facts for machines."""
        return {
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "message": self.message,
            "remedy": self.remedy,
        }
