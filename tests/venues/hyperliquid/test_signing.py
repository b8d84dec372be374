"""Signatures equal those of the official SDK, byte for byte; client ids and numbers survive the way to the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from coincurve import PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from arbtui.core.errors import VenueRefused
from arbtui.core.orders import OrderKind, Side
from arbtui.venues.base import Environment
from arbtui.venues.eip712 import Signature, Wallet, address_word, keccak256, struct_hash, text_word, typed_digest
from arbtui.venues.hyperliquid import signing
from arbtui.venues.hyperliquid.cloids import client_id_of, cloid_of
from arbtui.venues.hyperliquid.decimals import price_written, qty_written, written
from arbtui.venues.private import Keys
from tests.venues.hyperliquid.samples import (
    ACCOUNT,
    ID,
    KEY,
    KEYS,
    KPEPE,
    PERP,
    PRIVATE,
    PROD,
    PURR,
    SIGNER,
    SPOT,
    STAMP_MS,
    UBTC,
    USER,
    asked,
    order,
    place,
)

NONCE = 1_700_000_000_000
VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"
CLOID = "0x00000000000000000000000000000001"
ACTION = {
    "type": "order",
    "orders": [{"a": 0, "b": True, "p": "67250", "s": "0.001", "r": False, "t": {"limit": {"tif": "Ioc"}}, "c": CLOID}],
    "grouping": "na",
}
CANCEL = {"type": "cancelByCloid", "cancels": [{"asset": 0, "cloid": CLOID}]}
PACKED = (
    "83a474797065a56f72646572a66f72646572739187a16100a162c3a170a53637323530a173a5302e303031a172c2a17481a56c696d697481a374"
    "6966a3496f63a163d92230783030303030303030303030303030303030303030303030303030303030303031a867726f7570696e67a26e61"
)
WALLET = Wallet(KEY)


# --- the published vectors --------------------------------------------------------------------------------------------


def test_an_action_is_packed_and_hashed_as_the_sdk_does() -> None:
    assert msgspec.msgpack.encode(ACTION).hex() == PACKED
    digest = signing.action_hash(ACTION, NONCE)
    assert digest.hex() == "72e3fd29eccf429e72f2ce09bccc9a9dadbf767131f0d1f1529a8543a05b32ca"
    digest = signing.action_hash(ACTION, NONCE, expires_ms=1_700_000_010_000)
    assert digest.hex() == "44d06a9641ede2f34447fb15624e04ff3febf5c1f85b7a96fb29b2c6fd46c9ad"
    digest = signing.action_hash(ACTION, NONCE, VAULT)
    assert digest.hex() == "e339b22446e5ca9f16f2d217793bf25be4eb0d18a5830707566c17dc2b00d328"


@pytest.mark.parametrize(
    ("env", "action", "more", "r", "s", "v"),
    [
        (
            PROD,
            ACTION,
            {},
            0x8D19FB8D5030F3FC6D6B7C504B7D88EC772350B833CDA8EF4E5C986098FB23EC,
            0x374151254C4FF793FEAE1DD71A60693EF66FB432CCDE886D7A4CE7E02DAA4DB7,
            27,
        ),
        (
            Environment.TESTNET,
            ACTION,
            {},
            0x72CB0837F3E685ABD954D0B8E2BB69B6F4F2EA1AD2F6A7BACF76171B641131DF,
            0x176F509EF2D8CAE8D632FA24C7BEBA32EBB1ED4E2B266CAE22343EB932442FF3,
            28,
        ),
        (
            PROD,
            ACTION,
            {"expires_ms": 1_700_000_010_000},
            0x53C96287BF9AC56572D8D9C6B3D8691C7FDEA77B8D5FD949FD08CB9F12AC00EA,
            0x667546D83B3683342728F371BEDC5E9556FC100B7D5BB4FEDBD9E0A11D7C8D41,
            28,
        ),
        (
            PROD,
            ACTION,
            {"vault": VAULT},
            0x71CBE740320C6ADC6C6C0E0F23479F5AC4E8DD84928B2F9F0F28A09CC2975F20,
            0x012D0F73BC82DFBB29215510CA44908764B0DC1C464CC7478D67129C9C094EF8,
            28,
        ),
        (
            PROD,
            CANCEL,
            {},
            0x80BC61EC5A6BD1931885C88CCB664AC5543BA861475262636445D21263B97318,
            0x6BBFAC7CEC115672A533CE377A822433F48A320F1E3C3CE09D2F38184F82979C,
            27,
        ),
    ],
)
def test_an_action_is_signed_as_the_sdk_does(
    env: Environment, action: dict[str, Any], more: dict[str, Any], r: int, s: int, v: int
) -> None:
    assert signing.sign_action(WALLET, env, action, NONCE, **more) == Signature(r, s, v)


def test_other_structs_are_hashed_and_signed_alike() -> None:
    """A user-signed action, which is another domain and another struct."""
    domain = struct_hash(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
        text_word("HyperliquidSignTransaction"),
        text_word("1"),
        (421614).to_bytes(32, "big"),
        bytes(32),
    )
    message = struct_hash(
        "HyperliquidTransaction:ApproveBuilderFee("
        "string hyperliquidChain,string maxFeeRate,address builder,uint64 nonce)",
        text_word("Mainnet"),
        text_word("0.01%"),
        address_word("0x6530512a6c89c7cfcebc3ba7fcd9ada5f30827a6"),
        NONCE.to_bytes(32, "big"),
    )
    digest = typed_digest(domain, message)
    assert digest.hex() == "3102cc0397b96a73916f2a8527c4bde723b1fb8ce819ca4bc08b1c7ac847ee6e"
    assert WALLET.sign(digest) == Signature(
        0x1A297CD7BCECDD39317FDC1CF570FCC4545092EF02023E8F73D17E212D50E3F1,
        0x1E3C6442F83502316F98BF0FB146E0B81FA465B7D3B092456299EC7F0AB85CE0,
        28,
    )


def test_keccak_is_not_sha3() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


def test_the_address_is_the_keys() -> None:
    assert WALLET.address == SIGNER == Wallet(KEY.removeprefix("0x")).address


_VALUES = st.recursive(
    st.booleans() | st.integers(0, 2**64 - 1) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(action=st.dictionaries(st.text(max_size=8), _VALUES, max_size=4), nonce=st.integers(0, 2**63))
def test_whatever_is_signed_recovers_to_the_signer_and_s_is_the_lower(action: dict[str, Any], nonce: int) -> None:
    digest = signing.action_hash(action, nonce)
    signature = WALLET.sign(digest)
    raw = signature.r.to_bytes(32, "big") + signature.s.to_bytes(32, "big") + bytes([signature.v - 27])
    point = PublicKey.from_signature_and_message(raw, digest, hasher=None).format(compressed=False)
    assert "0x" + keccak256(point[1:])[-20:].hex() == SIGNER
    assert 2 * signature.s <= 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


# --- what is posted ---------------------------------------------------------------------------------------------------


def test_an_order_is_posted_with_its_signature_and_the_time_after_which_it_is_void() -> None:
    request = place().request
    assert (request.method, request.url) == ("POST", "https://api.hyperliquid.xyz/exchange")
    body = asked(request)
    assert list(body) == ["action", "nonce", "signature", "vaultAddress", "expiresAfter"]
    assert body["action"] == {
        "type": "order",
        "orders": [
            {
                "a": 1,  # the place in the universe, the delisted coin before it counted
                "b": True,
                "p": "67250",
                "s": "0.125",
                "r": False,
                "t": {"limit": {"tif": "Ioc"}},
                "c": cloid_of(ID),
            }
        ],
        "grouping": "na",
    }
    assert (body["vaultAddress"], body["expiresAfter"]) == (None, STAMP_MS + 5_000)
    signed = signing.sign_action(WALLET, PROD, body["action"], body["nonce"], expires_ms=body["expiresAfter"])
    assert body["signature"] == {"r": f"0x{signed.r:064x}", "s": f"0x{signed.s:064x}", "v": signed.v}


def test_the_testnet_has_hosts_and_signatures_of_its_own() -> None:
    for env in (Environment.TESTNET, Environment.DEMO):
        request = PRIVATE.place(env, KEYS, PERP, order(), STAMP_MS).request
        assert request.url == "https://api.hyperliquid-testnet.xyz/exchange"
        body = asked(request)
        signed = signing.sign_action(WALLET, env, body["action"], body["nonce"], expires_ms=body["expiresAfter"])
        assert body["signature"]["r"] == f"0x{signed.r:064x}"
        assert PRIVATE.stream_url(env, PRIVATE.user_streams(env)[0], None) == "wss://api.hyperliquid-testnet.xyz/ws"
    assert PRIVATE.stream_url(PROD, PRIVATE.user_streams(PROD)[0], None) == "wss://api.hyperliquid.xyz/ws"


def test_kinds_sides_and_markets_have_words_of_their_own() -> None:
    (row,) = asked(place(SPOT, kind=OrderKind.POST_ONLY, side=Side.SELL).request)["action"]["orders"]
    assert (row["a"], row["b"], row["t"]) == (10_107, False, {"limit": {"tif": "Alo"}})
    assert (row["p"], row["s"]) == ("44.12", "12")
    (row,) = asked(place(reduce_only=True).request)["action"]["orders"]
    assert row["r"] is True
    (row,) = asked(place(PURR, price=Decimal("0.20926"), qty=Decimal(100)).request)["action"]["orders"]
    assert row["a"] == 10_000


def test_nonces_rise_also_within_a_millisecond_and_when_the_clock_goes_back() -> None:
    nonces = signing.Nonces()
    assert [nonces.next(stamp) for stamp in (1000, 1000, 1000, 900, 1500, 1501)] == [1000, 1001, 1002, 1003, 1500, 1501]
    given = [asked(place().request)["nonce"] for _ in range(5)]
    assert sorted(set(given)) == given


def test_reads_ask_for_the_account_and_never_for_its_agent() -> None:
    request = PRIVATE.positions(PROD, KEYS, {}, STAMP_MS).request
    assert request.url == "https://api.hyperliquid.xyz/info"
    assert asked(request) == {"type": "clearinghouseState", "user": USER}


# --- secrets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "0x12", KEY + "00", "zz" * 32, ACCOUNT, "0x" + "0" * 64, "0x" + "f" * 64])
def test_a_key_that_is_none_is_named_and_not_quoted(key: str) -> None:
    keys = Keys({"private_key": key, "address": ACCOUNT})
    with pytest.raises(ValueError, match="private_key") as wrong:
        PRIVATE.place(PROD, keys, PERP, order(), STAMP_MS)
    assert not key or key not in str(wrong.value)
    assert wrong.value.__suppress_context__
    with pytest.raises(VenueRefused, match="private_key"):
        PRIVATE.mode(PROD, keys, PERP.market, STAMP_MS)


def test_an_address_that_is_none_is_not_sent_because_it_may_be_the_key() -> None:
    keys = Keys({"private_key": KEY, "address": KEY})
    with pytest.raises(VenueRefused, match=r"hyperliquid\.address") as wrong:
        PRIVATE.positions(PROD, keys, {}, STAMP_MS)
    assert KEY not in str(wrong.value)
    with pytest.raises(VenueRefused):
        PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], keys, {})


def test_no_secret_shows_in_a_call_a_frame_or_a_body() -> None:
    call = place()
    session = PRIVATE.private_session(PRIVATE.user_streams(PROD)[0], KEYS, {})
    shown = f"{call!r} {call.request.body!r} {session.greet(STAMP_MS)!r} {session!r} {KEYS!r} {WALLET!r} {PRIVATE!r}"
    assert KEY.removeprefix("0x") not in shown
    assert asked(call.request)["signature"]["r"] not in repr(call)


# --- client ids and numbers -------------------------------------------------------------------------------------------

_CLIENT_IDS = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", min_size=1, max_size=20)


@given(client_id=_CLIENT_IDS)
def test_a_client_id_comes_back_from_its_cloid_in_either_case(client_id: str) -> None:
    cloid = cloid_of(client_id)
    assert len(cloid) == 34
    assert cloid == cloid.lower()
    assert client_id_of(cloid) == client_id_of(cloid.upper().replace("X", "x")) == client_id


@given(one=_CLIENT_IDS, other=_CLIENT_IDS)
def test_two_client_ids_are_two_cloids(one: str, other: str) -> None:
    assert (cloid_of(one) == cloid_of(other)) == (one == other)


def test_the_longest_client_id_fits() -> None:
    assert client_id_of(cloid_of("z" * 20)) == "z" * 20
    assert client_id_of(cloid_of("0")) == "0"
    assert cloid_of("0") != cloid_of("00")


@pytest.mark.parametrize(
    "cloid", [None, "", "0x1", CLOID, "0xa7" + "f" * 30, "0xa7" + "g" * 30, "0x00" + cloid_of(ID)[4:]]
)
def test_a_cloid_that_we_did_not_make_is_nobodys(cloid: str | None) -> None:
    assert client_id_of(cloid) == ""


@pytest.mark.parametrize("client_id", ["", "a" * 21, "a-b", "ä", "a b"])
def test_what_is_no_client_id_is_not_sent(client_id: str) -> None:
    with pytest.raises(ValueError, match="client id"):
        place(client_id=client_id)


@given(st.decimals(min_value=Decimal("1e-8"), max_value=Decimal("1e8"), places=8))
def test_numbers_are_written_whole_without_exponent_and_zeros_at_the_end(value: Decimal) -> None:
    text = written(value)
    assert Decimal(text) == value
    assert not (set(text) & set("eE+-"))
    assert "." not in text or text[-1] != "0"


@pytest.mark.parametrize(
    ("price", "text"),
    [("67250.0", "67250"), ("7756.2", "7756.2"), ("123456", "123456"), ("1E+5", "100000"), ("0.1", "0.1")],
)
def test_a_price_of_few_figures_or_a_whole_one_is_sent(price: str, text: str) -> None:
    assert price_written(Decimal(price), PERP) == text


@pytest.mark.parametrize("price", ["77562.5", "12345.6", "0.12", "0", "-1", "NaN", "Infinity"])
def test_a_price_off_the_rule_is_not_sent(price: str) -> None:
    with pytest.raises(ValueError):
        price_written(Decimal(price), PERP)


def test_figures_count_from_the_first_that_is_not_zero() -> None:
    assert price_written(Decimal("0.0012345"), PURR) == "0.0012345"
    assert price_written(Decimal("0.012345"), KPEPE) == "0.012345"
    for price, instrument in (("0.00123456", PURR), ("0.0123456", KPEPE), ("0.000000001", PURR)):
        with pytest.raises(ValueError, match="figures"):
            price_written(Decimal(price), instrument)


def test_a_size_off_the_lot_is_not_sent() -> None:
    assert qty_written(Decimal("0.00001"), UBTC) == "0.00001"
    assert qty_written(Decimal("1.50"), SPOT) == "1.5"
    for qty, instrument in (("0.000001", UBTC), ("1.005", SPOT), ("0.5", KPEPE), ("0", PERP)):
        with pytest.raises(ValueError):
            qty_written(Decimal(qty), instrument)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": OrderKind.MARKET, "price": None},
        {"price": None},
        {"native": "ETH"},
        {"market": SPOT.market, "native": "@107"},
    ],
)
def test_an_order_without_words_for_it_is_not_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        place(**changes)


def test_spot_knows_no_reduce_only() -> None:
    with pytest.raises(ValueError, match="reduce-only"):
        place(SPOT, reduce_only=True)
