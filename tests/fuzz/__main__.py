"""``make fuzz``: garbage through the decoder, a tenth as much through broker and database."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from storage.migrate import migrate
from tests.fuzz import decoding, through_broker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.postgresql import PostgresServer
from tests.servers.userland import provide

MAX_SECONDS = 1.0
"""What a message of 256 KiB may take."""


def main() -> int:
    """Fuzz, tell, and return 0 if all was accounted for."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--through-broker", type=int, metavar="MESSAGES", help="else a tenth")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    decoded = _decoded(options.messages, options.seed)
    through = options.through_broker
    messages = options.messages // 10 if through is None else through
    return 0 if decoded and (not messages or _published(messages, options.seed)) else 1


def _decoded(messages: int, seed: int) -> bool:
    tally = decoding.fuzz(messages, seed)
    topic, payload = tally.slowest
    sys.stdout.write(
        f"decoder: {tally.messages:,} messages, {len(tally.exceptions)} exceptions, "
        f"{tally.reports:,} reports, {tally.rejected:,} rejected, {tally.unaccounted} in neither; "
        f"slowest {tally.slowest_seconds * 1000:.0f} ms ({len(payload):,} bytes on "
        f"{topic[:40]!r}); {tally.seeds:,} seeds\n"
    )
    for (topic, payload), error in tally.exceptions[:10]:
        sys.stdout.write(f"  {error}: {topic!r} {payload!r}\n")
    return not tally.exceptions and not tally.unaccounted and tally.slowest_seconds < MAX_SECONDS


def _published(messages: int, seed: int) -> bool:
    userland = provide()
    with (
        tempfile.TemporaryDirectory(prefix="fleetgauge-fuzz-") as folder,
        started(PostgresServer(userland=userland)) as postgres,
        started(MosquittoServer(userland=userland)) as broker,
    ):
        database = postgres.create_database(extension="timescaledb")
        migrate(database)
        outcome = through_broker.fuzz(broker, database, Path(folder), messages, seed)
        log = (Path(folder) / "ingest.log").read_text()
    sys.stdout.write(
        f"through the broker: {outcome.published:,} messages, {outcome.rejected_by_broker:,} "
        f"rejected by it, {outcome.expected:,} reports expected, {outcome.account}, worker "
        f"{'alive' if outcome.returncode is None else f'ended with {outcome.returncode}'}, "
        f"at most {outcome.peak_resident_mib:.0f} MiB resident\n"
    )
    if not outcome.holds:
        sys.stdout.write(log[-3_000:])
    return outcome.holds


if __name__ == "__main__":
    sys.exit(main())
