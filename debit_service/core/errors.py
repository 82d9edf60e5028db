"""The one small family of errors. Each has a stable code, and names the place and the remedy.

Entry points map the family to what their users expect: the command line to exit codes (1 findings, 3 refused by a guard),
the web to problem details (RFC 9457). Nothing personal may enter a message: no account number, no name.
"""


class DebitError(Exception):
    """Something a user can act on.

    `code` is stable and may be relied on by scripts; `message` says what is wrong and which rule says so; `place` is the file,
    line, element path or field; `remedy` says what to do next.
    """

    def __init__(self, code: str, message: str, *, place: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.told()} [{self.code}]"

    def told(self) -> str:
        """Place, message and remedy as one text, without the code: for where the code stands beside it."""
        place = f"{self.place}: " if self.place else ""
        remedy = f" Remedy: {self.remedy}" if self.remedy else ""
        return f"{place}{self.message}{remedy}"

    def as_dict(self) -> dict[str, str | None]:
        """The same facts for machines: code, message, place, remedy."""
        return {"code": self.code, "message": self.message, "place": self.place, "remedy": self.remedy}


class InvalidInput(DebitError):
    """What was given breaks a rule of form; nothing was changed."""


class Refused(DebitError):
    """A guard says no: the input is well formed, but the state or the person does not allow it; nothing was changed."""


class NotFound(DebitError):
    """No such thing, or not visible to this person."""


class Unavailable(DebitError):
    """Something outside did not answer, or answered that it cannot now. Trying again later is safe."""
