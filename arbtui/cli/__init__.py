"""argv -> command. Wiring only.

Everything heavy is imported inside the command that needs it, so that ``--version`` and a mistyped flag answer at once;
each command has a file of its own here, read when it is called.

Exit codes: 0 the end was asked for; 1 a check failed; 2 usage or configuration; 3 ended with exposure or doubt that
needs a person; 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from errno import ENOSPC
from importlib import import_module

from arbtui.cli.words import nearest
from arbtui.core.errors import ArbtuiError, ConfigError, OurMistake

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
COMMANDS = ("sim", "replay", "check", "config", "journal", "flatten", "bench")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code. Nothing that goes wrong ends in a traceback unless ``--debug`` asks for it."""
    if argv is None:
        argv = sys.argv[1:]
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until an engine stands, Ctrl-C simply ends the program
    debug = "--debug" in argv
    try:
        return _dispatch([word for word in argv if word != "--debug"])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing may complain at exit either
        return 0
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except ArbtuiError as error:
        return _failed(str(error), EXIT_USAGE if isinstance(error, OurMistake) else EXIT_FAILED, debug=debug)
    except Exception as error:  # the last boundary: a mistake of arbtui's own
        if debug:
            raise
        if isinstance(error, OSError) and error.errno == ENOSPC and error.filename is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _failed("stdout cannot be written: the disk is full; make room or print elsewhere.", EXIT_FAILED)
        what = f"{type(error).__name__}: {error}".replace("\n", " ")
        return _failed(f"this is a mistake of arbtui's own, please report it: {what}; --debug shows where", EXIT_FAILED)


def _failed(sentence: str, code: int, *, debug: bool = False) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    sys.stderr.write(f"arbtui: {sentence}\n")
    return code


def _dispatch(argv: Sequence[str]) -> int:
    if argv and not argv[0].startswith("-"):
        if argv[0] not in COMMANDS:
            raise ConfigError(
                f'there is no command "{argv[0]}"; the nearest is "{nearest(argv[0], COMMANDS)}", see arbtui --help.'
            )
        return _call(argv[0], argv[1:])
    if misplaced := [word for word in argv if word in COMMANDS]:
        raise ConfigError(f'the command comes first: "arbtui {misplaced[0]} ...".')
    return _call("run", argv)


def _call(command: str, argv: Sequence[str]) -> int:
    code: int = import_module(f"arbtui.cli.{command}").main(argv)
    return code
