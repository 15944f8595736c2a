"""Asks once more before a plan is sent, and goes by itself when that plan no longer stands."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from engine.core.modes import Mode, ModeSnapshot
from engine.drift.messages import SIGNATURE, PlanView
from gui.dialogs import Dialog
from gui.drift.plan import LegsTable, PlanFacts, plan_title
from gui.labels import Prose
from gui.looks import MODES, PORTFOLIO_STATES
from gui.sentences import word
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate
MOST_ROWS = 8


class PlanDialog(Dialog):
    """Shows the plan as it was read: `withdraw` it when the plan is gone or another stands in its place."""

    def __init__(
        self, parent: QWidget, portfolio: str, plan: PlanView, standing: ModeSnapshot | None, now_s: float
    ) -> None:
        live = standing is not None and standing.mode is Mode.LIVE
        look = MODES[Mode.LIVE] if live else PORTFOLIO_STATES["proposed"]
        mode = "" if standing is None else word(standing.mode).upper()
        super().__init__(
            parent,
            translate("PlanDialog", "Send this plan of {portfolio}?").format(portfolio=portfolio),
            plan_title(plan),
            agree=translate("PlanDialog", "Send it in {mode}").format(mode=mode)
            if mode
            else translate("PlanDialog", "Send it"),
            decline=translate("PlanDialog", "Do not send it now"),
            look=look._replace(tone=Tone.DANGER) if live else look,
        )
        self.plan = plan.id
        self.portfolio = portfolio
        self.withdrawn = False
        self.legs = LegsTable()
        self.legs.show_plan(plan)
        rows = min(len(plan.legs), MOST_ROWS) * self.legs.verticalHeader().defaultSectionSize()
        self.legs.setMinimumSize(770, self.legs.horizontalHeader().sizeHint().height() + rows + Space.SMALL)
        self.facts = PlanFacts()
        self.facts.show_plan(plan, now_s)
        self.signature = QLineEdit(self)
        self.copy_button = QPushButton(translate("PlanDialog", "Copy what is to be signed"), self)
        for part in (self.signature, self.copy_button):
            part.setVisible(bool(plan.to_sign))
        note = QLabel(
            translate(
                "PlanDialog", "Exactly this plan is sent, once. If another takes its place, this question goes away."
            )
        )
        note.setWordWrap(True)
        set_look(note, role="muted")
        self.body.addWidget(self.legs, 1)
        self.body.addWidget(self.facts)
        if plan.to_sign:
            self._ask_for_signature(plan.to_sign)
        self.body.addWidget(note)

    def accept(self) -> None:
        """Only with a signature, where one is asked for."""
        if self.agree_button.isEnabled():
            super().accept()

    def _ask_for_signature(self, to_sign: str) -> None:
        """The owner's key is elsewhere: what is to be signed goes out by the clipboard, the signature comes back."""
        how = Prose(lines=2)
        how.say(
            translate(
                "PlanDialog",
                "The key of the account's owner is not here. Copy the typed data (EIP-712), sign it in the owner's "
                "wallet, and paste the signature: it allows exactly the swaps above.",
            )
        )
        self.signature.setAccessibleName(translate("PlanDialog", "The owner's signature"))
        self.signature.setPlaceholderText(translate("PlanDialog", "Signature: 0x and 130 hexadecimal digits"))
        self.signature.textChanged.connect(self._look_at_signature)
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(to_sign))
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        row.addWidget(self.signature, 1)
        row.addWidget(self.copy_button)
        self.body.addWidget(how)
        self.body.addLayout(row)
        self._look_at_signature()

    def _look_at_signature(self) -> None:
        self.agree_button.setEnabled(SIGNATURE.fullmatch(self.signature.text().strip()) is not None)

    def withdraw(self) -> None:
        """The plan no longer stands: nothing can be agreed to any more."""
        self.withdrawn = True
        self.reject()
