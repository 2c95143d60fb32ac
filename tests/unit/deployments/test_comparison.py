"""Comparing deployments: only what differs, value by value (design, `compare_deployments`)."""

from __future__ import annotations

import pytest

from registry.deployments.comparison import compare_deployments
from registry.deployments.values import size_bytes
from registry.errors import InvalidArgument, NotFound

ONE, TWO = "00000001", "00000002"


@pytest.fixture
def compared(seeded):
    """Compare two entries; each difference as (path, change, from, to)."""

    def compare(first, second):
        log = seeded(first, second)
        answer = compare_deployments([("user", log)], [first["id"], second["id"]], "")
        [comparison] = answer.comparisons
        assert comparison.count == len(comparison.differences)
        return [(d.path, d.change, d.before, d.after) for d in comparison.differences]

    return compare


def test_what_identifies_an_entry_is_no_difference(compared, deployed):
    first = deployed(1, outcome__notes="same", modelPackageArn="arn:1", modelPackageVersion=1)
    second = deployed(
        2, outcome__notes="same", metadata__source="imported", metadata__importedFrom="team.json"
    )

    assert [] == compared(first, second)


def test_parameters_are_compared_one_by_one(compared, deployed):
    first = deployed(1, outcome__notes=None, configuration__parameters={"A": "1", "B": "2"})
    second = deployed(2, outcome__notes=None, configuration__parameters={"C": "3", "B": "5"})

    assert [
        ("/configuration/parameters/A", "removed", "1", None),
        ("/configuration/parameters/B", "changed", "2", "5"),
        ("/configuration/parameters/C", "added", None, "3"),
    ] == compared(first, second)


def test_components_are_compared_by_name_whatever_their_order(compared, deployed):
    base, faq = {"name": "default", "gpuCount": 1}, {"name": "faq", "isAdapter": True}
    tone = {"name": "tone", "isAdapter": True}
    first = deployed(1, outcome__notes=None, deployment__icList=[base, faq])
    second = deployed(
        2, outcome__notes=None, deployment__icList=[tone, {**faq, "baseIcName": "default"}, base]
    )

    assert [
        ("/deployment/icList/faq/baseIcName", "added", None, "default"),
        ("/deployment/icList/tone", "added", None, tone),
    ] == compared(first, second)


def test_components_of_one_name_are_told_apart(compared, deployed):
    first = deployed(1, outcome__notes=None, deployment__icList=[{"name": "a"}, {"name": "a"}])
    second = deployed(
        2, outcome__notes=None, deployment__icList=[{"name": "a"}, {"name": "a", "gpuCount": 2}]
    )

    assert [("/deployment/icList/a#2/gpuCount", "added", None, 2)] == compared(first, second)


def test_no_component_is_lost_to_a_name_like_ours_for_a_second_one(compared, deployed):
    names = [{"name": "a"}, {"name": "a#2"}, {"name": "a"}]
    first = deployed(1, outcome__notes=None, deployment__icList=names)
    second = deployed(
        2, outcome__notes=None, deployment__icList=[*names[:2], {"name": "a", "gpuCount": 2}]
    )

    assert [("/deployment/icList/a#3/gpuCount", "added", None, 2)] == compared(first, second)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, {}, []),
        (1, 1.0, []),
        ("1", 1, [("/later", "changed", "1", 1)]),
        (True, 1, [("/later", "changed", True, 1)]),
        (None, "x", [("/later", "added", None, "x")]),
        ("x", None, [("/later", "removed", "x", None)]),
        ({"a": {"b": 1}}, None, [("/later/a/b", "removed", 1, None)]),
        ({"a/b": 1}, {"a/b": 2}, [("/later/a~1b", "changed", 1, 2)]),
        ([1, 2], [2, 1], [("/later", "changed", [1, 2], [2, 1])]),
    ],
)
def test_a_value_that_is_missing_is_null_and_numbers_are_numbers(
    compared, deployed, before, after, expected
):
    first = deployed(1, outcome__notes=None, later=before)
    second = deployed(2, outcome__notes=None, later=after)

    assert expected == compared(first, second)


def test_a_secret_is_never_shown(compared, deployed):
    """MLCC stores some secrets in clear (D12)."""
    planted = "hf_" + "aB3" * 11
    first = deployed(1, outcome__notes=None, configuration__parameters={"DB_PASSWORD": "hunter2"})
    second = deployed(2, outcome__notes=f"uses {planted}", configuration__parameters={})

    answer = repr(compared(first, second))

    assert "hunter2" not in answer
    assert planted not in answer


@pytest.mark.parametrize("other", [{}, {"DB_SECRET": {"user": "u", "value": "hunter3"}}])
def test_what_a_secrets_name_holds_is_not_opened(compared, deployed, other):
    whole = {"DB_SECRET": {"user": "u", "value": "hunter2"}}
    first = deployed(1, outcome__notes=None, configuration__parameters=whole)
    second = deployed(2, outcome__notes=None, configuration__parameters=other)

    [(path, _, before, after)] = compared(first, second)

    assert "/configuration/parameters/DB_SECRET" == path
    assert "***REDACTED***" == before
    assert after in (None, "***REDACTED***")


