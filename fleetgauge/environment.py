"""The environment variables of the settings: their names, and values that files hold."""

import difflib
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from models.errors import Invalid

PREFIX: Final = "FLEETGAUGE_"

OF_THE_TESTS: Final = frozenset(
    f"{PREFIX}{name}"
    for name in ("TEST_DATABASE_URL", "TEST_MQTT_URL", "TEST_BROKERS", "SERVERS_DIR", "SAMPLE_DATA")
)
"""Variables that only the tests read: not settings, although they have the prefix."""


class SettingsError(Invalid):
    """A variable has a wrong name or value; the message says which, and what is expected."""


def variable_of(setting: str) -> str:
    """Return the variable of a setting: ``FLEETGAUGE_MQTT_URL`` for ``mqtt_url``."""
    return f"{PREFIX}{setting.upper()}"


def is_set(setting: str) -> bool:
    """Tell whether the environment gives a setting, itself or as a file that holds it."""
    variable = variable_of(setting)
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def known_variables(settings: Iterable[str]) -> set[str]:
    """Return every variable that is read: of each setting, and of a file that holds its value."""
    variables = {variable_of(name) for name in settings}
    return variables | {f"{name}_FILE" for name in variables if not name.endswith("_FILE")}


def unknown_variables(settings: Iterable[str]) -> list[str]:
    """Say which variables with our prefix are none of a setting's; an empty one does not count.

    Each complaint names the variable, and the known name that is nearest to it.
    """
    given = {name.upper() for name, value in os.environ.items() if value}
    found = {name for name in given if name.startswith(PREFIX)}
    known = known_variables(settings)
    unknown = found - known - OF_THE_TESTS - _of_kubernetes(found)
    return [_unknown(name, known) for name in sorted(unknown)]


def values_from_files(settings: Iterable[str]) -> dict[str, str]:
    """Read each setting whose ``…_FILE`` variable names a file.

    Raises:
        SettingsError: the file cannot be read, or the setting is given twice.
    """
    values = {}
    for name in settings:
        variable = variable_of(name)
        path = os.environ.get(f"{variable}_FILE")
        if not path or name.endswith("_file"):
            continue
        if os.environ.get(variable):
            raise SettingsError(f"{variable}_FILE and {variable} are both set: keep one")
        try:
            values[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            # Not chained, and the name only if it looks like one: it may be the secret itself.
            reason = error.strerror if isinstance(error, OSError) else "not text in UTF-8"
            raise SettingsError(
                f"{variable}_FILE: cannot read {shown_path(path)}: {reason}"
            ) from None
    return values


def shown_path(path: str) -> str:
    """Return how a file is named in a complaint: not at all unless it can only be a path."""
    is_path = path.startswith(("/", "./", "../")) and not {"@", ":"}.intersection(path)
    return repr(path) if is_path else "what it names (not shown: it may be a secret)"


def _unknown(name: str, known: Iterable[str]) -> str:
    # Without the prefix, which makes all of them look alike.
    near = difflib.get_close_matches(
        name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1
    )
    hint = f"did you mean {PREFIX}{near[0]}?" if near else ".env.example lists the settings"
    return f"{name} is not a setting; {hint}"


def _of_kubernetes(names: Collection[str]) -> set[str]:
    # A Service named fleetgauge puts variables with our prefix into every container beside it, a
    # group for each Service that has one …_SERVICE_HOST (Kubernetes, "Accessing the Service").
    host = "_SERVICE_HOST"
    services = {name.removesuffix(host) for name in names if name.endswith(host)}
    begins = tuple(f"{service}_{part}" for service in services for part in ("SERVICE_", "PORT"))
    return {name for name in names if name.startswith(begins)}
