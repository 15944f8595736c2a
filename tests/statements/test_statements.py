"""Every statement of the source documents is in its table, and every test that a table names is there."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.options import declared
from engine.drift.options import DriftOptions, PriceSource
from engine.governor.options import GovernorOptions
from engine.grid.options import GridOptions
from engine.hub.options import HubOptions
from tests.statements.table import ROOT, TABLES, Statement, covers, names_of_tests, statements

CASES_FILE = ROOT.parent / "shared" / "cases" / "kraken.md"


def numbered(prefix: str, *numbers: int | str) -> tuple[str, ...]:
    return tuple(f"{prefix} {number}" for number in numbers)


GOVERNOR = (
    *numbered("seed locked-decision", *range(1, 8)),
    *numbered("seed in", *range(1, 8)),
    *numbered("seed out", *range(1, 9)),
    *numbered("seed", "1.1", "1.2", "1.3", "1.4", "1.5"),
    *numbered("seed", "2.1", "2.2", "2.3", "2.4"),
    *numbered("seed", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7"),
    *numbered("seed", "4.1", "4.2", "4.3", "4.4"),
    *numbered("seed 4.2", "target", "smoothing", "neutral", "rate-limit", "velocity", "max-skew", "slow-clock"),
    *numbered("seed 4.2", "one-sided", "fund-guard"),
    *numbered("seed invariant", *(f"5.{number}" for number in range(1, 10))),
    *numbered("seed", "6.1", "6.2", "6.3", "7.1", "7.2", "7.3"),
    *numbered("seed", "9.1", "9.2", "10.1", "10.2"),
    *numbered("seed metric 10.3", "idle-trend", "usd-deployed", "margin", "sign-flips", "order-size", "one-sided"),
    *numbered("seed metric 10.3", "volume-drift"),
    *numbered("seed phase", 1, 2, 3),
    *numbered("seed appendix", "A", "B", *(f"C.{number}" for number in range(1, 15))),
    *numbered("seed appendix C", "full-skew", "size-cap", "worst-case"),
    *numbered("seed appendix", *(f"D.{number}" for number in range(1, 9)), "E.1", "E.2", "E.3"),
    *numbered("spec", *range(1, 23), "18b", "18c", "18d", "types", "ccxt"),
    *numbered("spec closed-loop", "flips", "lone-sides", "margin", "volume-drift", "size", "maker", "report"),
)

DRIFT = (
    *numbered("seed", "drift", "threshold", "cooldown", "health", *(f"strategy {number}" for number in range(1, 5))),
    *numbered("seed safeguard", 1, 2, 3),
    *numbered("seed flow", 1, 2, 3),
    *numbered("seed log", "driftPercentage", "transactionHash", "gasUsed", "gasCost", "tokenAmounts", "swapPath"),
    *numbered("seed", "log executionTime", "trend", "risk size", "risk health"),
    *numbered("seed option", "names", "run-time"),
    *numbered("seed metric", 1, 2, 3, 4),
    *numbered("seed alert", "HIGH_DRIFT", "REBALANCE_FAILED", "HIGH_GAS_COST"),
    *numbered("seed future", *range(1, 6)),
    *numbered("seed analytics", *range(1, 5)),
    *numbered("seed resources", "test", "countdown"),
    *numbered("spec", *range(1, 19)),
    *numbered("spec 12", "pinned", "elsewhere", "revoke", "scope", "standing"),
)

HUB = (
    *numbered("seed exists", 1, 2, 3),
    *numbered("seed missing", 1, 2, 3, 4),
    *numbered("seed fee", "hub", "miner", "net", "afford"),
    *numbered("seed soft-limit", "rule", "interval", "example"),
    *numbered("seed batch", "window", "threshold", "one-settlement", "saving"),
    "seed example",
    *numbered("seed success", *range(1, 10)),
    *numbered("seed metric", *range(1, 6)),
    *numbered("seed keep", 1, 2, 3),
    *numbered("seed improve", 1, 2, 3),
    *numbered("seed flow", *range(1, 8)),
    *numbered("seed scenario", "fees", "batching"),
    *numbered("spec", *range(1, 19)),
)

ROWS_OF_CASES = {"others": 8, "changes": 6, "errors": 2, "live": 17, "distance": 2}
"""How many rows each table of the cases has, in their order; what its prose says beside them has names of its own."""

IN_PROSE = ("row.set-aside", "paper.fields", "replay.options")

REQUIRED: dict[str, tuple[str, ...]] = {"governor": GOVERNOR, "drift": DRIFT, "hub": HUB, "cases": IN_PROSE}
"""What each document numbers or names; a table may divide an entry further (`spec 7 reservation` of `spec 7`)."""

ALL = [(table, statement) for table in TABLES for statement in statements(table)]
ENGINES = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
STATEMENTS = pytest.mark.parametrize(
    "statement", [pytest.param(row, id=f"{table.stem} {row.id}") for table, row in ALL]
)


@ENGINES
def test_a_table_has_every_statement_of_its_documents(table: Path) -> None:
    found = frozenset(statement.id for statement in statements(table))
    assert [required for required in REQUIRED[table.stem] if not covers(found, required)] == []


def test_there_is_a_table_for_every_list_and_a_list_for_every_table() -> None:
    assert {table.stem for table in TABLES} == set(REQUIRED)


def test_the_governors_table_has_every_option_that_the_source_names() -> None:
    (table,) = (table for table in TABLES if table.stem == "governor")
    found = {statement.id for statement in statements(table)}
    named = [spec.source for kind in (GovernorOptions, GridOptions) for spec in declared(kind) if spec.source]
    assert len([name for name in named if name.startswith("REBALANCE_")]) == 11
    assert [name for name in named if f"seed option {name}" not in found] == []


def test_the_drift_table_has_every_option_that_the_source_names() -> None:
    """Drift seed, "Environment Variables": each under its own name, with its own default."""
    defaults = {spec.source: spec.default for spec in declared(DriftOptions) if spec.source}
    assert defaults == {
        "DRIFT_THRESHOLD": Decimal("0.15"),
        "COOLDOWN_MINUTES": Decimal(15),
        "SLIPPAGE_TOLERANCE": Decimal("0.01"),
        "MAX_TRADE_SIZE_USD": Decimal(10_000),
        "MIN_TRADE_SIZE_USD": Decimal(50),
        "UNISWAP_V2_ROUTER": "",
        "PRICE_IMPACT_THRESHOLD": 0.05,
        "PRICE_SOURCE": PriceSource.ROUTER,
    }


def test_the_hub_table_has_every_option_that_the_source_names() -> None:
    """Hub seed, "CONFIGURATION": each under its own name, with its own default. The two that the source has in
    milliseconds have no such name here, for they are seconds."""
    (table,) = (table for table in TABLES if table.stem == "hub")
    found = {statement.id for statement in statements(table)}
    defaults = {spec.source: spec.default for spec in declared(HubOptions) if spec.source}
    assert [name for name in defaults if f"seed option {name}" not in found] == []
    assert defaults == {
        "batchSizeThreshold": 10,
        "rebalanceFeeBPS": 100,
        "gasBufferMultiplier": Decimal("1.2"),
        "minRebalanceAmount": Decimal(100),
        "maxRebalanceAmount": Decimal(100_000),
        "maxPerUser": Decimal(10_000),
        "maxPerInterval": Decimal(100_000),
        "gasMultiplierForSoftLimit": 100,
    }
    options = HubOptions()
    assert (options.interval_s, options.soft_limit_every_s) == (10.0, 300.0)
    assert {"seed option intervalMs", "seed option softLimitUpdateIntervalMs"} <= found


def test_the_table_of_cases_has_an_id_for_each_row() -> None:
    (table,) = (table for table in TABLES if table.stem == "cases")
    sections = Counter(
        statement.id.partition(".")[0] for statement in statements(table) if statement.id not in IN_PROSE
    )
    assert dict(sections) == ROWS_OF_CASES


def test_the_rows_of_the_cases_are_as_many_as_their_file_has() -> None:
    if not CASES_FILE.is_file():
        pytest.skip("the file of cases does not lie beside this checkout, so its rows cannot be counted")
    sections = CASES_FILE.read_text("utf-8").split("\n## ")[1:]
    rows = [
        sum(line.startswith("| ") for line in section.splitlines()) - 1 for section in sections if "\n| " in section
    ]
    assert rows == list(ROWS_OF_CASES.values())


@STATEMENTS
def test_a_statement_is_shown_by_tests_that_exist(statement: Statement) -> None:
    missing = [test for test in statement.shown_by if not exists(test)]
    assert missing == []
    assert bool(statement.shown_by) != bool(statement.later)
    assert len(set(statement.shown_by)) == len(statement.shown_by)


@STATEMENTS
def test_a_statement_says_what_is_claimed(statement: Statement) -> None:
    assert 3 <= len(statement.claim.split()) <= 40
    assert statement.ruled_by == "" or statement.ruled_by.startswith("spec ")


def exists(test: str) -> bool:
    path, _, name = test.partition("::")
    return name in names_of_tests(path)


def test_a_test_that_is_not_there_is_found_missing() -> None:
    here = "tests/statements/test_statements.py"
    assert exists(f"{here}::test_a_test_that_is_not_there_is_found_missing")
    assert not exists(f"{here}::test_that_nobody_wrote")
    assert not exists("tests/statements/test_nothing.py::test_that_nobody_wrote")
