"""Read a TOML file into a model, or say in one line which file and field is wrong."""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import Invalid

_Model = TypeVar("_Model", bound=BaseModel)

DataFile = Path | Traversable


class ScenarioError(Invalid):
    """A scenario, or the network it names, cannot be used; one line for a person."""


class DataModel(BaseModel):
    """A table of a data file; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_table(file: DataFile) -> dict[str, Any]:
    """Return the file's top table.

    Raises:
        ScenarioError: it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"{file}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{file}: not TOML: {error}") from error


def build(model: type[_Model], table: dict[str, Any], file: DataFile) -> _Model:
    """Return the table as a model.

    Raises:
        ScenarioError: naming the file, the field and what it takes.
    """
    try:
        return model.model_validate(table)
    except ValidationError as error:
        raise ScenarioError(f"{file}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first, *others = error.errors(include_url=False)
    where = ".".join(str(part) for part in first["loc"] if part != "[key]")
    message = first["msg"].removeprefix("Value error, ").replace("\n", " ")
    more = f" (and {len(others)} more)" if others else ""
    return f"{where}: {message}{more}" if where else f"{message}{more}"
