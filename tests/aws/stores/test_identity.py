from pathlib import Path

import pytest

from registry.aws.directory import BotoDirectory
from registry.aws.sessions import FixedAccess
from registry.calls import Call
from registry.errors import CredentialsFailed, Unavailable
from sandbox.service import Sandbox


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
