"""The table of reason codes: config/reason_codes.csv as shipped, what funds and banks change in it, and codes of a bank's own.

Overrides (`[[reason_codes]]`) stand in config/reason_codes.toml for everybody, and in the files of config/funds/ and
config/banks/ for one fund or bank, as do codes of a bank's own (`[[local_codes]]`). Each has its days, certainty and source.

It refuses what could penalise by mistake: a code that is defined twice, a row that penalises without a context rule, an unknown
party or rule, and an override that is harsher than what it changes unless somebody saw it or confirmed it.
"""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from debit_service.core.errors import InvalidInput, NotFound
from debit_service.core.toml import as_model, read_toml
from debit_service.funds.profile import CodeOverride, LocalCode
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import Certainty, CodeSet, ContextRule, Effect, Party, Phase, ReasonCode

_CODE_SETS: dict[str, CodeSet] = {"B": "B", "R": "R", "S": "S"}
# "ctx" in the table means that the code alone says nothing about the party: the context decides.
_CERTAINTY = {"high": Certainty.HIGH, "med": Certainty.MEDIUM, "low": Certainty.LOW, "ctx": Certainty.LOW}
# "HOMONYM" reminds the reader that the other code set gives this code another meaning; the key takes care of it.
_NO_CONTEXT_RULE = frozenset({"-", "HOMONYM"})
# The R-transactions of EPC173-14; U, the debtor's refusal before settlement, reaches the creditor as a reject.
_PHASES = {"J": Phase.REJECT, "U": Phase.REJECT, "T": Phase.RETURN, "F": Phase.REFUND, "V": Phase.REVERSAL}
_EVERYBODY = ""

Said = TypeVar("Said", bound=CodeOverride | LocalCode)
Rows = Mapping[tuple[str, str], ReasonCode]


@dataclass(frozen=True, slots=True)
class Placed(Generic[Said]):
    """What a file says, whom it concerns (the id of a fund or bank, or everybody) and where it stands."""

    said: Said
    holder: str
    place: str

    @property
    def origin(self) -> str:
        """Where it comes from, in a sentence."""
        said, since = self.said, f"since {self.said.valid_from}, {self.said.certainty}: {self.said.source}"
        if isinstance(said, LocalCode):
            return f"{said.code} stands for {said.iso_code} at {self.holder}, {since}".removesuffix(".")
        return f"{said.code} is read in another way{' at ' + self.holder if self.holder else ''}, {since}".removesuffix(
            "."
        )


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """The reason codes by code and code set. `version` names the tables: their version and the sha256 of all that they say."""

    rows: Rows
    version: str
    source: str
    overrides: tuple[Placed[CodeOverride], ...] = ()
    local: tuple[Placed[LocalCode], ...] = ()

    def find(
        self,
        code: str | None,
        code_set: Literal["S", "R"],
        *,
        proprietary: str | None = None,
        fund: str | None = None,
        bank: str | None = None,
        on: date | None = None,
    ) -> ReasonCode | None:
        """The row for `code` in `code_set`, or, where the bank gave none, for what it means by its own code. None: unknown.

        The row is as `bank`, and then `fund`, had it on that day; without a day, as what has no end makes it.
        """
        meant = self._meant(proprietary, code_set, (fund, bank), on) if code is None and proprietary else None
        if meant:
            code = meant.said.iso_code
        row = self.rows.get((code or "", code_set)) or self.rows.get((code or "", "B"))
        if row is None:
            return None
        row = self._as_held_by(row, code_set, (_EVERYBODY, bank, fund), on)
        if meant is None:
            return row
        return replace(row, said_as=meant.said.code, proven=meant.said.proven, origins=(meant.origin, *row.origins))

    def __iter__(self) -> Iterator[ReasonCode]:
        """Every row, as everybody's overrides have it."""
        for row in self.rows.values():
            yield self._as_held_by(row, row.code_set, (_EVERYBODY,), None)

    def _meant(
        self, own: str, code_set: str, holders: Sequence[str | None], on: date | None
    ) -> Placed[LocalCode] | None:
        for holder in holders:
            for each in self.local:
                said = each.said
                if (
                    each.holder == holder
                    and said.code == own
                    and said.code_set in ("B", code_set)
                    and said.in_force(on)
                ):
                    return each
        return None

    def _as_held_by(self, row: ReasonCode, code_set: str, holders: Sequence[str | None], on: date | None) -> ReasonCode:
        for holder in holders:
            for each in self.overrides:
                said = each.said
                if (
                    (each.holder, said.code) == (holder, row.code)
                    and said.code_set in ("B", code_set)
                    and said.in_force(on)
                ):
                    row = _overridden(row, each)
        return row


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: str
    source: str
    reason_codes: tuple[CodeOverride, ...] = ()


