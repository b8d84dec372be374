"""What `arbtui check --keys` says of an exchange's keys, from what was answered: one line a concern, with its remedy.

Only what would keep arbtui from trading is *bad*; what works and should be known is a *note*; what the exchange does
not tell is neither, and is said so. The measure is what every hedge is held against (``execution.preflight``): an
account of which it is not told that it may trade, or that it is one-way, takes no order. Where the keys are not taken
at all, that is one bad line, and the rest is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from arbtui.core.errors import RefusalReason
from arbtui.core.model import Market
from arbtui.core.orders import AccountMode, FeeRates, LeverageRead
from arbtui.engine.check_lines import MAX_CLOCK_OFFSET_MS, CheckLine, Verdict
from arbtui.engine.check_sockets import SocketTried
from arbtui.execution.actions import amount
from arbtui.venues.private import KeyRights

SOON_DAYS = 7  # a key that ends so soon is worth a word
_REMEDIES = {
    RefusalReason.NOT_AUTHORISED: "compare every field with the exchange's page, look whether the key is one of this "
    "environment ({environment}), and whether it is bound to other addresses than this machine's",
    RefusalReason.CLOCK_SKEW: "set this machine's clock (timedatectl set-ntp true)",
    RefusalReason.REGION_BLOCKED: "set network.proxy, or trade from where the exchange serves you",
    RefusalReason.RATE_LIMITED: "wait a minute and check again",
    RefusalReason.BANNED: "wait and check again",
    RefusalReason.MAINTENANCE: "check again once it is over",
}
_AGAIN = "check again"
_UNREACHED = "arbtui check tells more"


@dataclass(frozen=True)
class NotTold:
    """A question that brought nothing, in the exchange's words or ours."""

    text: str
    reason: RefusalReason | None = None


@dataclass(frozen=True)
class KeyFacts:
    """What was answered about one exchange's keys. ``markets``: those that are in use there."""

    venue: str
    environment: str
    markets: Sequence[Market]
    wanted: Sequence[str]  # fields that a key has there
    origins: Mapping[str, str]  # field -> the file or variable that it came from
    place: str  # the file where they belong
    reach_error: str = ""  # why it could not be asked anything
    has_clock: bool = True
    clock_offset_ms: float | None = None
    rights: KeyRights | NotTold | None = None  # None: this environment has no such question
    modes: Mapping[Market, AccountMode | NotTold] = field(default_factory=dict)
    leverages: Mapping[str, LeverageRead | NotTold] = field(default_factory=dict)  # by native, perpetuals
    fees: Mapping[tuple[Market, str], FeeRates | NotTold] = field(default_factory=dict)
    sockets: Sequence[SocketTried] | None = None  # for orders; None: they are to go by REST
    fees_set: Mapping[tuple[Market, str], float] = field(default_factory=dict)  # (market, "maker"|"taker") -> bps


def lines(facts: KeyFacts, *, allow_withdraw: bool) -> list[CheckLine]:
    """All lines of one exchange, in the order in which things must work."""
    missing = [name for name in facts.wanted if name not in facts.origins]
    if missing:
        variable = f"ARBTUI_{facts.venue}_{missing[0]}".upper()
        lacking = (
            f"{' and '.join(missing)} missing: set {missing[0]} in [{facts.venue}] of {facts.place}, or {variable}"
        )
        return [_line(facts, "keys", Verdict.BAD, lacking), *_unseen(facts, "venue")]
    whence = ", ".join(dict.fromkeys(facts.origins[name] for name in facts.wanted))
    found = [_line(facts, "keys", Verdict.OK, f"{', '.join(facts.wanted)} from {whence}; for {facts.environment}")]
    if facts.reach_error:
        return [
            *found,
            _line(facts, "venue", Verdict.BAD, f"{facts.reach_error}; {_UNREACHED}"),
            *_unseen(facts, "clock"),
        ]
    found += [_line(facts, "venue", Verdict.OK, "answers"), _clock(facts)]
    refused = _refused(facts)
    if refused is not None:
        return [*found, _line(facts, "login", Verdict.BAD, _with_remedy(facts, refused)), *_unseen(facts, "trade")]
    found.append(_line(facts, "login", Verdict.OK, "the exchange answers about the account"))
    found += [_trade(facts, market) for market in facts.markets]
    found += [_withdraw(facts, allow_withdraw), _addresses(facts), _ends(facts)]
    if Market.PERP in facts.markets:
        found += [_position_mode(facts), *_leverage(facts)]
    return [*found, *_fees(facts), *_order_sockets(facts)]


