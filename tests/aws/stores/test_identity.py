from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from registry.aws.directory import BotoDirectory
from registry.aws.sessions import FixedAccess, Sessions
from registry.calls import Call
from registry.errors import CredentialsFailed, Unavailable
from sandbox.identities import DEFAULT_ACCOUNT, DEFAULT_KEY, SECOND_ACCOUNT, SECOND_KEY
from sandbox.service import Sandbox

ACCOUNT, OTHER = DEFAULT_ACCOUNT, SECOND_ACCOUNT


def test_the_identity_names_account_and_region_and_says_that_it_is_a_sandbox(
    directory: BotoDirectory,
) -> None:
    identity = directory.open(region="us-west-2", profile="").identity

    assert (identity.region, identity.profile, identity.sandbox) == ("us-west-2", None, True)
    assert len(identity.account) == 12


def test_the_account_is_asked_once_whatever_the_region(
    directory: BotoDirectory, sandbox: Sandbox
) -> None:
    accounts = {
        directory.open(region=region, profile="").identity.account
        for region in ("us-west-2", "us-west-2", "eu-west-1")
    }

    assert len(accounts) == 1
    assert len(sandbox.control.calls("GetCallerIdentity")) == 1


def test_without_credentials_opening_says_so(
    directory: BotoDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(CredentialsFailed, match="no AWS credentials were found"):
        directory.open(region="us-west-2", profile="")


def test_credentials_that_arrive_later_are_found(
    directory: BotoDirectory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key, secret = "AKIDEXAMPLE", "secret"
    stored = tmp_path / "credentials"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(stored))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(CredentialsFailed):
        directory.open(region="us-west-2", profile="")

    stored.write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")

    assert directory.open(region="us-west-2", profile="").identity.account


def test_an_unknown_profile_is_named(directory: BotoDirectory) -> None:
    with pytest.raises(CredentialsFailed, match="profile 'nobody'"):
        directory.open(region="us-west-2", profile="nobody")


def test_an_expired_session_is_renewed_once(directory: BotoDirectory, sandbox: Sandbox) -> None:
    sandbox.control.fail("ListInferenceComponents", "expired_token", times=1)

    aws = directory.open(region="us-west-2", profile="")

    assert list(aws.components.on_endpoint("tv-endpoint", call=_patient())) == []


def test_an_expired_session_that_stays_expired_is_told(
    directory: BotoDirectory, sandbox: Sandbox
) -> None:
    sandbox.control.fail("GetCallerIdentity", "expired_token", times=2, service="sts")

    with pytest.raises(CredentialsFailed, match="expired") as told:
        _ = directory.open(region="us-west-2", profile="").identity

    assert "sign in again" in told.value.hint


def test_an_endpoint_that_nobody_listens_on_is_unavailable(
    aws_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    directory = BotoDirectory()

    with pytest.raises(Unavailable, match="cannot be reached"):
        _ = directory.open(region="us-west-2", profile="").identity

    directory.close()


def test_fixed_access_wins_over_whatever_the_user_has_configured(
    sandbox: Sandbox, aws_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    endpoints = {
        name: aws_env[f"AWS_ENDPOINT_URL_{name.upper()}"]
        for name in ("sagemaker", "s3", "dynamodb", "ecr", "sts")
    }
    broken = tmp_path / "config"
    broken.write_text("[profile\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(broken))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    directory = BotoDirectory(access=FixedAccess("AKIDFIXED", "fixed", endpoints))

    identity = directory.open(region="us-west-2", profile="").identity

    assert True is identity.sandbox
    assert len(sandbox.control.calls("GetCallerIdentity")) == 1
    directory.close()


def _patient() -> Call:
    return Call()


@pytest.fixture
def stored_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Writes an access key into a credentials file that is all the client finds."""
    stored = tmp_path / "credentials"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(stored))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    def write(key: str) -> None:
        stored.write_text(f"[default]\naws_access_key_id={key}\naws_secret_access_key=secret-{key}")

    return write


def _accounts(sandbox: Sandbox, operation: str) -> list[str]:
    return [call["account"] for call in sandbox.control.calls(operation)]


def test_a_credentials_file_that_changes_is_picked_up_by_the_next_call(
    aws_env: dict[str, str], stored_keys: Callable[[str], None], sandbox: Sandbox
) -> None:
    directory = BotoDirectory()
    stored_keys(DEFAULT_KEY)
    first = directory.open(region="us-west-2", profile="")
    _ = first.identity

    stored_keys(SECOND_KEY)
    second = directory.open(region="us-west-2", profile="")
    list(second.components.on_endpoint("tv-endpoint", call=_patient()))
    list(first.components.on_endpoint("tv-endpoint", call=_patient()))

    assert [OTHER, ACCOUNT] == _accounts(sandbox, "ListInferenceComponents")
    assert (ACCOUNT, OTHER) == (first.identity.account, second.identity.account)
    directory.close()


def test_an_endpoint_that_changes_in_the_configuration_is_asked_by_the_next_call(
    aws_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sandbox: Sandbox
) -> None:
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SAGEMAKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    def lead_to(url: str) -> None:
        section = f"[services here]\nsagemaker =\n  endpoint_url = {url}\n"
        config.write_text(f"[default]\nservices = here\n{section}", "utf-8")

    directory = BotoDirectory()
    lead_to("http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        directory.open(region="us-west-2", profile="").components.names_on("tv", call=Call())

    lead_to(aws_env["AWS_ENDPOINT_URL_SAGEMAKER"])

    aws = directory.open(region="us-west-2", profile="")
    assert [] == list(aws.components.names_on("tv", call=Call()))
    directory.close()


def test_no_client_is_made_twice_while_the_credentials_stay(
    aws_env: dict[str, str], stored_keys: Callable[[str], None], sandbox: Sandbox
) -> None:
    sessions = Sessions(access=None, pool_size=2)
    stored_keys(DEFAULT_KEY)

    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(
                lambda _: sessions.client(sessions.open(""), "sagemaker", "us-west-2"), range(32)
            )
        )

    assert 1 == len({id(client) for client in made})
    sessions.close()


def test_a_call_that_began_as_one_account_never_goes_on_as_another(
    aws_env: dict[str, str], stored_keys: Callable[[str], None], sandbox: Sandbox
) -> None:
    directory = BotoDirectory()
    stored_keys(DEFAULT_KEY)
    aws = directory.open(region="us-west-2", profile="")
    _ = aws.identity
    stored_keys(SECOND_KEY)
    sandbox.control.fail("CreateModelPackageGroup", "expired_token", times=1)

    with pytest.raises(CredentialsFailed, match=f"{OTHER}, not {ACCOUNT}"):
        aws.packages.ensure_group("tv", description="")

    assert [ACCOUNT] == _accounts(sandbox, "CreateModelPackageGroup")
    assert OTHER == directory.open(region="us-west-2", profile="").identity.account
    directory.close()


def test_expired_credentials_of_the_same_account_are_renewed_from_the_file(
    aws_env: dict[str, str], stored_keys: Callable[[str], None], sandbox: Sandbox
) -> None:
    directory = BotoDirectory()
    stored_keys(DEFAULT_KEY)
    aws = directory.open(region="us-west-2", profile="")
    _ = aws.identity
    stored_keys(DEFAULT_KEY)
    sandbox.control.fail("CreateModelPackageGroup", "expired_token", times=1)

    assert aws.packages.ensure_group("tv", description="")
    assert ACCOUNT == aws.identity.account
    directory.close()


def test_two_profiles_at_once_are_each_signed_with_their_own_key(
    aws_env: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stored_keys: Callable[[str], None],
    sandbox: Sandbox,
) -> None:
    profiles = {"one": DEFAULT_KEY, "two": SECOND_KEY}
    (tmp_path / "credentials").write_text(
        "".join(
            f"[{name}]\naws_access_key_id={key}\naws_secret_access_key=secret-{key}\n"
            for name, key in profiles.items()
        )
    )
    directory = BotoDirectory()

    def work(number: int) -> str:
        profile = "one" if number % 2 else "two"
        region = "us-west-2" if number % 3 else "eu-west-1"
        aws = directory.open(region=region, profile=profile)
        aws.packages.ensure_group(f"{profile}-{region}-{number}", description="")
        return aws.identity.account

    with ThreadPoolExecutor(8) as pool:
        accounts = list(pool.map(work, range(48)))

    wanted = {"one": ACCOUNT, "two": OTHER}
    assert [wanted["one" if number % 2 else "two"] for number in range(48)] == accounts
    made = [
        (call["request"]["ModelPackageGroupName"], call["account"], call["region"])
        for call in sandbox.control.calls("CreateModelPackageGroup")
    ]
    assert 48 == len(made)
    for name, account, region in made:
        assert wanted[name.partition("-")[0]] == account
        assert region in name
    directory.close()