def load_reason_codes(path: Path) -> ReasonCodes:
    """The table at `path`, with reason_codes.toml, funds/ and banks/ beside it.

    Raises NotFound `config.missing`, or InvalidInput `reason_codes.*` with file and line.
    """
    rows = _rows(path)
    beside = path.with_suffix(".toml")
    head = as_model(_Head, read_toml(beside), beside)
    overrides = list(_placed(CodeOverride, "reason_codes", beside, _EVERYBODY))
    local: list[Placed[LocalCode]] = []
    for file in sorted((*path.parent.glob("funds/*.toml"), *path.parent.glob("banks/*.toml"))):
        holder = str(read_toml(file).get("id", ""))
        overrides += _placed(CodeOverride, "reason_codes", file, holder)
        local += _placed(LocalCode, "local_codes", file, holder)
    codes = ReasonCodes(rows, _version(path, head, overrides, local), head.source, tuple(overrides), tuple(local))
    _refuse_twice(overrides)
    _refuse_twice(local)
    for override in overrides:
        _check_override(codes, override)
    for own in local:
        _check_local(rows, own)
    return codes


def _version(
    path: Path, head: _Head, overrides: Sequence[Placed[CodeOverride]], local: Sequence[Placed[LocalCode]]
) -> str:
    changed = [(each.holder, each.said.model_dump(mode="json")) for each in overrides]
    meant = [(each.holder, each.said.model_dump(mode="json")) for each in local]
    told = [head.model_dump(mode="json"), changed, meant]
    content = path.read_bytes() + json.dumps(told, sort_keys=True).encode()
    return f"{head.version}, sha256 {sha256(content).hexdigest()}"


def _placed(model: type[Said], section: str, file: Path, holder: str) -> Iterator[Placed[Said]]:
    entries = read_toml(file).get(section, [])
    lines = file.read_text(encoding="utf-8").splitlines()
    headers = [number for number, line in enumerate(lines, start=1) if line.split("#")[0].strip() == f"[[{section}]]"]
    for number, entry in enumerate(entries):
        place = f"{file}:{headers[number]}" if number < len(headers) else str(file)
        yield Placed(as_model(model, entry, Path(place)), holder, place)


def _overridden(row: ReasonCode, override: Placed[CodeOverride]) -> ReasonCode:
    """Raises InvalidInput `reason_codes.malformed`."""
    said = override.said
    try:
        return replace(
            row,
            parties=tuple(Party(each) for each in said.parties) if said.parties else row.parties,
            effect=Effect(said.effect) if said.effect else row.effect,
            context_rule=ContextRule(said.context_rule) if said.context_rule else row.context_rule,
            action=said.action or row.action,
            origins=(*row.origins, override.origin),
        )
    except ValueError as error:
        raise _malformed(error, override.place) from None


def _check_override(codes: ReasonCodes, override: Placed[CodeOverride]) -> None:
    said = override.said
    changed = [row for row in codes.rows.values() if row.code == said.code and _meet(row.code_set, said.code_set)]
    if not changed:
        raise _stray(said.code, said.code_set, override.place)
    for row in changed:
        result = _overridden(row, override)
        _refuse_unguarded(result, override.place)
        harsher = result.effect.severity > row.effect.severity
        other_rule = result.context_rule is not row.context_rule and not _only_acquits(result.context_rule)
        if (harsher or other_rule) and not said.proven:
            raise InvalidInput(
                "reason_codes.harsher",
                f"{said.code} would be harsher than the table has it, on a certainty of {said.certainty!r} only.",
                place=override.place,
                remedy='Make it milder, or name the text that was "seen", or who "confirmed" it, as its source.',
            )


