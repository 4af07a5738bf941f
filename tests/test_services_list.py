"""The folders under services/ are the list of services; every other place that names them agrees with it."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.contracts.catalogue import PUBLISHERS
from devstack.ports import Ports
from devstack.services import SERVICES
from gateway import routes
from gateway.settings import Settings as GatewaySettings

ROOT = Path(__file__).parents[1]
MEMBERS = {path.parent.name for path in ROOT.glob("services/*/pyproject.toml")}
WITH_A_DATABASE = {path.parent.name for path in ROOT.glob("services/*/migrations")}
LIBRARIES = {path.parent.name for path in ROOT.glob("libs/*/pyproject.toml")}
SOURCES = {f"libs/{name}/src" for name in LIBRARIES} | {f"services/{name}/src" for name in MEMBERS}


@pytest.fixture(scope="module")
def tool() -> dict[str, Any]:
    """Return the tools' settings in the workspace's pyproject.toml."""
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    return settings


@pytest.fixture(scope="module")
def makefile() -> dict[str, set[str]]:
    """Return the words of each of the Makefile's variables, as make itself has them."""
    command = ["make", "-pn", "help"]
    database = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    ).stdout
    return {
        name: set(words.split()) for name, words in re.findall(r"^(\w+) := (.*)$", database, re.MULTILINE)
    }


def test_there_are_services_with_a_database_and_the_gateway_has_none() -> None:
    assert {"auth", "resume", "interview"} <= WITH_A_DATABASE
    assert {"gateway"} == MEMBERS - WITH_A_DATABASE


def test_the_makefile_installs_locks_and_migrates_every_service(makefile: dict[str, set[str]]) -> None:
    assert makefile["MEMBERS"] == {source.removesuffix("/src") for source in SOURCES}
    assert makefile["IMAGES"] == MEMBERS
    assert makefile["WITH_DATABASES"] == WITH_A_DATABASE
    assert all((ROOT / "services" / name / "requirements.lock").is_file() for name in MEMBERS)


def test_ruff_mypy_and_coverage_look_at_every_package(tool: dict[str, Any]) -> None:
    matches = {str(path.relative_to(ROOT)) for pattern in tool["ruff"]["src"] for path in ROOT.glob(pattern)}
    assert matches == SOURCES
    assert set(tool["mypy"]["mypy_path"].split(":")) == SOURCES
    assert set(tool["coverage"]["run"]["source_pkgs"]) == LIBRARIES | MEMBERS


def test_the_import_contracts_hold_every_service(tool: dict[str, Any]) -> None:
    contracts = tool["importlinter"]["contracts"]
    assert set(tool["importlinter"]["root_packages"]) == LIBRARIES | MEMBERS
    independent = [contract["modules"] for contract in contracts if contract["type"] == "independence"]
    assert [set(modules) for modules in independent] == [MEMBERS]
    forbidden = [contract["forbidden_modules"] for contract in contracts if contract["type"] == "forbidden"]
    assert [set(modules) for modules in forbidden if "devstack" not in modules] == [
        (LIBRARIES | MEMBERS) - {"devstack"}
    ]
    layered = {name for contract in contracts for name in contract.get("containers", ())}
    assert layered >= MEMBERS


def test_the_local_stack_starts_every_service_on_ports_of_its_own() -> None:
    assert set(SERVICES) == WITH_A_DATABASE
    ports = vars(Ports())
    assert {f"{name}{suffix}" for name in WITH_A_DATABASE for suffix in ("", "_worker")} <= set(ports)
    assert len(set(ports.values())) == len(ports)


def test_every_service_with_a_database_publishes_on_a_topic_of_its_own() -> None:
    assert set(PUBLISHERS) == WITH_A_DATABASE
    assert len({event.topic for event in PUBLISHERS.values()}) == len(PUBLISHERS)


def test_compose_migrates_and_starts_every_service_and_the_gateway_waits_for_it() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    processes = {f"{name}{suffix}" for name in WITH_A_DATABASE for suffix in ("", "-worker")}
    assert set(compose["gateway"]["depends_on"]) == processes
    assert set(compose) >= processes | {f"{name}-migrate" for name in WITH_A_DATABASE}
    urls = compose["provision"]["environment"]["PROVISION_DATABASE_URLS"]
    assert set(re.findall(r"postgresql://(\w+):", urls)) == WITH_A_DATABASE
    names = {f"{name.upper()}_{suffix}" for name in WITH_A_DATABASE for suffix in ("URL", "WORKER_URL")}
    assert names <= set(compose["gateway"]["environment"])


def test_prometheus_of_compose_reads_the_metrics_of_every_process() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "observe" / "prometheus" / "prometheus.yml").read_text())
    (scrape,) = config["scrape_configs"]
    (static,) = scrape["static_configs"]
    processes = {f"{name}{suffix}" for name in WITH_A_DATABASE for suffix in ("", "-worker")}
    assert sorted(static["targets"]) == sorted(f"{process}:9464" for process in processes | {"gateway"})


def test_the_example_of_the_environment_names_every_service() -> None:
    names = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    suffixes = ("URL", "WORKER_URL", "PORT", "WORKER_PORT", "DB_PASSWORD")
    assert {f"{name.upper()}_{suffix}" for name in WITH_A_DATABASE for suffix in suffixes} <= names


def test_the_gateway_leads_to_every_service() -> None:
    assert set(routes.SERVICES) == WITH_A_DATABASE
    assert {route.service for route in routes.ROUTES} == WITH_A_DATABASE
    urls = {f"{name}_{suffix}" for name in WITH_A_DATABASE for suffix in ("url", "worker_url")}
    assert urls <= set(GatewaySettings.model_fields)
