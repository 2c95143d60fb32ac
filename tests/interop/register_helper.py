"""Run MLCC's register helper for every list of arguments, each time in a process of its own.

    python register_helper.py HELPER

Reads a JSON list a line from stdin and prints [exit status, answer] in a line for each.
"""

import gc
import json
import os
import runpy
import sys
import tempfile

import boto3
import sagemaker.core.resources  # noqa: F401 # takes seconds: once, before the processes fork
from sagemaker.core.utils.utils import SageMakerClient


def answered(helper: str, arguments: list[str]) -> tuple[int, object]:
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), sys.stdout.fileno())
            sys.argv = [helper, *arguments]
            runpy.run_path(helper, run_name="__main__")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), json.load(said)


boto3.client("sagemaker")  # the service's model is read once, too
SageMakerClient()
gc.freeze()
while line := sys.stdin.readline():
    print(json.dumps(answered(sys.argv[1], json.loads(line))), flush=True)
