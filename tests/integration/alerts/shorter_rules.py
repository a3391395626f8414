"""The shipped rules and routes in fast motion: every duration divided by the same number.

Nothing else is changed: expressions, thresholds, labels and texts are those that are shipped. What
the real durations do is tested by promtool (metrics/rules/tests), in simulated time.
"""

import re
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[3]
_QUOTED: Final = re.compile(r'("[^"]*")')
_DURATION: Final = re.compile(r"(?<![\w.])(?:\d+(?:ms|[smhdwy]))+(?!\w)")
_PART: Final = re.compile(r"(\d+)(ms|[smhdwy])")
_MS: Final = {
    "ms": 1,
    "s": 1_000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "y": 31_536_000_000,
}


def shorter_rules(speed: int) -> dict[str, str]:
    """Return the rule files by name; their clocks run so many times as fast."""
    paths = sorted((ROOT / "metrics/rules").glob("*.yml"))
    return {path.name: _shorter_file(path.read_text(), speed) for path in paths}


def webhook_routes(url: str, wait: str = "0s") -> str:
    """Return the shipped Alertmanager configuration with a webhook, notified after a wait."""
    config = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())
    soon = {"group_wait": wait, "group_interval": "1s"}
    config["route"] |= soon
    for route in config["route"]["routes"]:
        route |= soon
    (receiver,) = config["receivers"]
    receiver["webhook_configs"] = [{"url": url, "send_resolved": True}]
    return yaml.safe_dump(config)


def shorter(expression: str, speed: int) -> str:
    """Divide the durations of an expression; texts in quotation marks stay as they are."""
    parts = _QUOTED.split(expression)
    parts[::2] = [_DURATION.sub(lambda found: _divided(found[0], speed), p) for p in parts[::2]]
    return "".join(parts)


def _shorter_file(text: str, speed: int) -> str:
    file: dict[str, Any] = yaml.safe_load(text)
    for rule in (rule for group in file["groups"] for rule in group["rules"]):
        rule["expr"] = shorter(rule["expr"], speed)
        rule |= {
            key: _divided(rule[key], speed) for key in ("for", "keep_firing_for") & rule.keys()
        }
    return yaml.safe_dump(file)


def _divided(duration: str, speed: int) -> str:
    milliseconds = sum(int(number) * _MS[unit] for number, unit in _PART.findall(duration))
    return f"{max(milliseconds // speed, 1)}ms"
