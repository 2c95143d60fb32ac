"""Whether an adapter was tuned on the model that an endpoint serves."""

from __future__ import annotations

from registry.redaction import quoted
from schemas.rollout import Compatibility

DEFAULT_MAX_RANK = 16
"""Largest LoRA rank that the serving containers take unless told otherwise."""


def compare_models(adapter_model: str, target_model: str) -> Compatibility:
    """Return how two model names go together; a path says nothing about a model.

    Source: design (deploy_adapter_from_registry, compatibility); record contract, section 6.
    """
    adapter, target = _comparable(adapter_model), _comparable(target_model)
    if not adapter or not target:
        return "unknown"
    return "compatible" if adapter == target else "incompatible"


def adapter_model(recorded: str, in_weights: str) -> tuple[str, list[str]]:
    """Return the base model that an adapter is for, and a warning when its sources differ."""
    model = recorded if _comparable(recorded) else in_weights
    if compare_models(recorded, in_weights) == "incompatible":
        return model, [
            "the registry records one base model, the weights another: "
            f"{quoted(recorded, 200)} and {quoted(in_weights, 200)}"
        ]
    return model, []


def rank_warnings(rank: int | None, max_rank: int) -> list[str]:
    """Return a warning when the container may refuse the adapter for its rank."""
    limit = max_rank or DEFAULT_MAX_RANK
    if rank is None or rank <= limit:
        return []
    source = "the project allows" if max_rank else "containers allow by default"
    return [f"the adapter's LoRA rank is {rank}, {source} {limit}: loading it may fail"]


def _comparable(name: str) -> str:
    """Return a name as it is compared, "" for a path, which may hold any model."""
    stripped = name.strip().strip("/") if not name.strip().startswith("/") else ""
    return "" if "://" in stripped or stripped.startswith(".") else stripped.casefold()
