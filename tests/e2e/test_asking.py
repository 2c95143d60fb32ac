"""Asking a person, in both eras: clients that accept, decline, cancel, cannot ask, and hang."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import ElicitResult, ErrorData

from .conftest import CI_TABLE, COMMAND, Caller

pytestmark = pytest.mark.anyio

GROUP = "support-bot"
MODEL = "Qwen/Qwen3-4B"
TONE = "s3://support-bot-adapters/tone-dpo/v1/"
FAQ = "s3://support-bot-adapters/faq-sft/v1/model.tar.gz"
BASE = "support-bot-default-1770000000"
IC = "support-bot-adapter-tone-dpo"
CONF = "do/adapters/tone-dpo.conf"
DEPLOY = "deploy_adapter_from_registry"
READS = {"DescribeModelPackage": 2, "DescribeInferenceComponent": 2}
"""What one question about a plan costs SageMaker: the plan is made twice."""


class Somebody:
    """The person behind a client: what they are asked, and how they answer, in turn."""

    def __init__(self) -> None:
        self.reset()

    def reset(self, *answers):
        self.asked = []
        self._answers = list(answers)

    async def __call__(self, _context, params):
        self.asked.append(params)
        answer = self._answers.pop(0)
        if answer == "hang":
            await anyio.sleep_forever()
        if isinstance(answer, ElicitResult | ErrorData):
            return answer
        return await answer(params)


def agree(value=True):
    return ElicitResult(action="accept", content={"agree": value})


def choose(part):
    """Choose the first option whose label holds that text."""

    async def chosen(params):
        options = params.requested_schema["properties"]["version_arn"]["enum"]
        label = next(each for each in options if part in each)
        return ElicitResult(action="accept", content={"version_arn": label})

    return chosen


DECLINED = ElicitResult(action="decline")
CANCELLED = ElicitResult(action="cancel")


@asynccontextmanager
async def server(place, box, era, somebody, *flags):
    environment = {
        "HOME": str(place / "home"),
        "MLCC_REGISTRY_HOME": str(place / "home" / ".ml-container-creator"),
        "CI_TABLE_NAME": CI_TABLE,
        "MLCC_REGISTRY_POLL_S": "0.05",
        **box.environment(),
    }
    folder = place / "support-bot"
    folder.mkdir(exist_ok=True)
    command = StdioServerParameters(
        command=str(COMMAND),
        args=["--toolsets", "core,adapters", *flags],
        env=environment,
        cwd=folder,
    )
    with (place / "asking.log").open("a", encoding="utf-8") as log:
        async with Client(
            stdio_client(command, errlog=log), mode=era, elicitation_callback=somebody
        ) as client:
            yield Caller(client)


@pytest.fixture(scope="module")
async def asked(place, sandbox_process, era):
    """A server that may ask, and the person behind its client, for the whole module."""
    somebody = Somebody()
    async with server(place, sandbox_process, era, somebody) as client:
        yield client, somebody


@pytest.fixture
def client(asked, project, home, box):
    return asked[0]


@pytest.fixture
def somebody(asked):
    asked[1].reset()
    return asked[1]


@pytest.fixture
def start(place, project, home, box, era, somebody):
    """Start a server with flags: `async with start("--require-human") as client`."""
    return lambda *flags: server(place, box, era, somebody, *flags)


@pytest.fixture
def publish(aws, box):
    """Write one adapter version straight into a group; returns its ARN."""

    def write(name="tone-dpo", weights=TONE, **metadata):
        sagemaker = aws["sagemaker"]
        known = sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if not known:
            sagemaker.create_model_package_group(ModelPackageGroupName=GROUP)
        said = {"isAdapter": "true", "adapterName": name, "modelName": MODEL} | metadata
        return sagemaker.create_model_package(
            ModelPackageGroupName=GROUP,
            ModelApprovalStatus="Approved",
            CustomerMetadataProperties=said | {"modelDataUrl": weights},
        )["ModelPackageArn"]

    return write


@pytest.fixture
def tone(publish):
    return publish()


def components(aws):
    listed = aws["sagemaker"].list_inference_components()["InferenceComponents"]
    return {each["InferenceComponentName"] for each in listed}


def serve(aws, weights=FAQ):
    """Have the adapter's component serve other weights, in service."""
    aws["sagemaker"].create_inference_component(
        InferenceComponentName=IC,
        EndpointName="support-bot-endpoint",
        Specification={"BaseInferenceComponentName": BASE, "Container": {"ArtifactUrl": weights}},
    )
    while served(aws)["InferenceComponentStatus"] != "InService":
        pass


