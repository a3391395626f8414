"""Put the texts of each language into the dashboards: `make dashboards`.

`templates/` holds the dashboards, `texts.toml` every text that they show. A text is named in a
template as "@section.key"; "{language}" stands for the language's code, so that the two sets have
ids of their own and link to themselves. What comes out, `en/` and `ru/`, is what Grafana reads.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "ru")
_NAME: Final = re.compile(r"@([a-z_]+(?:\.[a-z_]+)+)")


def main() -> None:
    """Write every dashboard in every language."""
    for path, text in rendered().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def rendered() -> dict[Path, str]:
    """Return what the files have to be, by path."""
    texts = load_texts()
    return {
        HERE / language / template.name: render(template.read_text("utf-8"), language, texts)
        for language in LANGUAGES
        for template in templates()
    }


def templates() -> list[Path]:
    """Return the paths of the templates, sorted."""
    return sorted((HERE / "templates").glob("*.json"))


def load_texts() -> dict[str, dict[str, str]]:
    """Return the catalogue: text by language, by name."""
    with (HERE / "texts.toml").open("rb") as file:
        return dict(_named(tomllib.load(file)))


def render(template: str, language: str, texts: dict[str, dict[str, str]]) -> str:
    """Return a dashboard's JSON in a language.

    Raises:
        KeyError: the template names a text that the catalogue does not have.
    """
    dashboard = _replaced(json.loads(template), language, texts)
    return json.dumps(dashboard, ensure_ascii=False, indent=2) + "\n"


def named_texts(template: str) -> set[str]:
    """Return the names of the texts that a template shows."""
    return set(_found(json.loads(template)))


def _named(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    for key, value in table.items():
        if set(value) == set(LANGUAGES):
            yield prefix + key, value
        else:
            yield from _named(value, f"{prefix}{key}.")


def _replaced(value: Any, language: str, texts: dict[str, dict[str, str]]) -> Any:
    match value:
        case dict():
            return {key: _replaced(each, language, texts) for key, each in value.items()}
        case list():
            return [_replaced(each, language, texts) for each in value]
        case str() if found := _NAME.fullmatch(value):
            return texts[found[1]][language]
        case str():
            return value.replace("{language}", language)
    return value


def _found(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for each in value.values():
                yield from _found(each)
        case list():
            for each in value:
                yield from _found(each)
        case str() if found := _NAME.fullmatch(value):
            yield found[1]


if __name__ == "__main__":
    main()
