"""Hyperliquid's private side as a whole: signed actions, who may sign, nonces, and who is told what.

No action is refused for an address's budget of actions (``userRateLimit`` counts them). Sub-accounts, vaults, triggers,
isolated margin and builder dexes take no orders here, and say so.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from arbtui.sim.accounts import Account, Keys, asset_of
from arbtui.sim.base import Reply
from arbtui.sim.delivery import Lost, lost
from arbtui.sim.desk import What
from arbtui.sim.faults import Fault
from arbtui.sim.hyperliquid import actions, rules, signed
from arbtui.sim.hyperliquid import private_rows as rows
from arbtui.sim.hyperliquid.answers import Ask, Denied, Refused, unreadable
from arbtui.sim.hyperliquid.private_info import UserAnswers
from arbtui.sim.hyperliquid.private_orders import VERBS, OrderActions
from arbtui.sim.hyperliquid.users import Users
from arbtui.sim.orders import Fill, Order
from arbtui.sim.private import PrivateSide, Where, where_of

if TYPE_CHECKING:
    from arbtui.sim.hyperliquid.venue import Hyperliquid


class Private(PrivateSide):
    """See the module."""

    refusals = Denied

    def __init__(self, venue: Hyperliquid) -> None:
        super().__init__(venue, rules.RULES, rules.make_keys)
        self._venue = venue
        self.stranger = Account(venue.name, "", venue.world.seed, rules.RULES, Keys("", ""))  # whom nobody knows
        self._before: dict[int, Decimal] = {}  # what was held before each fill, by its id
        self._agents: dict[str, tuple[Account, str]] = {}  # approved while running, with their names
        self._nonces: dict[str, set[int]] = {}
        self.reads = UserAnswers(venue, self, self.desk)
        self.users = Users(venue, self, self.desk)
        self._orders = OrderActions(venue, self.desk)
        self._table = self._orders.table()

    def teller(self, account: Account) -> Users:
        return self.users

    def loss(self, fault: Fault) -> Exception:
        return lost(fault, timeout=Refused(504, b"Gateway Timeout"), error=Refused(500, b"Internal Server Error"))

    # -- addresses -------------------------------------------------------------------------------------------------

    def account_of(self, address: str) -> Account | None:
        """Whose address this is."""
        return next((a for a in self.desk.accounts.values() if a.keys.address == address), None)

    def owner_of(self, agent: str) -> Account | None:
        """For whom an agent signs."""
        known = self._agents.get(agent)
        return known[0] if known is not None else self.desk.account_of(agent)

    def agents_of(self, account: Account) -> dict[str, str]:
        """Agents and their names."""
        more = {agent: name for agent, (owner, name) in self._agents.items() if owner is account}
        return {account.keys.api_key: "arbitrage", **more}

    # -- requests --------------------------------------------------------------------------------------------------

    def reply(self, ask: Ask) -> Reply:
        """``POST /exchange``; raises ``Refused``."""
        try:
            body = self.answered(ask)
        except Lost as gone:
            return Reply(lost=True, after_s=gone.after_s)
        return Reply(200, orjson.dumps(body), after_s=self.late_s(self._where(ask["action"])))

    def answered(self, ask: Ask) -> dict[str, Any]:
        """The answer to a signed action; raises ``Refused`` and ``Lost``."""
        action = ask.get("action")
        if not isinstance(action, dict):
            raise unreadable()
        try:
            if action.get("type") in actions.USER_SIGNED:
                return _ok(self._by_user(ask, action))
            known = actions.canonical(action)
            account = self._authorised(ask, known)
            stamps = {"nonce": ask["nonce"], "expiresAfter": ask.get("expiresAfter")}
            return _ok(self._done(account, known, stamps))
        except Denied as denied:
            return {"status": "err", "response": str(denied)}

    def _authorised(self, ask: Ask, action: Ask) -> Account:
        """Whose action this is: signed, in time, by a key that may, under a nonce that is new."""
        nonce, vault = actions.whole(ask, "nonce"), actions.vault(ask.get("vaultAddress"))
        expires_ms = actions.whole(ask, "expiresAfter") if ask.get("expiresAfter") is not None else None
        connection = signed.connection_id(action, nonce, vault, expires_ms)
        given = actions.signature(ask.get("signature"))
        signers = [_signer(signed.l1_digest(connection, source), given) for source in signed.SOURCES]
        owners = [(signer, self.owner_of(signer) or self.account_of(signer)) for signer in signers]
        signer, account = next(((s, a) for s, a in owners if a is not None), (signers[0], None))
        if account is None or not account.can_trade:
            raise Denied(f"User or API Wallet {signer} does not exist.")
        if vault is not None:
            raise Denied(f"L1 error: Vault not registered: 0x{vault}")
        if expires_ms is not None and expires_ms < self._venue.rest.now_ms():
            raise Denied("Action already expired")
        self.check_delivered(self._where(action))
        self._spend(signer, nonce)
        return account

    def _spend(self, signer: str, nonce: int) -> None:
        """The highest nonces of a signer are kept; a new one is none of them and above the least, in a window."""
        now_ms, kept = self._venue.rest.now_ms(), self._nonces.setdefault(signer, set())
        if nonce in kept:
            raise Denied(f"Invalid nonce: duplicate nonce {nonce}")
        least = now_ms - rules.NONCE_OLD_MS
        if len(kept) >= rules.NONCES_KEPT:
            least = max(least, min(kept))
        if nonce < least:
            raise Denied(f"Invalid nonce: nonce too low {nonce} < {least}")
        if nonce > now_ms + rules.NONCE_NEW_MS:
            raise Denied(f"Invalid nonce: nonce too high {nonce} > {now_ms + rules.NONCE_NEW_MS}")
        kept.add(nonce)
        if len(kept) > rules.NONCES_KEPT:
            kept.remove(min(kept))

    def _by_user(self, ask: Ask, action: Ask) -> Any:
        """An action that only the owner's own key can sign."""
        kind, types = actions.USER_SIGNED[action["type"]]
        fields = actions.user_signed(action)
        digest = signed.user_digest(kind, types, fields, actions.chain_id(action.get("signatureChainId")))
        signer = _signer(digest, actions.signature(ask.get("signature")))
        account = self.account_of(signer)
        if account is None:
            raise Denied(f"Must deposit before performing actions. User: {signer}")
        self._spend(signer, fields["nonce"])
        self.note(account, "/exchange", action)
        if kind == "ApproveAgent":
            self._agents[fields["agentAddress"]] = (account, fields["agentName"])
        return {"type": "default"}

    # -- what is done ----------------------------------------------------------------------------------------------

    def _where(self, action: Ask) -> Where | None:
        verb = VERBS.get(action["type"], "")
        return where_of(self._orders.meant(action), verb) if verb else None

    def _done(self, account: Account, action: Ask, stamps: Ask) -> Any:
        note = self.note(account, "/exchange", action | stamps)

        def answer() -> Any:
            try:
                told = self._table[action["type"]](account, action)
            except Denied as why:
                note["code"] = str(why)
                raise
            note["code"] = _first_error(told)
            return told

        return self.unless_lost(self._where(action), answer)

    def note(self, account: Account, path: str, ask: Ask) -> dict[str, Any]:
        """``noted`` of a question or an action: all go to one of two paths."""
        return self.noted(account, "POST", path, dict(ask), "0", f"POST {path} {ask['type']}")

    # -- what the desk tells ---------------------------------------------------------------------------------------

    def order_changed(self, order: Order, what: What, fill: Fill | None) -> None:
        if fill is not None:
            self._before[fill.id] = _held_before(fill)
        super().order_changed(order, what, fill)

    def fill_row(self, fill: Fill) -> dict[str, Any]:
        return rows.fill_row(self._venue, fill, self._before[fill.id])


def _held_before(fill: Fill) -> Decimal:
    """Position or balance without this fill, which is already booked, its fee apart."""
    order, listing = fill.order, fill.order.listing
    changed = order.sign * fill.lots * listing.step
    if listing.market == "perp":
        return order.account.positions[listing, order.held].lots * listing.step - changed
    asset = asset_of(listing)
    fee = fill.fee if fill.fee_ccy == asset else Decimal(0)
    return order.account.wallet("spot").get(asset, Decimal(0)) - changed + fee


def _signer(digest: bytes, given: signed.Signature) -> str:
    try:
        return signed.signer_of(digest, given)
    except signed.Unrecoverable as broken:
        raise Denied("Unable to recover signer.") from broken


def _ok(answer: Any) -> dict[str, Any]:
    return {"status": "ok", "response": answer}


def _first_error(answer: Any) -> str:
    statuses = answer.get("data", {}).get("statuses", []) if isinstance(answer, dict) else []
    return next((str(x["error"]) for x in statuses if isinstance(x, dict) and "error" in x), "0")
