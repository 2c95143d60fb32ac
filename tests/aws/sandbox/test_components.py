"""Endpoints and inference components: rules, and lives from Creating to the end."""

import pytest
from botocore.exceptions import ClientError

from sandbox.control import ControlRefused

WEIGHTS = "s3://bucket/adapter.tar.gz"


@pytest.fixture
def sagemaker(clients):
    return clients.sagemaker


def adapter(live_endpoint, name="demo-adapter-one", url=WEIGHTS, **changes):
    specification = {
        "BaseInferenceComponentName": live_endpoint.base_component,
        "Container": {"ArtifactUrl": url},
    }
    request = {"InferenceComponentName": name, "EndpointName": live_endpoint.name}
    return {**request, "Specification": specification, **changes}


def base(live_endpoint, name="second-base"):
    return {
        "InferenceComponentName": name,
        "EndpointName": live_endpoint.name,
        "VariantName": live_endpoint.variant,
        "Specification": {
            "ModelName": "model",
            "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024},
        },
        "RuntimeConfig": {"CopyCount": 2},
    }


def status(sagemaker, name="demo-adapter-one"):
    described = sagemaker.describe_inference_component(InferenceComponentName=name)
    return described["InferenceComponentStatus"]


def refusal(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    return error["Message"]


def in_service(sagemaker, request):
    sagemaker.create_inference_component(**request)
    name = request["InferenceComponentName"]
    while status(sagemaker, name) != "InService":
        pass


def test_the_third_look_finds_a_component_in_service(sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))

    assert [status(sagemaker) for _ in range(4)] == ["Creating"] * 2 + ["InService"] * 2


def test_looking_at_the_list_is_no_poll(sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))

    for _ in range(5):
        listed = sagemaker.list_inference_components(NameContains="adapter")
        assert listed["InferenceComponents"][0]["InferenceComponentStatus"] == "Creating"


def test_time_alone_brings_a_component_into_service(sandbox, sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))
    sandbox.control.advance(121)

    assert status(sagemaker) == "InService"


def test_the_number_of_looks_is_a_setting(sandbox, sagemaker, live_endpoint):
    sandbox.control.change_settings(component_polls=5)
    sagemaker.create_inference_component(**adapter(live_endpoint))

    assert [status(sagemaker) for _ in range(5)] == ["Creating"] * 4 + ["InService"]


def test_an_adapter_echoes_the_compute_of_its_base(sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))

    described = sagemaker.describe_inference_component(InferenceComponentName="demo-adapter-one")

    of_base = sagemaker.describe_inference_component(
        InferenceComponentName=live_endpoint.base_component
    )
    compute = of_base["Specification"]["ComputeResourceRequirements"]
    assert described["Specification"]["ComputeResourceRequirements"] == compute
    assert described["Specification"]["Container"] == {"ArtifactUrl": WEIGHTS}
    assert described["Specification"]["BaseInferenceComponentName"] == live_endpoint.base_component


def test_a_base_shows_its_image_resolved_and_its_copies(sagemaker, live_endpoint):
    described = sagemaker.describe_inference_component(
        InferenceComponentName=live_endpoint.base_component
    )

    image = described["Specification"]["Container"]["DeployedImage"]
    assert image["SpecifiedImage"] == image["ResolvedImage"]
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}


def test_a_taken_name_is_refused(sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))

    said = refusal(sagemaker.create_inference_component, **adapter(live_endpoint))

    assert "already exist" in said


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"EndpointName": "absent"}, "Could not find endpoint"),
        ({"VariantName": "AllTraffic"}, "VariantName must not be given"),
        ({"RuntimeConfig": {"CopyCount": 1}}, "RuntimeConfig must not be given"),
        (
            {"Specification": {"BaseInferenceComponentName": "demo-llm-base"}},
            "needs Container.ArtifactUrl",
        ),
        (
            {
                "Specification": {
                    "BaseInferenceComponentName": "absent",
                    "Container": {"ArtifactUrl": WEIGHTS},
                }
            },
            "Could not find inference component",
        ),
    ],
)
def test_an_adapter_that_breaks_a_rule_is_refused_at_once(
    sagemaker, live_endpoint, change, fragment
):
    request = adapter(live_endpoint, **change)

    assert fragment in refusal(sagemaker.create_inference_component, **request)


def test_an_adapter_cannot_be_a_base(sagemaker, live_endpoint):
    in_service(sagemaker, adapter(live_endpoint))
    request = adapter(live_endpoint, name="on-an-adapter")
    request["Specification"]["BaseInferenceComponentName"] = "demo-adapter-one"

    assert "is an adapter itself" in refusal(sagemaker.create_inference_component, **request)


