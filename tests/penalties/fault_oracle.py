"""Who caused a failed debit, said once more in plain words, apart from the engine: nothing of `debit_service` is imported.

The codes are those of ISO 20022's two lists with the meaning that the EPC's guidance gives them; the circumstances are what a
file of evidence can say: for the employer, against it, or nothing ("missing").
"""

from collections.abc import Callable, Mapping

Said = Mapping[str, str]
#: What is to come out: the effect, and the parties of which one is to be named.
Expected = tuple[str, frozenset[str]]

# The circumstances; the first of each is the one that speaks least for the employer, or the plainest.
CIRCUMSTANCES: dict[str, tuple[str, ...]] = {
    "account": ("as signed", "another", "missing"),
    "name": ("as signed", "another", "missing"),
    "references": ("as signed", "another mandate", "another creditor", "missing"),
    "amendment": ("none", "in time", "crossed", "after the failure", "missing"),
    "revocation": ("none", "in time", "crossed", "after the failure", "missing"),
    "cut-off": ("known", "missing"),
    "notice": ("fits", "none", "of less", "of a later day", "too short", "missing"),
    "agreed days": ("known", "missing"),
    "amount sent": ("known", "missing"),
    "declared": ("same", "less", "more", "missing"),
    "collection date": ("known", "missing"),
    "announced day": ("open", "closed", "missing"),
    "file": ("in time", "late", "missing"),
    "other debits": ("none", "one", "missing"),
    "successes": ("none", "some", "missing"),
    "dispute": ("none", "open", "missing"),
    "bank file": ("kept", "missing"),
    "due date": ("known", "missing"),
    "first presented": ("in time", "late", "missing"),
    "outage": ("none", "ours", "missing"),
    "paid before": ("nothing", "part", "all", "missing"),
    "scheme": ("CORE as signed", "B2B as signed", "CORE for B2B", "B2B for CORE", "not sent", "not signed"),
    "acceptance": ("none", "before the file", "missing"),
    "told to lodge": ("told", "never", "missing"),
    "last use": ("lately", "36 months ago", "missing"),
    "change": ("nothing changed", "told", "not told", "missing"),
    "limit": ("below", "above", "none", "missing"),
    "blocked by": ("debtor", "fund", "court", "missing"),
    "BIC from": ("form", "us", "missing"),
    "twin": ("elsewhere", "in our files", "missing"),
    "acknowledged": ("never", "in time", "late", "missing"),
}

# Codes that mean the same in both lists, where nothing follows for the employer, by whom they concern.
NOTHING_FOLLOWS = {
    "SERVICE": "AG02 AGNT AM01 AM03 AM06 AM10 BE04 BE05 BE07 CURR DT01 FF03 FF05 FOCR MD02 MD05 RC04 RF01 RR01 RR02 RR03 RR05 "
    "RR11 RR12",
    "FUND": "AC03 AC07 SL02",
    "CREDITOR_BANK": "CNOR",
    "DEBTOR_BANK": "DNOR",
    "BANK": "ED01",
    "INFRASTRUCTURE": "ED05",
    "NOBODY": "AC15",
}
RETURNS_ONLY = {"SERVICE": "AC14", "BANK": "BE08 DS28"}
STATUS_ONLY = {
    "SERVICE": "AC16 AG08 BE08 CH03 CH04 CH09 CH10 CH11 CH12 CH13 CH14 CH16 CH17 CH21 CH22 DS04 DS19 DT02 DT03 DT05 DU01 DU02 "
    "DU03 DU04 FF01 RC12 RR10 TA01 TD03",
    "FUND": "AC14 AM14",
    "BANK": "FF10",
    "INFRASTRUCTURE": "ED06 SL03",
    "INFO": "CH19 DS01 DS07 DT06 TS01",
}
# Codes that a person looks at, whatever the circumstances.
ALWAYS_HELD = {"UNKNOWN": "AG07 ED03 FR01 MS03 NARR NOCM RR04", "NOBODY": "MD07"}
HELD_IN_RETURNS = {"UNKNOWN": "AC16 AC17 DT02"}
HELD_IN_STATUS = {"UNKNOWN": "FRAD"}


