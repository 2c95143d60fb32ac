"""Listing a project's adapter versions, and what serves them now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from registry.calls import Call
from registry.identifiers import PackageArn, check_project_name
from registry.instants import milliseconds
from registry.paging import page_limit
from registry.stores import Aws, PackagePage
from schemas.adapter import Adapter, AdapterPage, LiveComponent
from schemas.inference_component import InferenceComponent
from schemas.model_package import ModelPackage

IS_ADAPTER = {"isAdapter": "true"}


@dataclass(frozen=True, slots=True)
class AdapterFilter:
    """Which adapters are wanted; "" for any.

    Attributes:
        technique: Tuning technique, such as sft.
        parent_version_arn: The base model version that the adapters are linked to.
        name: The recorded name; versions that MLCC wrote have none and never match.
    """

    technique: str = ""
    parent_version_arn: str = ""
    name: str = ""

    def metadata(self) -> dict[str, str]:
        """Return the metadata that a wanted version has. Raises InvalidArgument."""
        if self.parent_version_arn:
            PackageArn.parse(self.parent_version_arn)
        wanted = {
            "tuneTechnique": self.technique,
            "parentModelVersionArn": self.parent_version_arn,
            "adapterName": self.name,
        }
        return IS_ADAPTER | {key: value for key, value in wanted.items() if value}


def list_adapters(
    aws: Aws,
    project_name: str,
    wanted: AdapterFilter,
    *,
    limit: int,
    cursor: str,
    live: bool = False,
    endpoint_name: str = "",
    full: bool = False,
    call: Call,
) -> AdapterPage:
    """Return one page of a project's adapter versions, newest first.

    Args:
        live: Join with the components that serve adapters now.
        endpoint_name: Look on this endpoint; "" for every component named after the project.
        full: Add description and metadata.

    Raises:
        NotFound: the project has no model package group; `candidates` are near names.
        InvalidArgument: a name or ARN is not well formed, or the cursor is another query's.
        PermissionDenied: Search or List is refused; names the action.

    Source: record contract, section 5 (list-adapters), D20, D21.
    """
    group = check_project_name(project_name)
    page = aws.packages.find(
        group,
        metadata=wanted.metadata(),
        limit=page_limit(limit, full=full),
        cursor=cursor or None,
        call=call,
    )
    serving = _serving(aws, group, endpoint_name, call) if live and page.packages else []
    adapters = tuple(adapter_record(one, serving, full=full) for one in page.packages)
    return AdapterPage(
        message=_message(group, wanted, adapters, page, first=not cursor, live=live),
        next_step="call again with cursor=nextCursor for the rest" if page.cursor else None,
        aws=aws.identity,
        project_name=group,
        adapters=adapters,
        count=len(adapters),
        next_cursor=page.cursor,
        complete=page.complete and not page.cursor,
        warnings=_warnings(wanted, adapters, page.note),
    )


def adapter_record(
    package: ModelPackage, serving: Iterable[InferenceComponent] = (), *, full: bool = False
) -> Adapter:
    """Return one version as an adapter; a metadata key that is missing is left out."""
    said = package.metadata
    return Adapter(
        name=said.get("adapterName"),
        arn=package.arn,
        version=package.version,
        tune_technique=said.get("tuneTechnique"),
        dataset_s3_uri=said.get("datasetS3Uri"),
        dataset_version=said.get("datasetVersion"),
        parent_model_version_arn=said.get("parentModelVersionArn"),
        model_name=said.get("modelName"),
        model_data_url=package.model_data_url or said.get("modelDataUrl"),
        approval_status=package.approval_status or None,
        created_at=milliseconds(package.created_at) if package.created_at else None,
        live=_live(package, serving),
        description=package.description if full else None,
        metadata=said if full else None,
    )


def same_weights(one: str | None, other: str | None) -> bool:
    """Tell whether two locations are the same weights; a prefix may lack its last slash."""
    return bool(one and other) and (one or "").removesuffix("/") == (other or "").removesuffix("/")


def _serving(aws: Aws, group: str, endpoint_name: str, call: Call) -> list[InferenceComponent]:
    """Return the adapter components to look among, those in service first."""
    if endpoint_name:
        found = aws.components.on_endpoint(endpoint_name, call=call)
    else:
        found = aws.components.named_like(f"{group}-adapter-", call=call)
    adapters = [one for one in found if one.base_component]
    return sorted(adapters, key=lambda one: one.status != "InService")


def _live(package: ModelPackage, serving: Iterable[InferenceComponent]) -> LiveComponent | None:
    weights = package.model_data_url or package.metadata.get("modelDataUrl")
    for one in serving:
        if same_weights(one.artifact_url, weights):
            return LiveComponent(
                ic_name=one.name, endpoint_name=one.endpoint_name, status=one.status
            )
    return None


def _message(
    group: str,
    wanted: AdapterFilter,
    adapters: Sequence[Adapter],
    page: PackagePage,
    *,
    first: bool,
    live: bool,
) -> str:
    if not adapters:
        if page.cursor:
            return f"no adapter version of {group} was found yet; the rest is behind nextCursor"
        if not first:
            return f"no more adapters of {group}"
        if wanted != AdapterFilter():
            return f"no adapter version of {group} matches"
        return f"the model package group {group} exists and holds no adapters yet"
    plural = "s" if len(adapters) > 1 else ""
    served = sum(one.live is not None for one in adapters)
    return f"{len(adapters)} adapter version{plural} of {group}, newest first" + (
        f"; {served} served now" if live else ""
    )


def _warnings(wanted: AdapterFilter, adapters: Sequence[Adapter], note: str) -> tuple[str, ...]:
    warnings = [note] if note else []
    if wanted.name and not adapters:
        warnings.append(
            "versions that do/register wrote record no adapter name; list without name to see them"
        )
    return tuple(warnings)
