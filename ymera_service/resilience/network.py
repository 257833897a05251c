"""This machine's own network: while it is down, every call fails in the same way and no target is to blame."""

import structlog

from ymera_service.sdk.errors import ProviderError

log = structlog.get_logger(__name__)


class Network:
    """Hears of calls that failed before anything left the machine, and of calls that show that the network works."""

    def __init__(self) -> None:
        self.problem = ""
        """The latest failure; empty while the network works, as far as is known."""
        self._suspected = False

    def fails(self, error: ProviderError) -> bool:
        """Takes a failure whose cause may be local, and returns whether it is the network's.

        It is if nothing has worked since the failure before. So the first one of an outage is the endpoint's, and
        so are all where others answer meanwhile, such as those of an endpoint with a broken domain.
        """
        if not self._suspected:
            self._suspected = True
            return False
        if not self.problem:
            log.warning("network failed", error=error.message)
        self.problem = error.message
        return True

    def works(self) -> None:
        """Takes a call that got a response."""
        if self.problem:
            log.warning("network works again")
        self.problem, self._suspected = "", False
