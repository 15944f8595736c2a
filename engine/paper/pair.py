"""The one pair the paper exchange lists, with the decimals and minimums that Kraken publishes for it, and the names of
other assets and pairs, which the account may have too.

Source: Kraken REST `AssetPairs` and `Assets` (governor spec 22). Prices are counted in whole *units* of the last price
decimal wherever they are compared, and become Decimal at the edge.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

PAIR_ID = "XDGUSD"
REST_NAME = "XDG/USD"
SYMBOL = "DOGE/USD"
BASE_ID = "XXDG"
QUOTE_ID = "ZUSD"
BASE = "DOGE"
QUOTE = "USD"
PAIR_NAMES = frozenset({PAIR_ID, REST_NAME, SYMBOL, "XXDGZUSD", "DOGEUSD"})

PRICE_DECIMALS = 7
LOT_DECIMALS = 8
COST_DECIMALS = 5
PRICE_UNIT = Decimal(1).scaleb(-PRICE_DECIMALS)
LOT_UNIT = Decimal(1).scaleb(-LOT_DECIMALS)
COST_UNIT = Decimal(1).scaleb(-COST_DECIMALS)
QUOTE_UNIT = Decimal("0.0001")
ORDER_MIN = Decimal(13)
COST_MIN = Decimal("0.5")
OPEN_ORDERS_LIMIT = {"starter": 60, "intermediate": 80, "pro": 225}

_ALTNAMES = {"DOGE": "XDG", "BTC": "XBT"}
_OLD_COINS = frozenset({"XDG", "XBT", "ETH", "LTC", "XRP", "XLM", "ZEC", "ETC", "REP", "XMR", "MLN"})
_OLD_CURRENCIES = frozenset({"USD", "EUR", "GBP", "CAD", "JPY", "AUD"})


def altname(asset: str) -> str:
    """An asset by the name that REST's pairs and wallets are made of: XBT of BTC, XDG of DOGE."""
    return _ALTNAMES.get(asset, asset)


def asset_id(asset: str) -> str:
    """An asset by the name of its row in Balance: XXDG, XXBT, ZUSD; of younger ones their own."""
    name = altname(asset)
    return f"X{name}" if name in _OLD_COINS else f"Z{name}" if name in _OLD_CURRENCIES else name


def assets_of(symbol: str) -> tuple[str, str]:
    """Base and quote of a pair as the socket names it."""
    base, _, quote = symbol.partition("/")
    return base, quote


def pair_altname(symbol: str) -> str:
    """A pair as orders name it at REST: XBTUSD of BTC/USD."""
    return "".join(map(altname, assets_of(symbol)))


def pair_id(symbol: str) -> str:
    """A pair as trades name it at REST: XXBTZUSD of BTC/USD, and XDGUSD of ours."""
    return PAIR_ID if symbol == SYMBOL else "".join(map(asset_id, assets_of(symbol)))


def units_of(price: Decimal) -> int:
    """A price as a whole number of price units; the price has at most `PRICE_DECIMALS` decimals."""
    return int(price.scaleb(PRICE_DECIMALS))


def price_of(units: int) -> Decimal:
    """The price of a whole number of price units, with all its decimals."""
    return Decimal(units).scaleb(-PRICE_DECIMALS)


def rounded_cost(amount: Decimal) -> Decimal:
    """An amount of USD as it is booked: cost decimals, half to even."""
    return amount.quantize(COST_UNIT)


def cost_ceiling(amount: Decimal) -> Decimal:
    """The most that `amount` can be booked as; holds are taken at this value."""
    return amount.quantize(COST_UNIT, rounding=ROUND_CEILING)
