"""Everything that a decision can say has its words in French and Arabic."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from penalty_cases import CODES, case, decide

from debit_service.penalties.fault import general_rule, rules, wording
from debit_service.penalties.fault.guards import Guard
from debit_service.penalties.fault.values import PIECE_LABELS, Effect, Party, Phase
from debit_service.penalties.fault.wording import formula_said, money, reason_said, step_said

LANGUAGES = ["fr", "ar"]
RULES = {**{name.value: rule for name, rule in rules.CONTEXT_RULES.items()}, "GENERAL": general_rule.GENERAL}
RULES["ANNOUNCED"] = general_rule.ANNOUNCED
GUARDS = [(name, guard) for name, rule in RULES.items() for guard in rule.guards]


def words(language: str) -> dict[str, Any]:
    return wording._words(language)


def answers(guard: Guard) -> Iterator[tuple[str, str]]:
    """(outcome, what is stored) of every answer that a guard may give, but the sentence that lets the next one speak."""
    for verdict in guard.verdicts:
        yield verdict.effect.value, f"{verdict.party}: {verdict.because}"
        yield verdict.effect.value, f"{verdict.party}: {verdict.because.removesuffix('.')}: what is particular."


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_of_every_guard_has_its_words(language: str) -> None:
    generic = set(words(language)["outcomes"].values())
    told = {
        (rule, guard.key, because): step_said(
            language, {"rule": f"{rule} {guard.key}", "outcome": outcome, "because": because}
        )
        for rule, guard in GUARDS
        for outcome, because in answers(guard)
    }
    assert [known for known, said in told.items() if said in generic] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_that_occurs_has_its_words(language: str) -> None:
    """All codes with the complete file, and with each piece missing: whatever comes up is told, and not by its outcome alone."""
    generic = {text for outcome, text in words(language)["outcomes"].items() if outcome != "missing"}
    steps = {
        (step.rule, step.outcome, step.because)
        for code in {one.code for one in CODES}
        for code_set in ("R", "S")
        for without in ((), ("notice",), ("account_sent",))
        for step in decide(case(code, code_set, without=without)).steps
    }
    untold = [
        one
        for one in sorted(steps)
        if one[0] != "RESULT"
        and step_said(language, dict(zip(("rule", "outcome", "because"), one, strict=True))) in generic
    ]
    assert untold == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_parties_effects_and_the_reasons_that_count_have_their_words(language: str) -> None:
    known = words(language)
    assert set(PIECE_LABELS) <= set(known["pieces"])
    assert {one.value for one in Party} <= set(known["parties"])
    assert {one.value for one in Effect} <= set(known["effects"])
    counting = {one.code for one in CODES if one.context_rule or one.effect is not Effect.NONE}
    assert counting - set(known["reasons"]) == set()


def test_the_three_languages_have_the_same_keys() -> None:
    shared = (
        "notice",
        "told",
        "states",
        "reasons",
        "formula",
        "outcomes",
        "effects",
        "parties",
        "results",
    )
    for section in shared:
        assert set(words("fr")[section]) == set(words("ar")[section]) == set(words("en")[section]), section
    for section in ("passed", "variants", "verdicts", "steps", "pieces", "changes", "actions"):
        assert set(words("fr")[section]) == set(words("ar")[section]), section


@pytest.mark.parametrize(
    ("code", "changed", "rule", "said", "in_french"),
    [
        (
            "AM04",
            {},
            "GENERAL dispute",
            "No objection to this debit stands: none was made, or what was made was rejected or withdrawn.",
            "Aucune contestation de ce prélèvement ne tient : il n'y en a pas eu, ou elle a été rejetée ou retirée.",
        ),
        (
            "AM04",
            {},
            "GENERAL paid-before",
            "Nothing had been paid by other means before the debit, or it had been taken off the amount.",
            "Rien n'avait été payé par un autre moyen avant le prélèvement, ou cela avait été déduit du montant.",
        ),
        (
            "AM04",
            {"amount_sent_minor": 60_00},
            "C-NOTICE notice",
            "A notice announced no smaller amount and no later day.",
            "Un avis annonçait un montant au moins égal, pour ce jour ou un jour antérieur.",
        ),
        (
            "AM04",
            {"first_presented_on": date(2026, 11, 3)},
            "GENERAL presentation",
            "We first presented on 2026-11-03, after the legal due date; the days until then are not counted.",
            "Notre première présentation est venue après l'échéance légale ; les jours jusque-là ne sont pas comptés.",
        ),
        (
            "MD01",
            {"amendment_block_sent": True},
            "C-MANDATE amendment-told",
            "The file told what had changed in the mandate.",
            "Le fichier indiquait ce qui avait changé dans le mandat.",
        ),
        (
            "MS02",
            {"amount_sent_minor": 60_00, "amount_declared_minor": 60_00},
            "C-REFUSE amount",
            "The amount debited is the amount declared, less what was known to be paid when the debit was planned.",
            "Le montant prélevé est le montant déclaré, moins ce que l'on savait payé quand le prélèvement a été planifié.",
        ),
    ],
)
def test_what_lets_pass_says_no_more_than_the_evidence_shows(
    code: str, changed: dict[str, Any], rule: str, said: str, in_french: str
) -> None:
    (step,) = [one for one in decide(case(code, **changed)).steps if one.rule == rule]
    assert (step.outcome, step.because) == ("passed", said)
    stored = {"rule": rule, "outcome": "passed", "because": said}
    assert (step_said("en", stored), step_said("fr", stored)) == (said, in_french)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_decision_concludes_and_what_would_change_it_has_its_words(language: str) -> None:
    """Every code with the complete file, with pieces missing, in a refund and a reversal; a code that the table does not know."""
    files: list[dict[str, Any]] = [
        *({"code": one.code, "code_set": code_set} for one in CODES for code_set in ("R", "S")),
        *(
            {"code": one.code, "without": (piece,)}
            for one in CODES
            for piece in ("notice", "cut_off_at", "scheme_sent")
        ),
        *({"code": one.code, "phase": phase} for one in CODES for phase in (Phase.REFUND, Phase.REVERSAL)),
        {"code": "ZZ99"},
    ]
    decisions = [decide(case(**one)) for one in files]
    sentences = {one.steps[-1].because.partition(": ")[2] for one in decisions if one.steps[-1].rule == "RESULT"}
    sentences |= {sentence for one in decisions for sentence in one.would_change}
    sentences.add(decisions[-1].steps[-1].because)
    assert sorted(one for one in sentences if wording.sentence_said(language, one) is None) == []
    outcomes = {step.outcome for one in decisions for step in one.steps}
    assert outcomes <= set(words(language)["results"])


def test_what_would_change_a_decision_names_the_values_of_the_case() -> None:
    told = wording.sentence_said("fr", "a notice of fewer days than agreed (agreed: 14)")
    assert told == "un avis donné moins de jours à l'avance que convenu (convenu : 14)"
    unknown = wording.sentence_said(
        "fr", "a notice of fewer days than agreed (agreed: the notice days agreed on the form)"
    )
    assert unknown == "un avis donné moins de jours à l'avance que convenu (convenu : le délai d'avis convenu)"
    assert wording.sentence_said("fr", "evidence that it was SERVICE") == "la preuve que la cause est : ce service"
    assert wording.sentence_said("en", "a notice on record") is None


def test_what_is_missing_is_named() -> None:
    (step,) = [
        one for one in decide(case("AM04", without=("notice_days_agreed",))).steps if one.rule == "C-NOTICE notice-days"
    ]
    told = step_said("fr", {"rule": step.rule, "outcome": step.outcome, "because": step.because})
    assert told == "Pas encore établi ; il manque : le délai d'avis convenu."


def test_a_sentence_of_an_older_decision_is_told_by_its_outcome_and_in_english_as_it_stands() -> None:
    step = {"rule": "C-OLD thing", "outcome": "HOLD", "because": "UNKNOWN: Something that no guard says any more."}
    assert step_said("fr", step) == "Une personne doit en juger."
    assert step_said("en", step) == "Something that no guard says any more."


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "1\u202f000,00 × 5% × 3 / 365 = 0,41, moins 0,20 pour les jours précédents"),
        ("ar", "\u20661.000,00 × 5% × 3 / 365 = 0,41\u2069، ناقص \u20660,20\u2069 عن الأيام السابقة"),
        ("en", "1,000.00 × 5% × 3 / 365 = 0.41, less 0.20 for the days before"),
    ],
)
def test_figures_are_written_as_the_language_writes_them(language: str, said: str) -> None:
    assert formula_said(language, "1000.00 x 5% x 3 / 365 = 0.41, less 0.20 for the days before") == said


def test_amounts_and_reasons_that_have_no_words_are_told_all_the_same() -> None:
    assert money("fr", 1_000, "JPY") == "1\u202f000\u00a0JPY"
    assert reason_said("fr", "ZZ99", "SomethingNew") == "SomethingNew"
    assert reason_said("ar", None) == "–"
