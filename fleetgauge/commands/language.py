"""The option that chooses the language of what is printed for people."""

import os
from typing import Annotated, Final

import typer

from fleetgauge.environment import variable_of
from reports.language import Language, LanguageCode, language, language_of_locale

_LOCALE: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The variables that name the locale, the first that is set holds (POSIX, chapter 8.2)."""

LanguageOption = Annotated[
    LanguageCode | None,
    typer.Option(
        "--language",
        envvar=variable_of("language"),
        help="Of tables and pages; by default that of the locale.",
    ),
]


def chosen_language(given: LanguageCode | None) -> Language:
    """Return the language given, else that of the user's locale."""
    if given is not None:
        return language(given)
    names = (os.environ.get(variable) for variable in _LOCALE)
    return language(language_of_locale(next(filter(None, names), "")))
