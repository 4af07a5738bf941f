"""Dashboards and alerts name what the processes tell, each alert has its runbook, and promtool takes the rules."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import promql_parser as promql
import pytest
import yaml

ROOT = Path(__file__).parents[1]
OBSERVE = ROOT / "deploy" / "observe"
PROMETHEUS = OBSERVE / "prometheus"
DASHBOARDS = sorted((OBSERVE / "grafana" / "dashboards").glob("*.json"))
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yaml"))
RUNBOOKS = (ROOT / "docs" / "runbooks.md").read_text(encoding="utf-8")
UNITS = {"short", "s", "bytes", "percentunit", "reqps", "ops", "currencyUSD"}
PROMTOOL = shutil.which("promtool") or shutil.which(
    "promtool", path=ROOT / ".tools" / "prometheus" / "usr" / "bin"
)


def rules() -> list[dict[str, Any]]:
    """Return every alert."""
    groups = [group for path in RULE_FILES for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def panels(path: Path) -> list[dict[str, Any]]:
    """Return a dashboard's panels without the rows' headings."""
    return [panel for panel in json.loads(path.read_text())["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Yield every query of the dashboards and alerts with where it stands."""
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                yield f"{path.stem}: {panel['title']}", target["expr"].replace("$__rate_interval", "5m")
    for rule in rules():
        yield rule["alert"], rule["expr"]


def test_what_is_made_is_what_its_source_says() -> None:
    command = [sys.executable, OBSERVE / "make_files.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_dashboards_are_the_five_that_operators_are_promised() -> None:
    assert {path.stem for path in DASHBOARDS} == {"edge", "accounts", "interviews", "work", "models"}
    documents = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert {document["uid"] for document in documents} == {f"interviewace-{path.stem}" for path in DASHBOARDS}
    assert len({document["title"] for document in documents}) == len(DASHBOARDS)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_says_what_it_shows_in_which_unit_and_stands_beside_the_others(path: Path) -> None:
    document = json.loads(path.read_text())
    assert len({panel["id"] for panel in document["panels"]}) == len(document["panels"])
    cells: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells, panel["title"]
        assert max(x for x, _ in own) < 24, panel["title"]
        cells |= own
    assert len(panels(path)) >= 8
    for panel in panels(path):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEFG"[: len(panel["targets"])])


def test_an_alert_that_a_panel_names_exists() -> None:
    texts = [panel["description"] for path in DASHBOARDS for panel in panels(path)]
    named = {
        name
        for text in texts
        for names in re.findall(r"Alerts?: ([\w, ]+)\.", text)
        for name in names.split(", ")
    }
    assert len(named) >= 10
    assert named - {rule["alert"] for rule in rules()} == set()


def test_every_alert_says_how_bad_it_is_what_happened_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) >= 20
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}, rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{rule['alert'].lower()}"


def test_every_alert_has_a_runbook_and_every_runbook_its_alert() -> None:
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", RUNBOOKS, re.MULTILINE | re.DOTALL))
    assert sections.keys() == {rule["alert"] for rule in rules()}
    for name, text in sections.items():
        assert all(f"**{word}**" in text for word in ("Means", "Look", "Do")), name


def test_every_log_event_and_command_that_a_runbook_names_exists() -> None:
    code = "\n".join(path.read_text() for path in ROOT.glob("*/*/src/**/*.py"))
    events = {
        name
        for text in re.findall(r"\blog ((?:`\w+`(?: and )?)+)", RUNBOOKS)
        for name in re.findall(r"`(\w+)`", text)
    }
    assert len(events) >= 5
    assert {name for name in events if f'"{name}"' not in code} == set()
    settings = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", RUNBOOKS))
    example = (ROOT / ".env.example").read_text()
    assert {name for name in settings if f"{name}=" not in example} == set()


@pytest.mark.parametrize(("place", "expression"), list(expressions()), ids=lambda value: str(value)[:50])
def test_every_query_is_promql(place: str, expression: str) -> None:
    assert promql.parse(expression) is not None, place


def test_a_query_that_is_wrong_is_refused() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        promql.parse("sum by (process (up)")


def compose() -> dict[str, Any]:
    """Return the services of compose that are there for observing."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return {name: service for name, service in services.items() if "profiles" in service}


def test_compose_has_what_observes_beside_the_stack_and_only_when_it_is_asked_for() -> None:
    assert compose().keys() == {"prometheus", "grafana", "jaeger", "mailpit"}
    assert all(service["profiles"] == ["observe"] for service in compose().values())
    operations = (ROOT / "docs" / "operations.md").read_text()
    assert [service["image"] for service in compose().values() if service["image"] not in operations] == []


def test_what_compose_mounts_is_there_and_what_grafana_asks_is_a_service_of_it() -> None:
    mounts = [
        mount for service in compose().values() for mount in service.get("volumes", ()) if mount[0] == "."
    ]
    assert len(mounts) == 3
    assert [mount for mount in mounts if not (ROOT / mount.split(":")[0]).exists()] == []
    provisioning = OBSERVE / "grafana" / "provisioning"
    sources = yaml.safe_load((provisioning / "datasources" / "servers.yaml").read_text())["datasources"]
    assert {urlsplit(source["url"]).hostname for source in sources} == {"prometheus", "jaeger"}
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "files.yaml").read_text())["providers"]
    assert any(f":{provider['options']['path']}:ro" in mount for mount in mounts)


def test_docker_compose_takes_the_profile() -> None:
    if shutil.which("docker") is None:
        pytest.skip("the profile was not shown to docker compose: there is no docker here")
    command = ["docker", "compose", "--profile", "observe", "config", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert compose().keys() <= json.loads(done.stdout)["services"].keys()


@pytest.fixture(scope="module")
def promtool() -> str:
    if PROMTOOL is None:
        pytest.skip("the alerts' own tests were not run: no promtool here (`make prometheus` fetches it)")
    return PROMTOOL


def test_promtool_takes_the_rules_and_the_configuration(promtool: str) -> None:
    for kind, files in (("rules", RULE_FILES), ("config", [PROMETHEUS / "prometheus.yml"])):
        done = subprocess.run([promtool, "check", kind, *files], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        assert "SUCCESS" in done.stdout


def test_every_alert_sounds_when_it_must_and_only_then(promtool: str) -> None:
    files = sorted((PROMETHEUS / "tests").glob("*.yaml"))
    done = subprocess.run([promtool, "test", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout


def test_every_alert_is_tried_sounding_and_silent() -> None:
    cases = [
        (case["alertname"], bool(case["exp_alerts"]))
        for path in (PROMETHEUS / "tests").glob("*.yaml")
        for test in yaml.safe_load(path.read_text())["tests"]
        for case in test["alert_rule_test"]
    ]
    names = {rule["alert"] for rule in rules()}
    assert {name for name, sounds in cases if sounds} == names
    assert {name for name, sounds in cases if not sounds} == names
