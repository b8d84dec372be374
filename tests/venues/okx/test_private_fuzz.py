"""Hostile pages: what ``tests.venues.test_private_hostile`` claims of every venue, and what is OKX's own."""

from __future__ import annotations

import pytest

from arbtui.core.errors import ProtocolBroken
from arbtui.core.model import Market
from tests.venues.okx.samples import KEYS, PRIVATE, PROD, STAMP_MS, answer, unfilled


def test_a_full_page_of_rubbish_ids_is_not_asked_on_from() -> None:
    call = PRIVATE.open_orders(PROD, KEYS, Market.PERP, {}, STAMP_MS)
    page = answer(*(unfilled(ordId="") for _ in range(100)))
    assert call.next_page is not None
    with pytest.raises(ProtocolBroken):
        call.next_page(200, page, STAMP_MS)
