"""The command: runs the named benchmarks, or all, and prints their tables."""

import argparse
import sys
import time
from importlib import import_module
from typing import Final

from rich.console import Console

from tests.benchmarks.bench import Benchmark
from tests.servers.process import ServerError
from tests.servers.userland import Unavailable

BENCHMARKS: Final = (
    "size",
    "throughput",
    "delay",
    "in_flight",
    "memory",
    "dashboards",
    "shares",
    "web",
    "growth",
    "held",
)
"""Modules with a class ``Measure`` that is a `Benchmark`; a new one needs its name here."""


def main() -> None:
    """Run what was asked for; exit 1 with one line where the servers cannot be had."""
    arguments = _parsed()
    console = Console(stderr=True)
    try:
        for name in arguments.names or BENCHMARKS:
            _run(name, console)
    except (Unavailable, ServerError) as error:
        sys.exit(f"benchmarks: {error}")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return arguments


def _run(name: str, console: Console) -> None:
    started = time.monotonic()
    measure: Benchmark = import_module(f"tests.benchmarks.{name}").Measure()
    with console.status(f"{name} …"):
        tables = measure.tables(lambda step: console.log(f"{name}: {step}"))
    for table in tables:
        Console(width=max(100, console.width)).print(table)
    console.log(f"{name}: {time.monotonic() - started:.0f} s")


main()
