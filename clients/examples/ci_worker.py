"""A CI worker: claims configurations, runs a command for each, records how each went.

    python -m clients.examples.ci_worker --worker job-17 -- ./test-one-configuration.sh

The command finds the configuration in its environment: `MLCC_CI_CONFIG_ID`, `MLCC_CI_CONFIG` (the
record as JSON), and `MLCC_CI_RESULT`, a file that it may write to say more than its exit status
does: `{"status": "fail-build", "stageResults": {...}, "errorMessage": "...", "tier": "..."}`.
Without that file, status 0 is `pass` and any other is `fail-` and `--stage`.

The lease is renewed while the command runs. SIGTERM and SIGINT stop the command and give the
lease back, also one whose answer was still on its way: each claim has a key by which it is found.
A worker that is killed gives nothing back: its lease runs out. A command whose lease was lost is
stopped, since another worker has its configuration by then.

Exit status: 0 when nothing failed, 1 when a configuration did, 2 for wrong arguments, 3 when the
registry could not be reached or refused, 128 and the signal's number when it was told to stop.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

_GRACE_S = 10.0
_TAIL = 2_000
_WAITS_S = (0.5, 1, 2, 4, 8, 15, 30)
_CALL_S = 70.0
"""A call that takes longer is given up and made again: the server answers within 55 seconds."""


class Refused(Exception):
    """The registry's own no, with its code, or no answer at all."""

    def __init__(self, code: str, message: str, *, retryable: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.retryable = retryable


class Stopped(Exception):
    """A signal told the worker to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for.

    Attributes:
        server: Command and arguments that start the MCP server.
        most: Configurations to test before ending; 0 for as many as there are.
        lease_s: How long a configuration is this worker's without being renewed, in seconds.
    """

    worker: str
    command: tuple[str, ...]
    server: tuple[str, ...]
    stage: str = "test"
    most: int = 0
    lease_s: int = 600
    filters: dict[str, Any] = field(default_factory=dict)
    place: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Registry:
    """The server, called until it answers or says no for good."""

    client: Client
    place: dict[str, str]

    async def call(self, tool: str, *, within_s: float, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - a tool's arguments
        """Return the answer; a failure that may pass is tried again, for that long at most.

        Raises:
            Refused: the call was wrong, or did not go through in time.
        """
        ends = anyio.current_time() + within_s
        waits = iter(_WAITS_S)
        while True:
            try:
                return await self._once(tool, self.place | arguments)
            except Refused as refusal:
                wait = next(waits, _WAITS_S[-1])
                if not refusal.retryable or anyio.current_time() + wait > ends:
                    raise
                print(f"{tool}: {refusal}; again in {wait:g} s", file=sys.stderr)
                await anyio.sleep(wait)

    async def _once(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            with anyio.fail_after(_CALL_S):
                result = await self.client.call_tool(tool, arguments)
        except TimeoutError as error:
            raise Refused("timeout", "no answer", retryable=True) from error
        except (MCPError, OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise Refused(
                "unavailable", f"the server is gone ({error})", retryable=False
            ) from error
        answer: dict[str, Any] = result.structured_content or {}
        if result.is_error:
            failure = answer.get("error", {})
            raise Refused(
                str(failure.get("code", "internal")),
                str(failure.get("message", "no reason given")),
                retryable=bool(failure.get("retryable")),
            )
        return answer


@dataclass(slots=True)
class Worker:
    """Tests one configuration after the other."""

    options: Options
    registry: Registry
    tested: int = 0
    failed: int = 0
    _held: str = ""
    _claim: str = ""

    async def work(self) -> None:
        """Test until nothing is left to test, or the number that was asked for."""
        while not self.options.most or self.tested < self.options.most:
            self._claim = str(uuid4())
            claimed = await self.registry.call(
                "claim_ci_untested",
                within_s=self.options.lease_s,
                worker=self.options.worker,
                n=1,
                lease_s=self.options.lease_s,
                idempotency_key=self._claim,
                detail="full",
                **self.options.filters,
            )
            if not claimed["configurations"]:
                print(claimed["message"])
                return
            await self._test(claimed["configurations"][0])

    async def give_back(self) -> None:
        """Release what is still held; a lease that cannot be given back runs out."""
        try:
            held = [self._held] if self._held else await self._unanswered()
            if held:
                await self._ask_briefly(release=held)
        except Refused as refusal:
            print(f"a lease may not have been given back: {refusal}", file=sys.stderr)

    async def _unanswered(self) -> list[str]:
        """Return what a claim got whose answer was not waited for."""
        if not self._claim:
            return []
        answer = await self._ask_briefly(n=0, idempotency_key=self._claim)
        return [str(one["leaseId"]) for one in answer["configurations"]]

    async def _ask_briefly(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - a tool's arguments
        return await self.registry.call(
            "claim_ci_untested", within_s=5, worker=self.options.worker, **arguments
        )

    async def _test(self, configuration: dict[str, Any]) -> None:
        self._held, self._claim = str(configuration["leaseId"]), ""
        self.tested += 1
        began = anyio.current_time()
        outcome: dict[str, Any] | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._keep, self._held, group.cancel_scope)
            outcome = await self._run(configuration)
            group.cancel_scope.cancel()
        if outcome is None:
            print(f"{configuration['configId']}: the lease was lost; the command was stopped")
            self._held = ""
            return
        await self._record(configuration, outcome, anyio.current_time() - began)

    async def _record(
        self, configuration: dict[str, Any], outcome: dict[str, Any], took_s: float
    ) -> None:
        status = outcome["status"]
        try:
            await self.registry.call(
                "record_ci_result",
                within_s=self.options.lease_s,
                config_id=configuration["configId"],
                lease_id=self._held,
                duration_s=round(took_s, 1),
                **outcome,
            )
        except Refused as refusal:
            if refusal.code != "conflict":
                raise
            print(f"{configuration['configId']}: {refusal}", file=sys.stderr)
        self._held = ""
        self.failed += status != "pass"
        print(f"{configuration['configId']}: {status}")

    async def _keep(self, lease: str, scope: anyio.CancelScope) -> None:
        """Renew the lease for as long as the command runs; stop the command when it is lost."""
        while True:
            await anyio.sleep(self.options.lease_s / 3)
            try:
                answer = await self.registry.call(
                    "claim_ci_untested",
                    within_s=self.options.lease_s / 3,
                    worker=self.options.worker,
                    lease_s=self.options.lease_s,
                    renew=[lease],
                )
            except Refused as refusal:
                print(f"{lease} was not renewed: {refusal}", file=sys.stderr)
                continue
            if lease in answer.get("lost", []):
                scope.cancel()

    async def _run(self, configuration: dict[str, Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            said = Path(folder, "result.json")
            surroundings = {
                **os.environ,
                "MLCC_CI_CONFIG_ID": configuration["configId"],
                "MLCC_CI_CONFIG": json.dumps(configuration.get("config") or {}),
                "MLCC_CI_RESULT": str(said),
            }
            async with _running(self.options.command, surroundings) as process:
                errors = await _last_words(process)
                status = await process.wait()
            return _outcome(said, status, errors, self.options.stage)


@asynccontextmanager
async def _running(
    command: Sequence[str], surroundings: dict[str, str]
) -> AsyncIterator[anyio.abc.Process]:
    """A command and its children; they end with the block, however that is left."""
    process = await anyio.open_process(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=subprocess.PIPE,
        env=surroundings,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGTERM)
                with anyio.move_on_after(_GRACE_S):
                    await process.wait()
            with suppress(ProcessLookupError):  # nothing is left of its group: the usual case
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _last_words(process: anyio.abc.Process) -> str:
    """Pass on what a command writes to its standard error, and return the end of it."""
    tail = b""
    if process.stderr:
        async for chunk in process.stderr:
            sys.stderr.buffer.write(chunk)
            sys.stderr.buffer.flush()
            tail = (tail + chunk)[-_TAIL:]
    return tail.decode("utf-8", "replace").strip()


def _outcome(said: Path, status: int, errors: str, stage: str) -> dict[str, Any]:
    """Return the arguments of record_ci_result that a command's end stands for."""
    outcome: dict[str, Any] = {"status": "pass" if status == 0 else f"fail-{stage}"}
    if status:
        outcome["error_message"] = errors or f"exit status {status}"
    try:
        told = json.loads(said.read_text("utf-8"))
    except FileNotFoundError:
        return outcome
    except ValueError:
        return outcome | {"error_message": f"the result file is not JSON. {errors}".strip()}
    names = {
        "status": "status",
        "stageResults": "stage_results",
        "errorMessage": "error_message",
        "tier": "tier",
        "e2eCatalogId": "e2e_catalog_id",
    }
    return outcome | {ours: told[theirs] for theirs, ours in names.items() if theirs in told}


async def run(options: Options) -> int:
    """Work, and return the exit status."""
    command, *arguments = options.server
    server = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    async with Client(stdio_client(server, errlog=sys.stderr)) as client:
        worker = Worker(options, Registry(client, options.place))
        try:
            await _until_told(worker)
        except Refused as refusal:
            print(f"ci_worker: {refusal}", file=sys.stderr)
            await worker.give_back()
            return 3
        except Stopped as told:
            await worker.give_back()
            return 128 + told.number
        return 1 if worker.failed else 0


async def _until_told(worker: Worker) -> None:
    """Work until there is nothing left, or a signal comes.

    Raises:
        Refused, Stopped: as they happen, out of the group that they happen in.
    """
    end: Exception | None = None
    async with anyio.create_task_group() as group:

        async def listen() -> None:
            nonlocal end
            with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                async for number in signals:
                    end = Stopped(number)
                    group.cancel_scope.cancel()

        group.start_soon(listen)
        try:
            await worker.work()
        except Refused as refusal:
            end = refusal
        group.cancel_scope.cancel()
    if end is not None:
        raise end


def main(argv: Sequence[str] | None = None) -> int:
    """Read the command line, work, and return the exit status."""
    parser = argparse.ArgumentParser(prog="ci_worker", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--worker", required=True, help="who tests, such as the CI job's id")
    parser.add_argument("--server", default="mlcc-registry-mcp", help="command of the server")
    parser.add_argument("--stage", default="test", help="stage that a failing command failed in")
    parser.add_argument("--most", type=int, default=0, help="end after so many configurations")
    parser.add_argument("--lease-s", type=int, default=600, help="seconds; renewed meanwhile")
    parser.add_argument("--include-stale", action="store_true")
    for name in ("project-name", "deployment-config", "ci-table", "region", "profile"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("command", nargs="+", help="after --: what tests one configuration")
    given = parser.parse_args(argv)
    if shutil.which(given.command[0]) is None:
        parser.error(f"there is no command {given.command[0]!r}")
    filters = {"include_stale": given.include_stale} | _given(
        given, "project_name", "deployment_config"
    )
    options = Options(
        worker=given.worker,
        command=tuple(given.command),
        server=(*shlex.split(given.server), "--toolsets", "ci"),
        stage=given.stage,
        most=given.most,
        lease_s=given.lease_s,
        filters=filters,
        place=_given(given, "ci_table", "region", "profile"),
    )
    return anyio.run(run, options)


def _given(arguments: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name)}


if __name__ == "__main__":
    sys.exit(main())
