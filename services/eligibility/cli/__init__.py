"""The command `eligibility`: write, check, publish and activate rules, replay and explain decisions.

- `main`: Runs the command written on the command line; returns its exit code.
"""

from services.eligibility.cli.main import main
