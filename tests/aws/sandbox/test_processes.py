"""The sandbox as a process: what it prints, how it ends, and that nothing stays behind."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox import sample
from sandbox.engine import EngineUnavailable, find_program
from sandbox.service import ChildFailed, Sandbox, child_command, start_child

GONE_WITHIN_S = 10.0
pytestmark = pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="looks for processes in /proc, which only Linux has"
)


def processes_in(folder: str) -> list[str]:
    """Return the command lines of all processes that have ``folder`` in theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it ended while we looked
        if folder in command:
            found.append(command)
    return found


def folder_of(environment: dict[str, str]) -> Path:
    return Path(environment["AWS_CONFIG_FILE"]).parent


def engine_answers(environment: dict[str, str]) -> bool:
    port = int(environment["AWS_ENDPOINT_URL_S3"].rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_gone(environment: dict[str, str]) -> None:
    """Poll until no process of that sandbox and no private folder is left."""
    folder = folder_of(environment)
    deadline = time.monotonic() + GONE_WITHIN_S
    while time.monotonic() < deadline:
        if (
            not processes_in(str(folder))
            and not folder.exists()
            and not engine_answers(environment)
        ):
            return
        time.sleep(0.05)
    raise AssertionError(f"left: {processes_in(str(folder))}, folder: {folder.exists()}")


def test_a_stopped_child_leaves_nothing():
    with start_child() as child:
        assert engine_answers(child.environment)
        assert processes_in(str(folder_of(child.environment)))

    assert child.process.returncode == 0
    wait_until_gone(child.environment)


def test_a_killed_sandbox_leaves_nothing():
    """SIGKILL leaves it no chance to stop its engine: the engine's supervisor does."""
    with start_child() as child:
        child.process.kill()
        child.process.wait()

        wait_until_gone(child.environment)


def test_a_sandbox_whose_parent_is_killed_leaves_nothing():
    """The parent holds the sandbox's input, which the kernel closes with it."""
    root = child_command()[-1]
    code = (
        "import sys, json, time; sys.path.insert(0, sys.argv[1])\n"
        "from sandbox.service import start_child\n"
        "child = start_child()\n"
        "print(json.dumps([child.process.pid, child.environment]), flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-I", "-c", code, root], stdout=subprocess.PIPE)
    with parent:
        pid, environment = json.loads(parent.stdout.readline())
        assert processes_in(str(folder_of(environment)))
        parent.kill()

    wait_until_gone(environment)
    deadline = time.monotonic() + GONE_WITHIN_S
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    # A container's first process may not reap orphans; a zombie runs nothing.
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or ") Z " in status.read_text()


def test_a_killed_supervisor_takes_the_engine_with_it():
    """On Linux the kernel ends the engine when the process that holds it is killed."""
    with start_child() as child:
        folder = str(folder_of(child.environment))
        held = [
            int(path.parent.name)
            for path in Path("/proc").glob("[0-9]*/cmdline")
            if folder.encode() in path.read_bytes() and b"supervisor.py" in path.read_bytes()
        ]
        assert len(held) == 1
        os.kill(held[0], signal.SIGKILL)

        deadline = time.monotonic() + GONE_WITHIN_S
        while engine_answers(child.environment) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not engine_answers(child.environment)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_sandbox_with_status_0(number):
    with start_child() as child:
        child.process.send_signal(number)

        assert child.process.wait(GONE_WITHIN_S) == 0
        wait_until_gone(child.environment)


def test_a_sandbox_may_lead_through_its_front_from_the_start(clients_of):
    with start_child(more_arguments=["--front"]) as child:
        child.control.fail("*", "deny", service="s3")
        s3 = clients_of(child.environment).s3

        with pytest.raises(ClientError, match="s3:ListAllMyBuckets"):
            s3.list_buckets()


def test_two_sandboxes_run_beside_each_other():
    with start_child() as one, start_child(region="eu-west-1") as other:
        urls = {
            child.environment[name]
            for child in (one, other)
            for name in ("AWS_ENDPOINT_URL_SAGEMAKER", "AWS_ENDPOINT_URL_S3")
        }
        assert len(urls) == 4
        assert other.environment["AWS_REGION"] == "eu-west-1"