def served(aws):
    return aws["sagemaker"].describe_inference_component(InferenceComponentName=IC)


def weights_of(aws):
    return served(aws)["Specification"]["Container"]["ArtifactUrl"]


async def test_who_agrees_sees_the_plan_and_it_is_carried_out(
    client, somebody, aws, box, project, tone, endpoint
):
    somebody.reset(agree())
    box.control.clear_log()
    rolled = await client.ok(DEPLOY, version_arn=tone)

    (question,) = somebody.asked
    assert "in_service" == rolled["state"]
    for part in (IC, endpoint, TONE, "us-west-2", "123456789012", rolled["digest"]):
        assert part in question.message
    assert {"agree"} == set(question.requested_schema["properties"])
    assert TONE == weights_of(aws)
    assert f'ADAPTER_REGISTRY_ARN="{tone}"' in (project / CONF).read_text("utf-8")


@pytest.mark.parametrize(
    "answer",
    [
        DECLINED,
        CANCELLED,
        agree(False),
        ElicitResult(action="accept"),
        ElicitResult(action="accept", content={}),
        ElicitResult(action="accept", content={"agree": "yes"}),
        ElicitResult(action="accept", content={"other": True}),
    ],
    ids=["decline", "cancel", "no", "no content", "empty", "text", "other"],
)
async def test_whatever_is_no_agreement_rolls_nothing_out(
    client, somebody, aws, project, tone, endpoint, answer
):
    before = (project / CONF).read_bytes()
    somebody.reset(answer)
    refused = await client.refused(DEPLOY, version_arn=tone)

    assert "needs_confirmation" == refused["error"]["code"]
    assert "declined, or the client did not show it" in refused["error"]["message"]
    assert f"repeat the call with confirm={refused['digest']}" == refused["nextStep"]
    assert "create" == refused["plan"]["action"]
    assert {BASE} == components(aws)
    assert before == (project / CONF).read_bytes()


async def test_a_declined_plan_goes_ahead_with_its_digest_and_nobody_is_asked_again(
    client, somebody, aws, tone, endpoint
):
    somebody.reset(DECLINED)
    refused = await client.refused(DEPLOY, version_arn=tone)
    rolled = await client.ok(DEPLOY, version_arn=tone, confirm=refused["digest"])

    assert 1 == len(somebody.asked)
    assert "in_service" == rolled["state"]


async def test_a_client_that_cannot_ask_goes_ahead_with_what_changes_nothing_live(
    connect, aws, tone, endpoint
):
    async with connect() as client:
        rolled = await client.ok(DEPLOY, version_arn=tone)

    assert "in_service" == rolled["state"]


async def test_a_version_is_chosen_from_the_list_and_then_agreed_to(
    client, somebody, aws, publish, tone, endpoint
):
    newest = publish("faq-sft", FAQ, tuneTechnique="sft")
    somebody.reset(choose("faq-sft"), agree())
    rolled = await client.ok(DEPLOY)

    choice, consent = somebody.asked
    labels = choice.requested_schema["properties"]["version_arn"]["enum"]
    assert ["version 2: faq-sft, sft", "version 1: tone-dpo"] == [
        each.rpartition(", ")[0] for each in labels
    ]
    assert FAQ in consent.message
    assert (newest, "in_service") == (rolled["versionArn"], rolled["state"])


async def test_who_chooses_and_then_declines_rolls_nothing_out(
    client, somebody, aws, tone, endpoint
):
    somebody.reset(choose("tone-dpo"), DECLINED)
    refused = await client.refused(DEPLOY)

    assert "needs_confirmation" == refused["error"]["code"]
    assert tone == refused["plan"]["versionArn"]
    assert {BASE} == components(aws)


@pytest.mark.parametrize(
    "answer",
    [DECLINED, ElicitResult(action="accept", content={"version_arn": "version 9: nobody"})],
    ids=["decline", "not offered"],
)
async def test_a_version_that_nobody_chose_is_asked_for_by_argument(
    client, somebody, aws, tone, endpoint, answer
):
    somebody.reset(answer)
    refused = await client.refused(DEPLOY)

    assert "invalid_argument" == refused["error"]["code"]
    assert "declined, or the client did not show it" in refused["error"]["message"]
    assert [tone] == [each["arn"] for each in refused["candidates"]]
    assert 1 == len(somebody.asked)


async def test_a_dry_run_asks_nobody_to_agree(client, somebody, aws, tone, endpoint):
    shown = await client.ok(DEPLOY, version_arn=tone, dry_run=True)

    assert "planned" == shown["state"]
    assert [] == somebody.asked


