"""Listing registered deployments: order, pages, filters (design, `list_deployments`)."""

from __future__ import annotations

import pytest

from registry.deployments.filters import DeploymentFilter
from registry.deployments.listing import list_deployments
from registry.deployments.replay import replay_flags
from registry.deployments.values import size_bytes
from registry.errors import CorruptRegistry, InvalidArgument
from registry.local.deployments import project_registry, user_registry


def entry(number: int, **more):
    return {
        "timestamp": f"2026-05-{number:02d}T10:00:00.000Z",
        "status": "success",
        "deployment": {
            "deploymentConfig": "transformers-vllm",
            "architecture": "transformers",
            "backend": "vllm",
            "baseImage": None,
            "deploymentTarget": "realtime-inference",
            "buildTarget": None,
            "icList": [{"name": "default"}, {"name": "sft", "isAdapter": True}],
        },
        "model": {"modelName": "Qwen/Qwen3-4B", "modelFormat": None},
        "infrastructure": {"instanceType": None, "region": "us-west-2", "roleArn": None},
        "configuration": {"parameters": {"VLLM_X": "1"}},
        "outcome": {"notes": f"note {number}"},
        "metadata": {"generatorVersion": "1.5.2", "source": "local", "importedFrom": None},
        "id": f"{number:08x}",
        **more,
    }


@pytest.fixture
def home(tmp_path):
    log = user_registry(tmp_path)
    for number in (2, 1, 5, 3, 4):
        more = {"later": {"said": 'a "quoted" word'}} if number == 3 else {}
        log.append(lambda _, number=number, more=more: entry(number, **more))
    return tmp_path


def listed(home, limit=20, cursor="", full=False, **wanted):
    logs = [("user", user_registry(home))]
    return list_deployments(logs, DeploymentFilter(**wanted), limit=limit, cursor=cursor, full=full)


def days(page):
    return [int(each.id, 16) for each in page.deployments]


def test_the_newest_comes_first_whatever_the_order_in_the_file(home):
    assert [5, 4, 3, 2, 1] == days(listed(home))


def test_a_walk_by_pages_sees_every_entry_once(home):
    seen, cursor = [], ""
    while True:
        page = listed(home, limit=2, cursor=cursor)
        seen += days(page)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor

    assert [5, 4, 3, 2, 1] == seen
    assert page.complete


def test_an_entry_that_arrives_between_pages_moves_nothing(home):
    first = listed(home, limit=2)
    user_registry(home).append(lambda _: entry(9))

    assert [3, 2] == days(listed(home, limit=2, cursor=first.next_cursor))


def test_a_cursor_of_other_filters_is_refused(home):
    first = listed(home, limit=2)

    with pytest.raises(InvalidArgument):
        listed(home, limit=2, cursor=first.next_cursor, status="success")


def test_a_cursor_of_another_projects_file_is_refused(home, tmp_path):
    def page(project, cursor=""):
        logs = [("user", user_registry(home)), ("project", project_registry(tmp_path / project))]
        return list_deployments(logs, DeploymentFilter(), limit=2, cursor=cursor, full=False)

    with pytest.raises(InvalidArgument):
        page("another", page("one").next_cursor)


def test_entries_that_are_removed_between_pages_bring_none_again(tmp_path):
    same = "2026-05-01T10:00:00.000Z"
    log = user_registry(tmp_path)
    for number in range(1, 7):
        log.append(lambda _, number=number: entry(number, timestamp=same))
    first = listed(tmp_path, limit=2)
    log.change(lambda present: present[2:])

    assert [6, 5] == days(first)
    assert [4, 3] == days(listed(tmp_path, cursor=first.next_cursor))


def test_the_last_entry_of_a_page_may_be_removed_itself(home):
    first = listed(home, limit=2)
    user_registry(home).change(lambda present: [e for e in present if e["id"] != "00000004"])

    assert [3, 2, 1] == days(listed(home, cursor=first.next_cursor))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"since": "2026-05-03"}, [5, 4, 3]),
        ({"until": "2026-05-02"}, [2, 1]),
        ({"since": "2026-05-02T10:00:00Z", "until": "2026-05-02T10:00:00+00:00"}, [2]),
        ({"text": "NOTE 4"}, [4]),
        ({"text": '"quoted"'}, [3]),
        ({"text": 'note 4", '}, []),
        ({"model": "qwen3"}, [5, 4, 3, 2, 1]),
        ({"model_glob": "Qwen/*"}, [5, 4, 3, 2, 1]),
        ({"model_glob": "*"}, []),
        ({"status": "failed"}, []),
    ],
)
def test_filters_choose(home, wanted, expected):
    assert expected == days(listed(home, **wanted))


@pytest.mark.parametrize("wanted", [{"since": "yesterday"}, {"until": "2026-13-01"}])
def test_a_time_that_is_none_is_refused(home, wanted):
    with pytest.raises(InvalidArgument):
        listed(home, **wanted)


def test_a_glob_of_endless_alternatives_is_refused(home):
    with pytest.raises(InvalidArgument):
        listed(home, model_glob="{1..100000}")


