"""Run MLCC's register helper for every list of arguments, each time in a process of its own.

    python register_helper.py HELPER

Reads a JSON list a line from stdin, [arguments, variables], and prints [exit status, answer]
in a line for each: the answer is what the helper printed.
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


def answered(helper: str, arguments: list[str], variables: dict[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryFile("w+") as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), sys.stdout.fileno())
            os.environ.update(variables)
            sys.argv = [helper, *arguments]
            try:
                runpy.run_path(helper, run_name="__main__")
            except SystemExit as ended:
                sys.stdout.flush()
                os._exit(int(ended.code or 0))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read()


boto3.client("sagemaker")  # the service's model is read once, too
SageMakerClient()
gc.freeze()
while line := sys.stdin.readline():
    print(json.dumps(answered(sys.argv[1], *json.loads(line))), flush=True)