async def test_what_is_live_already_asks_nobody(client, somebody, aws, tone, endpoint):
    somebody.reset(agree())
    await client.ok(DEPLOY, version_arn=tone)
    again = await client.ok(DEPLOY, version_arn=tone)

    assert "unchanged" == again["state"]
    assert 1 == len(somebody.asked)


async def test_a_plan_that_would_be_refused_is_refused_before_anybody_is_asked(
    client, somebody, publish, endpoint
):
    foreign = publish(modelName="Meta/Llama-3")
    refused = await client.refused(DEPLOY, version_arn=foreign)

    assert "precondition_failed" == refused["error"]["code"]
    assert [] == somebody.asked


async def test_what_is_forced_is_said_in_the_question(client, somebody, publish, endpoint):
    foreign = publish(modelName="Meta/Llama-3")
    somebody.reset(agree())
    rolled = await client.ok(DEPLOY, version_arn=foreign, force=True)

    assert "it forces compatibility" in somebody.asked[0].message
    assert "Meta/Llama-3" in somebody.asked[0].message
    assert "in_service" == rolled["state"]


async def test_replacing_says_what_goes_and_that_it_may_be_an_outage(
    client, somebody, aws, tone, endpoint
):
    serve(aws)
    somebody.reset(DECLINED, agree())
    refused = await client.refused(DEPLOY, version_arn=tone, replace=True)
    untouched = weights_of(aws)
    replaced = await client.ok(DEPLOY, version_arn=tone, replace=True)

    assert f"it replaces {FAQ}" in somebody.asked[0].message
    assert "serves nobody for some minutes" in somebody.asked[0].message
    assert "needs_confirmation" == refused["error"]["code"]
    assert FAQ == untouched
    assert ("in_service", TONE) == (replaced["state"], weights_of(aws))


async def test_a_plan_that_changed_while_the_question_was_open_is_not_carried_out(
    client, somebody, aws, tone, endpoint
):
    async def change_the_world(_params):
        aws["s3"].put_object(
            Bucket="support-bot-adapters",
            Key="tone-dpo/v1/adapter_config.json",
            Body=json.dumps({"base_model_name_or_path": MODEL, "r": 8}).encode(),
        )
        return agree()

    somebody.reset(change_the_world)
    refused = await client.refused(DEPLOY, version_arn=tone)

    assert "needs_confirmation" == refused["error"]["code"]
    assert "has changed" in refused["error"]["message"]
    assert 8 == refused["plan"]["rank"]
    assert {BASE} == components(aws)


async def test_weights_that_went_live_while_the_question_was_open_are_not_replaced(
    client, somebody, aws, tone, endpoint
):
    serve(aws)

    async def somebody_else_deploys(_params):
        aws["sagemaker"].update_inference_component(
            InferenceComponentName=IC,
            Specification={"Container": {"ArtifactUrl": "s3://elsewhere/new.tar.gz"}},
        )
        while served(aws)["InferenceComponentStatus"] != "InService":
            pass
        return agree()

    somebody.reset(somebody_else_deploys)
    refused = await client.refused(DEPLOY, version_arn=tone, replace=True)

    assert "needs_confirmation" == refused["error"]["code"]
    assert "s3://elsewhere/new.tar.gz" == refused["plan"]["replaces"]
    assert "s3://elsewhere/new.tar.gz" == weights_of(aws)


async def test_a_client_that_hangs_gets_its_answer_and_nothing_is_rolled_out(
    start, somebody, aws, tone, endpoint, era
):
    somebody.reset("hang")
    async with start("--ask-s", "0.3") as client:
        if era == "legacy":
            refused = await client.refused(DEPLOY, version_arn=tone)

            assert "needs_confirmation" == refused["error"]["code"]
            assert "was not answered in time" in refused["error"]["message"]
            assert refused["digest"] in refused["nextStep"]
        else:
            with anyio.move_on_after(1):  # the client itself waits; the server holds nothing
                await client.raw(DEPLOY, {"version_arn": tone})
        somebody.reset(agree())
        after = components(aws)
        rolled = await client.ok(DEPLOY, version_arn=tone)

    assert {BASE} == after
    assert "in_service" == rolled["state"]


async def test_a_client_that_answers_with_an_error_rolls_nothing_out(
    client, somebody, aws, tone, endpoint, era
):
    somebody.reset(ErrorData(code=-32603, message="no window to show it in"))
    if era == "legacy":
        refused = await client.refused(DEPLOY, version_arn=tone)

        assert "needs_confirmation" == refused["error"]["code"]
    else:  # the client gives the call up by itself
        with pytest.raises(Exception, match="no window"):
            await client.raw(DEPLOY, {"version_arn": tone})

    assert {BASE} == components(aws)


