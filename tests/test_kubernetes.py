"""What holds of every manifest under deploy/k8s, rendered as `kubectl apply -k` would; no cluster is needed."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from common.provision import ProvisionSettings
from common.serve import ServeSettings
from devstack.kubernetes import secrets
from devstack.kubernetes.edges import Place, allows, matching, selects
from devstack.services import SERVICES
from llm.settings import LLMSettings
from testkit import kustomize

ROOT = Path(__file__).parents[1]
K8S = ROOT / "deploy" / "k8s"
COMPONENTS = sorted(path.name for path in (K8S / "components").iterdir())
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SCHEMAS = "1.35"
OF_OPERATORS = {
    *("ExternalSecret", "Gateway", "HTTPRoute", "ServiceMonitor", "PrometheusRule", "TriggerAuthentication"),
    *("ScaledObject", "Cluster", "Kafka", "KafkaNodePool"),
}
"""Kinds whose schema comes with an operator; no package carries it."""
LONG_RUNNING = {"Deployment", "StatefulSet"}
SETTINGS: dict[str, tuple[Any, ...]] = {
    name: (importlib.import_module(f"{name}.settings").Settings, ServeSettings)
    for name in (*SERVICES, "gateway")
}
SETTINGS |= {"interview": (*SETTINGS["interview"], LLMSettings), "provision": (ProvisionSettings,)}
NOT_OURS = {"PGSSLMODE", "GRANIAN_BACKLOG", "GRANIAN_BACKPRESSURE", "GRANIAN_HTTP1_BUFFER_SIZE"}
"""Variables that asyncpg and granian read."""
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"

Resource = dict[str, Any]


@pytest.fixture(
    scope="module", params=["local", "production", *(f"production+{name}" for name in COMPONENTS)]
)
def manifests(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Resource]:
    """Return what an overlay, or production with one of the components, renders to."""
    overlay, _, component = request.param.partition("+")
    folder = K8S / "overlays" / overlay
    if component:
        resources, folder = f"resources: [{folder}]", tmp_path_factory.mktemp(component)
        text = f"{resources}\ncomponents: [{K8S / 'components' / component}]\n"
        (folder / "kustomization.yaml").write_text(text)
    return kustomize.render(folder)


def of(manifests: list[Resource], *kinds: str) -> list[Resource]:
    return [resource for resource in manifests if resource["kind"] in kinds]


def named(manifests: list[Resource], kind: str, name: str) -> Resource:
    (resource,) = [part for part in of(manifests, kind) if part["metadata"]["name"] == name]
    return resource


def pods(manifests: list[Resource], *kinds: str) -> Iterator[tuple[str, Resource, dict[str, str]]]:
    """Yield the name, specification and labels of the pods of each workload."""
    for resource in of(manifests, *(kinds or ("Deployment", "StatefulSet", "Job"))):
        template = resource["spec"]["template"]
        yield resource["metadata"]["name"], template["spec"], template["metadata"]["labels"]


def containers(manifests: list[Resource], *kinds: str) -> Iterator[tuple[str, Resource]]:
    for name, spec, _ in pods(manifests, *kinds):
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            yield f"{name}/{container['name']}", container


def settings_of(manifests: list[Resource], prefix: str = "settings-") -> dict[str, str]:
    (config,) = [
        part
        for part in of(manifests, "ConfigMap")
        if re.fullmatch(rf"{prefix}[a-z0-9]{{10}}", part["metadata"]["name"])
    ]
    return dict(config["data"])


@pytest.mark.slow
def test_every_resource_is_what_kubernetes_says_it_is(manifests: list[Resource]) -> None:
    known = [resource for resource in manifests if resource["kind"] not in OF_OPERATORS]
    assert len(known) > 50
    for resource in known:
        kubernetes_validate.validate(resource, SCHEMAS, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_refused() -> None:
    wrong = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"port": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, SCHEMAS, strict=True)


def test_every_namespace_lets_only_restricted_pods_in(manifests: list[Resource]) -> None:
    namespaces = of(manifests, "Namespace")
    assert namespaces
    for namespace in namespaces:
        assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_pod_is_nobody_who_may_do_nothing(manifests: list[Resource]) -> None:
    all_pods = list(pods(manifests))
    assert len(all_pods) >= 11
    for name, spec, _ in all_pods:
        context = spec["securityContext"]
        assert context["runAsNonRoot"] is True, name
        assert context["runAsUser"] > 10_000, name
        assert context["runAsGroup"] > 10_000, name
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert all(not volume.get("hostPath") for volume in spec.get("volumes", ())), name


def test_no_container_gains_rights_or_writes_beside_its_volumes(manifests: list[Resource]) -> None:
    for name, container in containers(manifests):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["readOnlyRootFilesystem"] is True, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name


def test_no_pod_has_a_token_or_variables_made_of_the_names_of_services(manifests: list[Resource]) -> None:
    accounts = {part["metadata"]["name"]: part for part in of(manifests, "ServiceAccount")}
    for name, spec, _ in pods(manifests):
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert accounts[spec["serviceAccountName"]]["automountServiceAccountToken"] is False, name


def test_every_container_says_what_it_needs_and_what_it_may_take(manifests: list[Resource]) -> None:
    for name, container in containers(manifests):
        for bound in ("requests", "limits"):
            assert set(container["resources"][bound]) == {"cpu", "memory"}, name


def test_whatever_goes_on_is_asked_whether_it_lives_and_only_then_whether_it_works(
    manifests: list[Resource],
) -> None:
    for name, spec, labels in pods(manifests, *LONG_RUNNING):
        (container,) = spec["containers"]
        probes = {kind: container[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")}
        if container["image"].partition(":")[0].rpartition("/")[2].startswith("interviewace-"):
            asked = {kind: probe["httpGet"]["path"] for kind, probe in probes.items()}
            assert asked["startup"] == asked["liveness"] == "/health", name
            by_component = {"gateway": "/health", "api": "/ready?without=redis", "worker": "/ready"}
            assert asked["readiness"] == by_component[labels[COMPONENT]], name


def test_every_image_has_a_version(manifests: list[Resource]) -> None:
    images = {container["image"] for _, container in containers(manifests)}
    assert len(images) >= 4
    for image in images:
        name, _, tag = image.rpartition(":")
        assert name, image
        assert tag != "latest"
        assert "interviewace-" not in name or tag == VERSION


def test_the_jobs_names_have_the_version(manifests: list[Resource]) -> None:
    jobs = [job["metadata"]["name"] for job in of(manifests, "Job")]
    suffix = VERSION.replace(".", "-")
    assert sorted(jobs) == sorted(
        f"{name}-{suffix}" for name in ("provision", *(f"{service}-migrate" for service in SERVICES))
    )


def test_a_job_names_nothing_that_changes_while_its_version_stays(manifests: list[Resource]) -> None:
    for name, container in containers(manifests, "Job"):
        sources = [
            source["configMapRef"]["name"] for source in container["envFrom"] if "configMapRef" in source
        ]
        assert sources == ["settings-of-jobs"], name
    assert (
        named(manifests, "ConfigMap", "settings-of-jobs")["data"].items()
        >= {
            key: value for key, value in settings_of(manifests).items() if not key.startswith("OTEL_")
        }.items()
    )


def test_every_variable_is_a_setting_of_who_gets_it(manifests: list[Resource]) -> None:
    everybody = {
        field.upper() for kinds in SETTINGS.values() for kind in kinds for field in kind.model_fields
    }
    assert set(settings_of(manifests)) <= everybody | NOT_OURS
    for _, container in containers(manifests):
        if "interviewace-" in container["image"]:
            assert {entry["name"] for entry in container.get("env", ())} <= everybody | NOT_OURS
    for secret in of(manifests, "ExternalSecret"):
        kinds = SETTINGS[secret["metadata"]["name"]]
        keys = {entry["secretKey"] for entry in secret["spec"]["data"]}
        assert keys <= {field.upper() for kind in kinds for field in kind.model_fields}


def test_every_secret_that_a_pod_names_is_made(manifests: list[Resource]) -> None:
    wanted = {
        source["secretRef"]["name"]
        for _, container in containers(manifests)
        for source in container.get("envFrom", ())
        if "secretRef" in source
    }
    stored = {secret["metadata"]["name"] for secret in of(manifests, "ExternalSecret")}
    assert wanted == {*SERVICES, "gateway", "provision"}
    assert wanted <= (stored or set(secrets.make()))
    assert of(manifests, "Secret") == []


def test_the_secrets_of_the_local_overlay_are_settings_and_never_the_same() -> None:
    first, second = secrets.make(), secrets.make()
    for name, kinds in SETTINGS.items():
        assert set(first[name]) <= {field.upper() for kind in kinds for field in kind.model_fields}
        assert first[name] != second[name]


def test_ports_are_those_that_the_image_opens(manifests: list[Resource]) -> None:
    assert "EXPOSE 8000" in (ROOT / "Dockerfile").read_text()
    by_labels = [(labels, spec) for _, spec, labels in pods(manifests, *LONG_RUNNING)]
    services = of(manifests, "Service")
    assert len(services) >= 7
    for service in services:
        chosen = [spec for labels, spec in by_labels if service["spec"]["selector"].items() <= labels.items()]
        assert len(chosen) == 1, service["metadata"]["name"]
        port_names = {port["name"] for port in chosen[0]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= port_names
    for _, spec, labels in pods(manifests, "Deployment"):
        if labels[COMPONENT] in ("gateway", "api", "worker"):
            ports = {port["name"]: port["containerPort"] for port in spec["containers"][0]["ports"]}
            assert ports == {"http": 8000, "metrics": 9464}


def test_a_process_has_the_time_it_needs_to_end(manifests: list[Resource]) -> None:
    settings = settings_of(manifests)
    drain, stop = float(settings["DRAIN_SECONDS"]), float(settings["STOP_SECONDS"])
    for name, spec, labels in pods(manifests, "Deployment"):
        if labels[COMPONENT] not in ("gateway", "api", "worker"):
            continue
        (container,) = spec["containers"]
        serves = labels[COMPONENT] != "worker"
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"] if serves else 0
        assert spec["terminationGracePeriodSeconds"] >= pause + (drain if serves else 0) + stop + 5, name
        probe = container["readinessProbe"]
        assert not serves or drain >= probe["periodSeconds"] * probe["failureThreshold"], name


def test_every_process_is_scaled_and_has_a_budget(manifests: list[Resource]) -> None:
    scaled = {
        part["spec"]["scaleTargetRef"]["name"]
        for part in of(manifests, "HorizontalPodAutoscaler", "ScaledObject")
    }
    budgets = [part["spec"]["selector"] for part in of(manifests, "PodDisruptionBudget")]
    for deployment in of(manifests, "Deployment"):
        name, labels = deployment["metadata"]["name"], deployment["spec"]["template"]["metadata"]["labels"]
        assert ("replicas" in deployment["spec"]) is (name not in scaled), name
        assert sum(selects(selector, labels) for selector in budgets) == 1, name
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    local = any("interviewace/overlay" in part["metadata"]["labels"] for part in of(manifests, "Namespace"))
    for scaler in of(manifests, "HorizontalPodAutoscaler"):
        assert scaler["spec"]["minReplicas"] == (1 if local else 2), scaler["metadata"]["name"]


def places(manifests: list[Resource]) -> list[Place]:
    return [Place(name, labels) for name, _, labels in pods(manifests)]


def test_every_pod_has_edges_of_its_own_under_a_default_deny(manifests: list[Resource]) -> None:
    policies = of(manifests, "NetworkPolicy")
    everything = named(policies, "NetworkPolicy", "default-deny")["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for place in places(manifests):
        own = {part["metadata"]["name"] for part in matching(policies, place)} - {"default-deny", "names"}
        assert own, place.name


def test_an_edge_has_both_its_ends(manifests: list[Resource]) -> None:
    """What may leave for a pod of ours may arrive there, and what may arrive may leave."""
    policies = of(manifests, "NetworkPolicy")
    ends = {"Egress": [], "Ingress": []}
    for direction, kept in ends.items():
        for policy in policies:
            types = [kind for kind in policy["spec"]["policyTypes"] if kind == direction]
            other = "ingress" if direction == "Egress" else "egress"
            spec = {**policy["spec"], "policyTypes": types}
            spec.pop(other, None)
            kept.append({**policy, "spec": spec})
    all_places = places(manifests)
    for source in all_places:
        for target in all_places:
            for port in (8000, 9464, 5432, 6379, 9092, 4318):
                leaves = allows(ends["Egress"], source, target, port)
                arrives = allows(ends["Ingress"], source, target, port)
                assert leaves == arrives, (source.name, target.name, port)


def test_the_gateway_alone_is_reached_from_outside_and_reaches_no_database(manifests: list[Resource]) -> None:
    policies = of(manifests, "NetworkPolicy")
    edge = Place("ingress", {}, "ingress", {"interviewace/edge": "true"})
    stranger = Place("stranger", {}, "elsewhere")
    reached = {place.name for place in places(manifests) if allows(policies, edge, place, 8000)}
    assert reached == {"gateway"}
    assert not any(allows(policies, stranger, place, 8000) for place in places(manifests))
    (gateway,) = [place for place in places(manifests) if place.name == "gateway"]
    served = {place.name for place in places(manifests) if allows(policies, gateway, place, 8000)}
    assert served == {*SERVICES, *(f"{name}-worker" for name in SERVICES)}
    assert not any(allows(policies, gateway, place, 5432) for place in places(manifests))


def test_the_local_overlay_fits_two_cores_while_all_of_it_is_replaced() -> None:
    def millicores(container: Resource) -> int:
        cpu = container["resources"]["requests"]["cpu"]
        return int(cpu[:-1]) if cpu.endswith("m") else int(float(cpu) * 1000)

    manifests: list[Resource] = kustomize.render(K8S / "overlays" / "local")
    total = sum(
        millicores(container) * (2 if kind == "Deployment" else 1)
        for kind in LONG_RUNNING
        for _, spec, _ in pods(manifests, kind)
        for container in spec["containers"]
    )
    assert 500 < total < 1800
