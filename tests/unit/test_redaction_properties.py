"""A planted secret gets through no writer, wherever it stands; what is harmless stays."""

from __future__ import annotations

import json
import logging
import random
import string
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.calls import Call
from registry.capture import Overrides, capture, ci_config_json, deployment_record
from registry.datasets.sources import dataset_facts
from registry.deployments.exporting import exported
from registry.deployments.importing import Import, import_deployments
from registry.errors import InvalidArgument, NotConfigured, NotFound
from registry.evaluators.register import register_evaluator
from registry.hub.publishing import Published
from registry.local.deployments import user_registry
from registry.local.documents import JsonFile
from registry.project.adapter_conf import AdapterConfFile, RegistryAdapter
from registry.project.folder import read_project
from registry.redaction import (
    REDACTED,
    is_secret_key,
    redact_parameters,
    redact_shapes,
    redact_text,
)
from registry.registration.packages import common_metadata
from registry.registration.register import Registrar
from registry.registration.request import RegistrationRequest, benchmark_metadata
from schemas.dataset import DatasetRequest
from schemas.evaluator import EvaluatorRequest
from schemas.hub import HubOutcome
from server.answers import failure
from server.logs import JsonLines

HARMLESS = json.loads((Path(__file__).parents[1] / "data" / "harmless.json").read_text("utf-8"))
NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
KINDS = (
    "hugging face",
    "github",
    "github, fine",
    "aws id",
    "slack",
    "openai",
    "anthropic",
    "nvidia",
    "ngc, older",
    "jwt",
    "pem",
)
PLACES = (
    "{}",
    "see {} please",
    '"{}"',
    "'{}',",
    "({})",
    "a={};b=1",
    "--note {} --n 1",
    "--note='{}'",
    "https://host.example/x?a=1&key={}&b=2",
    'parameters {{ key: "note" value: {{ string_value: "{}" }} }}',
    '{{"a": {{"b": ["{}"]}}}}',
    "Bearer {}",
    "export X={}\nexport Y=1",
)
NAMES = (
    "HF_TOKEN",
    "client_secret",
    "db-password",
    "sshPassphrase",
    "NGC_API_KEY",
    "apiKey",
    "aws_secret_access_key",
    "PRIVATE_KEY",
    "GOOGLE_CREDENTIALS",
    "GITHUB_PAT",
)
NAMED_PLACES = (
    "{name}={value}",
    "export {name}='{value}'",
    '{{"{name}": "{value}", "n": 1}}',
    '"{{\\"{name}\\": \\"{value}\\"}}"',
    "{name}: {value}",
    "--{name} {value} --n 1",
    '["--{name}", "{value}"]',
    'parameters {{ key: "{name}" value: {{ string_value: "{value}" }} }}',
    '{{"name": "{name}", "value": "{value}"}}',
    "- name: {name}\n  value: {value}",
    "https://host.example/?a=1&{name}={value}&b=2",
    'note="{name}={value}"',
    "{name}='{value}",
)
PASSWORDS = (
    st.text(string.ascii_letters + string.digits + "!#%*+-.:/_~", min_size=3)
    .filter(lambda text: text[0] not in "-:/=")
    .map(lambda text: f"{text}7Q#q")
)
SAMPLE = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WHOLE = settings(SAMPLE, max_examples=3000)


def core(secret: str) -> str:
    """Return the part that must not be found; of a PEM block, a line of its inside."""
    return secret.split("\n")[1] if "\n" in secret else secret


def through_text(secrets_of, seed, kind, place, before, after):
    secret = secrets_of(seed)[kind]
    text = f"{before} {place.format(secret)} {after}"

    assert core(secret) not in redact_text(text)
    assert core(secret) not in json.dumps(redact_parameters({"NOTE": [{"a": text}], secret: 1}))


def through_names(name, place, value):
    text = place.format(name=name, value=value)

    assert value not in redact_text(f"a {text}").replace(REDACTED, "")
    assert {name: REDACTED} == redact_parameters({name: value})