async def test_ask_never_takes_arguments_only(start, somebody, aws, tone, endpoint):
    async with start("--ask", "never") as client:
        unnamed = await client.refused(DEPLOY)
        rolled = await client.ok(DEPLOY, version_arn=tone)

    assert [] == somebody.asked
    assert "invalid_argument" == unnamed["error"]["code"]
    assert "in_service" == rolled["state"]


async def test_require_human_takes_an_answer_and_no_digest(start, somebody, aws, tone, endpoint):
    async with start("--require-human", "--auto-approve") as client:
        somebody.reset(DECLINED, DECLINED, agree())
        refused = await client.refused(DEPLOY, version_arn=tone)
        digested = await client.refused(DEPLOY, version_arn=tone, confirm=refused["digest"])
        untouched = components(aws)
        rolled = await client.ok(DEPLOY, version_arn=tone)

    assert ["needs_confirmation"] * 2 == [each["error"]["code"] for each in (refused, digested)]
    assert "nextStep" not in refused
    assert "--require-human" in refused["error"]["hint"]
    assert {BASE} == untouched
    assert "in_service" == rolled["state"]
    assert 3 == len(somebody.asked)


async def test_require_human_and_ask_never_refuse_every_rollout(
    start, somebody, aws, tone, endpoint
):
    async with start("--require-human", "--ask", "never") as client:
        refused = await client.refused(DEPLOY, version_arn=tone)

    assert "precondition_failed" == refused["error"]["code"]
    assert "--ask never" in refused["error"]["hint"]
    assert {BASE} == components(aws)


async def test_an_answered_question_is_worth_the_digest(start, somebody, aws, tone, endpoint):
    somebody.reset(agree())
    async with start("--require-confirm") as client:
        rolled = await client.ok(DEPLOY, version_arn=tone)

    assert "in_service" == rolled["state"]


async def test_auto_approve_asks_nobody_to_agree_and_still_which_version(
    start, somebody, aws, tone, endpoint
):
    serve(aws)
    somebody.reset(choose("tone-dpo"))
    async with start("--auto-approve") as client:
        rolled = await client.ok(DEPLOY, replace=True)

    assert ("in_service", TONE) == (rolled["state"], weights_of(aws))
    assert 1 == len(somebody.asked)


async def test_removing_is_asked_for_and_can_be_declined(client, somebody, aws, project, endpoint):
    serve(aws)
    somebody.reset(DECLINED, agree())
    refused = await client.refused("remove_adapter", adapter_name="tone-dpo")
    untouched = components(aws), (project / CONF).is_file()
    removed = await client.ok("remove_adapter", adapter_name="tone-dpo")

    assert IC in somebody.asked[0].message
    assert "needs_confirmation" == refused["error"]["code"]
    assert ({BASE, IC}, True) == untouched
    assert "removed" == removed["state"]
    assert {BASE} == components(aws)
    assert not (project / CONF).exists()


async def test_a_rollout_takes_four_calls_and_each_question_at_most_three_more(
    start, somebody, aws, box, tone, endpoint
):
    asked = await _calls(start(), somebody, box, {"version_arn": tone}, agree())
    await _gone(aws, box)
    twice = await _calls(start(), somebody, box, {}, choose("tone-dpo"), agree())
    await _gone(aws, box)
    approved = await _calls(start("--auto-approve"), somebody, box, {"version_arn": tone})

    reading = ["DescribeModelPackage", "DescribeInferenceComponent"]
    creating = [*reading, "CreateInferenceComponent"]
    assert creating == approved  # and one GetObject, for the weights' configuration
    assert reading + creating == asked
    assert ["Search", "ListModelPackages", *reading, *creating] == [
        each for each in twice if each != "DescribeModelPackageVersion"
    ]


async def _calls(started, somebody, box, arguments, *answers):
    """Roll out and return what SageMaker was asked, looks at the new component left out."""
    somebody.reset(*answers)
    async with started as client:
        box.control.clear_log()
        rolled = await client.ok(DEPLOY, **arguments)
    assert "in_service" == rolled["state"]
    return [
        call["operation"]
        for call in box.control.calls()
        if (call["service"] == "sagemaker" and call["request"].get("InferenceComponentName") != IC)
        or call["operation"] == "CreateInferenceComponent"
    ]


async def _gone(aws, box):
    aws["sagemaker"].delete_inference_component(InferenceComponentName=IC)
    box.control.advance(3600)
