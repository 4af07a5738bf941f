"""Why a service is not made or not removed; nothing was changed."""

from devstack.errors import DevstackError


class NameRefused(DevstackError):
    """A service can't be called that."""


class NotWhereExpected(DevstackError):
    """A file is not as the scaffold knows it, so that it can't say where to write in it or what to take out."""


class ChangedSince(DevstackError):
    """Files of the service are not as they were made."""
