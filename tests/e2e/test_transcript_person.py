"""A person at a terminal: choosing, agreeing, watching, Ctrl-C, and taking it up again."""

from __future__ import annotations

import pexpect
import pytest

from .commands import COMMAND, Run

IC = "support-bot-adapter-tone-dpo"


@pytest.fixture
def terminal(shell, project, registered, endpoint):
    """Start the command line at a terminal of its own, in the project, with adapters registered."""
    open_ones = []

    def started(*words, **variables):
        child = pexpect.spawn(
            COMMAND,
            list(words),
            cwd=str(project),
            env={**shell, "TERM": "xterm", "COLUMNS": "200", **variables},
            encoding="utf-8",
            timeout=60,
            dimensions=(50, 200),
        )
        open_ones.append(child)
        return child

    yield started
    for child in open_ones:
        child.close(force=True)


def components(aws):
    listed = aws["sagemaker"].list_inference_components()["InferenceComponents"]
    return {each["InferenceComponentName"] for each in listed}


def ended(child):
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_a_person_chooses_a_version_agrees_to_the_plan_and_watches_it_come(terminal, aws, box):
    box.control.plan_component(IC, "Hang")
    child = terminal("adapters", "deploy")
    child.expect(r"(\d)  [^\r\n]*tone-dpo")
    number = child.match[1]
    child.expect("Choose one")
    child.sendline(number)
    child.expect("Carry this plan out")
    assert IC not in components(aws)
    child.sendline("y")
    child.expect(f"{IC} is Creating.*0:0")
    box.control.plan_component(IC, "InService")
    child.expect(f"{IC}.*is InService")

    assert 0 == ended(child)
    assert IC in components(aws)


def test_a_plan_is_shown_without_being_carried_out(run: Run, registered, endpoint, aws):
    done = run("adapters", "deploy", "--version", "3", "--dry-run")

    plan = dict(line.split("\t") for line in done.out.splitlines() if "\t" in line)
    assert ("create", IC) == (plan["action"], plan["icName"])
    assert plan["digest"]
    assert IC not in components(aws)


@pytest.mark.parametrize("answer", ["n", "\x03", pytest.param("\x04", marks=pytest.mark.soak)])
def test_nothing_is_rolled_out_unless_the_person_agrees(terminal, aws, answer):
    child = terminal("adapters", "deploy", "--version", "3")
    child.expect("Carry this plan out")
    child.send(answer + ("\r" if answer == "n" else ""))

    assert 6 == ended(child)
    assert IC not in components(aws)


def test_ctrl_c_ends_the_waiting_alone_and_the_printed_command_takes_it_up_again(
    terminal, aws, box, run: Run
):
    box.control.plan_component(IC, "Hang")
    child = terminal("adapters", "deploy", "--version", "3", "--yes")
    child.expect(f"{IC} is Creating")
    child.sendintr()
    child.expect(r"to follow it: mlcc-registry (adapters status [^\r\n]+)")
    again = child.match[1].split()
    interrupted = ended(child)
    box.control.plan_component(IC, "InService")
    followed = run(*again, "--json")

    assert 130 == interrupted
    assert IC in components(aws)
    assert (0, "in_service") == (followed.status, followed.json["state"])


def test_waiting_ends_after_a_while_with_the_command_that_goes_on(terminal, box):
    box.control.plan_component(IC, "Hang")
    child = terminal("adapters", "deploy", "--version", "3", "--yes", "--wait-minutes", "0.03")
    child.expect("to follow it: mlcc-registry adapters status")

    assert 12 == ended(child)


def test_a_removal_is_shown_and_agreed_to(terminal, aws, run: Run):
    run("adapters", "deploy", "--version", "3", "--yes")
    child = terminal("adapters", "remove", "tone-dpo")
    child.expect("Carry this plan out")
    child.sendline("y")

    assert 0 == ended(child)
    assert IC not in components(aws)


def test_a_record_is_removed_after_its_plan_was_shown(terminal, run: Run):
    entry = run("registry", "list", "--json").json["deployments"][0]["id"]
    child = terminal("registry", "remove", entry)
    child.expect(entry)
    child.expect("Carry this plan out")
    child.sendline("y")

    assert 0 == ended(child)
    assert 0 == run("registry", "list", "--json").json["count"]


def test_a_terminal_gets_a_table_with_a_heading_and_no_codes_where_it_takes_none(terminal):
    child = terminal("adapters", "list")
    child.expect(r"\x1b\[1mVERSION.*NAME.*tone-dpo")
    assert 0 == ended(child)
    plain = terminal("registry", "list", TERM="dumb", NO_COLOR="1")
    plain.expect(r"ID +WHEN +STATUS")

    assert 0 == ended(plain)