BY_SHAPE = given(
    seed=st.integers(0, 10**9),
    kind=st.sampled_from(KINDS),
    place=st.sampled_from(PLACES),
    before=st.text(max_size=8),
    after=st.text(max_size=8),
)
BY_NAME = given(name=st.sampled_from(NAMES), place=st.sampled_from(NAMED_PLACES), value=PASSWORDS)


@SAMPLE
@BY_SHAPE
def test_a_secret_is_hidden_by_its_shape(secrets_of, seed, kind, place, before, after):
    through_text(secrets_of, seed, kind, place, before, after)


@pytest.mark.soak
@WHOLE
@BY_SHAPE
def test_every_secret_is_hidden_by_its_shape(secrets_of, seed, kind, place, before, after):
    through_text(secrets_of, seed, kind, place, before, after)


@SAMPLE
@BY_NAME
def test_a_secret_is_hidden_by_the_name_before_it(name, place, value):
    through_names(name, place, value)


@pytest.mark.soak
@WHOLE
@BY_NAME
def test_every_secret_is_hidden_by_the_name_before_it(name, place, value):
    through_names(name, place, value)


@SAMPLE
@given(
    before=st.text("ABCabc_-. ", max_size=6),
    word=st.sampled_from(["secret", "token"]),
    upper=st.integers(0, 63),
    after=st.text("ABCabc_-. ", max_size=6),
)
def test_any_key_that_contains_the_words_in_any_case_hides_its_value(before, word, upper, after):
    """The specification: anything containing SECRET or TOKEN."""
    mixed = "".join(c.upper() if upper >> n & 1 else c for n, c in enumerate(word))
    key = before + mixed + after

    assert is_secret_key(key)
    assert {key: REDACTED} == redact_parameters({key: "plain"})


@SAMPLE
@given(
    text=st.lists(st.sampled_from([*PLACES, *NAMED_PLACES, "\\", '"', "'", "=", ","])).map("".join)
)
def test_redacting_what_is_redacted_changes_nothing(text):
    once = redact_text(text)

    assert once == redact_text(once)


@pytest.mark.parametrize(("key", "value"), HARMLESS["kept"])
def test_a_harmless_parameter_stays(key, value):
    assert {key: value} == redact_parameters({key: value})
    assert f"{key}={value}" == redact_text(f"{key}={value}")
    assert value == redact_shapes(value)


@pytest.mark.parametrize("text", HARMLESS["texts"])
def test_harmless_text_stays(text):
    assert text == redact_text(text)


@pytest.mark.parametrize(("key", "value"), HARMLESS["hidden_by_the_letter"])
def test_the_specifications_letter_hides_these_too(key, value):
    assert {key: REDACTED} == redact_parameters({key: value})


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("the secret key is {}", "the secret key is {hidden}"),
        ("{id},{}", "{hidden}"),
        ('{id} / "{}"', '{hidden}"'),
        ("WANDB_KEY={}", "WANDB_KEY={hidden}"),
        ("signing key `{}`", "signing key `{hidden}`"),
    ],
)
def test_a_secret_access_key_is_hidden_next_to_what_tells_of_it(text, clean):
    known = {"id": "AKIA" + "IOSFODNN7EXAMPLE", "hidden": REDACTED}
    secret = "wJalrXUtnFEMI/K7MDENG" + "+bPxRfiCYEXAMPLEKEY"

    assert clean.format(**known) == redact_text(text.format(secret, **known))


