"""Whatever was done to an export: its entries are imported or refused by path, never a crash."""

from __future__ import annotations

import copy
import json
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.calls import Call
from registry.deployments.exporting import Export, export_deployments
from registry.deployments.filters import DeploymentFilter
from registry.deployments.importing import Import, import_deployments
from registry.errors import InvalidArgument
from registry.local.deployments import user_registry
from registry.local.entries import schema_problems

POINTER = re.compile(r"/entries/[0-9]+(/.*)?", re.DOTALL)


def nested(levels: int) -> object:
    value: object = "deep"
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "***REDACTED***", "hf_" + "aB3" * 11, "\ud83d", "\x00", "é\u2028", "__proto__", "id"]
)
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXTS
    | st.sampled_from([10**400, 1e308, "9" * 4000, [], {}]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
VALUES = ODD | st.integers(1, 400).map(nested) | st.just(5000).map(lambda digits: -(10**digits))
STEPS = st.lists(st.integers(0, 40), min_size=1, max_size=6)
MUTATIONS = st.lists(
    st.tuples(st.sampled_from(["drop", "set", "add", "wrap"]), STEPS, TEXTS, VALUES), max_size=5
)


def mutated(document, mutations):
    """Walk to some place by the steps, each modulo what is there, and change it."""
    root = {"root": copy.deepcopy(document)}
    for kind, steps, key, value in mutations:
        holder, at = root, "root"
        for step in steps:
            inner = holder[at]
            if not isinstance(inner, dict | list) or not inner:
                break
            holder = inner
            at = list(inner)[step % len(inner)] if isinstance(inner, dict) else step % len(inner)
        if holder is root and kind == "drop":
            continue
        if kind == "drop":
            del holder[at]
        elif kind == "add" and isinstance(holder[at], dict):
            holder[at][key] = value
        elif kind == "wrap":
            holder[at] = [holder[at]]
        else:
            holder[at] = value
    return root["root"]


@given(
    mutations=MUTATIONS,
    strategy=st.sampled_from(["skip", "merge", "replace"]),
    source=TEXTS,
)
@settings(
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_mutated_export_is_imported_or_refused_by_path(deployed, mutations, strategy, source):
    """Design, `import_deployments`: any mutated export is imported, or refused by path."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        log = user_registry(home)
        for number in range(3):
            entry = deployed(number, model__modelName=f"org/{number}")
            log.append(lambda _, entry=entry: entry)
        request = Export("", DeploymentFilter(), 0, "")
        page = export_deployments([("user", log)], request, lambda: datetime.now(UTC))
        document = mutated(page.document.wire(), mutations)

        try:
            answer = import_deployments(log, Import(document, source, strategy, False), Call())
        except InvalidArgument as refused:
            assert "no exchange document" in refused.message
            assert 3 == len(log.entries())
            return

        assert all(POINTER.fullmatch(each.path) and each.reason for each in answer.refused)
        assert len(document["entries"]) == (
            answer.added + answer.skipped + answer.merged + answer.replaced + answer.refused_count
        )
        assert 3 + answer.added + answer.merged == len(log.entries())
        json.loads((home / "registry.json").read_text("utf-8"))
        for stored in log.entries():
            assert [] == schema_problems(stored)
        assert len(log.entries()) == len({each["id"] for each in log.entries()})
