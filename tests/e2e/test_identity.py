"""Whom each call acts as, through one server process that is never started again."""

from __future__ import annotations

import anyio
import pytest

from sandbox.identities import DEFAULT_ACCOUNT, DEFAULT_KEY, SECOND_ACCOUNT, SECOND_KEY

pytestmark = pytest.mark.anyio

ACCOUNTS = {"one": (DEFAULT_KEY, DEFAULT_ACCOUNT), "two": (SECOND_KEY, SECOND_ACCOUNT)}
CODE = """[profile code]
role_arn = arn:aws:iam::123456789012:role/deployer
source_profile = one
mfa_serial = arn:aws:iam::123456789012:mfa/ada
"""


@pytest.fixture(scope="module")
def era():
    """Whom a call acts as has nothing to do with the protocol."""
    return "auto"


@pytest.fixture
def keys(place):
    """Writes the user's credentials file: an access key for each profile."""
    path = place / "credentials"

    def write(**key_of):
        path.write_text(
            "".join(
                f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = secret-of-{key}\n"
                for name, key in key_of.items()
            ),
            "utf-8",
        )

    write(**{name: key for name, (key, _) in ACCOUNTS.items()})
    return write


@pytest.fixture
def environment(box, place, keys):
    """What leads to the sandbox, with the keys in the user's files and not in variables."""
    (place / "config").write_text(CODE, "utf-8")
    shown = {name: value for name, value in box.environment().items() if "ACCESS_KEY" not in name}
    return shown | {
        "AWS_SHARED_CREDENTIALS_FILE": str(place / "credentials"),
        "AWS_CONFIG_FILE": str(place / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def group_calls(box):
    return {
        call["request"]["ModelPackageGroupName"]: (call["access_key"], call["region"])
        for call in box.control.calls("CreateModelPackageGroup")
    }


async def test_calls_at_once_are_each_signed_with_the_key_of_their_profile(
    connect, box, environment
):
    told = {}

    async def register(client, number):
        profile, region = ("one", "two")[number % 2], ("us-west-2", "eu-west-1")[number % 3 % 2]
        name = f"{profile}-{region}-{number}"
        made = await client.ok(
            "register_deployment",
            project_name=name,
            deployment_config="http-flask",
            region=region,
            profile=profile,
        )
        told[name] = made["aws"]

    async with connect(environment=environment) as client, anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(register, client, number)

    wanted = {
        name: (*ACCOUNTS[name.partition("-")[0]], "-".join(name.split("-")[1:4])) for name in told
    }
    assert 12 == len(told)
    assert {name: (key, region) for name, (key, _, region) in wanted.items()} == group_calls(box)
    for name, (_, account, region) in wanted.items():
        shown = told[name]
        assert (account, region, name.partition("-")[0]) == tuple(
            shown[each] for each in ("account", "region", "profile")
        )


async def test_a_credentials_file_that_changes_counts_from_the_next_call_on(
    connect, box, environment, keys
):
    call = {"project_name": "tv", "deployment_config": "http-flask", "profile": "one"}
    async with connect(environment=environment) as client:
        first = await client.ok("register_deployment", **call)
        keys(one=SECOND_KEY)
        second = await client.ok("register_deployment", **call, notes="as somebody else")
        keys(other=SECOND_KEY)
        gone = await client.refused("list_adapters", project_name="tv", profile="one")

    assert [DEFAULT_ACCOUNT, SECOND_ACCOUNT] == [each["aws"]["account"] for each in (first, second)]
    assert "credentials" == gone["error"]["code"]
    assert "the profiles are" in gone["error"]["hint"]
    assert "other" in gone["error"]["hint"]


async def test_a_profile_that_asks_for_a_code_is_refused_and_the_server_goes_on(
    connect, environment
):
    """The client library would read the code from standard input, which is the protocol's."""
    async with connect(environment=environment) as client:
        with anyio.fail_after(20):
            refused = await client.refused("list_adapters", project_name="tv", profile="code")
        after = await client.refused("list_adapters", project_name="tv", profile="one")

    assert "credentials" == refused["error"]["code"]
    assert "MFA" in refused["error"]["message"]
    assert "not_found" == after["error"]["code"]
