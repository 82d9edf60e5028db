"""The decision table that a lawyer can read, made from the tables, rules and engine that decide, in English and French. Pure.

debit penalties table --out docs/decision-table.md
debit penalties table --language fr --out docs/decision-table.fr.md
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from debit_service.penalties.fault import wording
from debit_service.penalties.fault.general_rule import ANNOUNCED, GENERAL, Rule
from debit_service.penalties.fault.guards import Guard, Verdict
from debit_service.penalties.fault.outcomes import is_asked, outcomes, rows_of, verdicts
from debit_service.penalties.fault.reason_codes import ReasonCodes
from debit_service.penalties.fault.rules import CONTEXT_RULES
from debit_service.penalties.fault.values import ContextRule, Effect, Phase, ReasonCode

#: The languages in which every word of the page is there.
LANGUAGES: Final = ("en", "fr")
_EFFECTS = (Effect.PENALISE, Effect.HOLD, Effect.NONE)
_CODE_TITLES = ("code", "list", "name", "occurs", "comes_out", "rule", "action")
_RULE_TITLES = ("question", "asked_when", "needs", "answers", "milder", "harsher")
_CHANGE_TITLES = ("code", "list", "for", "from", "to", "differs", "certainty", "source")
_OWN_TITLES = ("code", "list", "for", "stands_for", "from", "to", "certainty", "source")


def page(codes: ReasonCodes, language: str = "en") -> str:
    """The page, in Markdown."""
    return _Page(codes, language).text()


class _Page:
    """The page in one language."""

    def __init__(self, codes: ReasonCodes, language: str) -> None:
        self._codes, self._language = codes, language
        self._rows = sorted(codes, key=lambda row: (row.code, row.code_set))
        self._lists = Counter(row.code for row in self._rows)

    def text(self) -> str:
        own = self._table(_OWN_TITLES, self._own()) if self._codes.local else self._word("no_own")
        changes = self._table(_CHANGE_TITLES, self._changes()) if self._codes.overrides else self._word("no_changes")
        parts = [
            self._word("head", version=self._codes.version, source=self._codes.source),
            f"## {self._word('codes_title')}\n",
            *self._codes_by_effect(),
            f"## {self._word('rules_title')}\n",
            *(self._rule(f"### {name}", CONTEXT_RULES[name]) for name in ContextRule),
            self._rule(f"## {self._word('general_title')}", GENERAL, self._word("general_asked")),
            self._rule(f"## {self._word('announced_title')}", ANNOUNCED, self._word("announced_asked")),
            f"## {self._word('changes_title')}\n\n{changes}",
            f"## {self._word('own_title')}\n\n{own}",
        ]
        return "\n".join(parts).rstrip() + "\n"

    def _codes_by_effect(self) -> Iterator[str]:
        for effect in _EFFECTS:
            yield f"### {effect}\n"
            yield self._table(_CODE_TITLES, (self._code(row) for row in self._rows if row.effect is effect))

    def _code(self, row: ReasonCode) -> tuple[str, ...]:
        phases = ", ".join(self._word(phase) for phase in Phase if phase in row.phases) or self._word("not_said")
        rule = f"[{row.context_rule}](#{row.context_rule.lower()})" if row.context_rule else ""
        # A code that means another thing in each list has no words of its own.
        meaning = wording.reason_said(self._language, row.code, row.name) if self._lists[row.code] == 1 else row.name
        name = row.name if meaning == row.name else f"{row.name}<br>{meaning}"
        action = self._said("actions", row.action)
        return row.code, self._word(f"list_{row.code_set}"), name, phases, self._comes_out(row), rule, action

    def _comes_out(self, row: ReasonCode) -> str:
        found: dict[Effect, list[str]] = {}
        for effect, party in outcomes(row):
            found.setdefault(effect, []).append(self._party(party))
        told = [f"{effect}: {', '.join(parties)}" for effect, parties in found.items()]
        return "<br>".join([*told, *([self._word("as_reversal")] if Phase.REVERSAL in row.phases else [])])

    def _rule(self, heading: str, rule: Rule, asked: str = "") -> str:
        rows = rows_of(rule.guards, self._rows)
        named = ", ".join(f"{row.code} ({self._word(f'list_{row.code_set}')})" for row in rows)
        asked = asked or self._word("asked_of", codes=named)
        about = f"{self._said('abouts', rule.about)}. {asked}\n{self._word('source_of', source=rule.source)}"
        table = self._table(_RULE_TITLES, (self._question(guard, rows) for guard in rule.guards))
        return f"{heading}\n\n{about}\n\n{table}"

    def _question(self, guard: Guard, rows: Sequence[ReasonCode]) -> tuple[str, ...]:
        asked = [row for row in rows if is_asked(guard, row)]
        when = self._said("asked_when", guard.asked_when)
        if len(asked) < len(rows):
            when = f"{when} ({', '.join(row.code for row in asked)})"
        answers = "<br>".join(self._answers(guard, asked)) or self._word("lets_pass")
        needs = "<br>".join(wording.piece_said(self._language, piece) for piece in guard.needs)
        milder, harsher = (wording.change_named(self._language, each) for each in (guard.milder, guard.harsher))
        return self._said("questions", guard.question), when, needs, answers, milder, harsher

    def _answers(self, guard: Guard, rows: Sequence[ReasonCode]) -> Iterator[str]:
        """Each answer that decides, and of which codes where it is not of all."""
        by_code = {row.code: verdicts(guard, row) for row in rows}
        for stated in guard.verdicts:
            given: dict[Verdict, list[str]] = {}
            for code, found in by_code.items():
                if verdict := found.get(stated.because):
                    given.setdefault(verdict, []).append(code)
            for verdict, codes in given.items():
                of = "" if len(codes) == len(by_code) else f" ({', '.join(codes)})"
                yield f"{self._verdict(verdict)}{of}"

    def _verdict(self, verdict: Verdict) -> str:
        sentence = self._said("verdicts", verdict.because)
        return f"{sentence} → {self._party(verdict.party)}, {verdict.effect}"

    def _changes(self) -> Iterable[tuple[str, ...]]:
        for each in self._codes.overrides:
            said = each.said
            parties = ", ".join(self._party(party) for party in said.parties) if said.parties else None
            action = self._said("actions", said.action) if said.action else None
            differs = "; ".join(one for one in (parties, said.effect, said.context_rule, action) if one)
            days = said.valid_from.isoformat(), said.valid_to.isoformat() if said.valid_to else ""
            listed, holder = self._word(f"list_{said.code_set}"), each.holder or self._word("everybody")
            yield said.code, listed, holder, *days, differs, said.certainty, said.source

    def _own(self) -> Iterable[tuple[str, ...]]:
        for each in self._codes.local:
            said = each.said
            days = said.valid_from.isoformat(), said.valid_to.isoformat() if said.valid_to else ""
            listed = self._word(f"list_{said.code_set}")
            yield said.code, listed, each.holder, said.iso_code, *days, said.certainty, said.source

    def _table(self, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
        heads = [self._word(title) for title in titles]
        lines = [heads, ["---"] * len(titles), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

    def _word(self, key: str, **known: object) -> str:
        return wording.said(self._language, "table", key, **known)

    def _party(self, party: str) -> str:
        return wording.said(self._language, "parties", party)

    def _said(self, section: str, text: str) -> str:
        return wording.said(self._language, section, text)
