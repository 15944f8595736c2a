"""Records and samples of every portfolio, in memory for the analytics; the whole record is in the journal."""

from __future__ import annotations

import zlib
from collections import deque
from decimal import Decimal

from engine.core.journal import Fact, Journal
from engine.drift.analytics import Contribution, Summary, attribution, summarise
from engine.drift.assessment import Assessment
from engine.drift.bookkeeping import ENGINE, REBALANCE, SAMPLE, record_from, sample_fact, sample_from
from engine.drift.records import RebalanceRecord, Sample
from engine.drift.valuation import Valuation

MOST_RECORDS, MOST_SAMPLES = 500, 2000
"""Of each portfolio in memory; the analytics are over these."""


AT_ONCE = 50
"""Portfolios that may be sampled in the same moment."""


class History:
    """What was traded and what portfolios were worth in between."""

    def __init__(self) -> None:
        self._records: dict[str, deque[RebalanceRecord]] = {}
        self._samples: dict[str, deque[Sample]] = {}
        self._next_sample_s: dict[str, float] = {}
        self._summaries: dict[str, tuple[Summary, tuple[Contribution, ...]]] = {}

    async def recall(self, journal: Journal) -> None:
        for fact in await journal.facts(ENGINE, REBALANCE):
            self.add_record(record_from(fact))
        for fact in await journal.facts(ENGINE, SAMPLE):
            self._add_sample(*sample_from(fact))

    def records(self, portfolio: str) -> tuple[RebalanceRecord, ...]:
        """Oldest first."""
        return tuple(self._records.get(portfolio, ()))

    def last(self, portfolio: str) -> RebalanceRecord | None:
        records = self._records.get(portfolio)
        return records[-1] if records else None

    def add_record(self, record: RebalanceRecord) -> None:
        self._records.setdefault(record.portfolio, deque(maxlen=MOST_RECORDS)).append(record)
        self._summaries.pop(record.portfolio, None)

    def sample(self, portfolio: str, found: Assessment, valued: Valuation, every_s: float, now_s: float) -> Fact | None:
        """A sample where one is due and the value is known; the fact to commit for it."""
        if portfolio not in self._next_sample_s:
            self._next_sample_s[portfolio] = now_s + self._offset_ratio(portfolio) * every_s
        if found.value_usd is None or now_s < self._next_sample_s[portfolio]:
            return None
        self._next_sample_s[portfolio] = now_s + every_s
        prices = tuple(valued.prices[one.symbol].price_usd or Decimal(0) for one in found.book.holdings)
        units = tuple(Decimal(one.balance).scaleb(-one.decimals) for one in found.book.holdings)
        sample = Sample(now_s, found.value_usd, found.analysis.max_drift, prices, units)
        self._add_sample(portfolio, sample)
        return sample_fact(portfolio, sample)

    def _offset_ratio(self, portfolio: str) -> float:
        """Where in the sampling interval it begins, so that thousands are not sampled in one moment."""
        return 0.0 if len(self._next_sample_s) < AT_ONCE else zlib.crc32(portfolio.encode()) / 2**32

    def summary(self, portfolio: str) -> tuple[Summary, tuple[Contribution, ...]]:
        """Made anew only when something came in; samples of other tokens than now do not count."""
        known = self._summaries.get(portfolio)
        if known is None:
            samples = tuple(self._samples.get(portfolio, ()))
            same = [one for one in samples if len(one.units) == len(samples[-1].units)] if samples else []
            known = summarise(self.records(portfolio), same), attribution(same)
            self._summaries[portfolio] = known
        return known

    def _add_sample(self, portfolio: str, sample: Sample) -> None:
        self._samples.setdefault(portfolio, deque(maxlen=MOST_SAMPLES)).append(sample)
        self._summaries.pop(portfolio, None)