def could_trade(found: Sequence[CheckLine]) -> bool:
    return all(line.verdict is not Verdict.BAD for line in found)


# --- one line each ----------------------------------------------------------------------------------------------------


def _clock(facts: KeyFacts) -> CheckLine:
    offset_ms = facts.clock_offset_ms
    if not facts.has_clock:
        return _line(facts, "clock", Verdict.SKIPPED, "the exchange has no clock to compare with")
    if offset_ms is None:
        return _line(facts, "clock", Verdict.BAD, f"the exchange did not tell its time; {_AGAIN}")
    told = f"{offset_ms:+.0f} ms from ours"
    if abs(offset_ms) > MAX_CLOCK_OFFSET_MS:
        return _line(facts, "clock", Verdict.BAD, f"{told}; {_REMEDIES[RefusalReason.CLOCK_SKEW]}")
    return _line(facts, "clock", Verdict.OK, told)


def _refused(facts: KeyFacts) -> NotTold | None:
    """Why nothing at all was answered about the account; None if something was."""
    answers: list[object] = [facts.rights] if facts.rights is not None else []
    answers += [*facts.modes.values(), *facts.leverages.values(), *facts.fees.values()]
    failed = [answer for answer in answers if isinstance(answer, NotTold)]
    if len(failed) < len(answers):
        return None
    return next(
        (one for one in failed if one.reason is not None), failed[0] if failed else NotTold("nothing was asked")
    )


def _trade(facts: KeyFacts, market: Market) -> CheckLine:
    concern, mode = f"trade {market.value}", facts.modes.get(market, NotTold("the account's mode was not asked for"))
    if isinstance(facts.rights, KeyRights) and facts.rights.trade.get(market) is False:
        text = f"{facts.rights.text}; give the key the right to trade {market.value}, or make one that has it"
        return _line(facts, concern, Verdict.BAD, text)
    if isinstance(mode, NotTold):
        return _line(facts, concern, Verdict.BAD, _with_remedy(facts, mode))
    if mode.can_trade is None:
        text = f"{mode.text}; the exchange does not tell whether it may trade, so no order is sent"
        return _line(facts, concern, Verdict.BAD, text)
    return _line(facts, concern, Verdict.OK if mode.can_trade else Verdict.BAD, mode.text)


def _withdraw(facts: KeyFacts, allowed: bool) -> CheckLine:
    match facts.rights:
        case NotTold() as untold:
            text = f"not known whether the key may withdraw: {_with_remedy(facts, untold)}"
            return _line(facts, "withdraw", Verdict.BAD, text)
        case KeyRights(withdraw=True) if allowed:
            return _line(facts, "withdraw", Verdict.NOTE, "the key may withdraw; live.allow_withdraw_keys allows it")
        case KeyRights(withdraw=True):
            text = (
                "REFUSED: the key may withdraw, and arbtui needs no such right; make a key without it (or set "
                "live.allow_withdraw_keys)"
            )
            return _line(facts, "withdraw", Verdict.BAD, text)
        case KeyRights(withdraw=False):
            return _line(facts, "withdraw", Verdict.OK, "the key may not withdraw")
    return _untold(facts, "withdraw")


def _addresses(facts: KeyFacts) -> CheckLine:
    if not isinstance(facts.rights, KeyRights) or facts.rights.bound_to_ips is None:
        return _untold(facts, "addresses")
    if facts.rights.bound_to_ips:
        return _line(facts, "addresses", Verdict.OK, "the key works from listed addresses alone, this one among them")
    text = "the key works from any address; bind it to this machine's where the exchange can do that"
    return _line(facts, "addresses", Verdict.NOTE, text)


def _ends(facts: KeyFacts) -> CheckLine:
    if not isinstance(facts.rights, KeyRights) or (days := facts.rights.days_left) is None:
        return _line(facts, "ends", Verdict.SKIPPED, "the exchange tells no end of the key")
    if days > SOON_DAYS:
        return _line(facts, "ends", Verdict.OK, f"in {days} days")
    when = "within a day" if days < 1 else f"in {days} day{'s' if days > 1 else ''}"
    return _line(facts, "ends", Verdict.NOTE, f"{when}; renew the key, or make another, before it does")


