"""What is wrong with a file, said so that a person can act on it: a stable code, the place, the fact and the remedy."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold. `code` is stable; `path` is an element path such as `Stmt[0]/Ntry[3]` or `line 12`.

    `byte` is where in the file it was seen, if that is known. No finding repeats a name or an account.
    """

    code: str
    severity: Severity
    path: str
    message: str
    remedy: str
    byte: int | None = None

    def as_dict(self) -> dict[str, object]:
        """The same facts for machines."""
        values: dict[str, object] = {
            "code": self.code,
            "severity": self.severity,
            "path": self.path,
            "message": self.message,
            "remedy": self.remedy,
        }
        return values if self.byte is None else {**values, "byte": self.byte}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a file is held against, and everything that a finding says of it but the place. `message` may have `{names}`.

    `source` is the guideline, the bank's reason code or the pain behind it.
    """

    code: str
    severity: Severity
    message: str
    remedy: str
    source: str

    def at(self, path: str, *, byte: int | None = None, **values: object) -> Finding:
        """The finding that `path` breaks this rule."""
        message = self.message.format(**values) if values else self.message
        return Finding(self.code, self.severity, path, message, self.remedy, byte)
