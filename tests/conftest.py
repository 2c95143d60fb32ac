"""No test sees the AWS configuration of whoever runs it; secrets to plant are made up here."""

from __future__ import annotations

import base64
import os
import random
import string
import uuid
from collections.abc import Callable

import pytest

from sandbox import environment

environment.isolate(os.environ)
for name in [each for each in os.environ if each.startswith(("AWS_", "MLCC_", "CI_TABLE"))]:
    if name not in {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}:
        del os.environ[name]

WORDS = string.ascii_letters + string.digits


def _made(seed: int) -> dict[str, str]:
    chance = random.Random(seed)  # noqa: S311 - repeatable, and no secret of anybody's

    def some(count: int, letters: str = WORDS) -> str:
        return "".join(chance.choices(letters, k=count - 1)) + chance.choice(string.digits)

    identity = uuid.UUID(int=chance.getrandbits(128))
    legacy = f"{some(26, string.ascii_lowercase + string.digits)}:{identity}"
    pem = f"\n{some(64)}\n{some(64)}\n"
    return {
        "hugging face": "hf_" + some(34),
        "github": f"gh{chance.choice('pousr')}_" + some(36),
        "github, fine": "github_pat_" + some(22) + "_" + some(59),
        "aws id": chance.choice(["AKIA", "ASIA"]) + some(16, string.ascii_uppercase + "234567"),
        "slack": f"xox{chance.choice('abprs')}-{some(12, string.digits)}-{some(24)}",
        "openai": chance.choice(["sk-", "sk-proj-", "sk-svcacct-"]) + some(48),
        "anthropic": "sk-ant-" + "api03-" + some(90, WORDS + "-_"),
        "nvidia": "nvapi-" + some(64, WORDS + "-_"),
        "ngc, older": base64.b64encode(legacy.encode()).decode(),
        "jwt": f"eyJ{some(30)}.eyJ{some(60)}.{some(43, WORDS + '-_')}",
        "pem": f"-----BEGIN RSA PRIVATE KEY-----{pem}-----END RSA PRIVATE KEY-----",
    }


@pytest.fixture(scope="session")
def secrets_of() -> Callable[[int], dict[str, str]]:
    """Make a secret of every kind that is known by its shape; the same for the same seed."""
    return _made
