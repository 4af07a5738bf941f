"""A service is made whole or not at all, and nothing of it is left when it is taken out."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from devstack import __main__ as cli
from devstack.scaffold import service, templates
from devstack.scaffold.errors import ChangedSince, NameRefused, NotWhereExpected

pytestmark = pytest.mark.slow

Contents = Callable[[], dict[str, bytes]]
ROLES = {"": 0, "_worker": 10, "_metrics": 1080, "_worker_metrics": 1090}
PORT = re.compile(r"^    (\w+): int = (\d+)$", re.MULTILINE)


def ports(checkout: Path) -> dict[str, int]:
    """Return each process's port as the checkout has them now, in their order."""
    text = (checkout / "libs/devstack/src/devstack/ports.py").read_text()
    return {name: int(number) for name, number in PORT.findall(text)}


def test_a_service_is_made_and_taken_out_without_a_trace(checkout: Path, contents: Contents) -> None:
    before = contents()
    made = service.add("orchards", checkout)
    after = contents()
    assert made == sorted(path for path in after if after[path] != before.get(path))
    assert all(
        b"orchards" in after[path] or not after[path] or path.startswith("services/orchards/")
        for path in made
    )
    assert not [path for path in made if b"@name@" in after[path] or "@" in path]
    assert service.remove("orchards", checkout) == made
    assert contents() == before


def test_of_two_services_each_has_ports_of_its_own_and_goes_alone(checkout: Path, contents: Contents) -> None:
    before = ports(checkout)
    service.add("zebra", checkout)
    alone = contents()
    service.add("bra", checkout)
    after = ports(checkout)
    assert list(after) == [
        *(name for name in before if not name.startswith("devstack_")),
        *(name + role for name in ("zebra", "bra") for role in ROLES),
        *(name for name in before if name.startswith("devstack_")),
    ]
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == len(after)
    for name in ("zebra", "bra"):
        assert 8101 < after[name] < 8110
        assert [after[name + role] - after[name] for role in ROLES] == list(ROLES.values())
    service.remove("bra", checkout)
    assert contents() == alone


@pytest.mark.parametrize("name", ["aa", "m" * 20, "zz"])
def test_every_file_is_in_the_style_of_the_house_whatever_the_service_is_called(
    checkout: Path, name: str
) -> None:
    made = [path for path in service.add(name, checkout) if path.endswith(".py") and name in path]
    assert len(made) > 12
    ours = f'lint.isort.known-first-party=["{name}", "common", "testkit"]'
    for arguments in (["check", "--config", ours], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", *made]
        run = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout


def test_the_first_revision_makes_the_shared_tables_as_they_now_stand(checkout: Path) -> None:
    path = checkout / "libs/common/src/common/db/migrations.py"
    path.write_text(path.read_text() + "\n\ndef add_something_v99(op: Any) -> None: ...\n")
    revision = templates.new_files("orchards", checkout)[
        "services/orchards/migrations/versions/0001_items.py"
    ]
    calls = [line.strip() for line in revision.splitlines() if "migrations." in line]
    assert calls[0] == "migrations.create_messaging_tables_v1(op)"
    assert calls[-1] == "migrations.add_something_v99(op)"
    assert len(calls) >= 5


def test_the_lock_has_what_all_services_with_a_database_have(checkout: Path) -> None:
    lock = templates.new_files("orchards", checkout)["services/orchards/requirements.lock"]
    assert "\nsqlalchemy==" in lock
    assert "\npgqueuer==" in lock
    assert "\npypdf==" not in lock
    assert "\nbcrypt==" not in lock
    assert lock.count("--hash=sha256:") > 100


def test_a_service_that_was_worked_on_is_kept_unless_it_is_forced(checkout: Path, contents: Contents) -> None:
    before = contents()
    service.add("orchards", checkout)
    home = checkout / "services/orchards"
    (home / "src/orchards/refunds.py").write_text("")
    (home / "src/orchards/items.py").write_text("")
    (home / "src/orchards/__pycache__").mkdir()
    (home / "src/orchards/__pycache__/items.pyc").write_text("")
    (home / "requirements.lock").write_text("")
    changed = contents()
    with pytest.raises(ChangedSince, match=r"orchards/items\.py and 1 more was changed since: FORCE=1"):
        service.remove("orchards", checkout)
    assert contents() == changed
    service.remove("orchards", checkout, force=True)
    assert contents() == before


def test_what_names_a_service_is_not_guessed_at(checkout: Path, contents: Contents) -> None:
    service.add("orchards", checkout)
    compose = checkout / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("image: interviewace-orchards", "image: mine"))
    changed = contents()
    with pytest.raises(NotWhereExpected, match=r"docker-compose\.yml was changed at 'orchards"):
        service.remove("orchards", checkout, force=True)
    assert contents() == changed


@pytest.mark.parametrize("name", ["auth", "class", "Orchards"])
def test_a_bad_name_changes_nothing(checkout: Path, contents: Contents, name: str) -> None:
    before = contents()
    (checkout / "services/auth").mkdir(exist_ok=True)
    with pytest.raises(NameRefused):
        service.add(name, checkout)
    assert contents() == before


def test_a_file_that_is_in_the_way_or_not_as_known_changes_nothing(
    checkout: Path, contents: Contents
) -> None:
    contract = checkout / "libs/common/src/common/contracts/orchards.py"
    contract.write_text("")
    before = contents()
    with pytest.raises(NotWhereExpected, match=r"contracts/orchards\.py is there already"):
        service.add("orchards", checkout)
    assert contents() == before
    contract.unlink()
    (checkout / "deploy/k8s/base/settings.env").write_text("")
    before = contents()
    with pytest.raises(NotWhereExpected, match=r"settings\.env has 'AUTH_URL=' not just once"):
        service.add("orchards", checkout)
    assert contents() == before


def test_a_service_that_is_not_there_is_not_removed(checkout: Path) -> None:
    with pytest.raises(NotWhereExpected, match="there is no service 'orchards'"):
        service.remove("orchards", checkout)
    with pytest.raises(NotWhereExpected, match=r"there is no service '\.\./libs'"):
        service.remove("../libs", checkout)


def test_the_command_makes_one_and_says_in_a_line_why_not(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    assert cli.main(["service", "orchards"]) == 0
    project = tomllib.loads((checkout / "services/orchards/pyproject.toml").read_text())["project"]
    assert project["name"] == "interviewace-orchards"
    capsys.readouterr()
    assert cli.main(["service", "orchards"]) == 1
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert "services/orchards is there already" in output.err
    assert cli.main(["service-remove", "orchards"]) == 0
    assert not (checkout / "services/orchards").exists()