def expected(code: str, code_set: str, phase: str, said: Said) -> Expected:
    """What the evidence asks for."""
    if phase == "reversal":
        return "NONE", frozenset({"FUND"})
    for effect, *lists in (
        ("NONE", NOTHING_FOLLOWS, RETURNS_ONLY if code_set == "R" else STATUS_ONLY),
        ("HOLD", ALWAYS_HELD, HELD_IN_RETURNS if code_set == "R" else HELD_IN_STATUS),
    ):
        party = next((each for parties in lists for each, codes in parties.items() if code in codes.split()), None)
        if party:
            return effect, frozenset({party})
    if code in _NOT_IN[code_set]:
        return "HOLD", frozenset({"UNKNOWN"})
    asked = next((question for codes, question in _QUESTIONS.items() if code in codes.split()), None)
    return asked(code, phase, said) if asked else ("HOLD", frozenset({"UNKNOWN"}))


class _Reading:
    """What speaks for the employer, what is doubtful, and whether something is missing."""

    def __init__(self) -> None:
        self.acquitted: set[str] = set()
        self.doubted: list[str] = []
        self.missing = False

    def need(self, said: Said, *names: str) -> bool:
        gone = any(said[name] in ("missing", "not sent") for name in names)
        self.missing = self.missing or gone
        return not gone

    def conclude(self, effect: str, party: str) -> Expected:
        if self.acquitted:
            return "NONE", frozenset(self.acquitted)
        if self.missing:
            return "HOLD", frozenset({"UNKNOWN"})
        if self.doubted:
            return "HOLD", frozenset(self.doubted[:1])
        return effect, frozenset({party})


def _as_signed(read: _Reading, said: Said, *what: str) -> None:
    """Whether the debit was the one that the employer had allowed."""
    for name in what:
        if read.need(said, name) and said[name] != "as signed":
            read.acquitted.add("SERVICE")


def _register(read: _Reading, said: Said, *what: str) -> None:
    """Amendments and revocations against the cut-off; what came after the failure did not cause it."""
    for name in what:
        if not read.need(said, name, "cut-off"):
            continue
        if said[name] == "in time":
            read.acquitted.add("SERVICE")
        elif said[name] == "crossed":
            read.doubted.append("UNKNOWN")


def _holiday(read: _Reading, said: Said) -> None:
    if read.need(said, "announced day") and said["announced day"] == "closed":
        read.acquitted.add("NOBODY")


def _dispute(read: _Reading, said: Said) -> None:
    if read.need(said, "dispute") and said["dispute"] == "open":
        read.doubted.append("UNKNOWN")


def _no_funds(said: Said) -> _Reading:
    read = _Reading()
    if read.need(said, "notice", "amount sent", "collection date") and said["notice"] in (
        "none",
        "of less",
        "of a later day",
    ):
        read.acquitted.add("SERVICE")
    # A notice that went out too late is one whether or not it fits; one of a later day was sent for that day.
    if said["notice"] != "none" and read.need(said, "notice", "agreed days") and said["notice"] == "too short":
        read.acquitted.add("SERVICE")
    _holiday(read, said)
    if read.need(said, "file", "cut-off") and said["file"] == "late":
        read.doubted.append("SERVICE")
    if read.need(said, "other debits") and said["other debits"] == "one":
        read.doubted.append("UNKNOWN")
    return read


def _account(said: Said) -> _Reading:
    read = _Reading()
    _as_signed(read, said, "account")
    _register(read, said, "amendment", "revocation")
    return read


def _closed_account(said: Said) -> _Reading:
    """Whoever was not told in time could not say that the account was closed: that is a doubt, and ours."""
    read = _account(said)
    told = read.need(said, "notice", "agreed days", "amount sent", "collection date")
    if told and said["notice"] != "fits":
        read.doubted.append("SERVICE")
    return read


def _penalty(code: str, phase: str, said: Said) -> Expected:
    """A penalty stands only where the failure was in nobody else's hands: not ours, not a bank's, not a late holiday's."""
    read = _no_funds(said) if code in ("AM04", "SL12") else _closed_account(said)
    read.need(said, "bank file")
    if phase == "refund":
        read.doubted.append("UNKNOWN")
    _as_signed(read, said, "account", "references")
    _register(read, said, "amendment", "revocation")
    _holiday(read, said)
    if read.need(said, "outage") and said["outage"] == "ours":
        read.acquitted.add("SERVICE")
    if read.need(said, "paid before", "amount sent"):
        if said["paid before"] == "all":
            read.acquitted.add("NOBODY")
        elif said["paid before"] == "part":
            read.doubted.append("UNKNOWN")
    read.need(said, "due date", "first presented", "collection date")
    _dispute(read, said)
    return read.conclude("PENALISE", "EMPLOYER")


def _unknown_account(code: str, _: str, said: Said) -> Expected:
    read = _account(said)
    if code in ("BE01", "BE06"):
        _as_signed(read, said, "name")
    if read.need(said, "successes") and said["successes"] == "some":
        read.doubted.append("UNKNOWN")
    return read.conclude("HOLD", "EMPLOYER")