@pytest.mark.parametrize(
    "url",
    [
        "https://b.s3.amazonaws.com/k?AWSAccessKeyId={}&Signature={}&Expires=1",
        "https://b.s3.amazonaws.com/k?X-Amz-Credential={}%2F2026&X-Amz-Signature={}",
        "https://b.s3.amazonaws.com/k?X-Amz-Security-Token={}&a=1",
        "https://storage.googleapis.com/b/k?X-Goog-Credential={}&X-Goog-Signature={}",
        "https://a.blob.core.windows.net/c/b?sv=2026&sp=r&sig={}",
        "https://user:{}@host.example/x",
        "https://user:{}/{}@host.example/x",
        "https:\\/\\/user:{}@host.example\\/x",
        "https://host.example/?a=1\\u0026sig={}",
        "https%3A%2F%2Fhost.example%2F%3Fsig%3D{}",
        "https://hooks.slack.com/services/T0/B0/{}",
    ],
)
def test_credentials_in_urls_are_hidden(url):
    """In an image's or a weights' location as well as in text."""
    planted = "Zq3kT9aBcD7eF"
    for clean in (
        redact_shapes(url.replace("{}", planted)),
        redact_text(url.replace("{}", planted)),
    ):
        assert planted not in clean
        assert REDACTED in clean


def planted_everywhere(secrets_of, seed):
    """Return a secret of each kind, and a text that holds all of them at places of chance."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    secrets = list(secrets_of(seed).values())
    chance.shuffle(secrets)
    held = [chance.choice(PLACES).format(each) for each in secrets]
    return [core(each) for each in secrets], " ".join(held), held


def through_the_writers(secrets_of, seed, deployed):
    secrets, text, held = planted_everywhere(secrets_of, seed)
    one = held[seed % len(held)].replace("\n", " ")
    with TemporaryDirectory() as place:
        home = Path(place)
        told = [*registered(home / "a", text, one), *others(home / "b", text, deployed)]
        files = "\n".join(each.read_text("utf-8") for each in home.rglob("*") if each.is_file())
    for secret in secrets:
        assert secret not in files
        assert secret not in json.dumps(told, default=str)
    assert REDACTED in files


def registered(home, text, one):
    """Register a project folder and a call's own words; yield all that is sent anywhere."""
    project = home / "project"
    (project / "do" / "adapters").mkdir(parents=True)
    quoted = text.replace("'", '"')
    lines = {"PROJECT_NAME": "p", "DEPLOYMENT_CONFIG": "http-flask", "AWS_REGION": "us-west-2"}
    lines |= {"DEPLOYMENT_TARGET": "realtime-inference", "INSTANCE_TYPE": "ml.m5.large"}
    config = "".join(f'export {name}="{value}"\n' for name, value in lines.items())
    config += f"export NOTE='{quoted}'\nexport BASE_IMAGE='{quoted}'\n"
    (project / "do" / "config").write_text(config, "utf-8")
    conf = f"export ADAPTER_NAME=a\nexport ADAPTER_WEIGHTS_URI='{quoted}'\n"
    (project / "do" / "adapters" / "a.conf").write_text(conf, "utf-8")
    registry = home.parent / "registry"
    given_ = {"parameters": {"N": text, "M": [{"a": [text]}]}, "container_image": one}
    given_ |= {"ic_list": [{"name": one, "image": one, "artifactUrl": one, "extra": text}]}
    folder = read_project(project)
    for overrides in (Overrides(), Overrides(**given_)):
        facts = capture(folder, overrides)
        request = RegistrationRequest(
            notes=text,
            build_strategy=one,
            benchmark={"remark": text},
            idempotency_key=f"{one} {bool(overrides.given())}",
            folder_name=one,
            project_level=True,
        )
        registrar = Registrar(
            log=user_registry(registry),
            account=_no_account,
            ci_target=_no_account,
            repository="r",
            now=lambda: NOW,
        )
        yield registrar.register(facts, request, Call()).wire()
        yield ci_config_json(facts, request.strategy)
        yield deployment_record(facts)
        yield common_metadata(facts) | benchmark_metadata(request.benchmark, ["a"])[0]
        yield [adapter.model_dump() for adapter in facts.adapters]
    (project / "do" / "config").unlink()
    (project / "do" / "adapters" / "a.conf").unlink()