def test_a_base_has_to_be_in_service_and_on_the_same_endpoint(sagemaker, live_endpoint):
    sagemaker.create_inference_component(**base(live_endpoint))
    request = adapter(live_endpoint)
    request["Specification"]["BaseInferenceComponentName"] = "second-base"
    early = refusal(sagemaker.create_inference_component, **request)
    sagemaker.create_endpoint(
        EndpointName="elsewhere", EndpointConfigName=f"{live_endpoint.name}-config"
    )
    for _ in range(2):
        sagemaker.describe_endpoint(EndpointName="elsewhere")

    elsewhere = refusal(
        sagemaker.create_inference_component, **adapter(live_endpoint, EndpointName="elsewhere")
    )

    assert "is not InService" in early
    assert "is on another endpoint" in elsewhere


@pytest.mark.parametrize("missing", ["VariantName", "RuntimeConfig", "Specification"])
def test_a_base_needs_its_variant_copies_and_specification(sagemaker, live_endpoint, missing):
    request = {name: value for name, value in base(live_endpoint).items() if name != missing}

    assert refusal(sagemaker.create_inference_component, **request)


@pytest.mark.parametrize("planned_first", [True, False])
def test_a_component_fails_on_request_with_its_reason(
    sandbox, sagemaker, live_endpoint, planned_first
):
    def plan():
        sandbox.control.plan_component("demo-adapter-one", "Failed", reason="rank above 16")

    if planned_first:
        plan()
    sagemaker.create_inference_component(**adapter(live_endpoint))
    if not planned_first:
        plan()
    seen = [status(sagemaker) for _ in range(3)]

    described = sagemaker.describe_inference_component(InferenceComponentName="demo-adapter-one")
    assert seen == ["Creating", "Creating", "Failed"]
    assert described["FailureReason"] == "rank above 16"


def test_an_artifact_with_the_marker_in_its_url_fails(sagemaker, live_endpoint):
    url = "s3://bucket/sandbox-fail/adapter.tar.gz"
    sagemaker.create_inference_component(**adapter(live_endpoint, url=url))

    assert [status(sagemaker) for _ in range(3)][-1] == "Failed"


def test_a_component_vanishes_on_request(sandbox, sagemaker, live_endpoint):
    sandbox.control.plan_component("demo-adapter-one", "Vanish")
    sagemaker.create_inference_component(**adapter(live_endpoint))

    assert status(sagemaker) == "Creating"
    assert "Could not find inference component" in refusal(
        sagemaker.describe_inference_component, InferenceComponentName="demo-adapter-one"
    )


def test_a_component_hangs_on_request(sandbox, sagemaker, live_endpoint):
    sandbox.control.plan_component("demo-adapter-one", "Hang")
    sagemaker.create_inference_component(**adapter(live_endpoint))
    sandbox.control.advance(86_400)

    assert {status(sagemaker) for _ in range(10)} == {"Creating"}


def test_components_are_listed_ten_at_a_time_newest_first(sagemaker, live_endpoint):
    for number in range(11):
        sagemaker.create_inference_component(**adapter(live_endpoint, name=f"adapter-{number:02}"))

    first = sagemaker.list_inference_components(
        EndpointNameEquals=live_endpoint.name, NameContains="adapter-"
    )

    names = [one["InferenceComponentName"] for one in first["InferenceComponents"]]
    assert names == [f"adapter-{number:02}" for number in range(10, 0, -1)]
    assert "NextToken" in first
    assert all(one["VariantName"] == "AllTraffic" for one in first["InferenceComponents"])


def test_components_are_filtered_by_status_and_endpoint(sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))

    creating = sagemaker.list_inference_components(StatusEquals="Creating")
    elsewhere = sagemaker.list_inference_components(EndpointNameEquals="elsewhere")

    names = [one["InferenceComponentName"] for one in creating["InferenceComponents"]]
    assert names == ["demo-adapter-one"]
    assert elsewhere["InferenceComponents"] == []


def update(sagemaker, url="s3://bucket/new.tar.gz"):
    sagemaker.update_inference_component(
        InferenceComponentName="demo-adapter-one",
        Specification={"Container": {"ArtifactUrl": url}},
    )


def artifact(sagemaker):
    described = sagemaker.describe_inference_component(InferenceComponentName="demo-adapter-one")
    return described["Specification"]["Container"]["ArtifactUrl"]


