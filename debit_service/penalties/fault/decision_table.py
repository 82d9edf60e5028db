"""The decision table that a lawyer can read: docs/decision-table.md, made from the very tables and rules that decide. Pure.

debit penalties table --out docs/decision-table.md
"""

from collections.abc import Iterable, Sequence

from debit_service.penalties.fault.general_rule import ANNOUNCED, GENERAL, Rule
from debit_service.penalties.fault.guards import Guard
from debit_service.penalties.fault.reason_codes import ReasonCodes
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import PIECE_LABELS, ContextRule, Effect, Phase, ReasonCode

_HEAD = """# Decision table

Made by `debit penalties table` from what decides: the table of reason codes and the rules. Version {version}.
How it is applied is told in [fault.md](fault.md). Source of the codes: {source}

**What follows.** NONE: nothing for the employer. HOLD: a person finds out first. PENALISE: a late penalty, where every question
of the code's rule and every question that [every penalty demands](#what-every-penalty-demands) lets it pass.

**How the questions are asked.** All of a rule, in order. The mildest answer counts. A piece of evidence that is missing holds the
case. A code whose row says HOLD never penalises by itself, whatever its rule says; a code that is not here is held.
"""
_LISTS = {"B": "both", "R": "returns", "S": "status reports"}
_EFFECTS = (Effect.PENALISE, Effect.HOLD, Effect.NONE)


def page(codes: ReasonCodes) -> str:
    """The page, in Markdown."""
    rows = sorted(codes, key=lambda row: (row.code, row.code_set))
    parts = [_HEAD.format(version=codes.version, source=codes.source), "## Reason codes\n"]
    for effect in _EFFECTS:
        parts += [f"### {effect}\n", _table(_CODE_TITLES, (_code(row) for row in rows if row.effect is effect))]
    parts += ["## Rules\n"]
    for name in ContextRule:
        used_by = [f"{row.code} ({_LISTS[row.code_set]})" for row in rows if row.context_rule is name]
        parts += _rule(f"### {name}", CONTEXT_RULES[name], f"Codes: {', '.join(used_by)}.")
    parts += _rule("## What every penalty demands", GENERAL, "Asked whatever the code.")
    told = "Asked where a person found that it was the employer, with the questions above."
    parts += _rule("## What a finding against the employer demands", ANNOUNCED, told)
    parts += ["## Read in another way\n", _table(_CHANGE_TITLES, _changes(codes)) if codes.overrides else "Nothing.\n"]
    parts += ["## Codes of banks and clearings\n", _table(_OWN_TITLES, _own(codes)) if codes.local else _NO_OWN]
    return "\n".join(parts).rstrip() + "\n"


_CODE_TITLES = ("Code", "List", "Name", "Occurs in", "At fault", "Rule", "What to do")
_RULE_TITLES = ("Question", "Evidence needed", "Answers that decide", "Would lower the answer", "Would raise it")
_CHANGE_TITLES = ("Code", "List", "For", "From", "To", "What differs", "Certainty", "Source")
_OWN_TITLES = ("Code", "List", "Of", "Stands for", "From", "To", "Certainty", "Source")
_NO_OWN = (
    "None: the codes of the Algerian and Moroccan clearing were not found. Such a code is held until it is entered.\n"
)


def _code(row: ReasonCode) -> tuple[str, ...]:
    phases = ", ".join(phase for phase in Phase if phase in row.phases) or "not said"
    parties = " or ".join(row.parties)
    rule = f"[{row.context_rule}](#{row.context_rule.lower()})" if row.context_rule else ""
    return row.code, _LISTS[row.code_set], row.name, phases, parties, rule, row.action


def _rule(heading: str, rule: Rule, used_by: str) -> list[str]:
    text = f"{heading}\n\n{rule.about}. {used_by}\nSource: {rule.source}.\n"
    return [text, _table(_RULE_TITLES, map(_question, rule.guards))]


def _question(guard: Guard) -> tuple[str, ...]:
    answers = "<br>".join(f"{each.because} → {each.party}, {each.effect}" for each in guard.verdicts)
    milder, harsher = (text.format_map(PIECE_LABELS) for text in (guard.milder, guard.harsher))
    needs = "; ".join(PIECE_LABELS[piece] for piece in guard.needs)
    return guard.question, needs, answers or "none: it lets pass, or holds when missing", milder, harsher


def _changes(codes: ReasonCodes) -> Iterable[tuple[str, ...]]:
    for each in codes.overrides:
        said = each.said
        parties = f"at fault: {' or '.join(said.parties)}" if said.parties else None
        differs = "; ".join(one for one in (parties, said.effect, said.context_rule, said.action) if one)
        days = said.valid_from.isoformat(), said.valid_to.isoformat() if said.valid_to else ""
        yield said.code, _LISTS[said.code_set], each.holder or "everybody", *days, differs, said.certainty, said.source


def _own(codes: ReasonCodes) -> Iterable[tuple[str, ...]]:
    for each in codes.local:
        said = each.said
        days = said.valid_from.isoformat(), said.valid_to.isoformat() if said.valid_to else ""
        yield said.code, _LISTS[said.code_set], each.holder, said.iso_code, *days, said.certainty, said.source


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
