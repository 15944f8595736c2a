"""How the hub stands in a word and a sentence, for its page and for its card on the overview."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.core.supervisor import EngineSnapshot, EngineState
from engine.hub.messages import HubSnapshot, NotSetUp
from gui import formats
from gui.looks import ABSENT, SEVERITIES, SWITCHES, Look
from gui.sentences import sentence
from gui.theme import Tone

translate = QCoreApplication.translate
_STOPPED = next(look for switch, look in SWITCHES.items() if switch.value == "stopped")
_WORKING = Look("run", "▶", Tone.ACTING)
_WAITING = Look("pause", "‖", Tone.NEUTRAL)
_HELD = Look("held", "‖", Tone.DAMPED)


def hub_verdict(known: HubSnapshot | None, life: EngineSnapshot | None) -> tuple[Look, str]:
    """The look and the word: working with a batch under way, waiting, stopped, or in trouble."""
    if life is not None and life.state is EngineState.RESTARTING:
        return SEVERITIES["grave"], translate("HubState", "Restarting")
    if known is None:
        return ABSENT, translate("HubState", "Not running")
    if known.stopped:
        return _STOPPED, translate("HubState", "Stopped")
    if isinstance(known.trouble, NotSetUp):
        return ABSENT, translate("HubState", "Not set up")
    if known.trouble is not None:
        return SEVERITIES["warning"], translate("HubState", "In trouble")
    if known.in_flight is not None:
        return _WORKING, translate("HubState", "Working")
    held = known.held is not None or (known.gas is not None and known.gas.stops is not None)
    return (_HELD if held else _WAITING), translate("HubState", "Waiting")


def hub_sentence(known: HubSnapshot | None, life: EngineSnapshot | None) -> str:
    """Why it does not work, else what is under way, else what it waits for."""
    if life is not None and life.state is EngineState.RESTARTING:
        return translate(
            "HubState",
            "The engine crashed ({error}) and is started anew. It reads the chain before it acts; what stands here is "
            "from before.",
        ).format(error=life.last_error)
    if known is None:
        return translate(
            "HubState",
            "The hub engine has told nothing in this session. PAPER brings a contract of its own; OBSERVE and LIVE "
            "need its address in the settings (Hub, depository).",
        )
    said = [
        translate("HubState", "Nothing is accepted or sent until a person resumes the hub.") if known.stopped else "",
        sentence(known.trouble),
        "" if known.stopped else sentence(known.held),
        in_flight_text(known),
    ]
    if known.gas is not None and not known.stopped:
        said.append(sentence(known.gas.stops))
    return " ".join(filter(None, said)) or waiting_text(known)


def in_flight_text(known: HubSnapshot) -> str:
    """The batch under way; empty where there is none."""
    batch = known.in_flight
    if batch is None:
        return ""
    text = translate("HubState", "Batch {nonce} is under way: pushes {pushes} ({usd}), pulls {pulls}. {where}")
    return text.format(
        nonce=batch.nonce,
        pushes=batch.pushes,
        usd=formats.usd(batch.pushed_usd),
        pulls=batch.pulls,
        where=sentence(batch.reason),
    )


def waiting_text(known: HubSnapshot) -> str:
    """How many wait for how many."""
    window = known.window
    if not window.waiting:
        return translate("HubState", "Nobody waits. The next request opens a window of {window}.").format(
            window=formats.duration(window.window_s)
        )
    text = translate("HubState", "Waiting: {waiting} of the {threshold} that send a batch at once, the oldest {age}.")
    return text.format(
        waiting=f"{window.waiting:,}", threshold=f"{window.threshold:,}", age=formats.duration(window.oldest_age_s)
    )
