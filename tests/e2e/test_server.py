"""The server as a process: what it says of itself, what it imports, how it ends, whom it obeys."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import pytest

COMMAND = Path(sys.executable).parent / "mlcc-registry-mcp"
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "support-bot"
VERSION = version("mlcc-registry-mcp")
MODERN = "2026-07-28"
HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
ANSWER_S = 30.0


class Raw:
    """Speaks plain JSON lines with a server process, as a client in any language may."""

    def __init__(self, process: subprocess.Popen[str], protocol: str, err: IO[str]) -> None:
        self.process = process
        self.protocol = protocol
        self._err = err
        self.said: list[str] = []
        self._ids = 0

    def line(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def send(self, method: str, **params: Any) -> int:
        self._ids += 1
        if self.protocol == MODERN:
            name = "io.modelcontextprotocol/"
            params["_meta"] = {
                f"{name}protocolVersion": MODERN,
                f"{name}clientCapabilities": {},
                f"{name}clientInfo": {"name": "raw", "version": "1"},
            }
        message = {"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params}
        self.line(json.dumps(message))
        return self._ids

    def answer(self, number: int) -> dict[str, Any]:
        assert self.process.stdout
        watch = threading.Timer(ANSWER_S, self.process.kill)
        watch.start()
        try:
            while line := self.process.stdout.readline():
                self.said.append(line)
                message = json.loads(line)
                if message.get("id") == number:
                    return dict(message)
        finally:
            watch.cancel()
        raise AssertionError(f"no answer to {number}: {self.errors()[-5:]}")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        answer = self.answer(self.send(method, **params))
        assert "result" in answer, answer
        return dict(answer["result"])

    def open(self) -> dict[str, Any]:
        if self.protocol == MODERN:
            return self.ask("server/discover")
        said = self.ask(
            "initialize",
            protocolVersion=self.protocol,
            capabilities={},
            clientInfo={"name": "raw", "version": "1"},
        )
        self.line('{"jsonrpc":"2.0","method":"notifications/initialized"}')
        return said

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return self.ask("tools/call", name=tool, arguments=arguments)

    def close(self) -> tuple[int, str, list[dict[str, Any]]]:
        """End the input; return the exit status, the rest of stdout, stderr's lines parsed."""
        out, _ = self.process.communicate(timeout=ANSWER_S)
        return self.process.returncode, out, [json.loads(line) for line in self.errors()]

    def errors(self) -> list[str]:
        """Return the lines of stderr so far."""
        self._err.seek(0)
        return self._err.read().splitlines()


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A user's own HOME, with nothing in it."""
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A copy of the example project."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "work" / "support-bot"))


