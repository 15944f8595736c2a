"""What a person allowed LIVE to do by itself holds for one machine, key and set of options, and for its time alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.option_catalogue import Catalogue
from engine.core.options import Risk
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk import live_permit
from engine.desk.live_permit import (
    CLOCK_SLACK_S,
    LIVE_PERMIT,
    Circumstances,
    LivePermit,
    LivePermits,
    PermitClockSetBack,
    PermitExpired,
    PermitMissing,
    PermitOfAnotherKey,
    PermitOfAnotherMachine,
    PermitOptionsChanged,
    binding_options,
    circumstances,
    why_not,
)
from engine.desk.options import SECTIONS
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

NOW = Circumstances("machine", "key", "options")
DAY_S = 86_400.0
PERMIT = LivePermit(NOW, granted_s=1000.0, expires_s=1000.0 + 7 * DAY_S, seen_s=1000.0, written_s=900.0, revision=4)


def test_within_its_time_and_circumstances_it_holds() -> None:
    assert why_not(PERMIT, NOW, 1000.0 + 6 * DAY_S, 900.0) is None


def test_without_an_end_in_time_it_holds_until_an_option_changes() -> None:
    lasting = replace(PERMIT, expires_s=None)
    assert why_not(lasting, NOW, 1000.0 + 900 * DAY_S, 900.0) is None
    changed = why_not(lasting, replace(NOW, options="others"), 2000.0, 900.0, ["grid.slots"])
    assert changed == PermitOptionsChanged("grid.slots")


@pytest.mark.parametrize(
    ("permit", "now", "reason"),
    [
        (None, NOW, PermitMissing()),
        (PERMIT, replace(NOW, machine="another"), PermitOfAnotherMachine()),
        (PERMIT, replace(NOW, key="another"), PermitOfAnotherKey()),
        (PERMIT, replace(NOW, options="others"), PermitOptionsChanged("not on record which")),
        (replace(PERMIT, expires_s=2000.0), NOW, PermitExpired(2000.0)),
        (replace(PERMIT, seen_s=2500.0), NOW, PermitClockSetBack(500.0)),
    ],
    ids=["none", "machine", "key", "options", "expired", "set back"],
)
def test_what_ends_it_is_named(permit: LivePermit | None, now: Circumstances, reason: object) -> None:
    assert why_not(permit, now, 2000.0, 900.0) == reason


@given(
    now_s=st.floats(0, 1e9),
    seen_s=st.floats(1000, 1e9),
    written_s=st.floats(0, 1e9),
    expires_s=st.floats(1000, 1e9),
)
def test_no_clock_makes_it_last_longer_than_was_said(
    now_s: float, seen_s: float, written_s: float, expires_s: float
) -> None:
    permit = replace(PERMIT, seen_s=seen_s, expires_s=expires_s)
    if why_not(permit, NOW, now_s, written_s) is None:
        assert max(now_s, seen_s - CLOCK_SLACK_S, 0.0 if written_s == 900.0 else written_s - CLOCK_SLACK_S) < (
            expires_s
        )


def test_a_journal_that_was_written_later_than_now_means_that_the_clock_was_set_back() -> None:
    assert isinstance(why_not(PERMIT, NOW, 2000.0, 3000.0), PermitClockSetBack)


def test_a_journal_that_nobody_wrote_since_says_nothing_of_the_clock() -> None:
    assert why_not(replace(PERMIT, written_s=3000.0), NOW, 2000.0, 3000.0) is None


def test_options_that_change_sizes_limits_or_access_are_bound_and_no_others() -> None:
    catalogue = Catalogue(SECTIONS)
    bound = binding_options(catalogue, {})
    assert bound.keys() == {spec.path for spec in catalogue if spec.risk in (Risk.SIZE, Risk.LIMIT, Risk.ACCESS)}
    assert "desk.look" not in bound
    assert "grid.slots" in bound


def test_each_of_key_secret_and_options_makes_other_circumstances() -> None:
    key, secret, options = Secret("a-key-of-mine"), Secret("a-secret-of-mine"), {"grid.slots": 3}
    now = circumstances(key, secret, options)
    assert circumstances(key, secret, dict(options)) == now
    others = [
        circumstances(Secret("another-key"), secret, options),
        circumstances(key, Secret("another-secret"), options),
        circumstances(key, secret, {"grid.slots": 4}),
    ]
    assert all(other != now for other in others)
    assert "mine" not in repr(now)


def test_another_machine_makes_other_circumstances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, secret = Secret("a-key-of-mine"), Secret("a-secret-of-mine")
    found = set()
    for name in ("one", "two"):
        monkeypatch.setattr(live_permit, "_MACHINE_ID", tmp_path / name)
        (tmp_path / name).write_text(name)
        found.add(circumstances(key, secret, {}).machine)
    assert len(found) == 2


@pytest.mark.usefixtures("secret_service")
async def test_the_keyring_keeps_it_and_gives_it_back_until_it_is_revoked() -> None:
    permits = LivePermits("permits-kept")
    assert await permits.read() is None
    await permits.keep(PERMIT)
    await permits.note_use(PERMIT, 5000.0)
    assert await LivePermits("permits-kept").read() == replace(PERMIT, seen_s=5000.0)
    assert await LivePermits("another-profile").read() is None
    assert await permits.revoke()
    assert await permits.read() is None


@pytest.mark.usefixtures("secret_service")
@pytest.mark.parametrize(
    "text", ["not json at all", '{"version": 2}', "[1, 2, 3, 4]", '{"version": 1, "given_for": {}}']
)
async def test_a_permit_that_cannot_be_read_is_none(text: str) -> None:
    vault = SecretStore("permits-spoilt", SecretNames((LIVE_PERMIT,)), lambda _: None)
    await vault.save(LIVE_PERMIT, Secret(text))
    assert await LivePermits("permits-spoilt").read() is None
