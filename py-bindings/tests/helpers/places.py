"""The folders that tests read files from."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
BINDINGS = TESTS.parent
ROOT = BINDINGS.parent
