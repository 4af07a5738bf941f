"""A process knows what it was built from, and says where it does not."""

from importlib import metadata

import pytest

from common import build
from common.settings import Settings


def settings(service: str, **values: str) -> Settings:
    return Settings.model_validate({"service": service, "environment": "local", **values})


def test_an_image_says_its_version_and_commit() -> None:
    of_image = build.of(settings("auth", version="1.2.3", revision="0f1e2d3-dirty"))
    assert of_image == build.Build(name="auth", version="1.2.3", commit="0f1e2d3-dirty")


@pytest.mark.parametrize("revision", ["", "unknown"])
def test_without_an_image_the_version_is_the_installed_ones_and_no_commit_is_known(revision: str) -> None:
    assert build.of(settings("auth", revision=revision)) == build.Build(
        name="auth", version=metadata.version("interviewace-auth")
    )


def test_a_service_that_is_not_installed_has_an_unknown_version() -> None:
    assert build.of(settings("sample")).version == "unknown"
