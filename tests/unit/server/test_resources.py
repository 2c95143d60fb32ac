"""Resources of a server without AWS: addresses, schemas, failures (design, "Tools")."""

from __future__ import annotations

import json
from urllib.parse import quote

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS

from registry.settings import TOOLSETS, Settings
from schemas.export import FOLDER, RECORDS
from server.app import build_server
from server.assembling import build_registry
from server.binding import Binder
from server.publishing import output_schema
from server.resources import Resources
from tools.catalog import CATALOG

pytestmark = pytest.mark.anyio

TOKEN = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEF12"
ODD_NAMES = ("a/b", "..", "/etc/passwd", "C:x", "faq & tone?", "100%", "naïve", "a@b", "x#y", "a+b")

NOWHERE = (
    "registry://nothing/x",
    "registry://datasets",
    "registry://datasets/",
    "registry://datasets/a/b",
    "registry://projects//adapters",
    "registry://projects/x/models",
    "registry://schemas/x/y",
    "file:///etc/passwd",
    "x" * 10_000,
)


def dataset(name, **more):
    return {"name": name, "s3_uri": "s3://team-data/x.jsonl", "technique": "sft", **more}


async def read(client, uri):
    [contents] = (await client.read_resource(uri)).contents
    assert uri == str(contents.uri)
    return contents


async def test_the_schemas_of_stored_records_are_listed_and_are_the_exported_ones(served):
    async with served() as client:
        listed = (await client.list_resources()).resources
        texts = {each.uri: await read(client, str(each.uri)) for each in listed}

    assert [f"registry://schemas/{name}" for name in RECORDS] == list(texts)
    for name in RECORDS:
        contents = texts[f"registry://schemas/{name}"]
        assert (FOLDER / f"{name}.json").read_text("utf-8") == contents.text
        assert "application/schema+json" == contents.mime_type
    assert {"application/schema+json"} == {each.mime_type for each in listed}


async def test_every_tools_answer_has_its_whole_schema_under_the_tools_name(served):
    async with served() as client:
        for spec in CATALOG:
            schema = json.loads((await read(client, f"registry://schemas/{spec.name}")).text)

            Draft202012Validator.check_schema(schema)
            published = set(output_schema(spec)["properties"]) - {"error"}
            assert published == set(schema["properties"])


@pytest.mark.parametrize(
    "settings",
    [{}, {"read_only": True}, {"toolsets": ("ci",)}, {"toolsets": TOOLSETS}],
    ids=str,
)
async def test_every_kind_of_resource_is_offered_whatever_tools_are_published(served, settings):
    async with served(**settings) as client:
        listed = (await client.list_resource_templates()).resource_templates

    assert [
        "registry://deployments/{id}",
        "registry://projects/{project}/adapters",
        "registry://datasets/{name}",
        "registry://evaluators/{name}",
        "registry://ci/{configId}",
        "registry://schemas/{record}",
    ] == [each.uri_template for each in listed]


async def test_any_name_can_be_read_percent_encoded(served, stored):
    stored("datasets", [dataset(name) for name in ODD_NAMES])
    async with served() as client:
        for name in ODD_NAMES:
            contents = await read(client, f"registry://datasets/{quote(name, safe='')}")

            [found] = json.loads(contents.text)["datasets"]
            assert name == found["name"]
            assert "application/json" == contents.mime_type


async def test_an_address_of_no_resource_is_refused_with_those_there_are(served, stored, refused):
    stored("datasets", [dataset("faq")])
    async with served() as client:
        for uri in NOWHERE:
            error = await refused(client.read_resource(uri))

            assert INVALID_PARAMS == error.code
            assert uri == error.data["uri"]
            assert "not_found" == error.data["error"]["code"]
            assert "registry://datasets/{name}" in error.message
            assert len(error.message) < 1000


async def test_a_name_that_is_not_there_is_refused_with_near_ones(served, stored, refused):
    stored("datasets", [dataset("faq"), dataset("tone")])
    stored("evaluators", [{"name": "reward", "type": "lambda"}])
    async with served() as client:
        errors = [
            await refused(client.read_resource(f"registry://{each}"))
            for each in ("datasets/fqa", "evaluators/rewards", "schemas/deploymen")
        ]

    assert [INVALID_PARAMS] * 3 == [error.code for error in errors]
    assert [["faq"], ["reward"]] == [error.data["candidates"] for error in errors[:2]]
    assert "deployment" == errors[2].data["candidates"][0]
    for error, near in zip(errors, ("faq", "reward", "deployment"), strict=True):
        assert near in error.message  # many clients show nothing else


async def test_a_file_that_does_not_parse_is_a_failure_with_its_hint(served, stored, refused):
    stored("datasets", "[{")
    async with served() as client:
        error = await refused(client.read_resource("registry://datasets/faq"))

    assert INTERNAL_ERROR == error.code
    assert "corrupt_registry" == error.data["error"]["code"]
    assert error.data["error"]["hint"] in error.message
    assert "Traceback" not in json.dumps(error.data)


async def test_without_aws_a_projects_adapters_say_what_is_missing(served, refused):
    async with served() as client:
        error = await refused(client.read_resource("registry://projects/support-bot/adapters"))

    assert INTERNAL_ERROR == error.code
    assert "not_configured" == error.data["error"]["code"]
    assert "region" in error.message


async def test_a_secret_in_an_address_does_not_come_back(served, refused):
    async with served() as client:
        for kind in ("datasets", "schemas", "nothing"):
            error = await refused(client.read_resource(f"registry://{kind}/{TOKEN}"))

            assert TOKEN not in error.message + json.dumps(error.data)


async def test_what_others_stored_in_clear_is_redacted(served, stored):
    stored("datasets", [dataset("faq", api_key="correct-horse", notes=f"use {TOKEN}")])
    async with served() as client:
        text = (await read(client, "registry://datasets/faq")).text

    assert "***REDACTED***" in text
    assert "correct-horse" not in text
    assert TOKEN not in text


async def test_what_comes_from_a_sandbox_says_so(served, stored):
    stored("datasets", [dataset("faq")])
    async with served(sandbox=True) as client:
        shown = json.loads((await read(client, "registry://datasets/faq")).text)

    assert True is shown["sandbox"]


async def test_a_failure_of_our_own_shows_nothing_of_itself():
    broken = Resources(Binder(None, anyio.CapacityLimiter(1)), sandbox=False)  # type: ignore[arg-type] # no way to one
    with pytest.raises(MCPError) as refused:
        await broken.read("registry://datasets/faq", Context())

    error = refused.value.error
    assert (INTERNAL_ERROR, "internal") == (error.code, error.data["error"]["code"])
    assert "AttributeError" not in error.message + json.dumps(error.data)


async def test_what_is_advertised_is_what_is_served(served):
    """Nothing notifies of changes that other programs make too, so nothing claims to."""
    async with served() as client:
        said = client.server_capabilities

    assert said.resources and not said.resources.subscribe
    assert not (said.resources.list_changed or said.prompts.list_changed or said.tools.list_changed)
    assert said.completions is not None
    assert said.logging is None


async def test_a_resource_can_be_read_without_a_connection(home, stored):
    stored("datasets", [dataset("faq")])
    server = build_server(build_registry(Settings(home=home), {}))
    [contents] = await server.read_resource("registry://datasets/faq")

    assert "faq" == json.loads(contents.content)["datasets"][0]["name"]
