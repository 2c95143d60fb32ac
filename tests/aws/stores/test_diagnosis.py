"""Every way to come to no usable credentials or no connection, as a user meets it.

Each row is what stands in the user's files and variables; the client library is the real one.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from registry.aws.directory import BotoDirectory
from registry.errors import RegistryError
from sandbox.service import Sandbox

KEYS = "aws_access_key_id = AKIASANDBOX000000000\naws_secret_access_key = rosebud-rosebud\n"
ROLE = "arn:aws:iam::123456789012:role/deployer"
SSO = """[profile team]
sso_start_url = https://team.awsapps.com/start
sso_region = us-west-2
sso_account_id = 123456789012
sso_role_name = deployer
"""
SSO_SESSION = """[profile team]
sso_session = team
sso_account_id = 123456789012
sso_role_name = deployer
[sso-session team]
sso_start_url = https://team.awsapps.com/start
sso_region = us-west-2
"""


@dataclass(frozen=True)
class Case:
    """One row: what is there, and what the user is told."""

    code: str
    said: tuple[str, ...]
    hint: tuple[str, ...]
    config: str = ""
    credentials: str = ""
    profile: str = ""
    region: str = "us-west-2"
    variables: dict[str, str] = field(default_factory=dict)
    retryable: bool = False


CASES = {
    "nothing at all": Case(
        "credentials",
        ("no AWS credentials were found", "environment", "instance"),
        ("AWS_PROFILE", "AWS_EC2_METADATA_DISABLED"),
    ),
    "half a pair of keys": Case(
        "credentials",
        ("incomplete", "shared-credentials-file", "aws_secret_access_key"),
        ("AWS_SECRET_ACCESS_KEY",),
        credentials="[default]\naws_access_key_id = AKIASANDBOX000000000\n",
    ),
    "half a pair of variables": Case(
        "credentials",
        ("incomplete", "env", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY",),
        variables={"AWS_ACCESS_KEY_ID": "AKIASANDBOX000000000"},
    ),
    "a profile that is not there": Case(
        "credentials",
        ("no such AWS profile", "tema"),
        ("the profiles are", "team", "other"),
        credentials=f"[team]\n{KEYS}[other]\n{KEYS}",
        profile="tema",
    ),
    "a profile where there are none": Case(
        "credentials", ("no such AWS profile",), ("aws configure",), profile="team"
    ),
    "a profile named by a variable": Case(
        "credentials",
        ("no such AWS profile", "tema"),
        ("the profiles are", "team"),
        credentials=f"[team]\n{KEYS}",
        variables={"AWS_PROFILE": "tema"},
    ),
    "a configuration that does not parse": Case(
        "credentials", ("does not parse",), ("~/.aws/config",), config="[profile team\n"
    ),
    "a source profile that is not there": Case(
        "credentials",
        ("not usable", "nobody"),
        ("source_profile",),
        config=f"[profile team]\nrole_arn = {ROLE}\nsource_profile = nobody\n",
        profile="team",
    ),
    "a region that can be none": Case(
        "invalid_argument",
        ("not a valid region",),
        ("us-east-1",),
        credentials=f"[default]\n{KEYS}",
        region="us west 2",
    ),
    "a role that asks for a code": Case(
        "credentials",
        ("MFA code",),
        ("session credentials",),
        config=(
            f"[profile team]\nrole_arn = {ROLE}\nsource_profile = base\n"
            "mfa_serial = arn:aws:iam::123456789012:mfa/ada\n"
        ),
        credentials=f"[base]\n{KEYS}",
        profile="team",
    ),
    "a role on a profile that asks for a code": Case(
        "credentials",
        ("MFA code",),
        ("session credentials",),
        config=(
            f"[profile team]\nrole_arn = {ROLE}\nsource_profile = between\n"
            f"[profile between]\nrole_arn = {ROLE}\nsource_profile = base\n"
            "mfa_serial = arn:aws:iam::123456789012:mfa/ada\n"
        ),
        credentials=f"[base]\n{KEYS}",
        profile="team",
    ),
    "nobody has signed in": Case(
        "credentials", ("sign-in",), ("aws sso login",), config=SSO, profile="team"
    ),
    "nobody has signed in to the session": Case(
        "credentials", ("sign-in",), ("aws sso login",), config=SSO_SESSION, profile="team"
    ),
    "a credential process that fails": Case(
        "credentials",
        ("credential process",),
        ("by hand",),
        config="[profile team]\ncredential_process = false\n",
        profile="team",
    ),
    "a credential process that is not there": Case(
        "credentials",
        ("cannot be read",),
        ("credential_process",),
        config="[profile team]\ncredential_process = no-such-program\n",
        profile="team",
    ),
    "a credential process that prints no JSON": Case(
        "credentials",
        ("no JSON",),
        ("by hand",),
        config="[profile team]\ncredential_process = echo rosebud-rosebud\n",
        profile="team",
    ),
    "a web identity token that is not there": Case(
        "credentials",
        ("cannot be read",),
        ("web_identity_token_file",),
        variables={"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/token", "AWS_ROLE_ARN": ROLE},
    ),
    "an unknown credential source": Case(
        "credentials",
        ("not usable",),
        ("credential_source",),
        config=f"[profile team]\nrole_arn = {ROLE}\ncredential_source = Nowhere\n",
        profile="team",
    ),
    "an endpoint without a scheme": Case(
        "not_configured",
        ("not well formed",),
        ("http://",),
        credentials=f"[default]\n{KEYS}",
        variables={"AWS_ENDPOINT_URL_STS": "127.0.0.1:1"},
    ),
    "a port that nobody listens on": Case(
        "unavailable",
        ("cannot be reached",),
        ("proxy", "region", "AWS_ENDPOINT_URL"),
        credentials=f"[default]\n{KEYS}",
        variables={"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9"},
        retryable=True,
    ),
    "a host that has no address": Case(
        "unavailable",
        ("cannot be reached", "nowhere.invalid"),
        ("network", "region"),
        credentials=f"[default]\n{KEYS}",
        variables={"AWS_ENDPOINT_URL_STS": "http://nowhere.invalid"},
        retryable=True,
    ),
    "a proxy that is not there": Case(
        "unavailable",
        ("proxy", "127.0.0.1:9"),
        ("proxy",),
        credentials=f"[default]\n{KEYS}",
        variables={
            "HTTP_PROXY": "http://ada:rosebud-rosebud@127.0.0.1:9",
            "AWS_ENDPOINT_URL_STS": "http://sts.team.internal",
            "NO_PROXY": "",
            "no_proxy": "",
        },
        retryable=True,
    ),
    "a listener that speaks no TLS": Case(
        "unavailable",
        ("TLS",),
        ("AWS_CA_BUNDLE",),
        credentials=f"[default]\n{KEYS}",
        variables={"AWS_ENDPOINT_URL_STS": "https://{plain}"},
        retryable=True,
    ),
}


@pytest.fixture
def plain_listener() -> Iterator[str]:
    """The address of something that answers everybody with the same words, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    caller, _ = listener.accept()
                except OSError:
                    return
                with caller:
                    caller.recv(65536)
                    caller.sendall(b"this is no TLS at all\r\n" * 4)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield "{}:{}".format(*listener.getsockname())
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def met(
    aws_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[Case], RegistryError]]:
    """Meets what a row says is there, by asking who we are."""
    directory = BotoDirectory()

    def meet(case: Case, **names: str) -> RegistryError:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(tmp_path))
        files = {"AWS_CONFIG_FILE": case.config, "AWS_SHARED_CREDENTIALS_FILE": case.credentials}
        for variable, text in files.items():
            path = tmp_path / variable
            if text:
                path.write_text(text, "utf-8")
            monkeypatch.setenv(variable, str(path))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        for variable, value in case.variables.items():
            monkeypatch.setenv(variable, value.format(**names))
        with pytest.raises(RegistryError) as told:
            _ = directory.open(region=case.region, profile=case.profile).identity
        return told.value

    yield meet
    directory.close()


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_named_with_what_to_do_about_it(met, plain_listener, name):
    case = CASES[name]
    told = met(case, plain=plain_listener)

    assert case.code == told.code, told.message
    assert case.retryable == told.retryable
    for each in case.said:
        assert each in told.message
    for each in case.hint:
        assert each in told.hint
    assert "rosebud" not in told.message + told.hint


