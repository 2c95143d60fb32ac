"""Project folders written to hurt: nothing in them runs, nothing outside them is read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.anyio

OUTSIDE = "outside-content-9f3b"
PATIENCE_S = 15.0


@pytest.fixture(scope="module")
def era() -> str:
    """A folder is read alike in both eras; one is enough here."""
    return "auto"


@pytest.fixture
def marker(place: Path) -> Path:
    """A file that exists only after something of the folder was run."""
    path = place / "RAN"
    path.unlink(missing_ok=True)
    return path


@pytest.fixture
def outside(place: Path) -> Path:
    """A folder beside the project whose files no answer may show."""
    folder = place / "outside"
    (folder / "do" / "adapters").mkdir(parents=True, exist_ok=True)
    (folder / "do" / "ic").mkdir(exist_ok=True)
    text = f'export PROJECT_NAME="{OUTSIDE}"\nexport DEPLOYMENT_CONFIG="{OUTSIDE}"\n'
    (folder / "passwd").write_text(f"root:x:0:0:{OUTSIDE}:/root:/bin/sh\n", "utf-8")
    for name in ("do/config", "do/adapters/a.conf", "do/ic/a.conf", "config.pbtxt"):
        (folder / name).write_text(text, "utf-8")
    return folder


def append(project, text, name="do/config"):
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    path.write_bytes(before + (text if isinstance(text, bytes) else text.encode()))


async def tried(client, home, **arguments):
    """Register for show and for real; return both answers."""
    began = time.monotonic()
    shown = await client.raw("register_deployment", {"dry_run": True, **arguments})
    assert not (home / "registry.json").exists()
    made = await client.raw("register_deployment", {"sagemaker": "no", **arguments})
    assert time.monotonic() - began < PATIENCE_S
    assert shown.is_error == made.is_error, (shown.structured_content, made.structured_content)
    return shown.structured_content, made.structured_content


def code(answer):
    return answer["error"]["code"]


# Each is one line or block of do/config; %s is the command that leaves the marker.
COMMANDS = {
    "substitution": 'export X="$(%s)"',
    "bare substitution": "export X=$(%s)",
    "backquotes": "export X=`%s`",
    "default": "export X=${X:-$(%s)}",
    "quoted default": 'export X="${X:-`%s`}"',
    "nested default": 'export X="${X:-${Y:-${Z:-$(%s)}}}"',
    "alternative": 'export PROJECT_NAME="${PROJECT_NAME:+$(%s)}"',
    "error": "export X=${X:?$(%s)}",
    "assigned default": ": ${X:=$(%s)}",
    "arithmetic": "export X=$((a[$(%s)]))",
    "subscript": "export X=${A[$(%s)]}",
    "here-document": "cat <<EOF\n$(%s)\nEOF",
    "here-document in a substitution": "export X=$(cat <<EOF\n`%s`\nEOF\n)",
    "here-string": "cat <<< $(%s)",
    "plain command": "%s",
    "after a semicolon": "export X=1; %s",
    "after and": "true && %s",
    "in the background": "%s &",
    "in a subshell": "(%s)",
    "in a group": "{ %s; }",
    "in a condition": "if %s; then export X=1; fi",
    "in a loop": "for i in 1 2; do %s; done",
    "in a case": "case x in x) %s;; esac",
    "in a function": "function export { %s; }\nexport() { %s; }\nexport Q=1",
    "process substitution": "export X=<(%s)\ncat <(%s)",
    "trap": "trap '%s' EXIT DEBUG ERR",
    "eval": "eval '%s'",
    "source": "source <(echo %s)\n. ./evil.sh",
    "prompt expansion": "X='$(%s)'\nexport Y=${X@P}",
    "indirection": "X='a[$(%s)]'\nexport Y=${!X}\nexport Z=$((X))",
    "alias": "alias export='%s;export'",
    "redirection": "> $(%s)",
    "array": "declare -a X=($(%s) `%s`)",
    "ansi quotes": "export X=$'\\x24(%s)'",
    "continued line": "export X=\\\n$(%s)",
    "carriage returns": "export X=$(%s)\r\n%s\r",
}


@pytest.mark.parametrize("form", COMMANDS)
async def test_nothing_in_a_configuration_runs(connect, project, home, marker, form):
    command = COMMANDS[form].replace("%s", f"touch {marker}")
    (project / "evil.sh").write_text(f"touch {marker}\n", "utf-8")
    for name in ("do/config", "do/ic/default.conf", "do/adapters/faq-sft.conf"):
        append(project, f"\n{command}\n", name)
    async with connect() as client:
        for answer in await tried(client, home):
            assert "error" not in answer or code(answer) == "invalid_argument", answer
        await client.raw("register_dataset", {"from_tune": "sft"})

    assert not marker.exists()


@pytest.mark.parametrize("name", ["PROJECT_NAME", "DEPLOYMENT_CONFIG", "AWS_REGION"])
async def test_a_required_value_that_would_have_to_be_run_is_named(
    connect, project, home, marker, name
):
    append(project, f'\nexport {name}="$(touch {marker})"\n')
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)
            assert name in answer["error"]["message"]
            assert "do/config line" in answer["error"]["message"]

    assert not marker.exists()
    assert not (home / "registry.json").exists()


@pytest.mark.parametrize(
    "name", ["do/config", "do/ic/default.conf", "do/adapters/faq-sft.conf", "do/adapters/new.conf"]
)
@pytest.mark.parametrize("target", ["passwd", "do/config"])
async def test_a_file_that_is_a_link_out_is_not_read(connect, project, home, outside, name, target):
    (project / name).unlink(missing_ok=True)
    (project / name).symlink_to(outside / target)
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)
            assert name in answer["error"]["message"]
            assert OUTSIDE not in json.dumps(answer)


@pytest.mark.parametrize("name", ["do", "do/ic", "do/adapters"])
@pytest.mark.parametrize("relative", [False, True])
async def test_a_folder_that_is_a_link_out_is_not_read(
    connect, project, home, outside, name, relative
):
    folder = project / name
    folder.rename(project / "moved")
    target = outside / name
    folder.symlink_to(os.path.relpath(target, folder.parent) if relative else target)
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)
            assert OUTSIDE not in json.dumps(answer)


@pytest.mark.parametrize(
    "name",
    [
        ".mlcc-generation-params.json",
        "model_repository",
        "model_repository/config.pbtxt",
        ".mlcc",
        ".mlcc/eval-results/faq-sft.json",
    ],
)
async def test_files_beside_the_configuration_are_not_followed_out(
    connect, project, home, outside, name
):
    append(project, '\nexport DEPLOYMENT_CONFIG="triton-vllm"\n')
    (outside / "eval-results").mkdir(exist_ok=True)
    for path in ("eval-results/faq-sft.json", "secret.json"):
        (outside / path).write_text(json.dumps({"metrics": {OUTSIDE: 1}}), "utf-8")
    link = project / name
    link.parent.mkdir(parents=True, exist_ok=True)
    target = {"model_repository": outside, ".mlcc": outside, name: outside / "config.pbtxt"}
    if name.endswith(".json"):
        target[name] = outside / "secret.json"
    link.symlink_to(target.get(name, outside))
    async with connect() as client:
        for answer in await tried(client, home):
            assert OUTSIDE not in json.dumps(answer)
            assert "error" not in answer or code(answer) == "invalid_argument"


async def test_the_projects_own_registry_is_not_written_through_a_link(
    connect, project, home, outside
):
    before = sorted(outside.rglob("*"))
    (project / ".ml-container-creator").symlink_to(outside)
    async with connect() as client:
        refused = await client.refused("register_deployment", project_level=True, sagemaker="no")
        listed = await client.raw("list_deployments", {})

    assert refused["error"]["code"] in {"invalid_argument", "corrupt_registry", "unavailable"}
    assert OUTSIDE not in json.dumps(listed.structured_content)
    assert before == sorted(outside.rglob("*"))


@pytest.mark.parametrize("name", ["../../outside/do/adapters/a", "..", ".", "/etc/passwd", "a/b"])
async def test_an_adapter_name_that_is_a_path_leads_nowhere(connect, project, home, outside, name):
    before = sorted(outside.rglob("*"))
    append(project, f'\nexport ADAPTER_NAME="{name}"\n', "do/adapters/faq-sft.conf")
    append(project, f'\nexport PROJECT_NAME="{name}"\n')
    async with connect() as client:
        for answer in await tried(client, home):
            assert OUTSIDE not in json.dumps(answer)
            assert "error" not in answer or code(answer) == "invalid_argument"
        made = await client.ok("register_deployment", sagemaker="yes", notes="and there")

    assert "failed" == made["modelPackage"]["state"]
    assert not (home / "registry.json.lock.holder").exists()
    assert before == sorted(outside.rglob("*"))


@pytest.mark.parametrize(
    "folder", ["..", "../outside", "do/../../outside", "/etc", "~", "~root", "link", "/proc/self"]
)
async def test_a_project_folder_outside_is_refused(connect, project, home, outside, folder):
    (project / "link").symlink_to(outside)
    async with connect() as client:
        for answer in await tried(client, home, project_dir=folder):
            assert "invalid_argument" == code(answer)
            assert OUTSIDE not in json.dumps(answer)


async def test_a_line_of_ten_megabytes_is_refused_quickly(connect, project, home):
    append(project, b'\nexport X="' + b"a" * 10_000_000 + b'"\n')
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)
            assert "do/config" in answer["error"]["message"]
            assert len(json.dumps(answer)) < 2000


LARGE = 400_000  # below the limit of one file
BOMBS = {
    "deep braces": "export X=" + "${X:-" * (LARGE // 5),
    "deep closed braces": "export X=" + "${X:-" * (LARGE // 6) + "}" * (LARGE // 6),
    "deep substitutions": "export X=" + "$(" * (LARGE // 2),
    "deep groups": "(" * LARGE,
    "quotes": "export X=" + "\"'" * (LARGE // 2),
    "backslashes": "export X=" + "\\" * LARGE,
    "brackets": "export X=" + "{a,b}" * (LARGE // 5),
    "one long name": "export " + "A" * LARGE + "=1",
    "one long value": "export VLLM_X=" + "A" * LARGE,
    "many here-documents": "cat " + "<<E " * (LARGE // 4),
    "many lines": "export X=1\n" * (LARGE // 11),
    "many variables": "".join(f"export VLLM_{number}=1\n" for number in range(20_000)),
    "doubling": 'export X="aaaaaaaaaa"\n' + 'export X="${X}${X}"\n' * 64,
    "doubling engine variable": 'export VLLM_X="aaaa"\n' + 'export VLLM_X="$VLLM_X$VLLM_X"\n' * 40,
    "patterns": "export X=" + "a" * 1000 + "\nexport Y=${X//" + "*a" * 1000 + "/b}\n",
    "comments": "#" * LARGE,
    "spaces": "export X=1" + " " * LARGE + "y",
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_is_answered_in_time(connect, project, home, bomb):
    append(project, "\n" + BOMBS[bomb] + "\n")
    async with connect() as client:
        for answer in await tried(client, home):
            assert "error" not in answer or code(answer) == "invalid_argument", answer
            assert len(json.dumps(answer)) < 3_000_000


@pytest.mark.parametrize(
    "content",
    [
        b"\nexport X='a\0b'\n",
        b'\nexport PROJECT_NAME="a\0b"\n',
        b"\xff\xfe\x00",
        b'\nexport X="\xe9"',
    ],
)
async def test_bytes_that_are_no_text_are_refused_or_left_out(connect, project, home, content):
    append(project, content)
    async with connect() as client:
        for answer in await tried(client, home):
            assert "error" not in answer or code(answer) == "invalid_argument"
            assert "\0" not in json.dumps(answer)
            assert "\\u0000" not in json.dumps(answer)


@pytest.mark.parametrize("name", ["do/config", "do/adapters/x.conf", "do/ic/x.conf"])
async def test_a_pipe_is_not_waited_for(connect, project, home, name):
    (project / name).unlink(missing_ok=True)
    os.mkfifo(project / name)
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)
            assert name in answer["error"]["message"]


@pytest.mark.parametrize("name", ["do/config", "do/adapters/x.conf"])
async def test_a_folder_in_place_of_a_file_is_refused(connect, project, home, name):
    (project / name).unlink(missing_ok=True)
    (project / name).mkdir()
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)


async def test_a_circle_of_links_is_refused(connect, project, home):
    (project / "do" / "config").unlink()
    (project / "do" / "config").symlink_to("config")
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)


async def test_file_names_that_are_no_text_are_refused(connect, project, home):
    Path(os.fsdecode(os.fsencode(project / "do/adapters") + b"/a\xff\n.conf")).touch()
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)
            assert "do/adapters" in answer["error"]["message"]


async def test_two_hundred_adapters_are_recorded_in_time(connect, project, home):
    for number in range(200):
        append(
            project,
            f'export ADAPTER_NAME="a-{number:03d}"\n'
            f'export ADAPTER_WEIGHTS_URI="s3://support-bot-adapters/{number}/"\n',
            f"do/adapters/a-{number:03d}.conf",
        )
    async with connect() as client:
        for answer in await tried(client, home):
            assert "error" not in answer
            assert 202 == sum(bool(each.get("isAdapter")) for each in answer["record"]["icList"])

    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert 204 == len(entry["deployment"]["icList"])


async def test_more_adapters_than_any_project_has_are_refused(connect, project, home):
    for number in range(1001):
        (project / "do" / "adapters" / f"a-{number}.conf").touch()
    async with connect() as client:
        for answer in await tried(client, home):
            assert "invalid_argument" == code(answer)


HF = "hf_" + "Zq3kT9" * 5
AKIA = "AKIA" + "Q3ZT" * 4
GITHUB = "ghp_" + "aB3dE5" * 6
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXdpdGgtYnl0ZXM"
PASSWORD = "correct-horse-battery"
PLANTED = (HF, AKIA, GITHUB, JWT, PASSWORD)


async def test_planted_secrets_are_stored_answered_and_logged_nowhere(
    connect, project, home, place, aws, ci_table
):
    append(
        project,
        f"""
