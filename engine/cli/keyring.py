"""`evenkeel-engine keyring`: whether this system's keyring keeps what it is given; the value is of no worth."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys

from engine.core.secrets import KeyringUnavailable, Secret, SecretNames, SecretStore

TRIAL_PROFILE, TRIAL_NAME = "keyring-trial", "trial"
EXIT_FAILED = 1


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to what `evenkeel-engine` takes."""
    trial = commands.add_parser("keyring", help="keep, read and delete a value of no worth in the system's keyring")
    trial.set_defaults(tool_main=_trial_command)


def _trial_command(_parsed: argparse.Namespace) -> int:
    try:
        backend = asyncio.run(_trial())
    except KeyringUnavailable as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    sys.stdout.write(f"kept, read back and deleted by {backend}\n")
    return 0


async def _trial() -> str:
    """The keyring's name. Raises KeyringUnavailable."""
    vault = SecretStore(TRIAL_PROFILE, SecretNames((TRIAL_NAME,)), lambda secret: None)
    value = Secret(secrets.token_hex(16))
    await vault.save(TRIAL_NAME, value)
    kept = await vault.read(TRIAL_NAME)
    deleted = await vault.delete(TRIAL_NAME)
    if kept != value or not deleted or await vault.read(TRIAL_NAME) is not None:
        raise KeyringUnavailable("the keyring gave back something else than it was given, or did not delete it")
    return await vault.backend_name()
