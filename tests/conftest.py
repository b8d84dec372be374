"""The workers and the many processes that tests start share what Python compiled, also where the environment says that
nothing is to be kept: else each of them compiles every module again, up to a second a process and six a worker.
"""

from __future__ import annotations

import os
import sys


def pytest_configure() -> None:
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
