"""Every case of register dataset --from-tune, as whole stored entries against MLCC's."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.calls import Call
from registry.datasets.register import register_dataset
from registry.datasets.sources import ProjectValues
from registry.errors import InvalidArgument
from registry.hub.publishing import Published
from registry.local.documents import JsonFile
from schemas.dataset import DatasetRequest
from schemas.hub import HubOutcome

VECTORS = Path(__file__).parents[1] / "data" / "contract" / "tune_dataset_names.json"
CASES: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))["cases"]

STAMP = "2026-05-01T10:00:00.000000Z"

EXEMPT: dict[int, tuple[str, dict[str, Any]]] = {
    4: ("D36: the format follows the key's extension", {"format": "parquet"}),
    5: ("D36: hf://name is called name", {"name": "justname-c25b"}),
    9: ("D36: the format follows the key's extension", {"format": "csv"}),
    14: ("D35: a count of 0 means that tune did not know", {"row_count": None}),
    15: ("D35: no count means that tune did not know", {"row_count": None}),
    17: ("D36: the source is the technique's own", {"name": "first-set-edd1"}),
    20: ("D36: the source is the technique's own", {"name": "first-set-edd1"}),
    21: ("D36: an explicit technique wins", {"technique": "sft"}),
    22: ("D36: the source is the technique's own", {"name": "first-set-e932"}),
}
"""Case number -> reason, and the stored values that are ours."""

EXEMPT_REFUSED = {19: "D36: a technique that is not in the state is refused, the known are named"}
"""Case number -> why we refuse what MLCC stored."""

FLAGS = {
    "--name": "name",
    "--dataset-name": "name",
    "--s3-uri": "s3_uri",
    "--dataset-s3-uri": "s3_uri",
    "--technique": "technique",
    "--dataset-technique": "technique",
    "--format": "format",
    "--row-count": "row_count",
    "--dataset-row-count": "row_count",
    "--from-tune": "from_tune",
    "--from-train": "from_train",
}


def request_of(argv: list[str]) -> DatasetRequest:
    words = argv[1:]
    given: dict[str, Any] = {}
    if words and not words[0].startswith("--"):
        given["name"] = words.pop(0)
    while words:
        flag = words.pop(0)
        value = words.pop(0) if words and not words[0].startswith("--") else "latest"
        if flag == "--force":
            given["force"] = True
        else:
            given[FLAGS[flag]] = int(value) if FLAGS[flag] == "row_count" else value
    return DatasetRequest(**given)


def stored_by(case: dict[str, Any], folder: Path) -> Any:
    store = JsonFile(folder / "datasets.json", ascii_only=True, final_newline=False)
    register_dataset(
        request_of(case["argv"]),
        store=store,
        objects=None,
        no_objects_reason="the vectors have no S3",
        publish=lambda *_: Published(HubOutcome(state="skipped")),
        project=ProjectValues({**case["tune_state"], "PROJECT_NAME": "tv"}, {}),
        now=lambda: datetime.fromisoformat(STAMP).astimezone(UTC),
        call=Call(),
    )
    return store.read()


def with_ours(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    (version,) = theirs["versions"]
    mirrored = {"row_count": "rows", "technique": "technique"}
    ours_too = {mirrored[key]: value for key, value in ours.items() if key in mirrored}
    return {**theirs, **ours, "versions": [{**version, **ours_too}]}


REGISTERED = [number for number, case in enumerate(CASES) if case["registered"]]
REFUSED = [number for number in range(len(CASES)) if number not in REGISTERED]


@pytest.mark.parametrize("number", [n for n in REGISTERED if n not in EXEMPT_REFUSED])
def test_a_tuned_dataset_is_stored_as_mlcc_stores_it(number, tmp_path):
    theirs = json.loads(json.dumps(CASES[number]["registered"]).replace("<timestamp>", STAMP))
    _, ours = EXEMPT.get(number, ("", {}))
    expected = with_ours(theirs, ours)

    (entry,) = stored_by(CASES[number], tmp_path)

    assert json.dumps(expected) == json.dumps(entry)
    assert (expected == theirs) == (number not in EXEMPT), "an exemption that no longer applies"


@pytest.mark.parametrize("number", REFUSED)
def test_what_mlcc_refuses_is_refused(number, tmp_path):
    with pytest.raises(InvalidArgument):
        stored_by(CASES[number], tmp_path)
    assert not (tmp_path / "datasets.json").exists()


@pytest.mark.parametrize("number", sorted(EXEMPT_REFUSED))
def test_what_only_we_refuse_names_what_is_there(number, tmp_path):
    assert CASES[number]["registered"]
    with pytest.raises(InvalidArgument, match="dpo, sft"):
        stored_by(CASES[number], tmp_path)


def test_the_vectors_are_all_there():
    assert (len(CASES), REFUSED) == (27, [23, 24])
    assert not set(EXEMPT) - set(REGISTERED)
