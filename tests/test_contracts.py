"""The compiled contracts in the tree are what their sources compile to (hub spec 18)."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "resources" / "contracts"


def test_the_committed_contracts_are_what_their_sources_compile_to(tmp_path: Path) -> None:
    subprocess.run(
        ["node", str(ROOT / "packaging" / "chain" / "compile.mjs"), str(CONTRACTS), str(tmp_path)],
        cwd=ROOT / ".venv" / "chain",
        check=True,
        timeout=60,
    )
    compiled = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_bytes() for file in (CONTRACTS / "artifacts").iterdir()}
    assert compiled == committed
