"""Whether a service on this machine is ready: the health check of the images and of Kubernetes."""

import urllib.error
import urllib.request
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Literal

from fleetgauge.setting_values import Address
from fleetgauge.settings import Settings
from models.finding import Finding, fault, ok

_TIMEOUT_S: Final = 4


Service = Literal["ingest", "metrics", "web"]
"""A command that goes on running and answers /readyz."""


def is_alive(address: Address) -> bool:
    """Tell whether the service of this process answers /healthz."""
    try:
        with urllib.request.urlopen(f"http://{_own(address)}/healthz", timeout=_TIMEOUT_S):
            return True
    except OSError:
        return False


def service_finding(service: Service, settings: Settings) -> Finding:
    """Return whether its /readyz answers 200, and if not, what it says."""
    url = f"http://{_own(getattr(settings, f'{service}_address'))}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S):
            return ok("service.ready", service=service, url=url)
    except urllib.error.HTTPError as error:
        said = error.read().decode(errors="replace").strip()
        return fault("service.not_ready", service=service, url=url, error=said or str(error))
    except OSError as error:
        reason = getattr(error, "reason", error)
        said = getattr(reason, "strerror", None) or str(reason)
        return fault("service.not_ready", service=service, url=url, error=said)


def _own(address: Address) -> Address:
    # Who listens on every interface is asked on loopback.
    loopback = {IPv4Address(0): "127.0.0.1", IPv6Address(0): "::1"}
    try:
        return address._replace(host=loopback.get(ip_address(address.host), address.host))
    except ValueError:  # a name
        return address
