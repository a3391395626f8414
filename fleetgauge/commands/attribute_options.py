"""Options that select vehicles by their attributes; they follow from ``models.attribute``."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Annotated, Any, Final

import typer

from models.attribute import ATTRIBUTES, Attribute

PARAMETER: Final = "attributes"


def with_attribute_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each built-in attribute, and ``--where`` for any.

    What is chosen arrives as its argument ``attributes``, a value for each name.
    """

    @wraps(command)
    def wrapped(*, where: list[str] | None, **given: Any) -> None:
        chosen = {each.name: given.pop(each.name) for each in ATTRIBUTES}
        attributes = {name: value for name, value in chosen.items() if value is not None}
        command(**given, **{PARAMETER: attributes | dict(_conditions(where or []))})

    signature = inspect.signature(command)
    own = [each for each in signature.parameters.values() if each.name != PARAMETER]
    options = [_parameter(each.name, str | None, _option(each)) for each in ATTRIBUTES]
    options.append(_parameter("where", list[str] | None, _WHERE))
    keyword = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own]
    # What typer reads in place of the command's own parameters.
    wrapped.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*keyword, *options]
    )
    return wrapped


_WHERE: Final = typer.Option(
    "--where",
    metavar="NAME=VALUE",
    help="Only those with this value in a column of the list; nothing after =: those without "
    "one. May be given several times.",
)


def _option(attribute: Attribute) -> Any:
    words = attribute.option.replace("_", " ")
    return typer.Option(f"--{words.replace(' ', '-')}", help=f"Only those of this {words}.")


def _parameter(name: str, kind: Any, option: Any) -> inspect.Parameter:
    annotation = Annotated[kind, option]
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _conditions(where: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in where:
        name, equals, value = text.partition("=")
        if not name.strip() or not equals:
            raise typer.BadParameter(f"expected NAME=VALUE, got {text!r}.", param_hint="--where")
        yield name.strip(), value.strip()
