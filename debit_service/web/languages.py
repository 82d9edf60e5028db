"""Arabic, French, English: which one a page speaks, and the catalogues, read from their .po files when the application is built.

The catalogues are small, so no compiled copy is kept beside them that could differ from its source.
"""

import re
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request, session
from flask_babel import Babel, Domain, get_locale

from debit_service.web.desk import signed_in

#: Each language by its own name; the first that a browser asks for wins, French when it asks for none of them.
LANGUAGES = {"ar": "العربية", "fr": "Français", "en": "English"}
RIGHT_TO_LEFT = frozenset({"ar"})
FOLDER = Path(__file__).parent / "translations"
# The Maghreb writes Arabic with the digits 0 to 9; the bare locale `ar` need not.
_LOCALES = {"ar": "ar_DZ", "fr": "fr", "en": "en_GB"}
_CHOSEN = "lang"
#: French sets a blank before these marks, at which no line may break.
_BEFORE_TALL_MARKS = re.compile(" (?=[:;?!»])")
_NO_BREAK = "\N{NO-BREAK SPACE}"


class Catalogues(Domain):
    """The translations of this package."""

    def __init__(self) -> None:
        super().__init__()
        self.by_language = {language: _read(FOLDER / f"{language}.po") for language in ("ar", "fr")}

    def get_translations(self) -> NullTranslations:
        """The catalogue of the page's language; English is what the source says."""
        return self.by_language.get(language(), _SOURCE)


class Languages(Babel):
    """Flask-Babel, with catalogues that come from .po files."""

    @cached_property
    def domain_instance(self) -> Catalogues:
        """Where translations come from."""
        return Catalogues()


_SOURCE = NullTranslations()


@cache
def _read(path: Path) -> Translations:
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    if path.stem == "fr":
        for message in catalogue:
            message.string = _BEFORE_TALL_MARKS.sub(_NO_BREAK, str(message.string))
    buffer = BytesIO()
    write_mo(buffer, catalogue)
    buffer.seek(0)
    return Translations(buffer)


def init_app(app: Flask) -> None:
    """Give the application its languages."""
    Languages(app, default_locale=_LOCALES["fr"], locale_selector=_locale)
    app.before_request(_remember_choice)
    app.context_processor(_shown)


def language() -> str:
    """The language of this page: ar, fr or en."""
    return str(get_locale().language)


def _remember_choice() -> None:
    if request.args.get(_CHOSEN) in LANGUAGES:
        session[_CHOSEN] = request.args[_CHOSEN]


def _locale() -> str:
    person = signed_in()
    wanted = session.get(_CHOSEN) or (person.language if person else None)
    return _LOCALES.get(wanted or request.accept_languages.best_match(LANGUAGES) or "fr", _LOCALES["fr"])


def _shown() -> dict[str, Any]:
    return {
        "language": language(),
        "direction": "rtl" if language() in RIGHT_TO_LEFT else "ltr",
        "languages": [(code, name, _same_page_in(code)) for code, name in LANGUAGES.items()],
    }


def _same_page_in(code: str) -> str:
    return f"{request.path}?{urlencode({**request.args, _CHOSEN: code})}"