def _position_mode(facts: KeyFacts) -> CheckLine:
    concern, mode = "position mode", facts.modes.get(Market.PERP)
    if not isinstance(mode, AccountMode):
        return _line(facts, concern, Verdict.SKIPPED, "the account's mode was not told")
    match mode.position_mode:
        case "one_way":
            return _line(facts, concern, Verdict.OK, "one-way")
        case "hedge":
            text = "positions are held two-sided; set one-way mode on the exchange while nothing is open there"
            return _line(facts, concern, Verdict.BAD, text)
    text = "the exchange does not tell whether positions are one-way, so no order is sent"
    return _line(facts, concern, Verdict.BAD, text)


def _leverage(facts: KeyFacts) -> list[CheckLine]:
    found = []
    for native, read in facts.leverages.items():
        if isinstance(read, NotTold):
            found.append(_line(facts, "leverage", Verdict.BAD, f"{native}: {_with_remedy(facts, read)}"))
        elif read.position_mode == "hedge":
            text = f"{native} is held two-sided; set one-way mode for it on the exchange while nothing is open in it"
            found.append(_line(facts, "leverage", Verdict.BAD, text))
        else:
            margin = read.margin_mode or "margin mode not told"
            found.append(_line(facts, "leverage", Verdict.OK, f"{native} {amount(read.leverage)}x, {margin}"))
    return found or [_line(facts, "leverage", Verdict.BAD, "no perpetual of the coins that were named is listed")]


def _fees(facts: KeyFacts) -> list[CheckLine]:
    found = []
    for (market, native), rates in facts.fees.items():
        concern = f"fees {market.value}"
        if isinstance(rates, NotTold):
            found.append(_line(facts, concern, Verdict.BAD, f"{native}: {_with_remedy(facts, rates)}"))
            continue
        told = {"maker": rates.maker * 10_000, "taker": rates.taker * 10_000}
        text = f"{native} maker {amount(told['maker'])}, taker {amount(told['taker'])} bps"
        other = [
            f"fees.{facts.venue}.{market.value}.{kind}_bps is {bps:g} in your settings: spreads are reckoned with that"
            for kind in told
            if (bps := facts.fees_set.get((market, kind))) is not None and Decimal(repr(bps)) != told[kind]
        ]
        found.append(_line(facts, concern, Verdict.NOTE if other else Verdict.OK, "; ".join([text, *other])))
    return found


def _order_sockets(facts: KeyFacts) -> list[CheckLine]:
    """None of it is bad: while a socket is not up, orders go by REST."""
    if facts.sockets is None:
        return []
    if not facts.sockets:
        text = f"none for {facts.environment}: orders go by REST, as without venues.{facts.venue}.orders"
        return [_line(facts, "order socket", Verdict.NOTE, text)]
    return [_order_socket(facts, one) for one in facts.sockets]


def _order_socket(facts: KeyFacts, one: SocketTried) -> CheckLine:
    of = " and ".join(market.value for market in one.markets)
    if one.why:
        text = f"{of}: {one.why.rstrip('.')}; orders go by REST while it is so"
        return _line(facts, "order socket", Verdict.NOTE, text)
    proved = "a question answered" if one.asked else "logged in; it takes orders alone, so nothing was asked"
    return _line(facts, "order socket", Verdict.OK, f"{of}: connected in {one.up_ms:.0f} ms, {proved}")


# --- words ------------------------------------------------------------------------------------------------------------


def _with_remedy(facts: KeyFacts, untold: NotTold) -> str:
    remedy = _REMEDIES.get(untold.reason, _AGAIN) if untold.reason is not None else _AGAIN
    return f"{untold.text.rstrip('.')}; {remedy.format(environment=facts.environment)}"


def _untold(facts: KeyFacts, concern: str) -> CheckLine:
    if facts.rights is None:
        return _line(facts, concern, Verdict.SKIPPED, f"the exchange does not tell of keys for {facts.environment}")
    return _line(facts, concern, Verdict.SKIPPED, "the exchange does not tell")


def _unseen(facts: KeyFacts, first: str) -> list[CheckLine]:
    """Concerns that were not looked at because of the line before: those from ``first`` on."""
    order = ("venue", "clock", "login", "trade", "withdraw", "addresses", "ends", "position mode", "leverage", "fees")
    return [_line(facts, concern, Verdict.SKIPPED, "not looked at") for concern in order[order.index(first) :]]


def _line(facts: KeyFacts, concern: str, verdict: Verdict, text: str) -> CheckLine:
    return CheckLine(facts.venue, concern, verdict, text)
