"""`--sandbox`: a private local AWS as a child process, and a private registry home."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from registry.errors import NotConfigured, Unavailable
from registry.settings import Settings

_DEFAULT_REGION = "us-west-2"


@contextmanager
def private_sandbox(settings: Settings) -> Iterator[Settings]:
    """Serve against a sandbox of our own, whatever the user's AWS configuration says.

    The process's environment is led there: fixed fake credentials, every endpoint on loopback,
    no profile, no configuration file. State is kept only with `sandbox_dir`.

    Raises:
        NotConfigured: the extra is not installed.
        Unavailable: the sandbox does not start.
    """
    try:
        from sandbox import environment  # noqa: PLC0415 - an extra
        from sandbox.service import ChildFailed, start_child  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise NotConfigured(
            f"--sandbox needs a package that is not installed: {error.name}",
            hint="pip install 'mlcc-registry-mcp[sandbox]'",
        ) from error
    kept = Path(settings.sandbox_dir).expanduser() if settings.sandbox_dir else None
    region = settings.region or _DEFAULT_REGION
    try:
        child = start_child(directory=kept, region=region, sample=True)
    except ChildFailed as error:
        raise Unavailable(str(error), hint="mlcc-registry-sandbox alone shows why") from error
    with child:
        environment.apply(os.environ, child.environment)
        os.environ.pop("CI_TABLE_NAME", None)  # the sample's table has the default name
        # In the sandbox's folder the home goes with it, also when this process is killed.
        own = {"home": child.folder / "home", "region": region, "allowed_accounts": ()}
        yield settings.model_copy(update={**own, "ci_table": "", "ci_region": "", "profile": ""})
