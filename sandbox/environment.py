"""The environment that leads an AWS client to the sandbox, whatever else is configured."""

import os
from collections.abc import MutableMapping
from pathlib import Path

_DIRECT = "127.0.0.1,localhost"
SECRET_KEY = "sandbox-secret-key"  # noqa: S105 # no secret: nothing checks it

# What would lead a client elsewhere, or to somebody's real account, if it stayed.
FOREIGN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CA_BUNDLE",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


def variables(
    *, app_url: str, engine_url: str, region: str, access_key: str, folder: Path
) -> dict[str, str]:
    """Return the variables to set; those in ``FOREIGN_VARIABLES`` are to be removed.

    Args:
        app_url: where SageMaker, STS and ECR are, and every service the sandbox lacks.
        engine_url: where S3 and DynamoDB are.
        region: the region of the calls.
        access_key: decides the account.
        folder: the sandbox's own folder, in which no AWS configuration exists.
    """
    return {
        "AWS_ENDPOINT_URL": app_url,
        "AWS_ENDPOINT_URL_SAGEMAKER": app_url,
        "AWS_ENDPOINT_URL_STS": app_url,
        "AWS_ENDPOINT_URL_ECR": app_url,
        "AWS_ENDPOINT_URL_S3": engine_url,
        "AWS_ENDPOINT_URL_DYNAMODB": engine_url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "NO_PROXY": _DIRECT,
        "no_proxy": _DIRECT,
    }


def apply(environ: MutableMapping[str, str], wanted: dict[str, str]) -> None:
    """Make ``environ`` lead to the sandbox and nowhere else."""
    isolate(environ)
    environ.update(wanted)


def isolate(environ: MutableMapping[str, str]) -> None:
    """Take out of ``environ`` whatever configures an AWS client, and let it read no files."""
    for name in list(environ):
        if name in FOREIGN_VARIABLES or name.startswith("AWS_ENDPOINT_URL"):
            del environ[name]
    environ["AWS_CONFIG_FILE"] = environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    environ["NO_PROXY"] = environ["no_proxy"] = _DIRECT
