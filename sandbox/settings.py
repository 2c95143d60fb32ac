"""What a test may change about the sandbox's behaviour while it runs.

Where AWS's documents are silent, a setting lets the sandbox answer in either way.
"""

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
            refuses the name as unknown.
        unknown_property_words: what Search says about a property that it does not know.
        search_lag_s: how long a written package stays invisible to Search, in seconds.
        search_counts_up_to: TotalHits beyond this are told as this and a relation of
            GreaterThanOrEqualTo.
        package_failure: why new packages end Failed; "" lets them end Completed.
        absent_package_words: what is said about a package that is not there.
        token_memory_s: how long a client token is remembered, in seconds; below zero: for ever.
        token_conflicts: a token that comes again with another request is a ConflictException;
            otherwise it gets the answer of the first request.
        version_numbers_return: the number of a deleted newest version is given out again.
        version_names: ``group/7`` is taken for the version's name; otherwise only its ARN is.
        lower_case_arns: the ARN of a version has its group's name in lower case.
        metadata_merges: UpdateModelPackage merges metadata; otherwise it replaces all of it.
        component_hidden_polls: how many looks at a new component find nothing yet.
        taken_component_words: what is said about a component's name that is taken.
        failing_artifact_marker: a component whose artifact URL contains this ends Failed.
        prefix_artifacts: a prefix of uncompressed files is loaded as an adapter; otherwise only
            a ``.tar.gz`` is, and the component ends Failed.
        adapter_checks_at_once: an adapter whose base is not InService, on another endpoint or
            an adapter itself is refused; otherwise it is made and ends Failed.
        adapter_updates: UpdateInferenceComponent works for adapters; otherwise it answers
            "Update operation is not supported".
        failed_updates_roll_back: an update that fails ends InService with the old artifact;
            otherwise it ends Failed with the new one.
        denied_keys: access keys that are answered as unknown to the service.
        known_keys_only: so is every key that was not made known; otherwise it acts as the
            first account's user.
    """

    search_nested_names: bool = True
    unknown_property_words: str = "Unknown property name"
    search_lag_s: float = 0.0
    search_counts_up_to: int = 10_000
    package_polls: int = 1
    package_seconds: float = 0.0
    package_failure: str = ""
    absent_package_words: str = "does not exist"
    token_memory_s: float = -1.0
    token_conflicts: bool = True
    version_numbers_return: bool = False
    version_names: bool = False
    lower_case_arns: bool = False
    metadata_merges: bool = True
    endpoint_polls: int = 2
    endpoint_seconds: float = 120.0
    component_polls: int = 3
    component_seconds: float = 120.0
    component_hidden_polls: int = 0
    taken_component_words: str = "Cannot create already existing inference component"
    hub_polls: int = 2
    hub_seconds: float = 30.0
    import_polls: int = 2
    import_seconds: float = 30.0
    deletion_polls: int = 2
    deletion_seconds: float = 60.0
    failing_artifact_marker: str = "sandbox-fail"
    prefix_artifacts: bool = True
    adapter_checks_at_once: bool = True
    adapter_updates: bool = True
    failed_updates_roll_back: bool = False
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