def test_an_update_brings_new_weights_and_keeps_the_base(sagemaker, live_endpoint):
    in_service(sagemaker, adapter(live_endpoint))
    update(sagemaker)

    assert [status(sagemaker) for _ in range(3)] == ["Updating", "Updating", "InService"]
    assert artifact(sagemaker) == "s3://bucket/new.tar.gz"
    described = sagemaker.describe_inference_component(InferenceComponentName="demo-adapter-one")
    assert described["Specification"]["BaseInferenceComponentName"] == live_endpoint.base_component


def test_an_update_rolls_back_on_request(sandbox, sagemaker, live_endpoint):
    in_service(sagemaker, adapter(live_endpoint))
    sandbox.control.plan_component("demo-adapter-one", "Rollback", reason="bad weights")
    update(sagemaker)

    assert [status(sagemaker) for _ in range(3)][-1] == "InService"
    assert artifact(sagemaker) == WEIGHTS


def test_an_update_is_refused_while_creating_or_when_told_so(sandbox, sagemaker, live_endpoint):
    sagemaker.create_inference_component(**adapter(live_endpoint))
    request = {
        "InferenceComponentName": "demo-adapter-one",
        "Specification": {"Container": {"ArtifactUrl": WEIGHTS}},
    }
    early = refusal(sagemaker.update_inference_component, **request)
    sandbox.control.change_settings(adapter_updates=False)

    never = refusal(sagemaker.update_inference_component, **request)

    assert "Creating" in early
    assert "Update operation is not supported" in never


def test_a_base_goes_after_its_adapters_and_each_takes_its_time(sagemaker, live_endpoint):
    in_service(sagemaker, adapter(live_endpoint))
    name = {"InferenceComponentName": live_endpoint.base_component}
    kept = refusal(sagemaker.delete_inference_component, **name)
    sagemaker.delete_inference_component(InferenceComponentName="demo-adapter-one")
    again = refusal(sagemaker.delete_inference_component, InferenceComponentName="demo-adapter-one")

    assert "is a base inference component for one or more associated" in kept
    assert "DELETE_IN_PROGRESS" in again
    assert status(sagemaker) == "Deleting"
    assert "Could not find inference component" in refusal(
        sagemaker.describe_inference_component, InferenceComponentName="demo-adapter-one"
    )
    sagemaker.delete_inference_component(**name)
    assert status(sagemaker, live_endpoint.base_component) == "Deleting"


def test_an_endpoint_is_creating_at_first_and_goes_after_its_components(sagemaker, live_endpoint):
    config = {"EndpointConfigName": f"{live_endpoint.name}-config"}
    sagemaker.create_endpoint(EndpointName="second", **config)

    def look():
        return sagemaker.describe_endpoint(EndpointName="second")["EndpointStatus"]

    assert [look(), look()] == ["Creating", "InService"]
    kept = refusal(sagemaker.delete_endpoint, EndpointName=live_endpoint.name)
    sagemaker.delete_endpoint(EndpointName="second")
    assert "still has inference components" in kept
    assert look() == "Deleting"
    said = refusal(sagemaker.describe_endpoint, EndpointName="second")
    assert "Could not find endpoint" in said
    assert len(sagemaker.list_endpoints()["Endpoints"]) == 1


def test_a_component_needs_an_endpoint_in_service(sagemaker, live_endpoint):
    sagemaker.create_endpoint(
        EndpointName="young", EndpointConfigName=f"{live_endpoint.name}-config"
    )
    request = {**base(live_endpoint), "EndpointName": "young"}

    assert "is not InService" in refusal(sagemaker.create_inference_component, **request)


def test_taken_and_absent_names_of_endpoints_and_configurations_are_refused(
    sagemaker, live_endpoint
):
    config = f"{live_endpoint.name}-config"
    described = sagemaker.describe_endpoint_config(EndpointConfigName=config)

    taken = refusal(
        sagemaker.create_endpoint_config,
        EndpointConfigName=config,
        ProductionVariants=described["ProductionVariants"],
    )
    taken_endpoint = refusal(
        sagemaker.create_endpoint, EndpointName=live_endpoint.name, EndpointConfigName=config
    )
    absent = refusal(
        sagemaker.create_endpoint, EndpointName="new", EndpointConfigName="no-such-config"
    )

    assert "already existing" in taken
    assert "already existing" in taken_endpoint
    assert "Could not find endpoint configuration" in absent


def describe(sagemaker, name="demo-adapter-one"):
    return sagemaker.describe_inference_component(InferenceComponentName=name)


def last_status(sagemaker):
    return [status(sagemaker) for _ in range(3)][-1]