def _no_mandate(_: str, phase: str, said: Said) -> Expected:
    read = _Reading()
    if phase == "refund":
        read.acquitted.add("FUND")
    _as_signed(read, said, "references", "account")
    _register(read, said, "revocation", "amendment")
    if read.need(said, "change") and said["change"] == "not told":
        read.acquitted.add("SERVICE")
    if read.need(said, "last use", "collection date") and said["last use"] == "36 months ago":
        read.acquitted.add("SERVICE")
    if not said["scheme"].startswith("B2B"):
        read.need(said, "scheme")
        return read.conclude("HOLD", "UNKNOWN")
    if not read.need(said, "acceptance", "told to lodge"):
        return read.conclude("HOLD", "UNKNOWN")
    if said["acceptance"] == "before the file":
        read.acquitted.add("DEBTOR_BANK")
    return read.conclude("HOLD", "EMPLOYER" if said["told to lodge"] == "told" else "SERVICE")


def _refund(_: str, __: str, said: Said) -> Expected:
    read = _Reading()
    if read.need(said, "scheme") and said["scheme"].startswith("B2B"):
        read.doubted.append("DEBTOR_BANK")
    known = read.need(said, "amount sent", "declared", "notice")
    if known and (said["declared"] == "less" or said["notice"] in ("none", "of less")):
        read.acquitted.add("FUND")
    return read.conclude("HOLD", "EMPLOYER")


def _refusal(_: str, __: str, said: Said) -> Expected:
    read = _Reading()
    _dispute(read, said)
    if read.need(said, "amount sent", "declared") and said["declared"] != "same":
        read.doubted.append("FUND")
    if read.need(said, "notice") and said["notice"] == "none":
        read.doubted.append("FUND")
    return read.conclude("HOLD", "EMPLOYER")


def _scheme(code: str, _: str, said: Said) -> Expected:
    read = _Reading()
    if said["scheme"] in ("CORE for B2B", "B2B for CORE"):
        read.acquitted.add("SERVICE")
    read.missing = said["scheme"] in ("not sent", "not signed")
    consumer = code == "AC13" and said["scheme"].startswith("B2B")
    return read.conclude("HOLD", "EMPLOYER" if consumer else "UNKNOWN")


def _limit(code: str, _: str, said: Said) -> Expected:
    read = _Reading()
    known = read.need(said, "notice", "amount sent", "other debits")
    if known and (said["notice"] in ("none", "of less") or said["other debits"] == "one"):
        read.acquitted.add("SERVICE")
    read.need(said, "limit", "amount sent", "told to lodge")
    refused = said["limit"] == "below" or code == "SL11"
    return read.conclude("HOLD", "EMPLOYER" if refused and said["told to lodge"] == "told" else "UNKNOWN")


def _block(_: str, __: str, said: Said) -> Expected:
    who = {"debtor": "EMPLOYER", "fund": "FUND", "court": "NOBODY", "missing": "UNKNOWN"}
    return "HOLD", frozenset({who[said["blocked by"]]})


def _bic(_: str, __: str, said: Said) -> Expected:
    return ("NONE", frozenset({"SERVICE"})) if said["BIC from"] == "us" else ("HOLD", frozenset({"UNKNOWN"}))


def _twin(_: str, __: str, said: Said) -> Expected:
    return "NONE", frozenset({"CREDITOR_BANK" if said["twin"] == "elsewhere" else "SERVICE"})


def _cut_off(_: str, __: str, said: Said) -> Expected:
    in_time = said["acknowledged"] == "in time" and said["cut-off"] == "known"
    return "NONE", frozenset({"CREDITOR_BANK" if in_time else "SERVICE"})


_QUESTIONS: dict[str, Callable[[str, str, Said], Expected]] = {
    "AM04 SL12 AC04 AC05": _penalty,
    "AC01 AC02 BE01 BE06": _unknown_account,
    "MD01 CN01": _no_mandate,
    "MD06": _refund,
    "MS02 CUST UPAY AM09 SP01 SP02": _refusal,
    "AC06 AM07": _block,
    "AC13 AG01 AG03": _scheme,
    "SL01 SL11 SL13 SL14 AM02": _limit,
    "RC01 RC03": _bic,
    "AM05 DUPL": _twin,
    "TM01": _cut_off,
}
# Codes of one list only, unknown in the other.
_NOT_IN = {"R": ("AC05", "AG03"), "S": ("SP01", "SP02")}
