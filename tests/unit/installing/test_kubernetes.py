"""deploy/kubernetes: what a cluster gets, as far as it can be checked without one."""

from typing import Any, Final

import pytest
import yaml

from fleetgauge.environment import known_variables
from fleetgauge.settings import Settings
from metrics import catalogue
from metrics.catalogue import Metric
from models.decode import DEFAULT_TOPICS
from tests.unit.project.repository import ROOT, text_of

FOLDER: Final = "deploy/kubernetes"
RESOURCES: Final = yaml.safe_load(text_of(f"{FOLDER}/kustomization.yaml"))["resources"]
MANIFESTS: Final[list[dict[str, Any]]] = [
    manifest for name in RESOURCES for manifest in yaml.safe_load_all(text_of(f"{FOLDER}/{name}"))
]
WORKLOADS: Final = {
    f"{each['kind']}/{each['metadata']['name']}": each["spec"]["template"]["spec"]
    for each in MANIFESTS
    if "template" in each.get("spec", {})
}
each_workload = pytest.mark.parametrize("name", WORKLOADS)


def test_every_file_is_a_resource() -> None:
    """None lies there unused."""
    files = {path.name for path in (ROOT / FOLDER).glob("*.yaml")} - {"kustomization.yaml"}
    assert set(RESOURCES) == files


@each_workload
def test_a_pod_has_no_privilege_and_a_limit(name: str) -> None:
    """As the namespace's level `restricted` asks for, and a little more."""
    pod = WORKLOADS[name]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"]["memory"]


@each_workload
def test_a_pod_is_given_settings_that_exist(name: str) -> None:
    """And its own keys of the Secret alone."""
    pod = WORKLOADS[name]
    (container,) = pod["containers"]
    known = known_variables(Settings.model_fields)
    assert {each["name"] for each in container["env"]} <= known
    files = {each["value"] for each in container["env"] if each["name"].endswith("_FILE")}
    (secret,) = [each["secret"] for each in pod["volumes"] if "secret" in each]
    service = name.split("/")[1]
    assert {f"/run/fleetgauge/{item['path']}" for item in secret["items"]} == files
    assert all(item["key"] == f"{service}-{item['path']}" for item in secret["items"])


@pytest.mark.parametrize("name", ["StatefulSet/ingest", "Deployment/metrics", "Deployment/web"])
def test_a_service_is_asked_how_it_is(name: str) -> None:
    """Alive by /healthz, ready by /readyz: a database that is away restarts no pod."""
    (container,) = WORKLOADS[name]["containers"]
    (port,) = container["ports"]
    asked = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("liveness", "readiness")}
    assert asked["liveness"] == {"path": "/healthz", "port": port["name"]}
    assert asked["readiness"] == {"path": "/readyz", "port": port["name"]}
    addresses = [each["value"] for each in container["env"] if "ADDRESS" in each["name"]]
    assert addresses == [f":{port['containerPort']}"]


def test_workers_share_every_default_topic() -> None:
    """Each has a session of its own, by the pod's name, which is the same after a restart."""
    (container,) = WORKLOADS["StatefulSet/ingest"]["containers"]
    values = {each["name"]: each for each in container["env"]}
    shared = values["FLEETGAUGE_TOPICS"]["value"].split(",")
    assert [each.split("/", 2)[2] for each in shared] == list(DEFAULT_TOPICS)
    for name in ("FLEETGAUGE_WORKER", "FLEETGAUGE_MQTT_CLIENT_ID"):
        assert values[name]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"


def test_the_autoscaler_reads_a_metric_of_ours_and_takes_no_worker_away() -> None:
    """A pod that has gone leaves a session, which has to be retired first."""
    (scaler,) = [each for each in MANIFESTS if each["kind"] == "HorizontalPodAutoscaler"]
    metrics = {each.name for each in vars(catalogue).values() if isinstance(each, Metric)}
    assert scaler["spec"]["metrics"][0]["pods"]["metric"]["name"] in metrics
    assert scaler["spec"]["behavior"]["scaleDown"] == {"selectPolicy": "Disabled"}
    target = scaler["spec"]["scaleTargetRef"]
    assert f"{target['kind']}/{target['name']}" in WORKLOADS


def test_a_drained_node_never_takes_all() -> None:
    """Of what runs more than once."""
    budgets = {
        each["metadata"]["name"] for each in MANIFESTS if each["kind"] == "PodDisruptionBudget"
    }
    several = {
        each["metadata"]["name"]
        for each in MANIFESTS
        if each.get("spec", {}).get("replicas", 1) > 1
    }
    assert budgets == several == {"ingest", "web"}


@pytest.mark.parametrize("name", ["StatefulSet/ingest", "Deployment/metrics", "Deployment/web"])
def test_a_pod_is_given_the_secrets_that_compose_gives(name: str) -> None:
    """The viewers' password among them."""
    services = yaml.safe_load(text_of("docker-compose.yml"))["services"]
    (container,) = WORKLOADS[name]["containers"]
    given = {each["name"] for each in container["env"]}
    of_compose = services[name.split("/")[1]]["environment"]
    assert {each for each in of_compose if each.endswith("_FILE")} <= given
