"""The dashboards as Grafana reads them: files, panels, queries, variables."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from dashboards.render import HERE, LANGUAGES, sources

Json = dict[str, Any]

PROMETHEUS: Final = "prometheus"
POSTGRES: Final = "grafana-postgresql-datasource"
NAMES: Final = [path.stem for path in sources()]


class Query(NamedTuple):
    """One query of a panel."""

    dashboard: str
    panel: str
    """Its title in English, or its id where it has none."""
    ref: str
    datasource: str
    text: str

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.ref}"


def dashboard(name: str, language: str = "en") -> Json:
    """Return a rendered dashboard."""
    document: Json = json.loads((HERE / language / f"{name}.json").read_text("utf-8"))
    return document


def dashboards() -> Iterator[tuple[str, Json]]:
    """Yield every dashboard of every language with its name."""
    for language in LANGUAGES:
        for name in NAMES:
            yield f"{language}/{name}", dashboard(name, language)


def variables(document: Json) -> list[Json]:
    """Return the variables of a dashboard."""
    found: list[Json] = document["templating"]["list"]
    return found


def panels(document: Json) -> list[Json]:
    """Return the panels of a dashboard, those of its collapsed rows among them."""
    return [
        panel
        for each in document["panels"]
        for panel in (each["panels"] if each["type"] == "row" else [each])
    ]


def queries(name: str) -> list[Query]:
    """Return all queries of a dashboard's panels."""
    return [
        Query(
            name,
            panel["title"] or f"panel {panel['id']}",
            target["refId"],
            target["datasource"]["type"],
            target.get("expr") or target.get("rawSql") or "",
        )
        for panel in panels(dashboard(name))
        for target in panel["targets"]
    ]


def properties(panel: Json, field: str) -> Json:
    """Return what the overrides of a field by its name set."""
    return {
        each["id"]: each["value"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"] == {"id": "byName", "options": field}
        for each in override["properties"]
    }


def columns(panel: Json) -> list[str]:
    """Return the columns that a table shows, from left to right."""
    return [
        name for name in selected(panel) if not properties(panel, name).get("custom.hideFrom.viz")
    ]


def selected(panel: Json) -> list[str]:
    """Return the columns that a panel's first query gives."""
    return _selected(panel["targets"][0]["rawSql"])


def variable_query(variable: Json) -> str:
    """Return the query of a query variable, whichever its data source."""
    query = variable["query"]
    return str(query["query"] if isinstance(query, dict) else query)


def promql(text: str, values: Mapping[str, Sequence[str]], rate_interval: str = "1m") -> str:
    """Put values into an expression as Grafana does: several become an alternative."""
    text = text.replace("$__rate_interval", rate_interval).replace("$__range", "1h")
    for name, chosen in values.items():
        escaped = [re.sub(r"([\\^$.*+?()[\]{}|])", r"\\\\\1", value) for value in chosen]
        several = escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
        text = _put(text, name, several)
    return text


def sql(text: str, values: Mapping[str, Sequence[str]], since: str, until: str) -> str:
    """Put values and the time range (RFC 3339) into a query as Grafana does."""
    text = re.sub(r"\$__timeFilter\(([^()]+)\)", rf"\1 BETWEEN '{since}' AND '{until}'", text)
    text = text.replace("$__timeFrom()", f"'{since}'").replace("$__timeTo()", f"'{until}'")
    for name, chosen in values.items():
        quoted = ",".join("'" + value.replace("'", "''") + "'" for value in chosen)
        text = text.replace(f"${{{name}:sqlstring}}", quoted)
        text = text.replace(f"${{{name}:raw}}", ",".join(chosen))
        text = _put(text, name, ",".join(chosen))
    return text


def used_variables(text: str, document: Json) -> list[str]:
    """Return the names of the variables that a query uses, in the dashboard's order."""
    names = [variable["name"] for variable in variables(document)]
    return [name for name in names if re.search(rf"\$\{{?{name}\b", text)]


def _put(text: str, name: str, value: str) -> str:
    return re.sub(rf"\${name}\b", lambda _: value, text)


def _selected(query: str) -> list[str]:
    """Return the names of what a query's outermost select gives."""
    outermost = query
    while (without := re.sub(r"\([^()]*\)", "", outermost)) != outermost:
        outermost = without
    (listed,) = re.findall(r"\bselect (.+?) from\b", outermost)
    return [re.split(r" as |\.", each)[-1].split("::")[0].strip(' "') for each in listed.split(",")]
