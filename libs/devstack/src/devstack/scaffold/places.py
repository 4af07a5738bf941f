"""Every place that names the services and can't derive them: what a new one adds to it."""

import re
import tomllib
from pathlib import Path

from devstack.scaffold import templates
from devstack.scaffold.errors import NotWhereExpected
from devstack.scaffold.insertions import Insertion

PORTS = "libs/devstack/src/devstack/ports.py"
PATHS = "libs/common/src/common/paths.py"
CATALOGUE = "libs/common/src/common/contracts/catalogue.py"
PORT = re.compile(r"^    (\w+): int = (\d+)$", re.MULTILINE)
FIRST_PORT, WORKERS_ABOVE, METRICS_ABOVE = 8101, 10, 1080
"""A service's API takes the next port from here, its worker one that is so many above."""


def of(name: str, root: Path) -> list[Insertion]:
    """Return what the service of that name adds, or has added, to the checkout at `root`."""
    return [
        *_tools(name),
        *_code(name, _port(name, root), _import_behind(name, root)),
        *_environment(name, _port(name, root)),
        *_compose(name),
        *_kubernetes(name, _version(root)),
        *(Insertion(path, "", "", text) for path, text in templates.appended(name).items()),
    ]


def _port(name: str, root: Path) -> int:
    ports = {port: int(number) for port, number in PORT.findall((root / PORTS).read_text(encoding="utf-8"))}
    if name in ports:
        return ports[name]
    free = (
        port
        for port in range(FIRST_PORT, FIRST_PORT + WORKERS_ABOVE - 1)
        if not {port, port + WORKERS_ABOVE} & set(ports.values())
    )
    if (port := next(free, None)) is None:
        raise NotWhereExpected(f"{PORTS} has no pair of ports left below {FIRST_PORT + WORKERS_ABOVE - 1}")
    return port


