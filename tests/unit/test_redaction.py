"""What counts as a secret, by its name and by its shape; and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.redaction import (
    REDACTED,
    is_secret_key,
    redact_parameters,
    redact_shapes,
    redact_text,
)


@pytest.mark.parametrize(
    "key",
    [
        "HF_TOKEN",
        "hf_token",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "MY_SECRET_THING",
        "client_secret",
        "VLLM_HF_TOKEN",
        "VLLM_API_KEY",
        "NGC_API_KEY",
        "APIKEY",
        "apiKey",
        "DB_PASSWORD",
        "PASSWD",
        "SSH_PASSPHRASE",
        "PRIVATE_KEY",
        "GOOGLE_CREDENTIALS",
        "GITHUB_PAT",
        "PAT_FOR_CI",
        "TOKENIZER_PATH",
        "BENCHMARK_INPUT_TOKENS_MEAN",
    ],
)
def test_a_name_that_says_secret_hides_its_value(key: str) -> None:
    """The specification's rule to the letter, and the record contract's D11 and D12."""
    assert {key: REDACTED} == redact_parameters({key: "plain"})
    assert is_secret_key(key)


@pytest.mark.parametrize(
    "key",
    ["AWS_REGION", "MODEL_NAME", "PATH_PREFIX", "PATTERN", "MONKEY", "KEYBOARD", "COMPATIBLE"],
)
def test_other_names_hide_nothing(key: str) -> None:
    assert {key: "plain"} == redact_parameters({key: "plain"})
    assert not is_secret_key(key)


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("VLLM_MAX_NUM_BATCHED_TOKENS", "8192", True),
        ("SGLANG_MAX_TOTAL_TOKENS", "0.5", True),
        ("TRTLLM_MAX_TOKENS", 4096, True),
        ("VLLM_MAX_NUM_BATCHED_TOKENS", "many", False),
        ("VLLM_API_KEY", "123456", False),
        ("MAX_TOKENS", "4096", False),
        ("IC_ENV_VLLM_MAX_TOKENS", "4096", False),
    ],
)
def test_a_plain_number_under_an_engines_prefix_is_a_setting(
    key: str, value: object, kept: bool
) -> None:
    assert {key: value if kept else REDACTED} == redact_parameters({key: value})


# Put together here, so that no scanner of this repository takes them for real ones.
A_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
SHAPED = [
    "hf_" + "a1B2" * 8,
    "ghp_" + "a1B2" * 9,
    "gho_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    A_KEY,
    "ASIA" + "IOSFODNN7EXAMPLE",
    "xoxb-" + "1234567890-abc",
    "sk-" + "proj-a1B2c3D4e5F6g7H8",
    "nvapi-" + "a1B2" * 8,
    "eyJ" + "hbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxIn0." + "c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIE",
]


@pytest.mark.parametrize("secret", SHAPED, ids=[secret[:10] for secret in SHAPED])
def test_a_known_kind_of_credential_is_hidden_wherever_it_stands(secret: str) -> None:
    assert {"NOTE": f"a {REDACTED}"} == redact_parameters({"NOTE": f"a {secret}"})
    assert f"see {REDACTED}" == redact_text(f"see {secret}")
    assert REDACTED == redact_shapes(secret)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://user:pass@host/x", f"https://{REDACTED}@host/x"),
        ("postgres://u:p%40@db:5432/x", f"postgres://{REDACTED}@db:5432/x"),
        ("https://a1b2c3d4e5f6g7h8i9j0k1@host/x", f"https://{REDACTED}@host/x"),
        ("https://me@host/x", "https://me@host/x"),
        (
            "https://b.s3.amazonaws.com/k?X-Amz-Credential=abc%2F&X-Amz-Signature=ff&a=1",
            f"https://b.s3.amazonaws.com/k?X-Amz-Credential={REDACTED}"
            f"&X-Amz-Signature={REDACTED}&a=1",
        ),
        ("use PASSWORD=hunter2 now", f"use PASSWORD={REDACTED} now"),
        ('{"password": "x y", "n": 1}', f'{{"password": "{REDACTED}", "n": 1}}'),
        ("api_key: 'v'", f"api_key: '{REDACTED}'"),
        ("--api-key abc --max-tokens 512", f"--api-key {REDACTED} --max-tokens 512"),
        ("sent Bearer abc12345", f"sent Bearer {REDACTED}"),
        ("max_tokens=512", "max_tokens=512"),
        ("basic deployment, bearer of news", "basic deployment, bearer of news"),
        ("nvidia/tokenizer:24.08", "nvidia/tokenizer:24.08"),
        ("vLLM 0.8.5, 20% latency improvement", "vLLM 0.8.5, 20% latency improvement"),
        ("s3://mlcc-adapters/tv/adapters/x/", "s3://mlcc-adapters/tv/adapters/x/"),
        ("sk-learn-pipelines-and-more", "sk-learn-pipelines-and-more"),
        ("vllm@sha256:0123456789abcdef", "vllm@sha256:0123456789abcdef"),
        (
            'parameters { key: "api_key" value: { string_value: "abc" } }',
            f'parameters {{ key: "api_key" value: {{ string_value: "{REDACTED}" }} }}',
        ),
    ],
)
def test_free_text_loses_its_credentials_and_nothing_else(text: str, clean: str) -> None:
    assert clean == redact_text(text)


def test_an_image_keeps_its_name() -> None:
    assert "a/tokenizer:1.2" == redact_shapes("a/tokenizer:1.2")


def test_nested_values_are_walked() -> None:
    given_ = {
        "a": {"password": "x", "list": [1, True, None, {"note": A_KEY}]},
        "secrets": {"whole": "object"},
        "tokens": ["a", "b"],
    }

    assert {
        "a": {"password": REDACTED, "list": [1, True, None, {"note": REDACTED}]},
        "secrets": REDACTED,
        "tokens": [REDACTED, REDACTED],
    } == redact_parameters(given_)


def test_the_name_of_a_stored_secret_is_none() -> None:
    arn = "arn:aws:secretsmanager:us-west-2:123456789012:secret:ngc-AbCdEf"

    assert {"NGC_KEY": arn, "DB_PASSWORD": arn} == redact_parameters(
        {"NGC_KEY": arn, "DB_PASSWORD": arn}
    )
    assert {"HF_TOKEN": REDACTED} == redact_parameters({"HF_TOKEN": arn})


def test_a_random_looking_value_under_a_suspicious_name_is_hidden() -> None:
    assert {"LICENSE_FILE": "/opt/license.txt"} == redact_parameters(
        {"LICENSE_FILE": "/opt/license.txt"}
    )
    assert {"WANDB_KEY": REDACTED} == redact_parameters({"WANDB_KEY": "9f8a7b6c5d4e3f2a1b0c9d8e"})


def test_the_order_of_parameters_stays() -> None:
    assert ["B", "A_TOKEN", "C"] == list(redact_parameters({"B": "1", "A_TOKEN": "2", "C": "3"}))


@settings(derandomize=True, database=None, deadline=None)
@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact_text(text)

    assert once == redact_text(once)
