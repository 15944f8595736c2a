"""The bill of materials lists all that the locks pin, holds no address, and is the same each time."""

from __future__ import annotations

import json
import re
from pathlib import Path

from contents import bill_of_materials, copy_licences, pins

from tests.packaging.conftest import ROOT

EPOCH_S = 1_767_225_600
LIBRARIES = [("libssl3", "3.0.1-1+deb12u1")]


def bill() -> str:
    return bill_of_materials("1.2.3", EPOCH_S, LIBRARIES)


def test_it_is_the_same_each_time_and_dated_by_the_commit() -> None:
    assert bill() == bill()
    assert json.loads(bill())["metadata"]["timestamp"] == "2026-01-01T00:00:00Z"


def test_it_lists_what_is_pinned_for_this_system_the_node_and_the_systems_libraries() -> None:
    listed = {(part["name"], part["version"]) for part in json.loads(bill())["components"]}
    pinned = {(name, version) for name, version, marker in pins("requirements.lock") if marker is None}
    assert pinned - {(name, version) for name, version in pinned if name == "setuptools"} <= listed
    assert {name for name, _ in listed} >= {"@foundry-rs/anvil-linux-amd64", "@metamask/delegation-abis", "libssl3"}
    assert "pytest" not in {name for name, _ in listed}


def test_each_part_has_a_reference_of_its_own_and_no_address() -> None:
    parts = json.loads(bill())["components"]
    assert len({part["bom-ref"] for part in parts}) == len(parts)
    assert not re.search(r"https?://", bill())


def test_the_node_and_the_contracts_travel_with_their_licences(tmp_path: Path) -> None:
    copy_licences(tmp_path / "licences", [])
    texts = {path.relative_to(tmp_path / "licences").as_posix() for path in (tmp_path / "licences").rglob("*")}
    assert {"anvil-MIT.txt", "LGPL-3.0.txt", "GPL-3.0.txt", "node/delegation-abis/LICENSE.MIT0"} <= texts
    assert "node/v2-core/LICENSE" in texts
    assert (ROOT / "LICENSE").read_bytes() == (tmp_path / "licences" / "GPL-3.0.txt").read_bytes()
