"""Pages of HTML, each from its template and in its language; a page needs nothing else."""

from functools import lru_cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from reports import figure_words, words
from reports.language import Language


def page(template: str, language: Language, **values: Any) -> str:
    """Return the page that a template of `templates/` makes of the values."""
    return _environment(language).get_template(template).render(values)


@lru_cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "date": language.date,
        "number": language.number,
        "percent": language.percent,
        "points": language.points,
        "yes_no": language.yes_no,
        "grouped": partial(words.grouped, language),
        "title": partial(words.title, language),
        "sentence": words.sentence,
    }
    environment.globals |= {
        "language": language,
        "text": language.text,
        "part": partial(words.part, language),
        "figure_part": partial(figure_words.counted, language),
        "compared_part": partial(figure_words.compared_part, language),
        "compared_percent": partial(figure_words.compared_percent, language),
        "growth": partial(figure_words.growth, language),
        "percent": language.percent,
        "group_name": partial(words.group_name, language),
    }
    return environment
