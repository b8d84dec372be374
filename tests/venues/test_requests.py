"""A request shows where it goes and what for, never what it carries."""

from __future__ import annotations

from dataclasses import dataclass

from arbtui.venues.base import HttpRequest


@dataclass(frozen=True)
class Holder:
    request: HttpRequest


def test_query_body_and_headers_are_in_no_repr() -> None:
    request = HttpRequest(
        "POST",
        "https://api.venue.example/order?signature=0f0f",
        "order",
        body=b"secret-body",
        headers={"X-KEY": "secret-key"},
    )
    shown = repr(request)
    assert shown == "HttpRequest(POST https://api.venue.example/order, 'order')"
    for text in (str(request), f"{request}", repr([request]), repr(Holder(request))):
        assert shown in text
        assert "secret" not in text
        assert "0f0f" not in text