@pytest.fixture
def surroundings(user: Path) -> dict[str, str]:
    return {"HOME": str(user), "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}


@contextmanager
def serving(
    folder: Path,
    environment: dict[str, str],
    *flags: str,
    protocol: str = MODERN,
    command: tuple[str, ...] = (str(COMMAND),),
) -> Iterator[Raw]:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        process = subprocess.Popen(
            [*command, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            yield Raw(process, protocol, err)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.mark.parametrize("protocol", [*HANDSHAKES, MODERN])
def test_every_protocol_version_gets_its_answers_and_status_0_at_the_end(
    work, surroundings, protocol
):
    with serving(work, surroundings, protocol=protocol) as raw:
        raw.line("this is no JSON")
        hello = raw.open()
        tools = raw.ask("tools/list")["tools"]
        listed = raw.call("list_deployments")
        unknown = raw.call("no_such_tool")
        bare = raw.ask("tools/call", name="list_deployments")
        templates = raw.ask("resources/templates/list")["resourceTemplates"]
        schema = raw.ask("resources/read", uri="registry://schemas/dataset")["contents"]
        prompts = raw.ask("prompts/list")["prompts"]
        prompt = raw.ask("prompts/get", name=prompts[0]["name"])["messages"]
        ref = {"type": "ref/prompt", "name": "roll_out_adapter"}
        typed = {"name": "project", "value": "sup"}
        offered = raw.ask("completion/complete", ref=ref, argument=typed)["completion"]
        absent = raw.answer(raw.send("resources/read", uri="registry://deployments/0"))["error"]
        unfit = raw.answer(raw.send("prompts/get", name="roll_out_adapter", arguments={"x": "y"}))
        status, rest, logged = raw.close()

    info = hello.get("serverInfo") or hello["_meta"]["io.modelcontextprotocol/serverInfo"]
    assert ("mlcc-registry-mcp", VERSION) == (info["name"], info["version"])
    assert "register_deployment" in hello["instructions"]
    assert protocol == hello.get("protocolVersion", MODERN)
    assert "register_deployment" == tools[0]["name"]
    assert json.loads(listed["content"][0]["text"])["deployments"] == []
    assert not bare.get("isError")
    assert unknown["isError"] is True
    assert "invalid_argument" == json.loads(unknown["content"][0]["text"])["error"]["code"]
    assert "no_such_tool" in unknown["content"][0]["text"]
    assert "registry://deployments/{id}" == templates[0]["uriTemplate"]
    assert "object" == json.loads(schema[0]["text"])["type"]
    assert "register_deployment" in prompt[0]["content"]["text"]
    assert ["support-bot"] == offered["values"]
    assert (-32602, "not_found") == (absent["code"], absent["data"]["error"]["code"])
    assert (-32602, "invalid_argument") == (
        unfit["error"]["code"],
        unfit["error"]["data"]["error"]["code"],
    )
    assert {"tools", "resources", "prompts", "completions"} == set(hello["capabilities"])
    assert 0 == status
    for line in (*raw.said, *rest.splitlines()):
        assert "2.0" == json.loads(line)["jsonrpc"]
    assert "serving" in [line["message"] for line in logged]
    for line in logged:
        assert {"time", "level", "logger", "message"} <= set(line)


def test_the_end_of_input_before_anything_was_said_is_status_0(work, surroundings):
    with serving(work, surroundings) as raw:
        status, out, logged = raw.close()

    assert (0, "") == (status, out)
    assert logged


def test_a_write_under_way_at_the_end_of_input_is_finished(work, user, surroundings):
    with serving(work, surroundings) as raw:
        raw.open()
        for number in range(5):
            raw.send(
                "tools/call",
                name="register_deployment",
                arguments={"sagemaker": "no", "notes": f"note {number}"},
            )
        status, _, logged = raw.close()

    assert 0 == status
    written = audited(logged)
    path = user / ".ml-container-creator" / "registry.json"
    entries = json.loads(path.read_text("utf-8"))["entries"] if path.exists() else []
    assert len(written) == len(entries)


def test_a_write_leaves_an_audit_line_without_what_was_sent(work, surroundings):
    token = "hf_" + "Rk7uQ2" * 5
    with serving(work, surroundings) as raw:
        raw.open()
        made = raw.call(
            "register_deployment",
            sagemaker="no",
            notes="what nobody else may read",
            parameters={"ADMIN_PASSWORD": "correct-horse", "URL": f"https://me:{token}@host/x"},
        )["structuredContent"]
        raw.call("register_deployment", sagemaker="no", deployment_config="cobol-vllm")
        raw.call("register_deployment", sagemaker="no", notes=token, ci="perhaps")
        raw.call("list_deployments", text=token)
        raw.line(json.dumps({"jsonrpc": "2.0", "id": 99, "method": token, "params": {"x": token}}))
        raw.call("get_deployment", id=token)
        ref = {"type": "ref/resource", "uri": "registry://deployments/{id}"}
        for method, params in (
            ("resources/read", {"uri": f"registry://deployments/{token}"}),
            ("resources/read", {"uri": f"registry://{token}"}),
            ("prompts/get", {"name": "roll_out_adapter", "arguments": {"project": token}}),
            ("prompts/get", {"name": token}),
            ("completion/complete", {"ref": ref, "argument": {"name": token, "value": token}}),
            ("completion/complete", {"ref": ref, "argument": {"name": "id", "value": token}}),
        ):
            assert token not in json.dumps(raw.answer(raw.send(method, **params)))
        _, _, logged = raw.close()

    written, refused, *_ = audited(logged)
    assert ("register_deployment", "ok", True) == (
        written["tool"],
        written["outcome"],
        written["write"],
    )
    assert made["id"] == written["id"]
    assert "created" == written["local"]
    assert "invalid_argument" == refused["outcome"]
    assert ("registry://deployments/{id}", "not_found", False) == tuple(
        audited(logged)[-1][key] for key in ("tool", "outcome", "write")
    )
    everything = json.dumps(logged)
    for secret in (token, "correct-horse", "what nobody else may read", "hf_example"):
        assert secret not in everything


def audited(logged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line["call"] for line in logged if line["logger"] == "mlcc_registry.audit"]


def imported(log: list[str]) -> set[str]:
    """Return the packages in an import log."""
    lines = [line for line in log if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


PROFILED = (sys.executable, "-I", "-X", "importtime", "-m", "server.cli")


def test_nothing_of_aws_is_imported_before_it_is_needed(work, surroundings):
    with serving(work, surroundings, command=PROFILED) as raw:
        raw.open()
        raw.ask("tools/list")
        raw.call("list_deployments")
        raw.call("register_deployment", dry_run=True, sagemaker="no")
        raw.ask("resources/list")
        raw.ask("resources/read", uri="registry://schemas/get_deployment")
        raw.ask("prompts/get", name="roll_out_adapter")
        for name in ("project", "adapter"):
            ref = {"type": "ref/prompt", "name": "roll_out_adapter"}
            raw.ask("completion/complete", ref=ref, argument={"name": name, "value": ""})
        raw.process.communicate(timeout=ANSWER_S)
        packages = imported(raw.errors())

    assert {"mcp", "registry", "pydantic"} <= packages
    assert set() == packages & {"boto3", "botocore", "s3transfer", "urllib3", "sandbox"}


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_do_not_import_the_protocol(user, surroundings, flag):
    done = subprocess.run(
        [*PROFILED, flag],
        cwd=user,
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWER_S,
    )

    assert set() == imported(done.stderr.splitlines()) & {
        "mcp",
        "mcp_types",
        "boto3",
        "botocore",
        "httpx",
    }
    assert "--read-only" in done.stdout or f"{VERSION}\n" == done.stdout


@pytest.mark.parametrize(
    ("flags", "environment", "named"),
    [
        (["--poll-s", "0"], {}, "--poll-s"),
        (["--poll-s", "soon"], {}, "--poll-s"),
        (["--toolsets", "core,magic"], {}, "magic"),
        (["--log-level", "LOUD"], {}, "--log-level"),
        (["--nonsense"], {}, "--nonsense"),
        (["stray"], {}, "stray"),
        (["--home", ""], {}, "--home"),
        (["--home", "~no-such-user/x"], {}, "--home"),
        (["--workspace", "~no-such-user/x"], {}, "--workspace"),
        (["--workspace", ""], {}, "--workspace"),
        (["--sandbox-dir", "kept"], {}, "--sandbox"),
        ([], {"MLCC_REGISTRY_POLL_S": "abc"}, "MLCC_REGISTRY_POLL_S"),
        ([], {"MLCC_REGISTRY_READ_ONLY": "perhaps"}, "MLCC_REGISTRY_READ_ONLY"),
        ([], {"MLCC_REGISTRY_TOOLSETS": "core,magic"}, "MLCC_REGISTRY_TOOLSETS"),
    ],
)
def test_a_setting_that_cannot_be_used_is_status_2_and_one_line(
    user, surroundings, flags, environment, named
):
    done = subprocess.run(
        [COMMAND, *flags],
        cwd=user,
        env=surroundings | environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=ANSWER_S,
    )

    assert 2 == done.returncode
    assert "" == done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("mlcc-registry-mcp: ")
    assert named in line


def test_an_empty_variable_means_not_set(work, user, surroundings):
    names = ("HOME", "READ_ONLY", "POLL_S", "LOG_LEVEL", "TOOLSETS", "WORKSPACE", "SANDBOX")
    empty = {f"MLCC_REGISTRY_{name}": "" for name in names}
    with serving(work, surroundings | empty) as raw:
        raw.open()
        raw.call("register_deployment", sagemaker="no")
        status, _, _ = raw.close()

    assert 0 == status
    assert (user / ".ml-container-creator" / "registry.json").exists()
    assert not (work / "registry.json").exists()


def test_read_only_publishes_no_tool_that_writes(work, user, surroundings):
    with serving(work, surroundings, "--read-only") as raw:
        raw.open()
        tools = raw.ask("tools/list")["tools"]
        refused = raw.call("register_deployment", sagemaker="no")

    assert {"list_deployments", "get_deployment"} <= {tool["name"] for tool in tools}
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools)
    assert refused["isError"] is True
    assert "invalid_argument" == refused["structuredContent"]["error"]["code"]
    assert not (user / ".ml-container-creator").exists()


def test_a_workspace_is_opened_by_flag_and_nothing_else_is(work, tmp_path, surroundings):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    flags = ("--workspace", str(work.parent), "--workspace", str(elsewhere))
    with serving(elsewhere, surroundings, *flags) as raw:
        raw.open()
        relative = raw.call(
            "register_deployment", project_dir="support-bot", sagemaker="no", dry_run=True
        )
        absolute = raw.call(
            "register_deployment", project_dir=str(work), sagemaker="no", dry_run=True
        )
        outside = raw.call("register_deployment", project_dir=str(tmp_path), sagemaker="no")
        (elsewhere / "link").symlink_to(tmp_path)
        link = raw.call("register_deployment", project_dir=str(elsewhere / "link"), sagemaker="no")

    for each in (relative, absolute):
        assert "support-bot" == each["structuredContent"]["record"]["projectName"]
    for each in (outside, link):
        error = each["structuredContent"]["error"]
        assert "invalid_argument" == error["code"]
        assert "--workspace" in error["hint"]


def test_a_server_started_in_the_home_folder_opens_no_folder(user, surroundings):
    shutil.copytree(EXAMPLE, user, dirs_exist_ok=True)
    with serving(user, surroundings) as raw:
        raw.open()
        named = raw.call("register_deployment", project_dir=".", sagemaker="no")
        unnamed = raw.call("register_deployment", sagemaker="no")

    for each in (named, unnamed):
        assert "invalid_argument" == each["structuredContent"]["error"]["code"]
    assert "--workspace" in named["structuredContent"]["error"]["hint"]
    assert "project_name" in unnamed["structuredContent"]["error"]["message"]


def test_writes_stay_in_the_allowed_accounts(work, surroundings, box, aws):
    environment = surroundings | box.environment()
    with serving(work, environment, "--allowed-accounts", "999999999999") as raw:
        raw.open()
        made = raw.call("register_deployment")["structuredContent"]
        refused = raw.call("register_deployment", ci=True)["structuredContent"]

    assert "created" == made["local"]["state"]
    assert made["modelPackage"]["state"] in {"failed", "skipped"}
    assert "123456789012" in made["modelPackage"]["warning"]
    assert "permission_denied" == refused["error"]["code"]
    assert [] == aws["sagemaker"].list_model_package_groups()["ModelPackageGroupSummaryList"]


def test_python_packages_in_the_project_neither_run_nor_shadow(work, user, surroundings):
    marker = work / "RAN"
    code = f"open({str(marker)!r}, 'w').close()\nraise SystemExit('hostile')\n"
    for package in ("tools", "server", "schemas", "registry", "sandbox", "mcp", "pydantic"):
        (work / package).mkdir()
        (work / package / "__init__.py").write_text(code, "utf-8")
    for module in ("json.py", "logging.py", "typing.py", "boto3.py", "do/config.py"):
        (work / module).write_text(code, "utf-8")
    hostile = {
        "PYTHONPATH": ".",
        "PYTHONSTARTUP": "json.py",
        "PYTHONHOME": "",
        "PYTHONSAFEPATH": "",
    }
    with serving(work, surroundings | hostile, protocol="2025-06-18") as raw:
        raw.open()
        made = raw.call("register_deployment")
        status, _, _ = raw.close()

    assert not made["isError"]
    assert 0 == status
    assert not marker.exists()


HOSTILE_AWS = {
    "AWS_PROFILE": "nonsense",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_SAGEMAKER": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9",
    "AWS_REGION": "eu-south-2",
    "AWS_ACCESS_KEY_ID": "AKIAUSERSOWNREALKEY0",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_CA_BUNDLE": "/no/such/file",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "CI_TABLE_NAME": "production",
    "MLCC_REGISTRY_CI_TABLE": "production",
    "MLCC_REGISTRY_PROFILE": "nonsense",
    "MLCC_REGISTRY_ALLOWED_ACCOUNTS": "999999999999",
}


@pytest.mark.parametrize("hostile", [False, True], ids=["nothing configured", "all of it hostile"])
def test_a_sandbox_serves_whatever_is_configured(work, user, tmp_path, surroundings, hostile):
    environment = dict(surroundings)
    if hostile:
        config = tmp_path / "aws-config"
        config.write_text(
            "[default]\nendpoint_url = http://127.0.0.1:9\nregion = eu-south-2\n", "utf-8"
        )
        environment |= HOSTILE_AWS | {
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(config),
            "MLCC_REGISTRY_HOME": str(user / "registry-home"),
        }
    before = sorted(user.rglob("*"))
    with serving(work, environment, "--sandbox") as raw:
        hello = raw.open()
        made = raw.call("register_deployment", ci=True, sagemaker="yes")["structuredContent"]
        shown = raw.call("get_deployment", id=made["id"])["structuredContent"]
        untested = raw.call("query_ci_untested")["structuredContent"]
        dataset = raw.call("register_dataset", from_tune="sft")["structuredContent"]
        local = raw.call("list_deployments")["structuredContent"]
        refused = raw.call("list_deployments", zzz=1)["structuredContent"]
        status, _, _ = raw.close()

    assert all(each["sandbox"] for each in (made, shown, untested, dataset, local, refused))
    assert "sandbox" in hello["instructions"]
    assert True is made["aws"]["sandbox"] is shown["aws"]["sandbox"] is untested["aws"]["sandbox"]
    assert "created" == made["modelPackage"]["state"] == made["ci"]["state"]
    assert [] == shown["warnings"]
    assert made["ci"]["configId"] in {each["configId"] for each in untested["configurations"]}
    assert True is dataset["aws"]["sandbox"]
    assert before == sorted(user.rglob("*"))
    assert 0 == status


SIGNALS = {"terminated": signal.SIGTERM, "interrupted": signal.SIGINT}


def group(leader: int) -> list[int]:
    """Return the processes of a session that are not dead yet."""
    alive = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] != "Z":
                alive.append(int(folder.name))
    return alive


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    "end", ["killed", "terminated", "interrupted", "input closed", "killed at the start"]
)
def test_a_sandbox_leaves_no_process_however_the_server_ends(work, surroundings, end):
    with serving(work, surroundings, "--sandbox") as raw:
        if end != "killed at the start":
            raw.open()
            assert len(group(raw.process.pid)) > 1
        if end == "input closed":
            raw.process.communicate(timeout=ANSWER_S)
        else:
            raw.process.send_signal(SIGNALS.get(end, signal.SIGKILL))
            raw.process.wait(ANSWER_S)
        give_up = time.monotonic() + ANSWER_S
        while (left := group(raw.process.pid)) and time.monotonic() < give_up:
            time.sleep(0.05)  # real processes end in their own time

        assert [] == left


def test_a_sandbox_folder_keeps_everything_for_the_next_run(work, user, tmp_path, surroundings):
    kept = tmp_path / "kept"
    flags = ("--sandbox", "--sandbox-dir", str(kept))
    with serving(work, surroundings, *flags) as raw:
        raw.open()
        made = raw.call("register_deployment", ci=True, sagemaker="yes")["structuredContent"]
        raw.close()
    with serving(work, surroundings, *flags) as raw:
        raw.open()
        shown = raw.call("get_deployment", id=made["id"])["structuredContent"]
        again = raw.call("register_deployment", ci=True, sagemaker="yes")["structuredContent"]
        raw.close()

    assert made["modelPackage"]["arn"] == shown["lineage"]["modelPackage"]["arn"]
    assert made["ci"]["configId"] == shown["lineage"]["ci"]["configId"]
    assert "unchanged" == again["modelPackage"]["state"] == again["ci"]["state"]
    assert [] == list(user.iterdir())
