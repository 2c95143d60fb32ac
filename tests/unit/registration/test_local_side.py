"""The local side of a registration: which call makes an entry, which one finds it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from registry.calls import Call
from registry.capture import Overrides, capture
from registry.errors import Conflict, CorruptRegistry, InvalidArgument, NotConfigured
from registry.local.deployments import user_registry
from registry.registration.register import Registrar
from registry.registration.request import RegistrationRequest, benchmark_metadata

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def facts(**more):
    return capture(
        None,
        Overrides(
            **{
                "project_name": "p",
                "deployment_config": "http-flask",
                "instance_type": "ml.m5.large",
                "region": "us-west-2",
                "deployment_target": "realtime-inference",
                **more,
            }
        ),
    )


def no_account():
    raise NotConfigured("no AWS region is known", hint="pass region")


@pytest.fixture
def register(tmp_path):
    def registered(*, at=NOON, deployment=None, account=no_account, **request):
        registrar = Registrar(
            log=user_registry(tmp_path),
            account=account,
            ci_target=no_account,
            repository="ml-container-creator",
            now=lambda: at,
        )
        return registrar.register(deployment or facts(), RegistrationRequest(**request), Call())

    return registered


@pytest.fixture
def stored(tmp_path):
    return lambda: list(user_registry(tmp_path).entries())


def test_an_identical_call_within_ten_minutes_finds_its_entry(register, stored):
    first = register()
    again = register(at=NOON + timedelta(minutes=9, seconds=59))

    assert first.id == again.id
    assert "unchanged" == again.local.state
    assert 1 == len(stored())


def test_an_identical_call_later_is_a_new_deployment(register, stored):
    register()
    register(at=NOON + timedelta(minutes=10, seconds=1))

    assert 2 == len(stored())


@pytest.mark.parametrize(
    "difference", [{"notes": "n"}, {"status": "failed"}, {"build_strategy": "local"}]
)
def test_another_request_is_a_new_deployment(register, stored, difference):
    register()
    register(**difference)

    assert 2 == len(stored())


@pytest.mark.parametrize(
    "difference", [{"exclude": ("a",)}, {"base_only": True}, {"sagemaker": "no"}]
)
def test_what_concerns_sagemaker_alone_makes_no_new_entry(register, stored, difference):
    register()
    register(**difference)

    assert 1 == len(stored())


def test_a_key_finds_its_entry_at_any_time(register, stored):
    first = register(idempotency_key="k")
    again = register(idempotency_key="k", at=NOON + timedelta(days=400))

    assert first.id == again.id
    assert 1 == len(stored())


def test_two_keys_are_two_registrations_however_alike(register, stored):
    first = register(idempotency_key="k1")
    second = register(idempotency_key="k2")
    again = register(idempotency_key="k2", at=NOON + timedelta(days=1))

    assert first.id != second.id
    assert second.id == again.id
    assert ["k1", "k2"] == [entry["idempotencyKey"] for entry in stored()]


def test_a_key_finds_its_own_entry_before_an_alike_one_without_a_key(register):
    keyed = register(idempotency_key="k")
    register(at=NOON + timedelta(minutes=20))

    assert keyed.id == register(idempotency_key="k", at=NOON + timedelta(minutes=21)).id


def test_a_key_or_strategy_that_is_a_secret_is_not_stored_in_clear(register, tmp_path):
    token = "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEF12"
    first = register(idempotency_key=token, build_strategy=token)
    again = register(idempotency_key=token, build_strategy=token, at=NOON + timedelta(days=2))

    assert first.id == again.id
    assert token not in (tmp_path / "registry.json").read_text("utf-8")


def test_a_key_used_for_something_else_is_a_conflict_that_shows_both(register, stored):
    register(idempotency_key="k", notes="one")
    with pytest.raises(Conflict) as refused:
        register(idempotency_key="k", notes="two")

    assert {"outcome": {"notes": "one"}} == refused.value.details["existing"]
    assert {"outcome": {"notes": "two"}} == refused.value.details["wanted"]
    assert 1 == len(stored())


def test_an_entry_without_a_region_is_completed_when_one_is_known(register, stored):
    first = register(deployment=facts(region=""))
    again = register()

    assert first.id == again.id
    assert ["us-west-2"] == [entry["infrastructure"]["region"] for entry in stored()]


def test_another_region_is_another_deployment(register, stored):
    register()
    register(deployment=facts(region="eu-west-1"))

    assert 2 == len(stored())


def test_a_file_that_broke_meanwhile_is_a_warning_and_is_left_as_it_is(register, tmp_path):
    register(deployment=facts(region=""))

    def breaking():
        (tmp_path / "registry.json").write_text("{", encoding="utf-8")
        raise NotConfigured("none")

    result = register(account=breaking)

    assert any("cannot be used" in each for each in result.warnings)
    assert "{" == (tmp_path / "registry.json").read_text("utf-8")


def test_a_corrupt_file_stops_the_registration_before_anything_else(register, tmp_path):
    (tmp_path / "registry.json").write_text('{"entries": 3}', encoding="utf-8")

    def unexpected():
        raise AssertionError("AWS was asked although the local entry could not be written")

    with pytest.raises(CorruptRegistry):
        register(account=unexpected)


def test_a_dry_run_shows_the_entry_that_would_be_found(register, stored):
    first = register()
    shown = register(dry_run=True)

    assert first.id == shown.id
    assert "unchanged" == shown.local.state
    assert shown.local.dry_run


def test_a_dry_run_makes_no_file(register, tmp_path):
    register(dry_run=True)

    assert [] == list(tmp_path.iterdir())


def test_the_specifications_sentence_stands_before_the_cause(register):
    warnings = register().warnings
    sentence = "MPG registration failed (non-fatal) — local registry is the primary record"

    assert "no AWS region is known (pass region)" == warnings[warnings.index(sentence) + 1]


def test_what_was_not_asked_for_is_no_warning(register):
    assert () == register(sagemaker="no").warnings


def test_secrets_in_notes_are_taken_out_before_anything_is_stored(register, tmp_path):
    register(notes="pushed with hf_abcdefghijklmnopqrstuvwxyzABCDEF12")

    assert "hf_abc" not in (tmp_path / "registry.json").read_text("utf-8")


def test_the_file_is_one_that_mlcc_reads(register, tmp_path):
    """Record contract, section 1: the envelope."""
    register()
    text = (tmp_path / "registry.json").read_text("utf-8")

    assert "2026-03-20" == json.loads(text)["schemaVersion"]
    assert text.endswith("}\n")


def test_benchmark_figures_go_to_the_base_and_an_inner_object_to_its_adapter():
    base, inner = benchmark_metadata({"rps": 3, "ok": True, "none": None, "a": {"f1": 0.5}}, ["a"])

    assert {"benchmark_rps": "3", "benchmark_ok": "true"} == base
    assert {"a": {"benchmark_f1": "0.5"}} == inner


@pytest.mark.parametrize("figures", [{"b": {"f1": 1}}, {"rps": [1]}, {"a": {"deep": {"x": 1}}}])
def test_figures_of_no_place_are_refused(figures):
    with pytest.raises(InvalidArgument):
        benchmark_metadata(figures, ["a"])