def others(home, text, deployed):
    """Import, register an evaluator, log and fail; yield what is sent."""
    entry = deployed(1, outcome__notes=text, configuration__parameters={"N": [text], "T": text})
    document = {"version": "1.0", "entries": [{**entry, "extra": {text: text}}]}
    log = user_registry(home)
    yield import_deployments(log, Import(document, text, "skip", False), Call()).wire()
    yield exported(entry)
    wanted = EvaluatorRequest(
        name="reward",
        type="lambda",
        arn="arn:aws:lambda:us-west-2:123456789012:function:my-reward",
        technique="rlvr",
        description=text,
    )
    store = JsonFile(home / "evaluators.json", ascii_only=True, final_newline=False)
    yield register_evaluator(
        wanted,
        store=store,
        publish=lambda _: Published(HubOutcome(state="skipped")),
        now=lambda: NOW,
        call=Call(),
    ).wire()
    yield failure(NotFound(text, hint=text, existing={"a": [text]})).model_dump()
    try:
        raise ValueError(text)  # noqa: TRY301 - for its traceback
    except ValueError:
        record = logging.LogRecord("n", 20, __file__, 1, "%s", (text,), sys.exc_info())
    record.call = {"name": text, "deep": [{text: text}]}
    yield JsonLines().format(record)


def _no_account():
    raise NotConfigured("no AWS region is known", hint="pass region")


@pytest.fixture
def deployed():
    def make(number, *, outcome__notes, configuration__parameters):
        return {
            "timestamp": f"2026-05-{number:02d}T10:00:00.000Z",
            "status": "success",
            "deployment": {
                "deploymentConfig": "transformers-vllm",
                "architecture": "transformers",
                "backend": "vllm",
                "baseImage": "vllm/vllm-openai:v0.8.5",
                "deploymentTarget": "realtime-inference",
                "buildTarget": None,
            },
            "model": {"modelName": "Qwen/Qwen3-4B"},
            "infrastructure": {"instanceType": "ml.g5.2xlarge", "region": "us-west-2"},
            "configuration": {"parameters": configuration__parameters},
            "outcome": {"notes": outcome__notes},
            "metadata": {"generatorVersion": "1.5.2"},
            "id": f"{number:08x}",
        }

    return make


@settings(SAMPLE, max_examples=6)
@given(seed=st.integers(0, 10**9))
def test_no_writer_lets_a_planted_secret_through(secrets_of, deployed, seed):
    """Local entry, project file, CI item, package metadata, import, evaluator, error, log."""
    through_the_writers(secrets_of, seed, deployed)


