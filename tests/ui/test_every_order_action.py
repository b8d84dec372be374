"""Every action about orders is done by its own key: see ``test_every_action``."""

from __future__ import annotations

from arbtui.engine.auto import Auto
from arbtui.execution.intents import Style, Verb
from arbtui.execution.lifecycle import State
from arbtui.strategy.auto import AutoRules
from tests.ui.dealer import halted
from tests.ui.hands import PROVED, Hands, hands, proves


@proves("grid.ticket", "order.ticket", "ticket.enter", "ticket.send", "ticket.more", "ticket.less", "ticket.type",
        "ticket.unit", "ticket.style", "ticket.swap", "ticket.below", "ticket.down", "ticket.up", "ticket.page_down",
        "ticket.page_up", "ticket.back")  # fmt: skip
async def test_the_ticket(me: Hands) -> None:
    await me.do("grid.ticket", "ticket.back", "order.ticket")
    page = me.dealer.order
    await me.dealer.wait(0.5)
    await me.do("ticket.more")
    assert me.usd() == 2000
    await me.do("ticket.less", "ticket.type")
    await me.press("1", "0", "0", "enter")
    assert me.usd() == 100
    await me.do("ticket.unit")
    assert me.usd() is None
    await me.do("ticket.style")
    assert page.ticket.style is Style.MAKER_TAKER
    await me.do("ticket.style", "ticket.style", "ticket.swap")
    buy = page.ticket.buy
    buy = page.ticket.buy
    await me.do("ticket.swap")
    assert page.ticket.sell == buy
    await me.do("ticket.below")
    assert page.below
    before = await me.text()
    for down, up in (("ticket.down", "ticket.up"), ("ticket.page_down", "ticket.page_up")):
        await me.do(down)
        assert await me.text() != before
        await me.do(up)
        assert "hedged order" in await me.text()
    await me.do("ticket.enter")
    assert page.review.on
    await me.do("ticket.send")
    assert me.fired() == 1


async def test_send_real_is_what_sends_where_orders_leave() -> None:
    async with hands(word="SIMULATED") as me:
        await me.do("order.ticket", "ticket.enter", "ticket.send")
        assert me.fired() == 0
        assert "capital Y sends" in await me.text()
        await me.do("ticket.send_real")
        assert me.fired() == 1


PROVED["ticket.send_real"] = test_send_real_is_what_sends_where_orders_leave.__name__


@proves("order.close", "order.flatten", "order.flatten_all", "ticket.close", "ticket.flatten", "ticket.all")
async def test_closing(me: Hands) -> None:
    await me.dealer.open_one()
    await me.do("order.close")
    assert me.verb() is Verb.CLOSE
    await me.press("escape")
    await me.do("order.flatten")
    assert me.verb() is Verb.FLATTEN
    await me.press("escape", "6")
    await me.do("positions.follow", "ticket.close")
    assert me.verb() is Verb.CLOSE
    await me.press("escape")
    await me.do("ticket.flatten")
    assert me.verb() is Verb.FLATTEN
    await me.press("escape", "escape")
    await me.do("order.flatten_all", "ticket.all")
    assert "REVIEW" in await me.text()


@proves("order.acknowledge", "ticket.retry", "ticket.keep")
async def test_trouble(me: Hands) -> None:
    await halted(me.dealer)
    log = me.desk.log
    assert log is not None
    alarms = len(log.alarms)
    await me.do("order.acknowledge")
    assert len(log.alarms) == alarms - 1
    await me.do("ticket.retry")
    assert me.asked() == "retry"
    await me.press("escape")
    await me.do("ticket.keep")
    assert me.asked() == "keep"


@proves("order.cancel", "ticket.cancel")
async def test_cancelling(me: Hands) -> None:
    for action_id in ("ticket.cancel", "order.cancel"):
        await me.press("o", "m", "enter")
        maker = me.dealer.order.ticket.buy.split(".")[0]
        me.trading.venues[maker].script.append("rest")
        await me.press("y")
        hedge = me.dealer.hedge.hedge
        if action_id == "order.cancel":
            await me.press("escape")
        await me.do(action_id)
        await me.dealer.wait(2)
        assert me.trading.ledgers[hedge].state is not State.WORKING, action_id
        await me.press("escape")


@proves("order.kill", "order.arm")
async def test_kill_and_arm(me: Hands) -> None:
    await me.do("order.kill")
    assert me.trading.killed
    await me.do("order.arm")
    await me.press("y")
    assert me.trading.armed


@proves("order.disarm")
async def test_disarm_cancels_nothing_and_is_no_kill(me: Hands) -> None:
    await me.dealer.open_one()
    before = {hedge: ledger.state for hedge, ledger in me.trading.ledgers.items()}
    await me.do("order.disarm")
    assert not me.trading.armed
    assert not me.trading.killed
    assert {hedge: ledger.state for hedge, ledger in me.trading.ledgers.items()} == before
    assert "DISARMED" in await me.dealer.text()
    assert "ALARM" not in await me.dealer.text()


@proves("order.auto")
async def test_the_automatic_mode_is_switched_by_word_and_shown(me: Hands) -> None:
    auto = Auto(me.port, me.trading, AutoRules(), every_ms=500, notice=lambda level, text: None)
    me.port.auto = auto

    def is_on() -> bool:
        return auto.on

    await me.say("auto on")
    assert me.ran[-1] == "order.auto"
    assert is_on()
    assert "AUTO" in (await me.text()).splitlines()[0]
    await me.say("auto off")
    assert not is_on()
    assert "AUTO" not in (await me.text()).splitlines()[0]
    await me.do("order.auto")  # neither on nor off: it says how things stand
    assert not is_on()
    assert "the automatic mode is off" in await me.text()


# screens of their own
