"""Writes what Grafana and Kubernetes read from what people write; with `--check` only says whether it is up to date.

grafana/boards/*.yaml become grafana/dashboards/*.json, and prometheus/rules/*.yaml become the PrometheusRule in
deploy/k8s/components/alerts.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
BOARDS = HERE / "grafana" / "boards"
DASHBOARDS = HERE / "grafana" / "dashboards"
RULES = HERE / "prometheus" / "rules"
KUBERNETES = HERE.parent / "k8s" / "components" / "alerts" / "rules.yaml"

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOICE_OF_DATASOURCE = {
    "name": "datasource",
    "label": "Prometheus",
    "type": "datasource",
    "query": "prometheus",
    "current": {},
    "hide": 0,
}
LINKS = {
    "title": "InterviewAce",
    "type": "dashboards",
    "tags": ["interviewace"],
    "asDropdown": True,
    "keepTime": True,
}
SCHEMA_VERSION = 39
COLUMNS, HEIGHT, STAT_HEIGHT = 24, 8, 4


def targets(panel: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a panel's queries as Grafana has them; `show` maps a legend to its expression."""
    return [
        {
            "refId": chr(ord("A") + number),
            "datasource": DATASOURCE,
            "expr": expression,
            "legendFormat": legend or "__auto",
            "range": True,
        }
        for number, (legend, expression) in enumerate(panel["show"].items())
    ]


def panel_of(panel: dict[str, Any], number: int, place: dict[str, int]) -> dict[str, Any]:
    """Return a panel as Grafana has it."""
    kind = panel.get("as", "timeseries")
    drawing = {
        "fillOpacity": 20 if panel.get("stacked") else 0,
        "stacking": {"mode": "normal" if panel.get("stacked") else "none", "group": "A"},
    }
    defaults: dict[str, Any] = {"unit": panel["unit"], "min": 0}
    return {
        "id": number,
        "type": kind,
        "title": panel["title"],
        "description": panel["about"],
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {
            "defaults": defaults | ({"custom": drawing} if kind == "timeseries" else {}),
            "overrides": [],
        },
        "options": {"reduceOptions": {"calcs": ["lastNotNull"]}}
        if kind == "stat"
        else {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": targets(panel),
    }


def panels(rows: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Yield each row's heading and its panels: as many beside each other as fit, at most four."""
    number, y = 1, 0
    for title, row in rows.items():
        place = {"h": 1, "w": COLUMNS, "x": 0, "y": y}
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "collapsed": False,
            "panels": [],
            "gridPos": place,
        }
        number, y = number + 1, y + 1
        beside = 4 if len(row) % 4 == 0 else min(len(row), 3)
        height = STAT_HEIGHT if all(panel.get("as") == "stat" for panel in row) else HEIGHT
        width = COLUMNS // beside
        for index, panel in enumerate(row):
            place = {
                "h": height,
                "w": width,
                "x": index % beside * width,
                "y": y + index // beside * height,
            }
            yield panel_of(panel, number, place)
            number += 1
        y += -(-len(row) // beside) * height


def dashboard(name: str, board: dict[str, Any]) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it from a file."""
    return {
        "uid": f"interviewace-{name}",
        "title": f"InterviewAce: {board['title']}",
        "description": board["about"],
        "tags": ["interviewace"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "graphTooltip": 1,
        "templating": {"list": [CHOICE_OF_DATASOURCE]},
        "annotations": {"list": []},
        "links": [LINKS],
        "panels": list(panels(board["rows"])),
    }


def prometheus_rule() -> str:
    """Return the alerts as a resource of the Prometheus operator."""
    groups = [
        group
        for path in sorted(RULES.glob("*.yaml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    ]
    resource = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {
            "name": "interviewace",
            "namespace": "interviewace",
            "labels": {"app.kubernetes.io/part-of": "interviewace"},
        },
        "spec": {"groups": groups},
    }
    head = "# Made of deploy/observe/prometheus/rules by `make dashboards`.\n"
    return head + yaml.safe_dump(resource, sort_keys=False, allow_unicode=True, width=120)


def files() -> dict[Path, str]:
    """Return every file that is made here, with its content."""
    made = {}
    for path in sorted(BOARDS.glob("*.yaml")):
        board = yaml.safe_load(path.read_text(encoding="utf-8"))
        text = json.dumps(dashboard(path.stem, board), indent=1, ensure_ascii=False)
        made[DASHBOARDS / f"{path.stem}.json"] = text + "\n"
    return made | {KUBERNETES: prometheus_rule()}


def main(*, check: bool) -> int:
    """Write the files, or name those that are not as they would be written."""
    made = files()
    stray = [path for path in DASHBOARDS.glob("*") if path not in made]
    wrong = [
        path for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if check:
        for path in (*wrong, *stray):
            sys.stderr.write(f"{path.name} is not what its source says: run `make dashboards`\n")
        return 1 if wrong or stray else 0
    for path in stray:
        path.unlink()
    for path in wrong:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