def _version(root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def _import_behind(name: str, root: Path) -> str:
    """Return the line of the catalogue's imports that the contract's comes before, in alphabetical order."""
    text = (root / CATALOGUE).read_text(encoding="utf-8")
    modules = re.findall(r"^from common\.contracts\.(\w+) import", text, re.MULTILINE)
    return next((f"from common.contracts.{other} " for other in modules if other > name), "\nPUBLISHERS: ")


def _tools(name: str) -> list[Insertion]:
    path = "pyproject.toml"
    contract = f'''[[tool.importlinter.contracts]]
name = "{name}: main, then edges, then nouns, then rows"
type = "layers"
containers = ["{name}"]
exhaustive = true
layers = [
    "__main__ | main",
    "api : reactions",
    "items : schemas",
    "models",
    "settings",
]

'''
    return [
        Insertion(path, 'mypy_path = "', "services/gateway/src", f"services/{name}/src:"),
        Insertion(path, "source_pkgs = [", '"gateway"', f'"{name}", '),
        Insertion(path, "root_packages = [", '"gateway"', f'"{name}", '),
        Insertion(path, '"Services never import each other"', '"gateway"', f'"{name}", '),
        Insertion(path, '"Libraries import no service,', '| gateway",', f"| {name} "),
        Insertion(path, "forbidden_modules = [", '"gateway"', f'"{name}", '),
        Insertion(path, "[tool.importlinter]", '[[tool.importlinter.contracts]]\nname = "gateway:', contract),
    ]


def _code(name: str, port: int, behind: str) -> list[Insertion]:
    upper, class_name = name.upper(), f"{name.capitalize()}Event"
    routes, settings = (f"services/gateway/src/gateway/{module}.py" for module in ("routes", "settings"))
    listed = f'    "{name}",\n'
    numbers = {"": port, "_worker": port + WORKERS_ABOVE}
    numbers |= {f"{role}_metrics": number + METRICS_ABOVE for role, number in numbers.items()}
    ports = "".join(f"    {name}{role}: int = {number}\n" for role, number in numbers.items())
    url = f'    {name}_url: AnyHttpUrl = AnyHttpUrl("http://127.0.0.1:{port}")\n'
    worker_url = f"    {name}_worker_url: AnyHttpUrl | None = None\n"
    contract = f"from common.contracts.{name} import {class_name}\n"
    return [
        Insertion(CATALOGUE, "from typing import Any\n", behind, contract),
        Insertion(CATALOGUE, "PUBLISHERS: dict", "}\n", f'    "{name}": {class_name},\n'),
        Insertion("libs/devstack/src/devstack/services.py", "\nSERVICES = (", ")\n", listed),
        Insertion(PORTS, "class Ports:", "    devstack_postgres: int", ports),
        Insertion(routes, "\nSERVICES = (", ")\n", listed),
        Insertion(PATHS, "\nAUTH = ", "TASKS = ", f'{upper} = f"{{API}}/{name}"\n'),
        Insertion(routes, "\nROUTES = (", ')\n"""', f'    Route(f"{{paths.{upper}}}{{BELOW}}", "{name}"),\n'),
        Insertion(settings, "auth_url: AnyHttpUrl", "\n    auth_worker_url: ", url),
        Insertion(settings, "auth_worker_url: ", "\n    public_url: ", worker_url),
    ]


def _environment(name: str, port: int) -> list[Insertion]:
    path, upper = ".env.example", name.upper()
    ports = f"# {upper}_PORT={port}\n# {upper}_WORKER_PORT={port + WORKERS_ABOVE}\n"
    worker_url = f"# {upper}_WORKER_URL=http://127.0.0.1:{port + WORKERS_ABOVE}\n"
    return [
        Insertion(path, "\n# AUTH_URL=", "# the workers,", f"# {upper}_URL=http://127.0.0.1:{port}\n"),
        Insertion(path, "\n# AUTH_WORKER_URL=", "# lists separated", worker_url),
        Insertion(path, "# PROVISION_DATABASE_URLS=", "\n", f",postgresql://{name}:..."),
        Insertion(path, "# AUTH_PORT=", "# DEVSTACK_POSTGRES_PORT", ports),
        Insertion(path, "# AUTH_DB_PASSWORD=", "", f"# {upper}_DB_PASSWORD=local-{name}\n"),
    ]


def _compose(name: str) -> list[Insertion]:
    path, upper = "docker-compose.yml", name.upper()
    url = f"postgresql://{name}:${{{upper}_DB_PASSWORD:-local-{name}}}@postgres:5432/interviewace"
    environment = f"x-{name}: &{name}\n  <<: *environment\n  DATABASE_URL: {url}\n\n"
    migrate = f"""  {name}-migrate:
    <<: *service
    restart: on-failure
    image: interviewace-{name}
    build: {{context: ., args: {{SERVICE: {name}}}}}
    command: ["python", "-m", "{name}", "migrate"]
    environment: *{name}
    depends_on:
      provision: {{condition: service_completed_successfully}}

"""
    processes = f"""  {name}:
    <<: *service
    image: interviewace-{name}
    environment: *{name}
    healthcheck: *probe
    depends_on: &{name}-needs
      <<: *servers
      {name}-migrate: {{condition: service_completed_successfully}}

  {name}-worker:
    <<: *service
    image: interviewace-{name}
    command: ["serve", "worker"]
    environment: *{name}
    healthcheck: *probe
    depends_on: *{name}-needs

"""
    gateway, healthy = "  gateway:\n    <<: *service\n", "{condition: service_healthy}"
    waited_for = f"      {name}: {healthy}\n      {name}-worker: {healthy}\n"
    scraped = f"          - {name}:9464\n          - {name}-worker:9464\n"
    return [
        Insertion("deploy/observe/prometheus/prometheus.yml", "targets:\n", "    relabel_configs", scraped),
        Insertion(path, "x-auth: &auth", "x-probe: &probe", environment),
        Insertion(path, "PROVISION_DATABASE_URLS: ", '"\n      KAFKA', f",\\\n        {url}"),
        Insertion(path, "  auth-migrate:\n", "  # a volume belongs to root", migrate),
        Insertion(path, "  auth-worker:\n    <<", gateway, processes),
        Insertion(path, gateway, "      AUTH_WORKER_URL:", f"      {upper}_URL: http://{name}:8000\n"),
        Insertion(
            path, gateway, "      CORS_ORIGINS:", f"      {upper}_WORKER_URL: http://{name}-worker:8000\n"
        ),
        Insertion(path, gateway, "\n  # --- `make observe`", waited_for),
    ]


def _kubernetes(name: str, version: str) -> list[Insertion]:
    base, production, keda = (
        f"deploy/k8s/{folder}" for folder in ("base", "overlays/production", "components/keda")
    )
    image = f"interviewace-{name}"
    keys = "app.kubernetes.io"
    may_ask = f"        - podSelector: {{matchLabels: {{{keys}/component: api, {keys}/name: {name}}}}}\n"
    unscaled = f"""  - patch: |
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata: {{name: {name}-worker}}
      $patch: delete
"""
    tagged = f"  - {{name: {image}, newName: registry.example/{image}, newTag: {version}}}\n"
    return [
        Insertion(f"{base}/kustomization.yaml", "resources:\n", "  - ingress.yaml", f"  - {name}.yaml\n"),
        Insertion(
            f"{base}/kustomization.yaml", "\nimages:", "", f"  - {{name: {image}, newTag: {version}}}\n"
        ),
        Insertion(
            f"{base}/settings.env",
            "AUTH_URL=",
            "AUTH_WORKER_URL=",
            f"{name.upper()}_URL=http://{name}:8000\n",
        ),
        Insertion(
            f"{base}/settings.env",
            "AUTH_WORKER_URL=",
            "PUBLIC_URL=",
            f"{name.upper()}_WORKER_URL=http://{name}-worker:8000\n",
        ),
        Insertion(f"{base}/auth.yaml", "metadata: {name: to-auth}", "      ports: [{port: 8000}]", may_ask),
        Insertion(f"{production}/kustomization.yaml", "\nimages:", "# further parts", tagged),
        Insertion(f"{keda}/kustomization.yaml", "\npatches:", "", unscaled),
    ]
