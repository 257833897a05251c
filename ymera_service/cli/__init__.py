"""`ymera …`, the command line.

Each command builds a request, calls a server and prints the response. `app` lists the commands; `connect`
opens a channel to a running server, or starts a server for the duration of the command; `problems` describes
what went wrong; `running` turns it into an exit code; `render` formats responses.

Exit codes: 0 success; 1 failure; 2 the command line, the configuration or the request is wrong; 130 interrupted.
"""

import gc
import os
import sys

from ymera_service import __version__

INTERRUPTED = 130


def loaded() -> None:
    """Turns garbage collection on, once imports are done; what they created is never examined for garbage."""
    gc.freeze()
    gc.enable()


def print_version() -> None:
    """Prints the version."""
    print(f"ymera {__version__}")


def main() -> None:
    """Runs the command line."""
    if sys.argv[1:] == ["--version"]:  # needs none of the imports below
        print_version()
        return
    gc.disable()  # imports create no garbage, and looking for it would add a tenth to the start-up time
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # grpc's log lines only repeat the errors
    try:
        from ymera_service.cli.app import app  # noqa: PLC0415  # an interrupt during this import is handled, too

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