def test_a_long_value_is_cut_and_says_so(compared, deployed):
    first = deployed(1, outcome__notes="x" * 5000)
    second = deployed(2, outcome__notes=["y" * 5000])

    [(_, _, before, after)] = compared(first, second)

    assert before.endswith("... (cut, 5000 characters)")
    assert len(before) < 700
    assert isinstance(after, str)


def test_more_differences_than_there_is_room_for_are_counted(deployed, seeded):
    many = {f"VLLM_{number}": "x" * 300 for number in range(3000)}
    log = seeded(deployed(1), deployed(2, configuration__parameters=many))

    answer = compare_deployments([("user", log)], [ONE, TWO], "")

    [comparison] = answer.comparisons
    assert 3002 == comparison.count
    assert comparison.count == len(comparison.differences) + comparison.omitted
    assert size_bytes(answer.wire()) < 20_000
    assert "more differences" in answer.message


def test_ten_deployments_that_differ_everywhere_fit_an_answer(deployed, seeded):
    """Design, "Names and shapes": under 20,000 tokens, and no token is less than a byte."""
    entries = []
    for number in range(10):
        many = {f"{'日' * 50}{n}": f"{number} {'é' * 700}" for n in range(40)}
        large = {"model__modelName": f"{number} {'日' * 900}", "projectName": "é" * 900}
        entries.append(deployed(number, configuration__parameters=many, **large))
    ids = [each["id"] for each in entries]

    answer = compare_deployments([("user", seeded(*entries))], ids, "")

    assert {42} == {each.count for each in answer.comparisons}
    assert size_bytes(answer.wire()) < 20_000


def test_deeply_nested_values_are_compared_without_a_crash(compared, deployed):
    deep: object = 1
    deeper: object = 2
    for _ in range(300):
        deep, deeper = {"a": deep}, {"a": deeper}

    [(path, change, _, _)] = compared(
        deployed(1, outcome__notes=None, later=deep),
        deployed(2, outcome__notes=None, later=deeper),
    )

    assert (path.startswith("/later/a/a"), change) == (True, "changed")


def test_a_projects_newest_of_each_region_are_compared_with_the_newest(deployed, seeded):
    log = seeded(
        deployed(1, infrastructure__region="us-west-2"),
        deployed(9, infrastructure__region="us-west-2"),
        deployed(5, infrastructure__region="eu-west-1", model__modelName="other"),
        deployed(7, infrastructure__region=None),
        deployed(8, infrastructure__region="ap-south-1", projectName="another"),
    )

    answer = compare_deployments([("user", log)], [], "support-bot")

    assert ["00000009", "00000005"] == [head.id for head in answer.deployments]
    [comparison] = answer.comparisons
    assert ["/model/modelName", "/infrastructure/region", "/outcome/notes"] == [
        each.path for each in comparison.differences
    ]


def test_a_project_of_one_region_says_that_there_is_nothing_to_compare(deployed, seeded):
    answer = compare_deployments([("user", seeded(deployed(1)))], [], "support-bot")

    assert () == answer.comparisons
    assert ["00000001"] == [head.id for head in answer.deployments]
    assert "one region only" in answer.message


def test_each_of_several_is_compared_with_the_first(deployed, seeded):
    log = seeded(*(deployed(number) for number in (1, 2, 3)))

    answer = compare_deployments([("user", log)], ["00000003", ONE, TWO], "")

    assert [("00000003", ONE), ("00000003", TWO)] == [
        (each.from_id, each.to_id) for each in answer.comparisons
    ]


@pytest.mark.parametrize("ids", [[ONE], [ONE, ONE], [f"{n:08x}" for n in range(11)]])
def test_one_id_alone_or_too_many_are_refused(deployed, seeded, ids):
    with pytest.raises(InvalidArgument, match="ids names"):
        compare_deployments([("user", seeded(deployed(1)))], ids, "")


def test_without_ids_and_project_the_call_says_what_to_pass(seeded):
    with pytest.raises(InvalidArgument) as refused:
        compare_deployments([("user", seeded())], [], "")

    assert "project_name" in refused.value.hint


def test_an_unknown_project_names_near_ones(deployed, seeded):
    with pytest.raises(NotFound) as refused:
        compare_deployments([("user", seeded(deployed(1)))], [], "support-bit")

    assert ["support-bot"] == refused.value.details["candidates"]


def test_more_regions_than_an_answer_holds_are_said(deployed, seeded):
    log = seeded(*(deployed(n, infrastructure__region=f"r-{n}") for n in range(12)))

    answer = compare_deployments([("user", log)], [], "support-bot")

    assert (10, 9) == (len(answer.deployments), len(answer.comparisons))
    assert ("2 more regions, registered earlier, are left out",) == answer.warnings
