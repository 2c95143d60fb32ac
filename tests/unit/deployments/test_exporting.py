"""Exporting deployments: pages, order, and nothing secret (design, `export_deployments`)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from registry.deployments.exporting import Export, export_deployments
from registry.deployments.filters import DeploymentFilter
from registry.errors import InvalidArgument, NotFound
from registry.local.deployments import project_registry

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def page(logs, entry_id="", limit=0, cursor="", **wanted):
    request = Export(entry_id, DeploymentFilter(**wanted), limit, cursor)
    return export_deployments(logs, request, lambda: NOW)


def walked(logs, limit=0, **wanted):
    found, cursor = [], ""
    while True:
        answer = page(logs, limit=limit, cursor=cursor, **wanted)
        found += [int(each["id"], 16) for each in answer.document.entries]
        if answer.complete:
            return found
        cursor = answer.next_cursor


def test_pages_hold_every_entry_once_in_the_order_of_the_files(deployed, seeded, tmp_path):
    numbers = [5, 3, 9, 1, 7, 2]
    user = seeded(*(deployed(number) for number in numbers))
    project = project_registry(tmp_path / "project")
    (tmp_path / "project").mkdir()
    for number in (8, 4):
        project.append(lambda _, number=number: deployed(number))
    logs = [("user", user), ("project", project)]

    for limit in (1, 2, 3, 100):
        assert [*numbers, 8, 4] == walked(logs, limit=limit)


def test_each_page_is_an_exchange_document_of_its_own(deployed, seeded):
    logs = [("user", seeded(*(deployed(number) for number in range(1, 13))))]

    first = page(logs)

    assert 10 == first.count
    assert {
        "version": "1.0",
        "exportedAt": "2026-06-01T00:00:00.000Z",
        "exportedBy": "anonymous",
    } == {key: value for key, value in first.document.wire().items() if key != "entries"}


def test_a_page_is_cut_by_its_size(deployed, seeded):
    large = [deployed(number, outcome__notes="é" * 3000) for number in range(1, 21)]
    logs = [("user", seeded(*large))]

    first = page(logs, limit=100)

    assert 1 < first.count < 20
    assert len(json.dumps(first.wire(), ensure_ascii=False).encode()) < 20_000
    assert list(range(1, 21)) == walked(logs, limit=100)


def test_an_entry_larger_than_a_page_stands_alone(deployed, seeded):
    logs = [("user", seeded(deployed(1), deployed(2, outcome__notes="x " * 50_000), deployed(3)))]

    assert [1, 2, 3] == walked(logs, limit=100)


def test_a_page_goes_on_where_it_was_although_entries_were_removed(deployed, seeded):
    numbers = [1, 2, 3, 4, 5, 6]
    first = page([("user", seeded(*map(deployed, numbers)))], limit=3)
    fewer = seeded(*map(deployed, [2, 3, 4, 5, 6]))

    rest = page([("user", fewer)], limit=100, cursor=first.next_cursor)

    assert [4, 5, 6] == [int(each["id"], 16) for each in rest.document.entries]


def test_the_last_entry_of_a_page_may_be_removed_itself(deployed, seeded):
    first = page([("user", seeded(*map(deployed, [1, 2, 3, 4])))], limit=2)
    fewer = seeded(*map(deployed, [1, 3, 4]))

    rest = page([("user", fewer)], limit=100, cursor=first.next_cursor)

    assert [3, 4] == [int(each["id"], 16) for each in rest.document.entries]


def test_entries_of_one_id_do_not_turn_a_walk_into_a_circle(deployed, seeded):
    same = [deployed(7, outcome__notes=str(number)) for number in range(6)]

    assert [7] * 6 == walked([("user", seeded(*same))], limit=2)


def test_a_cursor_of_another_projects_file_is_refused(deployed, seeded, tmp_path):
    user = seeded(*map(deployed, [1, 2, 3]))

    def logs(project):
        return [("user", user), ("project", project_registry(tmp_path / project))]

    with pytest.raises(InvalidArgument):
        page(logs("another"), cursor=page(logs("one"), limit=1).next_cursor)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [({"status": "failed"}, [2]), ({"region": "eu-west-1"}, [3]), ({}, [1, 2, 3])],
)
def test_filters_choose(deployed, seeded, wanted, expected):
    log = seeded(
        deployed(1),
        deployed(2, status="failed"),
        deployed(3, infrastructure__region="eu-west-1"),
    )

    assert expected == walked([("user", log)], **wanted)


def test_nothing_secret_leaves(deployed, seeded):
    """D12: MLCC strips two names only, and stores others in clear."""
    planted = "hf_" + "aB3" * 11
    parameters = {
        "HF_TOKEN": planted,
        "NGC_API_KEY": "k",
        "DB_PASSWORD": "hunter2",
        "VLLM_MAX_NUM_BATCHED_TOKENS": "8192",
        "URL": f"https://user:{planted}@host/x",
        "SECRET_ARN": "",
    }
    entry = deployed(
        1,
        configuration__parameters=parameters,
        outcome__notes=f"token is {planted}",
        custom={"apiKey": "hunter2", "kept": [planted, "x"]},
        idempotencyKey="deploy-7",
    )

    [exported] = page([("user", seeded(entry))]).document.entries

    text = json.dumps(exported)
    assert planted not in text
    assert "hunter2" not in text
    assert {"HF_TOKEN", "NGC_API_KEY"} & set(exported["configuration"]["parameters"]) == set()
    assert "8192" == exported["configuration"]["parameters"]["VLLM_MAX_NUM_BATCHED_TOKENS"]
    assert {"instanceType": "ml.g5.2xlarge"} == exported["infrastructure"]
    assert "idempotencyKey" not in exported


def test_what_no_client_could_read_back_is_left_out_and_named(deployed, seeded):
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    answer = page([("user", seeded(deployed(1, later=deep), deployed(2)))])

    assert ["00000002"] == [each["id"] for each in answer.document.entries]
    assert "00000001 is left out" in answer.warnings[0]


def test_an_id_that_is_not_there_names_near_ones(deployed, seeded):
    with pytest.raises(NotFound) as refused:
        page([("user", seeded(deployed(0xABCDEF)))], entry_id="00abcdee")

    assert ["00abcdef"] == refused.value.details["candidates"]


def test_nothing_to_export_is_no_document(seeded):
    answer = page([("user", seeded())])

    assert (None, 0, True) == (answer.document, answer.count, answer.complete)


def test_a_cursor_of_other_filters_is_refused(deployed, seeded):
    logs = [("user", seeded(*map(deployed, [1, 2, 3])))]
    first = page(logs, limit=1)

    with pytest.raises(InvalidArgument):
        page(logs, limit=1, cursor=first.next_cursor, status="success")