def _only_acquits(rule: ContextRule | None) -> bool:
    guards = CONTEXT_RULES[rule].guards if rule else ()
    return all(verdict.effect is Effect.NONE for guard in guards for verdict in guard.verdicts)


def _check_local(rows: Rows, own: Placed[LocalCode]) -> None:
    for code_set in ("R", "S") if own.said.code_set == "B" else (own.said.code_set,):
        if (own.said.iso_code, code_set) not in rows and (own.said.iso_code, "B") not in rows:
            raise _stray(own.said.iso_code, code_set, own.place)


def _refuse_twice(entries: Sequence[Placed[Said]]) -> None:
    for number, later in enumerate(entries):
        for one in entries[:number]:
            same = (one.holder, one.said.code) == (later.holder, later.said.code)
            if same and _meet(one.said.code_set, later.said.code_set) and _overlap(one.said, later.said):
                raise InvalidInput(
                    "reason_codes.twice",
                    f"{later.said.code} is told twice for the same days.",
                    place=later.place,
                    remedy=f"End the one of {one.place} with `valid_to` on the day before this one's `valid_from`.",
                )


def _overlap(one: Said, other: Said) -> bool:
    return max(one.valid_from, other.valid_from) <= min(one.valid_to or date.max, other.valid_to or date.max)


def _meet(one: str, other: str) -> bool:
    return one == other or "B" in (one, other)


def _stray(code: str, code_set: str, place: str) -> InvalidInput:
    return InvalidInput(
        "reason_codes.stray",
        f"The table has no code {code} in code set {code_set}.",
        place=place,
        remedy="Name a code of config/reason_codes.csv, in a code set in which it stands.",
    )


def _rows(path: Path) -> dict[tuple[str, str], ReasonCode]:
    rows: dict[tuple[str, str], ReasonCode] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line, cells in enumerate(csv.DictReader(file), start=2):
                row = _reason_code(cells, f"{path}:{line}")
                if (row.code, row.code_set) in rows:
                    raise InvalidInput("reason_codes.twice", f"{row.code} is defined twice.", place=f"{path}:{line}")
                rows[row.code, row.code_set] = row
    except FileNotFoundError:
        raise NotFound("config.missing", "This configuration file does not exist.", place=str(path)) from None
    for code, code_set in rows:
        if code_set == "B" and {(code, "R"), (code, "S")} & rows.keys():
            raise InvalidInput("reason_codes.twice", f"{code} stands for both sets and for one.", place=str(path))
    return rows


def _reason_code(cells: Mapping[str, str], place: str) -> ReasonCode:
    try:
        row = ReasonCode(
            code=cells["code"],
            code_set=_CODE_SETS[cells["code_set"]],
            name=cells["iso_name"],
            parties=tuple(Party(each) for each in cells["party_default"].split("|")),
            effect=Effect(cells["penalty_effect"]),
            certainty=_CERTAINTY[cells["confidence"]],
            action=cells["action"],
            context_rule=None if cells["context_rule"] in _NO_CONTEXT_RULE else ContextRule(cells["context_rule"]),
            phases=frozenset(_PHASES[each] for each in cells["epc_sdd_rtypes"].split(",") if each != "-"),
        )
    except (KeyError, ValueError) as error:
        raise _malformed(error, place) from None
    _refuse_unguarded(row, place)
    return row


def _malformed(error: Exception, place: str) -> InvalidInput:
    return InvalidInput("reason_codes.malformed", f"This row is not understood: {error}.", place=place)


def _refuse_unguarded(row: ReasonCode, place: str) -> None:
    if row.effect is Effect.PENALISE and row.context_rule is None:
        raise InvalidInput(
            "reason_codes.unguarded",
            f"{row.code} would penalise without a context rule that looks at the evidence.",
            place=place,
            remedy="Name its context rule, or set the effect to HOLD.",
        )
