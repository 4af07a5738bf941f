"""What the documents say is what the code does."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from common.provision import ProvisionSettings
from gateway.routes import SERVICES
from llm.settings import LLMSettings

ROOT = Path(__file__).parents[1]
SETTINGS = [
    *(importlib.import_module(f"{name}.settings").Settings for name in (*SERVICES, "gateway")),
    LLMSettings,
    ProvisionSettings,
]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_page_of_events_and_the_schemas_are_what_the_code_publishes():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_events.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.__module__)
def test_every_variable_is_in_the_example(settings):
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert {field.upper() for field in settings.model_fields} - named == set()


def test_every_variable_that_compose_reads_is_in_the_example():
    named = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE)) - named == set()


def test_every_command_the_readme_names_exists():
    rules = re.findall(r"^([a-z0-9 -]+):", MAKEFILE, re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    promised = [
        "run",
        "demo",
        "test",
        "check",
        "up",
        "down",
        "logs",
        "migrate",
        "migration",
        "lint",
        "types",
        "fix",
        "bench",
        "clean",
        "help",
    ]
    assert set(promised) <= targets
    assert set(re.findall(r"`make ([a-z0-9-]+)", README)) - targets == set()


def test_compose_publishes_on_this_machine_only():
    services = yaml.safe_load(COMPOSE)["services"]
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_every_process_of_ours_in_compose_is_told_that_it_is_local():
    services = yaml.safe_load(COMPOSE)["services"].values()
    ours = [
        service
        for service in services
        if service["image"].startswith("interviewace-") and "user" not in service
    ]
    assert len(ours) == 3 * len(SERVICES) + len(["provision", "gateway"])
    assert all(service["environment"]["ENVIRONMENT"] == "local" for service in ours)


def test_every_image_is_pinned_to_a_version():
    images = re.findall(r"^\s+image: (\S+)$", COMPOSE, re.MULTILINE) + re.findall(
        r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert all(":" in image or image.startswith("interviewace-") for image in images)
    assert not any(image.endswith(":latest") for image in images)


def test_the_locks_have_hashes_and_no_address():
    for path in [ROOT / "requirements.lock", *ROOT.glob("services/*/requirements.lock")]:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        pins = re.findall(r"^([a-z0-9][\w.-]*)==", text, re.MULTILINE)
        assert len(pins) > 30
        assert text.count("--hash=sha256:") >= len(pins)


NAMED_FILE = re.compile(r"`(\w+/[\w/]+\.py)(?:::(test_\w+))?`|`::(test_\w+)`")
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{name}.md" for name in ("security", "operations", "runbooks", "retention", "logs", "privacy")),
)


def _file(name: str) -> Path:
    """Return where a document's `member/file.py` is: of the member's tests or source, or as it is said."""
    member, _, rest = name.partition("/")
    members = [ROOT / folder / member for folder in ("libs", "services")]
    homes = [path for home in members for path in (home / "tests" / rest, home / "src" / member / rest)]
    return next((path for path in homes if path.exists()), ROOT / name)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_test_that_a_document_names_exists(document):
    last, missing = "", []
    for file, test, further in NAMED_FILE.findall((ROOT / document).read_text(encoding="utf-8")):
        last = file or last
        path = _file(last)
        if not path.exists():
            missing.append(last)
        elif (name := test or further) and f"def {name}(" not in path.read_text(encoding="utf-8"):
            missing.append(f"{last}::{name}")
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_folder_and_module_that_a_document_names_exists(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:libs|services|tests|docs|deploy|samples|benchmarks)/[\w./-]+)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


NAMED_MODULE = re.compile(r"`((?:common|llm|devstack|testkit|auth|resume|interview|gateway)(?:\.\w+)+)`")
EVENTS = {path.stem for path in (ROOT / "docs" / "events").glob("*.json")}
TASKS = {
    kind
    for path in ROOT.glob("services/*/src/**/*.py")
    for kind in re.findall(r'^    kind: ClassVar\[str\] = "(\w+\.\w+)"$', path.read_text(), re.MULTILINE)
}


def _exists(name: str) -> bool:
    """Tell whether it is a module, or a class, function or constant that stands in one."""
    parts = name.split(".")
    for members in ("libs", "services"):
        source = ROOT / members / parts[0] / "src"
        module, holder = source.joinpath(*parts), source.joinpath(*parts[:-1]).with_suffix(".py")
        if module.is_dir() or module.with_suffix(".py").exists():
            return True
        if holder.exists() and re.search(
            rf"^(?:(?:class|(?:async )?def) )?{parts[-1]}\b", holder.read_text(), re.MULTILINE
        ):
            return True
    return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_module_that_a_document_names_with_dots_exists(document):
    names = set(NAMED_MODULE.findall((ROOT / document).read_text(encoding="utf-8"))) - EVENTS - TASKS
    assert {name for name in names if not _exists(name)} == set()
    assert document != "docs/security.md" or len(names) > 30


def test_every_decision_is_in_the_index():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index)) == {path.name for path in folder.glob("0*.md")}


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([\w./-]+)\)", README))))
def test_the_readmes_links_lead_somewhere(link):
    assert (ROOT / link).exists()


def test_a_link_to_a_section_leads_to_one():
    links = [
        (page, target or page.name, anchor)
        for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for target, anchor in re.findall(r"\]\(([\w./-]+\.md)?#([\w-]+)\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) >= 5
    broken = []
    for page, target, anchor in links:
        text = (page.parent / target).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        if anchor not in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}:
            broken.append((page.name, target, anchor))
    assert broken == []
