"""The command line: `python -m devstack.kubernetes up | down | demo | test`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from devstack.cli_run import say
from devstack.errors import DevstackError
from devstack.kubernetes import cluster
from devstack.kubernetes.kubectl import Kubectl
from devstack.kubernetes.trial import run

NO_CLUSTER = "no Kubernetes cluster answers on the current context: skipped"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m devstack.kubernetes", description="InterviewAce on a cluster."
    )
    parser.add_argument("command", choices=["up", "down", "demo", "test"])
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="where the demo writes")
    parser.add_argument(
        "--keep", action="store_true", help="test what runs, instead of starting from nothing"
    )
    arguments = parser.parse_args(argv)
    kubectl = Kubectl()
    try:
        if not kubectl.is_reachable():
            say(NO_CLUSTER)
            return 0 if arguments.command == "test" else 1
        match arguments.command:
            case "up":
                say(f"ready in {cluster.up(kubectl):.0f} s; `make k8s-demo` plays an interview on it")
            case "down":
                cluster.down(kubectl)
            case "demo":
                cluster.demo(kubectl, arguments.reports)
            case "test":
                return 0 if run.run(kubectl, keep=arguments.keep) else 1
    except (DevstackError, OSError) as error:
        print(f"kubernetes: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