export HF_TOKEN="{HF}"
export NGC_API_KEY="{PASSWORD}"
export VLLM_API_KEY="{PASSWORD}"
export VLLM_EXTRA='--hf-token {HF} --api-key={PASSWORD}'
export VLLM_DB="postgres://me:{PASSWORD}@db/x"
export VLLM_JSON='{{"authorization": "Bearer {JWT}", "nested": {{"password": "{PASSWORD}"}}}}'
export BASE_IMAGE="https://user:{GITHUB}@registry.example/image:1"
export MODEL_DATA_URL="https://host/x?X-Amz-Signature={JWT}&X-Amz-Credential={AKIA}"
""",
    )
    append(
        project,
        f'\nexport ADAPTER_WEIGHTS_URI="https://me:{GITHUB}@host/w/"\n',
        "do/adapters/tone-dpo.conf",
    )
    async with connect() as client:
        shown, made = await tried(
            client,
            home,
            notes=f"used {HF}, password={PASSWORD} and https://me:{GITHUB}@host/",
            benchmark={"note": f"Bearer {JWT}"},
        )
        more = await client.ok(
            "register_deployment",
            parameters={"A_SECRET": PASSWORD, "URL": f"https://x:{GITHUB}@h/", "K": AKIA},
            model_data_url="s3://support-bot-data/model.tar.gz",
            base_image="vllm/vllm-openai:v0.8.5",
            notes=f"key {AKIA}",
            benchmark={"remark": f"measured with {HF}", "api_key": PASSWORD},
            ci=True,
            sagemaker="yes",
        )
        bad = await client.raw(
            "register_deployment", {"deployment_config": HF, "project_name": HF, "status": HF}
        )
        listed = await client.ok("list_deployments", detail="full")

    item = aws["dynamodb"].get_item(
        TableName=ci_table, Key={"configId": {"S": more["ci"]["configId"]}}
    )["Item"]
    groups = aws["sagemaker"].list_model_packages(ModelPackageGroupName="support-bot")
    packages = [
        aws["sagemaker"].describe_model_package(ModelPackageName=each["ModelPackageArn"])
        for each in groups["ModelPackageSummaryList"]
    ]
    places = {
        "file": (home / "registry.json").read_text("utf-8"),
        "answers": json.dumps([shown, made, more, bad.structured_content, listed]),
        "table": json.dumps(item),
        "packages": json.dumps(packages, default=str),
        "log": (place / "server.log").read_text("utf-8"),
    }
    for where, text in places.items():
        for secret in PLANTED:
            assert secret not in text, (where, secret)
    assert "***REDACTED***" in places["file"]
    assert made["id"] in places["log"]
