"""A program on a script's PATH that lets the tests answer in its place.

    stand_in.py SOCKET PROGRAM ARGUMENTS...

Sends program and arguments to the socket and prints what it is told to.
"""

import json
import socket
import sys

with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    line.sendall(json.dumps(sys.argv[2:]).encode())
    line.shutdown(socket.SHUT_WR)
    with line.makefile("rb") as answer:
        status, out, err = json.load(answer)
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(status)