@pytest.mark.soak
@settings(SAMPLE, max_examples=500)
@given(seed=st.integers(0, 10**9))
def test_no_writer_ever_lets_a_planted_secret_through(secrets_of, deployed, seed):
    through_the_writers(secrets_of, seed, deployed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_or_location_that_is_a_secret_is_refused_without_echoing_it(secrets_of, kind):
    """A redacted location would name nothing (docs/redaction.md)."""
    secret = secrets_of(2)[kind].replace("\n", " ")
    uri = f"s3://bucket/{secret}/train.jsonl"
    refusals = []
    for said in ({"s3_uri": uri, "name": "n"}, {"s3_uri": "s3://b/k", "name": secret}):
        with pytest.raises(InvalidArgument) as refused:
            dataset_facts(DatasetRequest(**said), None)
        refusals.append(failure(refused.value).content[0].text)

    assert secret not in "".join(refusals)


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_schema_is_redacted_by_shape_and_says_so(secrets_of, kind):
    secret = secrets_of(3)[kind]
    columns = {"token_ids": "list<int>", "note": f"as in {secret}", secret: [secret]}
    facts = dataset_facts(DatasetRequest(s3_uri="s3://b/k", column_schema=columns), None)

    assert {"token_ids": "list<int>", "note": f"as in {REDACTED}", REDACTED: [REDACTED]} == (
        json.loads(facts.column_schema)
    )
    assert ("column_schema held what looks like a secret; it was redacted",) == facts.warnings


def test_a_caller_is_told_which_of_its_own_words_were_changed(tmp_path):
    secret = "hf_" + "aB3" * 11
    overrides = Overrides(
        project_name="p",
        deployment_config="http-flask",
        base_image=f"https://u:{secret}@h/i",
        parameters={"A_TOKEN": "x", "B": "y", "NOTE": secret},
        ic_list=[{"name": secret}],
    )
    request = RegistrationRequest(
        notes=secret, benchmark={"remark": secret, "rps": 3}, sagemaker="no"
    )
    registrar = Registrar(user_registry(tmp_path), _no_account, _no_account, "r", lambda: NOW)
    told = registrar.register(capture(None, overrides), request, Call()).warnings

    assert {
        f"{what} held what looks like a secret{where}; it was redacted"
        for what, where in (
            ("base_image", ""),
            ("parameters", " (A_TOKEN, NOTE)"),
            ("ic_list", ""),
            ("notes", ""),
            ("benchmark", " (remark)"),
        )
    } == {each for each in told if "redacted" in each}


def test_an_import_tells_how_many_entries_were_changed(tmp_path, deployed):
    secret = "hf_" + "aB3" * 11
    entries = [
        deployed(n, outcome__notes=notes, configuration__parameters={})
        for n, notes in ((1, "fine"), (2, secret))
    ]
    wanted = Import({"version": "1.0", "entries": entries}, secret, "skip", False)
    told = import_deployments(user_registry(tmp_path), wanted, Call()).warnings

    assert (
        "1 entry held what looks like a secret; it was redacted",
        "source_name held what looks like a secret; it was redacted",
    ) == told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("field", ["weights_uri", "technique", "parent_model_slug", "registry_arn"])
def test_a_conf_with_a_secret_is_refused_without_echoing_it(tmp_path, secrets_of, kind, field):
    secret = secrets_of(1)[kind]
    said = {
        "name": "a",
        "ic_name": "p-adapter-a",
        "weights_uri": "s3://b/a/",
        "created_at": "2026-05-01T10:00:00Z",
        "registry_arn": "arn:aws:sagemaker:us-west-2:123456789012:model-package/p/1",
    }
    with pytest.raises(InvalidArgument) as refused:
        AdapterConfFile.plan(tmp_path, RegistryAdapter(**{**said, field: f"s3://b/{secret}/"}))

    assert core(secret) not in refused.value.message
    assert [] == list(tmp_path.rglob("*.conf"))


ADVERSARIAL = (
    "a", "a=", "a: ", "://", "://a:", "://a:b@", "eyJ", "-eyJ", "eyJaaaaaaaa.", "sk-", "sk-a1",
    "AKIA", "A.-", "-----BEGIN ", "-----BEGIN A-----", "-----BEGIN PRIVATE KEY-----", "TOKEN=",
    'token="', "?sig=", "--a ", "--api-key ", 'key: "', 'key:"a" value{string_value:', "Bearer ",
    '"a" : ', "aA", "'", "key=", "key='key=\"", "hf_", "ghs_a.", 'password=\\\\"', "secret is ",
    "&a=", "%26a", "token=a,", "token=a&b", "1a/", "\\", "token={a}:", "name: a value ",
)  # fmt: skip


def took_s(text: str) -> float:
    began = time.process_time()
    redact_text(text)
    redact_parameters({text: text[:1000]})
    return time.process_time() - began


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_the_work_grows_in_proportion_to_the_text(piece):
    """Eight times the text: what is quadratic would take 64 times as long."""
    short = min(took_s((piece * 3_000)[:3_000]) for _ in range(3))
    long = min(took_s((piece * 24_000)[:24_000]) for _ in range(2))

    assert long < 28 * short + 0.02
