"""`ymera …`, the main job in the terminal.

Thin: it builds a request, calls a server and prints the answer. `app` holds the commands, `connect` the two
ways to a server (a running one, or one of its own that lives as long as the command), `running` what becomes
of failures, `render` how answers look.

Exit codes: 0 done; 1 it failed; 2 the command line, the configuration or the request is wrong; 130 interrupted.
"""

import gc
import os
import sys

INTERRUPTED = 130


def loaded() -> None:
    """Says that all is loaded: from here on there is garbage, but not in what is there now."""
    gc.freeze()
    gc.enable()


def main() -> None:
    """Runs the command line."""
    gc.disable()  # what is loaded stays; looking for garbage meanwhile would take a tenth of the start
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # grpc's own log lines say nothing that the errors don't
    try:
        from ymera_service.cli.app import app  # noqa: PLC0415  # an interruption while this loads is quiet, too

        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
