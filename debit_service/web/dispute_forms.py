"""Forms of disputes: what an employer contests, asks and replies, and what the fund answers."""

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired, MultipleFileField
from wtforms import RadioField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from debit_service.disputes.rules import Answer, Body, Ground, Subject
from debit_service.disputes.service import TEXT_LENGTH_MAX
from debit_service.web import dispute_words
from debit_service.web.forms import trimmed


def _written(label: Any, message: Any) -> TextAreaField:
    longest = Length(max=TEXT_LENGTH_MAX, message=lazy_gettext("At most %(max)d characters."))
    return TextAreaField(label, [DataRequired(message), longest], filters=[trimmed])


class ContestForm(FlaskForm):
    """What is contested, why, and the documents that show it."""

    subject = RadioField(lazy_gettext("What do you contest?"), [DataRequired(lazy_gettext("Say what you contest."))])
    ground = SelectField(lazy_gettext("Why?"), [DataRequired(lazy_gettext("Choose a reason."))])
    text = _written(lazy_gettext("What is wrong?"), lazy_gettext("Say what is wrong."))
    documents = MultipleFileField(lazy_gettext("Documents (optional)"))

    def offer(self, subjects: Sequence[Subject], named: Sequence[str], asked: str) -> None:
        """Offer these subjects, each under its name; the one that was asked for, or the only one, is chosen already."""
        keys = [subject_key(one) for one in subjects]
        self.subject.choices = list(zip(keys, named, strict=True))
        self.ground.choices = [("", ""), *((one.value, dispute_words.ground(one.value)) for one in Ground)]
        if not self.is_submitted():
            self.subject.data = asked if asked in keys else keys[0]

    @property
    def scans(self) -> tuple[bytes, ...]:
        """The documents that were chosen."""
        return tuple(content for file in self.documents.data or () if file and (content := file.read()))


class WrittenForm(FlaskForm):
    """A question, a reply, the reasons of an appeal."""

    text = _written(lazy_gettext("Your text"), lazy_gettext("Write something."))


class ScanForm(FlaskForm):
    """A document to add."""

    scan = FileField(lazy_gettext("Document"), [FileRequired(lazy_gettext("Choose the file."))])


class AnswerForm(FlaskForm):
    """The fund's answer to a dispute, and what the employer is told."""

    answer = RadioField(lazy_gettext("Your answer"), [DataRequired(lazy_gettext("Uphold or reject."))])
    text = _written(lazy_gettext("Reasons"), lazy_gettext("Say why."))

    def __init__(self) -> None:
        super().__init__()
        self.answer.choices = [(one.value, dispute_words.answer(one.value)) for one in Answer]


class DecideForm(AnswerForm):
    """What was decided on appeal, and by whom."""

    body = RadioField(lazy_gettext("Who decided"), [DataRequired(lazy_gettext("Say who decided."))])

    def __init__(self) -> None:
        super().__init__()
        self.body.choices = [(one.value, dispute_words.body(one.value)) for one in Body]


def subject_key(subject: Subject) -> str:
    """How a form names a subject."""
    return f"{subject.kind.value}-{subject.id}"
