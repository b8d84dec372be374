"""What a call says, read back from its request."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from arbtui.venues.private import PrivateCall


def sent(call: PrivateCall) -> dict[str, Any]:
    """The body, JSON."""
    return dict(json.loads(call.request.body))


def asked(call: PrivateCall) -> dict[str, str]:
    """The query."""
    return dict(parse_qsl(urlsplit(call.request.url).query))
