"""``arbtui journal``: what was decided and observed of orders."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from arbtui import arguments
from arbtui.cli.settings import check_credentials, paths_of
from arbtui.cli.words import out


def main(argv: Sequence[str]) -> int:
    parser = arguments.Parser(prog="arbtui journal", description="What was decided and observed of orders, in order.")
    parser.add_argument("--mode", choices=arguments.MODES, default="paper", help="whose journal (default: paper)")
    parser.add_argument("--hedge", metavar="ID", help="of this hedge only")
    parser.add_argument("--tail", metavar="N", type=arguments.count, help="the last so many records")
    parser.add_argument("--follow", action="store_true", help="go on with what is written, until interrupted")
    parser.add_argument("--json", action="store_true", help="as JSON lines, whole")
    arguments.config_option(parser)
    args = parser.parse_args(argv)
    where = paths_of(args)
    check_credentials(args, where)
    from arbtui.engine.journal import Wanted, show
    from arbtui.engine.orders import journal_path

    path = journal_path(where.data(args.mode))
    if not path.exists() and not args.follow:
        others = [mode for mode in arguments.MODES if journal_path(where.data(mode)).exists()]
        hint = f"; there is one of {' and '.join(others)}, see --mode" if others else ""
        sys.stderr.write(f"arbtui: no order was ever written down in {args.mode} ({path}){hint}\n")
        return 0
    wanted = Wanted(hedge=args.hedge, tail=args.tail, as_json=args.json, follow=args.follow)
    return show(path, wanted, out, lambda text: sys.stderr.write(f"arbtui: {text}\n"))
