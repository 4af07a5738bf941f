"""What can keep the stack from running, said so that a person knows what to do."""


class DevstackError(Exception):
    """Printed as it is by the command line, without a traceback."""


class NotAPort(DevstackError):
    """A variable's value is no port, or one port stands in several variables."""


class PortTaken(DevstackError):
    """Another program listens where one of ours should."""


class AlreadyRunning(DevstackError):
    """The folder is in use by another stack."""


class StartFailed(DevstackError):
    """A process ended, or did not answer in time."""
