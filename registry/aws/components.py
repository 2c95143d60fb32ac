"""SageMaker endpoints and inference components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from registry.aws.checks import check_name, check_url
from registry.aws.connection import Connection
from registry.aws.parallel import each_of
from registry.calls import Call
from registry.errors import InvalidArgument, NotFound
from schemas.inference_component import Endpoint, InferenceComponent

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeInferenceComponentOutputTypeDef

_PAGE = 100
_UPDATE_UNSUPPORTED = "update operation is not supported"
_DELETION_GOES_ON = "delete_in_progress"


class SageMakerComponents:
    """Endpoints and the components on them, of one account and region."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def endpoint(self, name: str) -> Endpoint:
        """Return one endpoint.

        Raises:
            NotFound: there is none of that name here.

        Source: SageMaker DescribeEndpoint.
        """
        check_name("endpoint", name)
        answer = self._connection.sagemaker(
            lambda sagemaker: sagemaker.describe_endpoint(EndpointName=name),
            doing=f"describe endpoint {name!r}",
            action="sagemaker:DescribeEndpoint",
            resource=self._arn("endpoint", name),
        )
        return Endpoint(
            name=answer["EndpointName"],
            status=answer["EndpointStatus"],
            failure_reason=answer.get("FailureReason"),
            config_name=answer["EndpointConfigName"],
        )

    def endpoints(self, part: str, *, call: Call) -> Sequence[Endpoint]:
        """Return every endpoint whose name contains that part, listed; "" for all of them.

        Source: SageMaker ListEndpoints.
        """
        found: list[Endpoint] = []
        after: dict[str, Any] = {"NameContains": part[:63]} if part else {}
        while True:
            call.check("listing endpoints")
            answer = self._connection.sagemaker(
                lambda sagemaker: sagemaker.list_endpoints(MaxResults=_PAGE, **after),
                doing="list endpoints",
                action="sagemaker:ListEndpoints",
            )
            found += [
                Endpoint(name=item["EndpointName"], status=item["EndpointStatus"])
                for item in answer["Endpoints"]
            ]
            if not answer.get("NextToken"):
                return found
            after["NextToken"] = answer["NextToken"]

    def instance_types(self, config_name: str) -> tuple[str, ...]:
        """Return the instance types of an endpoint configuration's variants.

        Raises:
            NotFound: there is none of that name here.

        Source: SageMaker DescribeEndpointConfig.
        """
        answer = self._connection.sagemaker(
            lambda sagemaker: sagemaker.describe_endpoint_config(EndpointConfigName=config_name),
            doing=f"describe endpoint configuration {config_name!r}",
            action="sagemaker:DescribeEndpointConfig",
            resource=self._arn("endpoint-config", config_name),
        )
        pools = [
            pool["InstanceType"]
            for variant in answer["ProductionVariants"]
            for pool in variant.get("InstancePools", [])
        ]
        named = [variant.get("InstanceType", "") for variant in answer["ProductionVariants"]]
        return tuple(dict.fromkeys(each for each in [*named, *pools] if each))

    def names_on(self, endpoint_name: str, *, call: Call) -> Sequence[str]:
        """Return the names of an endpoint's components; none for an unknown endpoint."""
        check_name("endpoint", endpoint_name)
        return self._names({"EndpointNameEquals": endpoint_name}, call)

    def each(self, names: Sequence[str], *, call: Call) -> Sequence[InferenceComponent]:
        """Return these components, described; one that is gone is left out."""
        return [found for found in each_of(self._if_there, names, call=call) if found]

    def describe(self, name: str) -> InferenceComponent:
        """Return one component.

        Raises:
            NotFound: there is none of that name here.

        Source: SageMaker DescribeInferenceComponent.
        """
        check_name("inference component", name)
        return _component(
            self._connection.sagemaker(
                lambda sagemaker: sagemaker.describe_inference_component(
                    InferenceComponentName=name
                ),
                doing=f"describe inference component {name!r}",
                action="sagemaker:DescribeInferenceComponent",
                resource=self._arn("inference-component", name),
            )
        )

    def create_adapter(
        self, *, name: str, endpoint_name: str, base_component: str, artifact_url: str
    ) -> None:
        """Ask for an adapter component; it is Creating when this returns.

        The client repeats the request after a lost answer, so a Conflict may be our own success:
        describe the component and compare.

        Raises:
            Conflict: the name is taken.
            InvalidArgument, PreconditionFailed: SageMaker refuses it; the message says why.

        Source: SageMaker CreateInferenceComponent; an adapter has neither image nor resources
        of its own.
        """
        check_name("inference component", name)
        check_name("endpoint", endpoint_name)
        check_name("base component", base_component)
        check_url("the weights' location", artifact_url)
        self._connection.sagemaker(
            lambda sagemaker: sagemaker.create_inference_component(
                InferenceComponentName=name,
                EndpointName=endpoint_name,
                Specification={
                    "BaseInferenceComponentName": base_component,
                    "Container": {"ArtifactUrl": artifact_url},
                },
            ),
            doing=f"create inference component {name!r}",
            action="sagemaker:CreateInferenceComponent",
            resource=self._arn("inference-component", name),
        )

    def update_adapter(self, *, name: str, base_component: str, artifact_url: str) -> bool:
        """Ask for other weights; the component is Updating when this returns True.

        Returns:
            False where SageMaker does not update components of this kind; nothing has changed.

        Raises:
            NotFound: there is none of that name here.
            InvalidArgument, PreconditionFailed: SageMaker refuses it; the message says why.

        Source: SageMaker UpdateInferenceComponent.
        """
        check_name("inference component", name)
        check_name("base component", base_component)
        check_url("the weights' location", artifact_url)
        try:
            self._connection.sagemaker(
                lambda sagemaker: sagemaker.update_inference_component(
                    InferenceComponentName=name,
                    Specification={
                        "BaseInferenceComponentName": base_component,
                        "Container": {"ArtifactUrl": artifact_url},
                    },
                ),
                doing=f"update inference component {name!r}",
                action="sagemaker:UpdateInferenceComponent",
                resource=self._arn("inference-component", name),
            )
        except InvalidArgument as error:
            if _UPDATE_UNSUPPORTED in error.message.lower():
                return False
            raise
        return True

    def delete(self, name: str) -> bool:
        """Ask for a component to go; it is Deleting when this returns True.

        Returns:
            False when it is gone already. One that is on its way out counts as asked for.

        Raises:
            InvalidArgument, PreconditionFailed: SageMaker refuses it; the message says why.

        Source: SageMaker DeleteInferenceComponent.
        """
        check_name("inference component", name)
        try:
            self._connection.sagemaker(
                lambda sagemaker: sagemaker.delete_inference_component(InferenceComponentName=name),
                doing=f"delete inference component {name!r}",
                action="sagemaker:DeleteInferenceComponent",
                resource=self._arn("inference-component", name),
            )
        except NotFound:
            return False
        except InvalidArgument as error:
            if _DELETION_GOES_ON not in error.message.lower():
                raise
        return True

    def on_endpoint(self, endpoint_name: str, *, call: Call) -> Sequence[InferenceComponent]:
        """Return every component of an endpoint, described; none for an unknown endpoint.

        A component that goes away meanwhile is left out.

        Source: SageMaker ListInferenceComponents, which tells neither base nor weights.
        """
        check_name("endpoint", endpoint_name)
        return self._described({"EndpointNameEquals": endpoint_name}, call)

    def named_like(self, part: str, *, call: Call) -> Sequence[InferenceComponent]:
        """Return every component of the account whose name contains that part, described."""
        return self._described({"NameContains": part[:63]}, call)

    def _described(self, filters: dict[str, Any], call: Call) -> Sequence[InferenceComponent]:
        return self.each(self._names(filters, call), call=call)

    def _names(self, filters: dict[str, Any], call: Call) -> list[str]:
        names: list[str] = []
        after: dict[str, Any] = {}
        while True:
            call.check("listing inference components")
            try:
                answer = self._connection.sagemaker(
                    lambda sagemaker: sagemaker.list_inference_components(
                        MaxResults=_PAGE,
                        **(filters | after),  # noqa: B023 - called before the next turn
                    ),
                    doing="list inference components",
                    action="sagemaker:ListInferenceComponents",
                )
            except NotFound:
                return []
            names += [item["InferenceComponentName"] for item in answer["InferenceComponents"]]
            if not answer.get("NextToken"):
                return names
            after = {"NextToken": answer["NextToken"]}

    def _if_there(self, name: str) -> InferenceComponent | None:
        try:
            return self.describe(name)
        except NotFound:
            return None

    def _arn(self, kind: str, name: str) -> str:
        connection = self._connection
        return f"arn:{connection.partition}:sagemaker:{connection.region}:*:{kind}/{name}"


