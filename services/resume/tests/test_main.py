import os
import subprocess
import sys


def test_the_command_line_migrates(service):
    environment = os.environ | {"SERVICE": "resume", "DATABASE_URL": service.url}
    command = [sys.executable, "-m", "resume", "migrate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "resume: the schema is up to date\n")


def test_the_worker_listens_to_the_two_services_it_reacts_to(service):
    assert service.main.reactions.router.topics == ["interviewace.interview", "interviewace.user"]
    assert list(service.main.tasks.router.kinds) == ["resume.read"]
