"""What the employer is told about its dispute, in its language: texts from plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Kind = Literal["received", "asked", "answered", "appealed", "decided", "late", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Told:
    """What a letter may speak of. `contribution` is its period and reference; `standing` what stands after an answer."""

    name: str
    fund: str
    subject_kind: str
    contribution: str
    reference: str
    answer: str
    standing: str
    body: str
    text: str
    due: date
    reply_by: date | None
    appeal_by: date | None


def written(kind: Kind, language: str, told: Told) -> tuple[str, str]:
    """The subject and the text of a letter. An unknown language is answered in French."""
    spoken = language if language in _SUBJECTS else "fr"
    words = {
        "name": told.name,
        "fund": told.fund,
        "what": _WHAT[spoken][told.subject_kind].format(contribution=told.contribution),
        "reference": told.reference,
        "answer": _ANSWERS[spoken].get(told.answer, ""),
        "follows": _FOLLOWS[spoken].get((told.subject_kind, told.standing), ""),
        "body": _BODIES[spoken][told.body],
        "text": told.text,
        "due": told.due.isoformat(),
        "reply_by": told.reply_by.isoformat() if told.reply_by else "",
        "appeal": _APPEAL[spoken].format(day=told.appeal_by.isoformat()) if told.appeal_by else "",
    }
    # One pass: what people wrote may hold braces, and is never a pattern itself.
    return _SUBJECTS[spoken].format(**words), _GREETINGS[spoken].format(**words) + _TEXTS[spoken][kind].format(**words)


_SUBJECTS: Final[Mapping[str, str]] = {
    "fr": "Votre contestation {reference} — {fund}",
    "ar": "اعتراضكم {reference} — {fund}",
    "en": "Your dispute {reference} — {fund}",
}
_GREETINGS: Final[Mapping[str, str]] = {"fr": "{name},\n\n", "ar": "{name}،\n\n", "en": "{name},\n\n"}
_WHAT: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {
        "debit": "le prélèvement de la cotisation {contribution}",
        "reading": "la décision sur l'échec du prélèvement de la cotisation {contribution}",
        "penalty": "la majoration de retard sur la cotisation {contribution}",
    },
    "ar": {
        "debit": "اقتطاع الاشتراك {contribution}",
        "reading": "القرار بشأن تعذر اقتطاع الاشتراك {contribution}",
        "penalty": "زيادة التأخير على الاشتراك {contribution}",
    },
    "en": {
        "debit": "the debit of the contribution {contribution}",
        "reading": "the decision about the failed debit of the contribution {contribution}",
        "penalty": "the late penalty on the contribution {contribution}",
    },
}
_ANSWERS: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {
        "upheld": "Votre contestation est acceptée.",
        "partly_upheld": "Votre contestation est acceptée en partie.",
        "rejected": "Votre contestation est rejetée.",
    },
    "ar": {
        "upheld": "قُبل اعتراضكم.",
        "partly_upheld": "قُبل اعتراضكم جزئيا.",
        "rejected": "رُفض اعتراضكم.",
    },
    "en": {
        "upheld": "Your dispute is upheld.",
        "partly_upheld": "Your dispute is upheld in part.",
        "rejected": "Your dispute is rejected.",
    },
}
_FOLLOWS: Final[Mapping[str, Mapping[tuple[str, str], str]]] = {
    "fr": {
        ("debit", "upheld"): "Cette cotisation n'est plus prélevée.",
        ("debit", "rejected"): "La cotisation peut être prélevée.",
        ("reading", "upheld"): "Aucune majoration ne repose sur cet échec tant qu'une personne ne l'a pas réexaminé.",
        ("reading", "rejected"): "La décision sur cet échec reste.",
        ("penalty", "upheld"): "Une personne du fonds rectifie la majoration ; vous en êtes informé.",
        ("penalty", "rejected"): "La majoration reste due.",
    },
    "ar": {
        ("debit", "upheld"): "لن يقتطع هذا الاشتراك بعد الآن.",
        ("debit", "rejected"): "يمكن اقتطاع الاشتراك.",
        ("reading", "upheld"): "لا تبنى أي زيادة على هذا التعذر ما لم يعد أحد الموظفين دراسته.",
        ("reading", "rejected"): "يبقى القرار بشأن هذا التعذر قائما.",
        ("penalty", "upheld"): "يصحح أحد موظفي الصندوق الزيادة، وتبلغون بذلك.",
        ("penalty", "rejected"): "تبقى الزيادة مستحقة.",
    },
    "en": {
        ("debit", "upheld"): "This contribution is no longer debited.",
        ("debit", "rejected"): "The contribution may be debited.",
        ("reading", "upheld"): "No penalty rests on this failure until a person has looked at it again.",
        ("reading", "rejected"): "The decision about this failure stands.",
        ("penalty", "upheld"): "A person of the fund corrects the penalty, and you are told.",
        ("penalty", "rejected"): "The penalty remains due.",
    },
}
_BODIES: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {"local": "commission locale", "national": "commission nationale", "court": "tribunal"},
    "ar": {"local": "اللجنة المحلية", "national": "اللجنة الوطنية", "court": "المحكمة"},
    "en": {"local": "local commission", "national": "national commission", "court": "court"},
}
_APPEAL: Final[Mapping[str, str]] = {
    "fr": "Vous pouvez faire recours jusqu'au {day} inclus.\n",
    "ar": "يمكنكم الطعن إلى غاية يوم {day}.\n",
    "en": "You may appeal until {day}.\n",
}
_TEXTS: Final[Mapping[str, Mapping[Kind, str]]] = {
    "fr": {
        "received": (
            "Vous contestez {what}. Votre contestation est enregistrée sous la référence {reference}.\n\nVous avez une"
            " réponse au plus tard le {due}. D'ici là, aucune majoration ne s'accroît.\n"
        ),
        "asked": (
            "Pour répondre à votre contestation {reference} sur {what}, nous avons besoin de renseignements :\n\n{text}"
            "\n\nVeuillez répondre au plus tard le {reply_by}. Le délai de réponse du fonds est suspendu jusque-là.\n"
        ),
        "answered": (
            "Réponse à votre contestation {reference} sur {what}.\n\n{answer} {follows}\n\nMotifs :\n{text}\n\n{appeal}"
        ),
        "appealed": (
            "Votre recours dans la contestation {reference} sur {what} est enregistré. Une autre personne que celle qui"
            " a répondu le traite ; vous avez une décision au plus tard le {due}.\n"
        ),
        "decided": (
            "Décision sur votre recours dans la contestation {reference} sur {what} ({body}).\n\n{answer} {follows}\n\n"
            "Motifs :\n{text}\n"
        ),
        "late": (
            "Vous deviez avoir une réponse à votre contestation {reference} sur {what} au plus tard le {due}. Elle est en"
            " retard, et les responsables du fonds en sont avertis. Votre contestation reste ouverte ; aucune majoration ne"
            " s'accroît.\n"
        ),
        "withdrawn": (
            "Votre contestation {reference} sur {what} a été retirée en votre nom par un agent du fonds.\n\nMotif :\n{text}\n\n"
            "Si vous ne l'avez pas demandé, veuillez le dire au fonds et contester à nouveau.\n"
        ),
    },
    "ar": {
        "received": (
            "تعترضون على {what}. سجل اعتراضكم تحت المرجع {reference}.\n\nتتلقون الرد في أجل أقصاه {due}. وإلى ذلك الحين"
            " لا ترتفع أي زيادة.\n"
        ),
        "asked": (
            "للرد على اعتراضكم {reference} على {what} نحتاج إلى معلومات:\n\n{text}\n\nيرجى الرد في أجل أقصاه {reply_by}."
            " ويتوقف أجل رد الصندوق إلى ذلك الحين.\n"
        ),
        "answered": "الرد على اعتراضكم {reference} على {what}.\n\n{answer} {follows}\n\nالأسباب:\n{text}\n\n{appeal}",
        "appealed": (
            "سجل طعنكم في الاعتراض {reference} على {what}. ينظر فيه شخص غير الذي رد عليكم، وتتلقون القرار في أجل أقصاه"
            " {due}.\n"
        ),
        "decided": (
            "القرار بشأن طعنكم في الاعتراض {reference} على {what} ({body}).\n\n{answer} {follows}\n\nالأسباب:\n{text}\n"
        ),
        "late": (
            "كان الرد على اعتراضكم {reference} على {what} منتظرا في أجل أقصاه {due}. وقد تأخر، وأشعر بذلك مسؤولو"
            " الصندوق. يبقى اعتراضكم مفتوحا ولا ترتفع أي زيادة.\n"
        ),
        "withdrawn": (
            "سحب أحد موظفي الصندوق باسمكم اعتراضكم {reference} على {what}.\n\nالسبب:\n{text}\n\nإذا لم تطلبوا ذلك فيرجى"
            " إبلاغ الصندوق وتقديم اعتراض جديد.\n"
        ),
    },
    "en": {
        "received": (
            "You contest {what}. Your dispute is registered under the reference {reference}.\n\nYou have an answer by"
            " {due}. Until then no penalty grows.\n"
        ),
        "asked": (
            "To answer your dispute {reference} about {what} we need to know:\n\n{text}\n\nPlease reply by {reply_by}."
            " Until then the time of the fund to answer stands still.\n"
        ),
        "answered": (
            "The answer to your dispute {reference} about {what}.\n\n{answer} {follows}\n\nReasons:\n{text}\n\n{appeal}"
        ),
        "appealed": (
            "Your appeal in the dispute {reference} about {what} is registered. Somebody else than the person who"
            " answered deals with it; you have a decision by {due}.\n"
        ),
        "decided": (
            "The decision about your appeal in the dispute {reference} about {what} ({body}).\n\n{answer} {follows}\n\n"
            "Reasons:\n{text}\n"
        ),
        "late": (
            "You should have had an answer to your dispute {reference} about {what} by {due}. It is late, and those in"
            " charge at the fund have been told. Your dispute stays open; no penalty grows.\n"
        ),
        "withdrawn": (
            "Your dispute {reference} about {what} was withdrawn for you by a clerk of the fund.\n\nReason:\n{text}\n\nIf you"
            " did not ask for that, please tell the fund, and contest anew.\n"
        ),
    },
}
