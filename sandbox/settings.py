"""What a test may change about the sandbox's behaviour while it runs."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """How the sandbox behaves. A change of state comes after its polls or its seconds.

    ``component_polls=3`` means: the third Describe sees the final status. A change is also
    over once its seconds have passed on the sandbox's clock, however often anybody looked.

    Attributes:
        search_nested_names: Search accepts ``CustomerMetadataProperties.<key>``; otherwise it
            answers "Unknown property name".
        search_lag_s: how long a written package stays invisible to Search, in seconds.
        failing_artifact_marker: a component whose artifact URL contains this ends Failed.
        adapter_updates: UpdateInferenceComponent works for adapters; otherwise it answers
            "Update operation is not supported".
        denied_keys: access keys that are answered as unknown to the service.
        known_keys_only: so is every key that was not made known; otherwise it acts as the
            first account's user.
    """

    search_nested_names: bool = True
    search_lag_s: float = 0.0
    package_polls: int = 1
    package_seconds: float = 0.0
    endpoint_polls: int = 2
    endpoint_seconds: float = 120.0
    component_polls: int = 3
    component_seconds: float = 120.0
    hub_polls: int = 2
    hub_seconds: float = 30.0
    import_polls: int = 2
    import_seconds: float = 30.0
    deletion_polls: int = 2
    deletion_seconds: float = 60.0
    failing_artifact_marker: str = "sandbox-fail"
    adapter_updates: bool = True
    denied_keys: list[str] = field(default_factory=list)
    known_keys_only: bool = False

    def changed(self, changes: Mapping[str, object]) -> "Settings":
        """Return these settings with ``changes``; ValueError names an unknown or wrong one."""
        known = {one.name for one in dataclasses.fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"no setting {name!r}; the settings are {sorted(known)}")
            wanted = type(getattr(self, name))
            fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
            if not fits or (isinstance(value, bool) and wanted is not bool):
                raise ValueError(f"setting {name!r} takes {wanted.__name__}, not {value!r}")
        # The values were checked against the fields' types just above.
        return dataclasses.replace(self, **dict(changes))  # type: ignore[arg-type] # checked
