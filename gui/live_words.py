"""The account that LIVE would trade, in lines to read before one types (panel spec 10)."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.desk.live_reading import FALL_RATIO, LiveAccount
from gui import formats
from gui.sentences import sentence, word

translate = QCoreApplication.translate
MAX_ORDERS = 5


def live_lines(account: LiveAccount) -> list[str]:
    """What the account has, what is held of it, who else orders there, and how bad it may get."""
    return [*_balances(account), *_orders(account), *_sizes(account), *map(sentence, account.warnings)]


def _balances(account: LiveAccount) -> list[str]:
    lines = [translate("LiveDialog", "Key at Kraken: {name}").format(name=account.key_name)] if account.key_name else []
    for row in account.holdings:
        line = f"{formats.quantity(row.total)} {row.asset} ({word(row.wallet)})"
        if row.held:
            line += translate("LiveDialog", ", {amount} of it held by orders").format(amount=formats.quantity(row.held))
        lines.append(line)
    return lines or [translate("LiveDialog", "The account is empty.")]


def _orders(account: LiveAccount) -> list[str]:
    lines = []
    if account.ours:
        lines.append(
            translate("LiveDialog", "Orders of this program that rest there: {count}").format(count=account.ours)
        )
    lines.append(translate("LiveDialog", "Orders of others there: {count}").format(count=len(account.others)))
    for order in account.others[:MAX_ORDERS]:
        held = ""
        if order.holds is not None:
            asset, amount = order.holds
            held = translate("LiveDialog", ", holds {amount} {asset}").format(
                amount=formats.quantity(amount), asset=asset
            )
        lines.append(
            f"   {word(order.side)} {formats.quantity(order.quantity)} {order.pair or account.pair} "
            f"@ {formats.quantity(order.price)}{held}"
        )
    return lines


def _sizes(account: LiveAccount) -> list[str]:
    size = formats.usd(account.order_size)
    lines = [translate("LiveDialog", "{slots} slots of {size} each").format(slots=account.slots, size=size)]
    worst = account.worst
    if worst is None:
        return [*lines, translate("LiveDialog", "The price is not known, so the worst case is not either.")]
    lines.append(
        translate(
            "LiveDialog",
            "At once entries of one side hold up to {at_once}. At worst all that is free is bought with, bit by bit: "
            "if the price then falls by {fall}, {account} become {after}.",
        ).format(
            at_once=formats.usd(worst.at_once),
            fall=formats.percent(float(FALL_RATIO)),
            account=formats.usd(worst.account),
            after=formats.usd(worst.after_fall),
        )
    )
    limits = translate("LiveDialog", "No entry is placed after a realised loss of {loss} in a day").format(
        loss=formats.usd(account.daily_loss)
    )
    if account.stop_floor:
        limits += translate("LiveDialog", ", or below a value of {floor}").format(floor=formats.usd(account.stop_floor))
    return [*lines, limits + "."]
