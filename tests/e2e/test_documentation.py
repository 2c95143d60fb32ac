"""Every command that README and docs show is run, in the order of its page, in a project's folder.

A local AWS with the project's endpoint and CI table stands in for an account, and the project is
registered. A command that stands on several pages is run on the first.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    each
    for each in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ]
    if "decisions" not in each.parts
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_COMMANDS = {"json", "jsonc", "toml", "yaml", "mermaid", "python", "text"}
COMMAND = re.compile(r"^(\$ |    (mlcc-|python|make|pip|uv|\./))", re.MULTILINE)

READ_FIRST = {"README.md", "docs/getting-started.md", "docs/guides/rolling-out.md"}

PARSED_ONLY = {
    "make demo": "what `.ci/run` runs on every change",
    "make test": "would run this test within itself",
    "pipx install .": "needs pipx; a test of its own installs the wheel into an empty environment",
}
"""Commands that are not run here, and why."""


def commands(page: Path) -> list[str]:
    """Return the commands that a page shows, comments taken off."""
    return [
        line.removeprefix("$ ").split(" # ")[0].strip()
        for language, block in FENCE.findall(page.read_text("utf-8"))
        if language not in NOT_COMMANDS
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


def shown() -> dict[str, list[str]]:
    """Return by page what no page before it shows."""
    seen = set(PARSED_ONLY)
    pages: dict[str, list[str]] = {}
    for page in PAGES:
        new = [each for each in commands(page) if each not in seen]
        seen.update(new)
        if new:
            pages[str(page.relative_to(ROOT))] = new
    return pages


def sampled(page: str) -> Any:
    """Run the pages that a newcomer reads with the other tests, all as a soak."""
    return pytest.param(page, marks=() if page in READ_FIRST else pytest.mark.soak)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("page", [sampled(each) for each in sorted(shown())])
def test_the_commands_of_a_page_run(page, shell, project, registered, endpoint):
    script = "\n".join(f"echo + {shlex.quote(each)} >&2\n{each}" for each in shown()[page])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=project,
        env={**shell, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=350,
    )

    assert 0 == done.returncode, done.stderr[-3000:]


def test_at_most_five_commands_are_parsed_alone_and_all_are_shown_somewhere():
    all_of_them = {each for page in PAGES for each in commands(page)}
    for each in PARSED_ONLY:
        subprocess.run(["bash", "-n", "-c", each], check=True, timeout=10)

    assert len(PARSED_ONLY) <= 5
    assert set(PARSED_ONLY) <= all_of_them


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_block_says_what_it_is_and_commands_stand_in_blocks(page):
    text = page.read_text("utf-8")
    languages = {language for language, _ in FENCE.findall(text)}

    assert languages <= NOT_COMMANDS | {"console"}
    assert not COMMAND.search(FENCE.sub("", text))


LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    broken = [
        target
        for target, _ in LINK.findall(page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert [] == broken