@pytest.mark.parametrize("pattern", ["x" * 1025, "{" * 1000, "@(" * 1000, "{a," * 900])
def test_a_glob_that_is_too_long_or_too_deep_is_refused(home, pattern):
    with pytest.raises(InvalidArgument, match="model_glob"):
        listed(home, model_glob=pattern)


def test_a_glob_that_matches_in_endless_ways_is_refused(tmp_path):
    log = user_registry(tmp_path)
    log.append(lambda _: entry(1, model={"modelName": "a" * 200, "modelFormat": None}))

    with pytest.raises(InvalidArgument):
        listed(tmp_path, model_glob="+(a|aa)+(a|aa)+(a|aa)b")


def test_a_summary_leaves_the_entry_out(home):
    newest = listed(home, limit=1).deployments[0]

    assert newest.entry is None


def test_detail_full_gives_the_stored_entry(home):
    newest = listed(home, limit=1, full=True).deployments[0]

    assert {"VLLM_X": "1"} == newest.entry["configuration"]["parameters"]


def test_a_page_of_whole_entries_holds_ten_and_goes_on(tmp_path):
    log = user_registry(tmp_path)
    for number in range(1, 19):
        log.append(lambda _, number=number: entry(number))

    first = listed(tmp_path, limit=100, full=True)
    second = listed(tmp_path, limit=100, full=True, cursor=first.next_cursor)

    assert (10, 8) == (first.count, second.count)
    assert not first.complete


def test_a_page_of_large_whole_entries_ends_where_an_answer_does(tmp_path):
    """Design, "Names and shapes": the largest answer stays under 20,000 tokens, of a byte each."""
    log = user_registry(tmp_path)
    for number in range(1, 8):
        log.append(lambda _, number=number: entry(number, later="é" * 4000))
    seen, cursor = [], ""
    while True:
        page = listed(tmp_path, full=True, cursor=cursor)
        assert size_bytes(page.wire()) < 20_000
        seen += days(page)
        if page.complete:
            break
        cursor = page.next_cursor

    assert [7, 6, 5, 4, 3, 2, 1] == seen


def test_a_long_value_is_cut_at_a_glance(tmp_path):
    user_registry(tmp_path).append(
        lambda _: entry(1, projectName="p" * 5000, infrastructure={"region": "r" * 5000})
    )
    [newest] = listed(tmp_path).deployments

    assert newest.project_name.endswith("(cut, 5000 characters)")
    assert len(newest.region) < 250


def test_a_whole_entry_is_shown_without_the_secrets_that_mlcc_stores(tmp_path):
    """D12; design, rule 3: nothing secret is sent."""
    secretive = {"parameters": {"DB_PASSWORD": "hunter2", "VLLM_X": "1"}}
    user_registry(tmp_path).append(lambda _: entry(1, configuration=secretive))
    [newest] = listed(tmp_path, full=True).deployments

    assert {"DB_PASSWORD": "***REDACTED***", "VLLM_X": "1"} == newest.entry["configuration"][
        "parameters"
    ]


def test_a_file_given_twice_is_read_once(home):
    """D39: with the home as working folder, MLCC lists entries twice."""
    logs = [("user", user_registry(home)), ("project", user_registry(home))]
    page = list_deployments(logs, DeploymentFilter(), limit=20, cursor="", full=False)

    assert 5 == page.count


def test_a_file_given_twice_by_a_link_is_read_once_too(home, tmp_path):
    """D39 again: the home may be a link that the workspace has followed."""
    (tmp_path / "linked").symlink_to(home)
    logs = [("user", user_registry(tmp_path / "linked")), ("project", user_registry(home))]
    page = list_deployments(logs, DeploymentFilter(), limit=20, cursor="", full=False)

    assert 5 == page.count


def test_the_projects_own_file_is_read_beside_the_users(home, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    project_registry(project).append(lambda _: entry(8))
    logs = [("user", user_registry(home)), ("project", project_registry(project))]
    page = list_deployments(logs, DeploymentFilter(), limit=1, cursor="", full=False)

    assert ["project"] == [each.origin for each in page.deployments]


def test_no_file_is_an_empty_page_that_says_so(tmp_path):
    page = listed(tmp_path / "nowhere")

    assert 0 == page.count
    assert page.complete
    assert "No registered deployment" in page.message


def test_a_file_that_does_not_parse_is_named(tmp_path):
    (tmp_path / "registry.json").write_text("{", encoding="utf-8")

    with pytest.raises(CorruptRegistry) as refused:
        listed(tmp_path)

    assert "registry.json" in refused.value.message


def test_replay_flags_are_a_list_that_no_shell_reads():
    """D10: MLCC builds a shell command of these values."""
    hostile = entry(1, model={"modelName": "x; touch /y", "modelFormat": "pkl"})

    assert (
        "--deployment-config",
        "transformers-vllm",
        "--model-name",
        "x; touch /y",
        "--region",
        "us-west-2",
    ) == replay_flags(hostile)
