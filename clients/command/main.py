"""Where the command `mlcc-registry` begins: the server first, then the rest of this program.

Server and client each load for most of a second; started in this order, they load side by side.
"""

from __future__ import annotations

import gc
import os
import sys

from clients.command.starting import early_server


def main() -> int:
    """Run the command line and return its exit status."""
    arguments = sys.argv[1:]
    server = early_server(arguments, os.environ)
    gc.disable()  # what is loaded stays: looking through it for garbage is a tenth of the loading
    try:
        from clients.command.app import run  # noqa: PLC0415 - the server loads meanwhile
        from clients.command.front import Front  # noqa: PLC0415 - as above

        return run(arguments, Front.of(server))
    finally:
        if server is not None:
            server.close()


if __name__ == "__main__":
    sys.exit(main())