ASKED = {
    "sts": lambda aws: aws.identity,
    "sagemaker": lambda aws: aws.components.endpoint("tv"),
    "s3": lambda aws: aws.objects.read("s3://bucket/key", limit_bytes=1),
    "dynamodb": lambda aws: aws.ci_table("ci-table").get("0" * 16),
    "ecr": lambda aws: aws.images.exists("123456789012.dkr.ecr.us-west-2.amazonaws.com/mlcc:1"),
}
REFUSED = {
    "clock_skew": ("because of its time", "set the clock"),
    "expired_token": ("the AWS session has expired", "sign in again"),
    "unknown": ("does not know these credentials", "check the profile"),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("service", ASKED)
def test_credentials_that_a_service_refuses_are_told_alike(
    sandbox: Sandbox,
    front_env: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    kind: str,
) -> None:
    """Each service has words and a form of its own; the second look is with fresh credentials."""
    if kind == "unknown":
        sandbox.control.change_settings(known_keys_only=True)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASTRANGER")
    else:
        sandbox.control.fail("*", kind, times=-1, service=service)
    directory = BotoDirectory()

    with pytest.raises(RegistryError) as told:
        ASKED[service](directory.open(region="us-west-2", profile=""))

    said, hint = REFUSED[kind]
    assert ("credentials", False) == (told.value.code, told.value.retryable)
    assert said in told.value.message
    assert hint in told.value.hint
    assert "AKIA" not in told.value.message + told.value.hint
    directory.close()


def test_an_expired_session_is_told_where_s3_answers_without_a_word(
    sandbox: Sandbox, front_env: dict[str, str]
) -> None:
    """HEAD has no body: an expired session is a bare 400 there."""
    sandbox.control.fail("HeadObject", "expired_token", times=-1, service="s3")
    directory = BotoDirectory()

    with pytest.raises(RegistryError) as told:
        directory.open(region="us-west-2", profile="").objects.head("s3://bucket/key")

    assert "credentials" == told.value.code
    assert "sign in again" in told.value.hint
    directory.close()
