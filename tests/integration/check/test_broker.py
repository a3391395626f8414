"""What `fleetgauge check` finds out about a broker, and that it does no harm there."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from ingest.trial import reach, try_out
from models.broker import BrokerAccess, BrokerUrl, parse_broker_url
from models.finding import Finding, Level
from tests.integration.deploy.compose_broker import Client, ComposeBroker, compose_broker
from tests.integration.ingest.test_broker_tls import TlsBroker
from tests.servers.fixtures import started
from tests.servers.mosquitto import MosquittoServer
from tests.servers.ports import LOOPBACK, free_port
from tests.servers.userland import Userland
from tests.servers.waiting import wait_until

FILTERS: Final = ("fleet/#", "traccar/positions")


def wrong(found: Iterable[Finding]) -> list[str]:
    """Return the codes of what is not in order."""
    return [each.code for each in found if each.level is not Level.OK]


def test_the_shipped_broker(userland: Userland, tmp_path: Path) -> None:
    """It grants ingest what it asks for, and to other accounts what is theirs."""
    with compose_broker(userland, tmp_path / "secrets") as broker:
        ingest, admin = (
            replace(broker.access(name), topic_filters=FILTERS) for name in ("ingest", "admin")
        )
        assert wrong([*reach(ingest), *try_out(ingest)]) == []
        assert wrong(try_out(admin)) == ["broker.filter_refused"] * len(FILTERS)
        unknown = replace(ingest, url=ingest.url._replace(username="nobody"))
        assert wrong(try_out(unknown)) == ["broker.refused"]
        _leaves_the_session_of_an_account(broker)


def _leaves_the_session_of_an_account(broker: ComposeBroker) -> None:
    """Where a broker makes the account's name the client id, what is queued there stays queued."""
    login, outer = broker.login("ingest"), broker.port
    worker = Client(login).open(outer, session_s=3600)
    assert worker.listen("fleet/#") == 1
    worker.close()
    sender = Client(broker.login("simulator")).open(broker.inner_port)
    assert sender.send("fleet/op/1/position", b"kept") == 0
    sender.close()
    access = broker.access("ingest")
    tried = replace(access, url=access.url._replace(port=outer), topic_filters=FILTERS)
    assert wrong(try_out(tried)) == ["broker.session_of_account"]
    back = Client(login).open(outer, session_s=3600)
    wait_until(lambda: back.payloads == [b"kept"], seconds=10, what="the message that was kept")
    back.close()


def test_a_certificate(userland: Userland, tmp_path: Path) -> None:
    """Until when it is valid; one of an unknown authority ends the trial before any log-in."""
    broker = TlsBroker(userland)
    authority = tmp_path / "authority.pem"
    broker.authority.cert_pem.write_to_path(str(authority))
    url = parse_broker_url(f"mqtts://{LOOPBACK}:{broker.port}")
    with started(broker.server):
        reached = list(reach(BrokerAccess(url, authority)))
        (unknown,) = reach(BrokerAccess(url))
        # Whoever may connect without an account may do so with any.
        assert wrong(try_out(BrokerAccess(url, authority, topic_filters=FILTERS))) == [
            "broker.accepted_anonymous"
        ]
    assert [each.code for each in reached] == ["broker.reachable", "broker.certificate"]
    assert "its certificate is not accepted" in str(unknown.values["error"])


def test_a_broker_below_what_is_asked_for(userland: Userland) -> None:
    """Each limit that it grants less of is a finding of its own."""
    limits = ["persistent_client_expiration 1h", "max_qos 0"]
    with started(MosquittoServer(limits, userland=userland)) as server:
        url = BrokerUrl(LOOPBACK, server.port)
        found = wrong(try_out(BrokerAccess(url, topic_filters=FILTERS)))
    assert {"broker.maximum_qos", "broker.granted_qos_0"} <= set(found)


def test_no_broker_at_all() -> None:
    """One line, without the number of the system's error."""
    (found,) = reach(BrokerAccess(BrokerUrl(LOOPBACK, free_port())))
    assert (found.code, found.values["error"]) == ("broker.unreachable", "Connection refused")
