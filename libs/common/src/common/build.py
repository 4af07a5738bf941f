"""What a process was built from: its service's name, the version, and the commit where that is known."""

from importlib import metadata

from pydantic import BaseModel

from common.settings import Settings


class Build(BaseModel):
    """Which program this is."""

    name: str
    version: str
    commit: str | None = None


def of(settings: Settings) -> Build:
    """Return what an image says of itself, else what is installed; a commit that nobody told is not known."""
    commit = settings.revision if settings.revision not in ("", "unknown") else None
    return Build(
        name=settings.service, version=settings.version or _installed(settings.service), commit=commit
    )


def _installed(service: str) -> str:
    try:
        return metadata.version(f"interviewace-{service}")
    except metadata.PackageNotFoundError:
        return "unknown"
