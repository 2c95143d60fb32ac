"""Wheel and sdist: built from the tracked files, installed into an empty environment, then used."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from registry.version import __version__

from .conftest import EXAMPLE, ROOT

pytestmark = pytest.mark.timeout(300)  # the first test may wait for what pip fetches

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ROOMS = ("schemas", "registry", "tools", "server", "clients", "sandbox")
LAUNCHER = "mlcc_registry_launcher.py"
COMMANDS = ("mlcc-registry-mcp", "mlcc-registry", "mlcc-registry-sandbox")
STEM = f"mlcc_registry_mcp-{__version__}"
ANSWER_S = 60


@dataclass(frozen=True, slots=True)
class Built:
    """What was built from a clean copy of the tracked files.

    Attributes:
        tracked: The names of those files.
        wheel: Built from the sdist, as `python -m build` does.
        straight: Built from the files themselves.
    """

    tracked: set[str]
    place: Path
    sdist: Path
    wheel: Path
    straight: Path


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """Return the names of the files that belong to the project."""
    if not (ROOT / ".git").exists():
        pytest.skip("only a checkout tells which files belong to the project")
    command = ["git", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def built(tracked, pip_install, tmp_path_factory) -> Built:
    place = tmp_path_factory.mktemp("packaging")
    source = place / "source"
    for name in tracked:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    tools = pip_install(Path(__file__).with_name("build_tools.txt"))
    for folder, chosen in (("dist", ()), ("straight", ("--wheel",))):
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", place / folder]
        subprocess.run(
            [*command, *chosen, source],
            env={**os.environ, "PYTHONPATH": str(tools)},
            capture_output=True,
            check=True,
        )
    wheel = f"{STEM}-py3-none-any.whl"
    made = (place / "dist" / f"{STEM}.tar.gz", place / "dist" / wheel, place / "straight" / wheel)
    return Built(tracked, place, *made)


@pytest.fixture(scope="module")
def metadata(built: Built) -> Message:
    with zipfile.ZipFile(built.wheel) as archive:
        return email.message_from_bytes(archive.read(f"{STEM}.dist-info/METADATA"))


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment that held nothing, not even pip, before ours was installed."""

    folder: Path
    wheels: Path

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    def pip(self, *words: str) -> str:
        command = [sys.executable, "-m", "pip", "--python", str(self.folder), *words]
        environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, wanted: str, *options: str) -> None:
        offline = ("--no-index", "--find-links", str(self.wheels))
        constraints = ("--constraint", str(ROOT / "constraints.txt"))
        self.pip("install", "--quiet", *offline, *constraints, *options, wanted)


def emptied(folder: Path, wheels: Path) -> Environment:
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    return Environment(folder, wheels)


@pytest.fixture(scope="module")
def wheels(pip_download: Callable[[Path, Path], Path], tmp_path_factory) -> Path:
    """What we depend on, the sandbox's extra too, to be installed without any index."""
    wanted = tmp_path_factory.mktemp("wanted") / "dependencies.txt"
    needed = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["sandbox"]]
    wanted.write_text("\n".join(needed) + "\n", "utf-8")
    return pip_download(wanted, ROOT / "constraints.txt")


@pytest.fixture(scope="module")
def plain(built: Built, wheels: Path) -> Environment:
    """The wheel and what it depends on; no extra, until `with_sandbox` adds one."""
    made = emptied(built.place / "environment", wheels)
    made.install(str(built.wheel))
    return made


@pytest.fixture(scope="module")
def without_sandbox(plain: Environment, user: dict[str, str]) -> list[str]:
    """What the commands say that need the extra, before it is there."""
    commands = ([COMMANDS[2]], [COMMANDS[0], "--sandbox"])
    return [ran(plain, user, plain.folder, *command).stderr for command in commands]


@pytest.fixture(scope="module")
def with_sandbox(plain: Environment, built: Built, without_sandbox: list[str]) -> Environment:
    plain.install(f"{built.wheel}[sandbox]")
    return plain


