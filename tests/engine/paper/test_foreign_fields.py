"""Orders of other people carry fields that ours never have; fees may be taken in several assets."""

from decimal import Decimal

import pytest

from engine.paper.book import Book
from engine.paper.channels import fees_of
from engine.paper.config import MarketSpec
from engine.paper.market import Market
from engine.paper.orders import NewOrder

EPOCH_S = 1_767_225_600.0


async def first_rows(paper, listen):
    async with listen(paper, "executions") as listener:
        return {row["order_type"]: row for row in (await listener.next("executions"))["data"]}


async def test_a_foreign_order_says_who_sent_it_and_that_it_is_not_on_margin(open_paper, connect, listen):
    async with open_paper(happen="place:sell:20@0.2") as paper, connect(paper.exchange.address) as client:
        await paper.advance(1)
        ours = await client.create_order("DOGE/USD", "limit", "buy", 20, 0.09)
        rows = (await client.private_post_openorders())["result"]["open"]
        async with listen(paper, "executions") as listener:
            told = {row["order_id"]: row for row in (await listener.next("executions"))["data"]}

    [theirs] = set(rows) - {ours["id"]}
    assert rows[theirs]["sender_sub_id"] == told[theirs]["sender_sub_id"] == "desk-2"
    assert (rows[theirs]["margin"], told[theirs]["margin"], told[theirs]["liquidated"]) == (False, False, False)
    for fields in (rows[ours["id"]], told[ours["id"]]):
        assert {"sender_sub_id", "margin", "liquidated"}.isdisjoint(fields)


async def test_an_iceberg_says_how_much_of_it_is_shown(open_paper, listen):
    async with open_paper(happen="place:sell:20@0.2:type=iceberg") as paper:
        await paper.advance(1)
        row = (await first_rows(paper, listen))["iceberg"]

    assert (row["display_qty"], row["display_qty_remain"]) == (4.0, 4.0)


@pytest.mark.parametrize(("kind", "has_peak"), [("stop-loss", False), ("trailing-stop-limit", True)])
async def test_an_order_that_waits_for_a_price_says_for_which(open_paper, listen, kind, has_peak):
    async with open_paper(happen=f"place:sell:20@0.2:type={kind}") as paper:
        await paper.advance(1)
        row = (await first_rows(paper, listen))[kind]

    assert row["triggers"]["price"] == row["stop_price"] == 0.2
    assert (row["triggers"]["status"], "peak_price" in row["triggers"]) == ("untriggered", has_peak)


def filled_with(credits):
    """A fill of a book that pays its fees in so many KFEE, and the same fill without any."""
    fills = []
    for held in (credits, "0"):
        book = Book(Market(MarketSpec(), 7), EPOCH_S, Decimal(100), Decimal(1000))
        book.pays_in_credits, book.fee_credits = held != "0", Decimal(held)
        book.place(NewOrder("buy", Decimal(100), None))
        fills.append(next(iter(book.trades.values())))
    return fills


def test_a_fee_that_kfee_does_not_cover_is_taken_in_both():
    fill, in_dollars = filled_with("1.50")

    assert fill.fee_credits == Decimal("1.50")
    assert fill.fee == in_dollars.fee - Decimal("0.015")
    assert [part["asset"] for part in fees_of(fill)] == ["KFEE", "USD"]


def test_a_fee_that_kfee_covers_is_taken_in_kfee_alone():
    fill, in_dollars = filled_with("1000")

    assert (fill.fee, [part["asset"] for part in fees_of(fill)]) == (0, ["KFEE"])
    assert fill.fee_credits / 100 == pytest.approx(in_dollars.fee, abs=Decimal("0.0001"))