@pytest.mark.parametrize(
    ("rolls_back", "ends", "serves"),
    [(False, "Failed", "s3://bucket/sandbox-fail.tar.gz"), (True, "InService", WEIGHTS)],
)
def test_an_update_that_fails_ends_as_the_setting_says(
    sandbox, sagemaker, live_endpoint, rolls_back, ends, serves
):
    """Whether a failed update is rolled back is not documented: both can be rehearsed."""
    sandbox.control.change_settings(failed_updates_roll_back=rolls_back)
    in_service(sagemaker, adapter(live_endpoint))
    update(sagemaker, "s3://bucket/sandbox-fail.tar.gz")

    assert ends == last_status(sagemaker)
    assert serves == artifact(sagemaker)
    assert "could not be loaded" in describe(sagemaker)["FailureReason"]


@pytest.mark.parametrize(("accepted", "ends"), [(True, "InService"), (False, "Failed")])
def test_whether_a_prefix_is_loaded_is_a_setting(sandbox, sagemaker, live_endpoint, accepted, ends):
    """Documented is one ``.tar.gz``; both forms exist in the wild."""
    sandbox.control.change_settings(prefix_artifacts=accepted)
    url = "s3://bucket/checkpoints/hf/"
    sagemaker.create_inference_component(**adapter(live_endpoint, url=url))
    sagemaker.create_inference_component(**adapter(live_endpoint, name="archived"))

    assert ends == last_status(sagemaker)
    assert "InService" == [status(sagemaker, "archived") for _ in range(3)][-1]


def test_an_unfit_base_may_show_late(sandbox, sagemaker, live_endpoint):
    """Only a base that is not there is surely refused at once."""
    sandbox.control.change_settings(adapter_checks_at_once=False)
    sagemaker.create_inference_component(**base(live_endpoint))
    request = adapter(live_endpoint)
    request["Specification"]["BaseInferenceComponentName"] = "second-base"
    sagemaker.create_inference_component(**request)

    assert "Failed" == last_status(sagemaker)
    assert "second-base" in describe(sagemaker)["FailureReason"]
    request["Specification"]["BaseInferenceComponentName"] = "absent"
    request["InferenceComponentName"] = "another"
    said = refusal(sagemaker.create_inference_component, **request)
    assert "Could not find inference component" in said


def test_a_new_component_may_be_hidden_from_the_first_looks(sandbox, sagemaker, live_endpoint):
    sandbox.control.change_settings(component_hidden_polls=2)
    sagemaker.create_inference_component(**adapter(live_endpoint))
    name = {"InferenceComponentName": "demo-adapter-one"}

    hidden = [refusal(sagemaker.describe_inference_component, **name) for _ in range(2)]

    assert all("Could not find inference component" in one for one in hidden)
    assert "InService" == status(sagemaker)


def test_a_taken_name_is_told_in_the_words_of_a_setting(sandbox, sagemaker, live_endpoint):
    sandbox.control.change_settings(taken_component_words="There is such an inference component:")
    sagemaker.create_inference_component(**adapter(live_endpoint))

    said = refusal(sagemaker.create_inference_component, **adapter(live_endpoint))

    arn = "arn:aws:sagemaker:us-west-2:123456789012:inference-component/demo-adapter-one"
    assert f'There is such an inference component: "{arn}".' == said


@pytest.mark.parametrize(
    "wanted",
    [
        "OutOfService",
        "Creating",
        "Updating",
        "SystemUpdating",
        "RollingBack",
        "InService",
        "Deleting",
        "Failed",
        "UpdateRollbackFailed",
    ],
)
def test_an_endpoint_is_in_every_status_that_there_is(sandbox, sagemaker, live_endpoint, wanted):
    sandbox.control.put_endpoint_into(live_endpoint.name, wanted, reason="somebody did it")

    described = sagemaker.describe_endpoint(EndpointName=live_endpoint.name)
    listed = sagemaker.list_endpoints(StatusEquals=wanted)["Endpoints"]

    assert (wanted, "somebody did it") == (described["EndpointStatus"], described["FailureReason"])
    assert [live_endpoint.name] == [one["EndpointName"] for one in listed]
    if wanted != "InService":
        said = refusal(sagemaker.create_inference_component, **adapter(live_endpoint))
        assert "is not InService" in said


def test_an_endpoint_or_a_status_that_is_not_there_is_refused(sandbox, live_endpoint):
    with pytest.raises(ControlRefused, match="no status 'Broken'"):
        sandbox.control.put_endpoint_into(live_endpoint.name, "Broken")
    with pytest.raises(ControlRefused, match="no endpoint 'absent'"):
        sandbox.control.put_endpoint_into("absent", "Failed")