def _component(answer: DescribeInferenceComponentOutputTypeDef) -> InferenceComponent:
    """Return the record; an adapter echoes its base's resources, so only the base's name counts."""
    specification: Mapping[str, Any] = answer.get("Specification") or {}
    container = specification.get("Container") or {}
    compute = specification.get("ComputeResourceRequirements") or {}
    runtime: Mapping[str, Any] = answer.get("RuntimeConfig") or {}
    gpus = compute.get("NumberOfAcceleratorDevicesRequired")
    return InferenceComponent(
        name=answer["InferenceComponentName"],
        endpoint_name=answer["EndpointName"],
        status=answer.get("InferenceComponentStatus", ""),
        base_component=specification.get("BaseInferenceComponentName"),
        artifact_url=container.get("ArtifactUrl"),
        failure_reason=answer.get("FailureReason"),
        image=(container.get("DeployedImage") or {}).get("SpecifiedImage"),
        environment=dict(container.get("Environment") or {}),
        copies=runtime.get("CurrentCopyCount"),
        copies_wanted=runtime.get("DesiredCopyCount"),
        gpus=int(gpus) if gpus is not None else None,
        created_at=answer["CreationTime"].astimezone(UTC),
        modified_at=answer["LastModifiedTime"].astimezone(UTC),
    )
