"""A document as one page of HTML that needs nothing else, and prints well."""

from functools import partial

from reports.language import Language
from reports.pages import page
from reports.paper import Paper, shown


def paper_page(paper: Paper, language: Language) -> str:
    """Return the page."""
    return page("paper.html.j2", language, paper=paper, shown=partial(shown, language))