def test_the_plain_output_is_shell_exports(tmp_path):
    """A shell can take the lines as they are; a folder with a blank and a quote is no trouble."""
    folder = tmp_path / "it's here"
    process = subprocess.run(
        [*child_command(), "--dir", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    lines = [shlex.split(line) for line in process.stdout.splitlines()]
    exported = dict(words[1].partition("=")[::2] for words in lines)
    assert {words[0] for words in lines} == {"export"}
    assert exported["AWS_CONFIG_FILE"] == str(folder / "no-config")
    assert exported["AWS_REGION"] == "us-west-2"
    assert process.stderr == ""


def test_state_in_a_folder_outlives_a_kill(tmp_path):
    def client(child, service):
        return boto3.client(
            service,
            endpoint_url=child.environment[f"AWS_ENDPOINT_URL_{service.upper()}"],
            region_name="us-west-2",
            aws_access_key_id=child.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key="x",
        )

    with start_child(directory=tmp_path) as child:
        sagemaker, s3 = client(child, "sagemaker"), client(child, "s3")
        sagemaker.create_model_package_group(ModelPackageGroupName="kept")
        request = {"ModelPackageGroupName": "kept", "ClientToken": "once"}
        first = sagemaker.create_model_package(**request)["ModelPackageArn"]
        s3.create_bucket(
            Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        s3.put_object(Bucket="kept", Key="a", Body=b"content")
        child.process.kill()
        child.process.wait()
        sagemaker.close(), s3.close()

    with start_child(directory=tmp_path) as child:
        sagemaker, s3 = client(child, "sagemaker"), client(child, "s3")
        again = sagemaker.create_model_package(**request)["ModelPackageArn"]
        second = sagemaker.create_model_package(ModelPackageGroupName="kept")["ModelPackageArn"]
        found = sagemaker.search(Resource="ModelPackage")["TotalHits"]["Value"]
        body = s3.get_object(Bucket="kept", Key="a")["Body"].read()
        sagemaker.close(), s3.close()

    assert again == first
    assert second.endswith("/2")
    assert found == 2
    assert body == b"content"


def test_one_folder_is_for_one_sandbox_at_a_time(tmp_path):
    with Sandbox(tmp_path), pytest.raises(ChildFailed):
        start_child(directory=tmp_path)


def test_a_missing_engine_is_said_clearly(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path))

    with pytest.raises(EngineUnavailable, match=r"roto-server is not installed.*platform"):
        find_program()


def test_importing_the_sandbox_imports_no_boto3():
    """The in-process part has to start fast; only the sample needs a client."""
    code = "import sandbox.service, sandbox.cli, sys; print('boto3' in sys.modules)"
    root = child_command()[-1]
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {root!r}); {code}"]

    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_in_process_part_starts_within_a_second():
    started = time.monotonic()
    with Sandbox():
        took = time.monotonic() - started

    assert took < 1.0


def test_the_sample_account_is_filled_and_filling_again_changes_nothing(tmp_path):
    def account(box):
        made = {
            name: boto3.client(
                name,
                endpoint_url=box.environment()[f"AWS_ENDPOINT_URL_{name.upper()}"],
                region_name="us-west-2",
                aws_access_key_id=box.environment()["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key="x",
            )
            for name in ("sagemaker", "s3", "dynamodb")
        }
        versions = made["sagemaker"].list_model_packages(ModelPackageGroupName=sample.GROUP)
        component = made["sagemaker"].describe_inference_component(
            InferenceComponentName=sample.BASE_COMPONENT
        )
        endpoint = made["sagemaker"].describe_endpoint(EndpointName=sample.ENDPOINT)
        hub = made["sagemaker"].describe_hub(HubName=sample.HUB)
        objects = made["s3"].list_objects_v2(Bucket=sample.BUCKET)["Contents"]
        untested = made["dynamodb"].query(
            TableName=sample.TABLE,
            IndexName=sample.STATUS_INDEX,
            KeyConditionExpression="testStatus = :untested",
            ExpressionAttributeValues={":untested": {"S": "untested"}},
        )
        for client in made.values():
            client.close()
        return (
            len(versions["ModelPackageSummaryList"]),
            component["InferenceComponentStatus"],
            endpoint["EndpointStatus"],
            hub["HubStatus"],
            sorted(one["Key"] for one in objects),
            untested["Count"],
        )

    expected = (
        3,
        "InService",
        "InService",
        "InService",
        [
            sample.DATASET_KEY,
            f"{sample.PREFIX_KEY}adapter_config.json",
            f"{sample.PREFIX_KEY}adapter_model.safetensors",
            sample.ARCHIVE_KEY,
        ],
        2,
    )
    for _ in range(2):
        with Sandbox(tmp_path, sample=True) as box:
            assert account(box) == (*expected[:4], sorted(expected[4]), expected[5])
