"""No test sees the AWS configuration of whoever runs it."""

from __future__ import annotations

import os

from sandbox import environment

environment.isolate(os.environ)
for name in [each for each in os.environ if each.startswith(("AWS_", "MLCC_", "CI_TABLE"))]:
    if name not in {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}:
        del os.environ[name]
