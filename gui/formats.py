"""Numbers as the panel writes them: a true minus sign, units beside the figure, times in the operator's zone."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import ROUND_DOWN, Decimal, localcontext

from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate

UNKNOWN = "–"

Number = float | int | Decimal


def signed(text: str) -> str:
    """`text` with a true minus sign, which is as wide as the plus sign."""
    return text.replace("-", "−")


def usd(amount: Number | None, decimals: int = 2) -> str:
    """`$1,234.50`; a loss is `−$3.20`."""
    if amount is None or not math.isfinite(amount):
        return UNKNOWN
    sign = "−" if amount < 0 and round(amount, decimals) != 0 else ""
    return f"{sign}${abs(amount):,.{decimals}f}"


def usd_change(amount: Number | None, decimals: int = 2) -> str:
    """`+$1.20`, `−$0.40`, `$0.00`."""
    if amount is None:
        return UNKNOWN
    return ("+" if round(amount, decimals) > 0 else "") + usd(amount, decimals)


def doge(quantity: Number | None, decimals: int = 2) -> str:
    """`1,234.50 DOGE`."""
    return UNKNOWN if quantity is None else f"{signed(f'{quantity:,.{decimals}f}')} DOGE"


def quantity(amount: Number | None) -> str:
    """A quantity as exact as it is, without idle zeros."""
    if amount is None:
        return UNKNOWN
    text = f"{amount:,f}" if isinstance(amount, Decimal) else f"{amount:,.8f}"
    return signed(text.rstrip("0").rstrip(".") if "." in text else text)


def price(amount: Number | None) -> str:
    """USD per DOGE, five decimals as the exchange has them."""
    return UNKNOWN if amount is None else f"{amount:.5f}"


def usd_short(amount: Number | None) -> str:
    """`$950`, `$60.2k`, `$1.25M`: for a list, where the whole number stands beside it."""
    if amount is None or not math.isfinite(amount):
        return UNKNOWN
    for least, unit in ((1_000_000_000, "B"), (1_000_000, "M"), (1000, "k")):
        if abs(amount) >= least:
            return f"{usd(amount / least, 2 if unit != 'k' else 1)}{unit}"
    return usd(amount, 0)


def usd_price(amount: Number | None) -> str:
    """A token's price to five significant digits and two decimals at least: `$61,234.12`, `$1.0001`, `$0.096412`."""
    if amount is None or not math.isfinite(amount) or amount == 0:
        return usd(amount)
    return usd(amount, max(2, 4 - math.floor(math.log10(abs(amount)))))


def units(amount: Decimal | None, digits: int = 8) -> str:
    """An amount of tokens to so many significant digits, rounded down, without idle zeros."""
    if amount is None or not amount:
        return UNKNOWN if amount is None else "0"
    places = max(0, digits - 1 - amount.adjusted())
    with localcontext(prec=60):
        return quantity(amount.quantize(Decimal(1).scaleb(-places), ROUND_DOWN))


def gwei(wei: int | None) -> str:
    """A price of gas: `1.25 gwei`."""
    if wei is None:
        return UNKNOWN
    return f"{units(Decimal(wei).scaleb(-9), 4)} gwei"


def percent(ratio: float | None, decimals: int = 0) -> str:
    """A ratio as `75%`."""
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    return signed(f"{ratio * 100:z.{decimals}f}%")


def percent_change(ratio: float | None, decimals: int = 0) -> str:
    """A signed ratio as `+15%`, `−15%` or `0%`."""
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    text = f"{ratio * 100:+z.{decimals}f}%"
    return signed(f"{0:.{decimals}f}%" if round(ratio * 100, decimals) == 0 else text)


def points(ratio: float | None, decimals: int = 1) -> str:
    """A signed difference of ratios in percentage points: `+28.0 points`."""
    if ratio is None or not math.isfinite(ratio):
        return UNKNOWN
    return signed(f"{ratio * 100:+z.{decimals}f} ") + translate("Formats", "points")


def multiplier(factor: Number) -> str:
    """`×1.15`."""
    return f"×{factor:.2f}"


def number(value: float, digits: int = 6) -> str:
    """A signed number to so many significant digits, small ones in powers of ten."""
    return signed(f"{value:+z.{digits}f}") if value == 0 or abs(value) >= 1e-3 else signed(f"{value:+.2e}")


def duration(seconds: float | None) -> str:
    """`45 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def clock_time(at_s: float | None) -> str:
    """Time of day in the operator's zone: `14:02:11`."""
    return UNKNOWN if at_s is None else datetime.fromtimestamp(at_s).astimezone().strftime("%H:%M:%S")


def date_time(at_s: float | None) -> str:
    """`2026-11-20 14:02:11` in the operator's zone."""
    return UNKNOWN if at_s is None else datetime.fromtimestamp(at_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")
