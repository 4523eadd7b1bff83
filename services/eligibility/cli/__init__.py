"""The command `eligibility`: write, check, publish and activate rules, replay and explain decisions."""

from services.eligibility.cli.main import main

__all__ = ["main"]