@pytest.fixture(scope="module")
def user(tmp_path_factory) -> dict[str, str]:
    """The variables of somebody who has no AWS."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path_factory.mktemp("user")),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def ran(
    environment: Environment, user: dict[str, str], folder: Path, command: str, *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [environment.scripts / command, *words],
        cwd=folder,
        env=user,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=ANSWER_S,
    )


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_the_rooms_the_launcher_and_nothing_else(built):
    rooms = {name for name in built.tracked if name.partition("/")[0] in ROOMS}
    about = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")

    assert rooms | {LAUNCHER} | {f"{STEM}.dist-info/{each}" for each in about} == names(built.wheel)
    for room in ROOMS:
        assert f"{room}/py.typed" in rooms
    assert {"schemas/json/deployment.json", "schemas/json/dataset.json"} <= rooms


def test_the_sdist_is_the_project_whole_with_its_tests_and_documents(built):
    with tarfile.open(built.sdist) as archive:
        held = {each.name.removeprefix(f"{STEM}/") for each in archive if each.isfile()}

    assert built.tracked | {"PKG-INFO"} == held


def test_the_sdist_builds_the_same_wheel_as_the_files(built):
    assert built.straight.read_bytes() == built.wheel.read_bytes()


def test_nothing_in_them_tells_on_which_machine_they_were_built(built):
    ours = {str(ROOT), str(built.place), str(Path.home())} - {"/", "/root"}
    with zipfile.ZipFile(built.wheel) as archive, tarfile.open(built.sdist) as source:
        for each in archive.namelist():
            assert not told(archive.read(each), ours), each
        for member in source:
            assert ("", "") == (member.uname, member.gname)
            if file := source.extractfile(member):
                assert not told(file.read(), ours), member.name


def told(content: bytes, places: set[str]) -> list[str]:
    return [place for place in places if place.encode() in content]


def test_the_metadata_says_what_pyproject_does(metadata):
    assert PROJECT["name"] == metadata["Name"]
    assert __version__ == metadata["Version"]
    assert PROJECT["requires-python"] == metadata["Requires-Python"]
    assert PROJECT["license"] == metadata["License-Expression"]
    assert ["LICENSE"] == metadata.get_all("License-File")
    assert sorted(PROJECT["optional-dependencies"]) == sorted(metadata.get_all("Provides-Extra"))
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    needed = [each for each in metadata.get_all("Requires-Dist") if "extra ==" not in each]
    assert len(PROJECT["dependencies"]) == len(needed)


def test_the_commands_have_names_that_every_shell_and_host_takes():
    """Windows reads what follows a dot as the kind of file; some hosts refuse a dot in a name."""
    assert set(COMMANDS) == set(PROJECT["scripts"])
    assert all(name.replace("-", "").isalnum() for name in COMMANDS)


def test_what_is_installed_has_all_that_it_depends_on(plain):
    assert "No broken requirements found.\n" == plain.pip("check")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_the_one_version(plain, user, command):
    told = ran(plain, user, plain.folder, command, "--version")

    assert (0, f"{__version__}\n", "") == (told.returncode, told.stdout, told.stderr)


@pytest.mark.parametrize("module", ["server.cli", "clients.command.main", "sandbox.cli"])
@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_load_neither_protocol_nor_aws(plain, user, module, flag):
    python = plain.scripts / "python"
    done = subprocess.run(
        [python, "-I", "-X", "importtime", "-m", module, flag],
        env=user,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWER_S,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert {"argparse", "click"} & loaded
    assert set() == {"mcp", "mcp_types", "boto3", "httpx2", "starlette"} & loaded


HOSTILE = ("server", "clients", "sandbox", "tools", "mcp", "click", "pydantic", "sitecustomize")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A project folder with modules named like ours and theirs; each notes where it ran."""
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "support-bot"))
    noting = "import sys\nwith open(__file__ + '.ran', 'a') as f:\n    f.write(f'{sys.flags}')\n"
    for name in HOSTILE:
        (folder / f"{name}.py").write_text(noting, "utf-8")
    for name in ("registry", "schemas"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(noting, "utf-8")
    return folder


def noted(folder: Path) -> dict[str, str]:
    return {each.name: each.read_text("utf-8") for each in folder.rglob("*.ran")}


def test_a_registration_from_a_hostile_folder_is_recorded_and_runs_nothing_of_it(
    plain, user, hostile
):
    done = ran(plain, user, hostile, "mlcc-registry", "register", "--json")

    assert 0 == done.returncode, done.stderr
    assert "support-bot" == json.loads(done.stdout)["projectName"]
    assert "MPG registration failed (non-fatal)" in done.stderr
    home = Path(user["HOME"]) / ".ml-container-creator"
    [entry] = json.loads((home / "registry.json").read_text("utf-8"))["entries"]
    assert json.loads(done.stdout)["id"] == entry["id"]
    assert {} == noted(hostile)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_hostile_folder_on_the_import_path_shadows_nothing(plain, user, hostile, command):
    """Python itself runs a `sitecustomize` that PYTHONPATH leads to, in whatever is started.

    That is before the first line of ours; the isolated process that serves runs none of it.
    """
    told = ran(plain, {**user, "PYTHONPATH": str(hostile)}, hostile, command, "--version")

    assert (0, f"{__version__}\n") == (told.returncode, told.stdout)
    found = noted(hostile)
    assert {"sitecustomize.py.ran"} == set(found)
    assert "isolated=1" not in found["sitecustomize.py.ran"]


@contextmanager
def conversation(environment: Environment, user: dict[str, str], *flags: str) -> Iterator[Any]:
    """A legacy conversation with the installed server, in plain lines."""
    with subprocess.Popen(
        [environment.scripts / COMMANDS[0], *flags],
        cwd=user["HOME"],
        env=user,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:

        def ask(method: str, **params: Any) -> Any:
            line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            process.stdin.write(line + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["result"]

        yield ask
        process.stdin.close()
    assert process.returncode == 0


HELLO = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "packaging", "version": "1"},
}


def test_the_installed_server_tells_the_one_version_and_serves(plain, user):
    with conversation(plain, user) as ask:
        hello = ask("initialize", **HELLO)
        listed = ask("tools/call", name="list_deployments", arguments={})

    assert {"name": "mlcc-registry-mcp", "version": __version__}.items() <= hello[
        "serverInfo"
    ].items()
    assert not listed.get("isError")


def test_without_the_extra_the_commands_say_how_to_get_it(without_sandbox):
    for said in without_sandbox:
        assert "pip install 'mlcc-registry-mcp[sandbox]'" in said


def test_with_the_extra_the_sandbox_answers_and_the_server_serves_against_it(with_sandbox, user):
    alone = ran(with_sandbox, user, with_sandbox.folder, COMMANDS[2], "--json")
    with conversation(with_sandbox, user, "--sandbox") as ask:
        ask("initialize", **HELLO)
        listed = ask("tools/call", name="list_adapters", arguments={"project_name": "demo-llm"})

    assert (0, "") == (alone.returncode, alone.stderr)
    assert json.loads(alone.stdout)["AWS_ENDPOINT_URL_SAGEMAKER"].startswith("http://127.0.0.1:")
    assert 2 == listed["structuredContent"]["count"]


def test_nothing_stays_when_it_is_taken_away(built, wheels):
    removed = emptied(built.place / "removed", wheels)
    before = files(removed.folder)
    removed.install(str(built.wheel), "--no-deps")
    added = files(removed.folder) - before
    removed.pip("uninstall", "--yes", PROJECT["name"])

    assert {removed.scripts / command for command in COMMANDS} <= added
    assert before == files(removed.folder)


def files(folder: Path) -> set[Path]:
    return {each for each in folder.rglob("*") if not each.is_dir()}
