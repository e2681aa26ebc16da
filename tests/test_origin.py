"""Where a request comes from, beside proxies and liars; and that cookies, limits and the audit believe no more."""

import time
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.origin import Origin, origin
from tests.peers import raw

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "2001:db8:aa::/48")))


def client(*forwarded_for, peer="10.0.0.1", trusted=PROXIES):
    return origin(peer, "http", trusted=trusted, forwarded_for=forwarded_for).address


@pytest.mark.parametrize(
    "peer, forwarded_for, found",
    [
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", [" 192.0.2.7\t"], "192.0.2.7"),
        # what the client itself wrote stands further left
        ("10.0.0.1", ["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["203.0.113.9", "192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["10.0.0.66, 192.0.2.7"], "192.0.2.7"),
        # several proxies in a row, in one line or several
        ("10.0.0.1", ["192.0.2.7, 10.1.1.1,10.2.2.2"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7", "10.1.1.1, 10.2.2.2"], "192.0.2.7"),
        ("10.0.0.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ("2001:db8:aa::1", ["192.0.2.7, 2001:db8:aa::2, 10.0.0.2"], "192.0.2.7"),
        # ports, brackets, zones, mapped
        ("10.0.0.1", ["192.0.2.7:4711"], "192.0.2.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["2001:db8:0:0::7"], "2001:db8::7"),
        ("10.0.0.1", ["fe80::7%eth0"], "fe80::7"),
        ("10.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["192.0.2.7, ::ffff:10.2.2.2"], "192.0.2.7"),
        ("::ffff:10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        # no address: the proxy that passed it on is the last that is known
        *(
            ("10.0.0.1", [f"192.0.2.7, {garbage}, 10.2.2.2"], "10.2.2.2")
            for garbage in (
                *("", "unknown", "_hidden", "192.0.2", "192.0.2.256", "0300.0.2.1", "1:2:3", "]", "[", ":", "٣.٣.٣.٣"),
                *("192.0.2.7 x", "<script>", "192.0.2.7/24", "for=192.0.2.7", '"[2001:db8::7]"', "\x00"),
            )
        ),
        # nobody else is believed
        ("192.0.2.66", ["203.0.113.9"], "192.0.2.66"),
        ("11.0.0.1", ["10.0.0.1"], "11.0.0.1"),
        ("2001:db8:ab::1", ["203.0.113.9"], "2001:db8:ab::1"),
        ("", ["203.0.113.9"], ""),
    ],
)
def test_the_client_is_the_last_that_a_proxy_of_ours_heard(peer, forwarded_for, found):
    assert client(*forwarded_for, peer=peer) == found


@given(peer=st.sampled_from(["192.0.2.66", "::1", "2001:db8::1", ""]), values=st.lists(st.text()), proto=st.text())
def test_what_strangers_write_changes_nothing(peer, values, proto):
    for trusted in ((), PROXIES):
        told = origin(peer, "http", trusted=trusted, forwarded_for=values, forwarded_proto=[proto, "https"])
        assert told == Origin(peer, "http")


@given(prefix=st.text(), values=st.lists(st.text()))
def test_what_a_client_writes_before_it_is_passed_on_changes_nothing(prefix, values):
    assert client(*values, f"{prefix},192.0.2.7, 10.1.1.1") == "192.0.2.7"


@pytest.mark.parametrize(
    "protos, scheme",
    [
        ([], "http"),
        (["https"], "https"),
        (["HTTPS "], "https"),
        (["http, https"], "https"),
        (["https, http"], "http"),
        (["https", "http"], "http"),
        (["wss"], "http"),
        (["https,"], "http"),
        (["javascript:"], "http"),
    ],
)
def test_the_protocol_is_what_the_nearest_proxy_says(protos, scheme):
    assert origin("10.0.0.1", "http", trusted=PROXIES, forwarded_proto=protos).scheme == scheme


def test_ten_thousand_entries_take_time_in_proportion():
    def seconds(entries):
        began = time.perf_counter()
        assert client(", ".join(["10.9.9.9"] * entries)) == "10.9.9.9"
        return time.perf_counter() - began

    seconds(100)
    assert min(seconds(10_000) for _ in range(3)) < 50 * min(seconds(1000) for _ in range(3))


# ── over real connections ────────────────────────────────────────────────────────────────────────────────────


async def cookies(peer, *headers):
    """The Set-Cookie lines of the sign-in page."""
    status, found, _ = await peer.request({"Host": "x", **dict(headers)}, b"/sign-in")
    assert status == 200
    return found["set-cookie"]


FORWARDED = (("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "192.0.2.7"))


async def test_cookies_are_secure_behind_a_trusted_proxy_that_says_https(open_furnished):
    async with open_furnished(trusted_proxies="127.0.0.0/8") as house, raw(port_of(house)) as peer:
        assert "Secure" in await cookies(peer, *FORWARDED)
        assert "Secure" not in await cookies(peer), "each request speaks for itself"
        assert "Secure" not in await cookies(peer, ("X-Forwarded-Proto", "http"))


async def test_a_stranger_that_says_https_gets_the_same_cookies_as_ever(house):
    async with raw(port_of(house)) as peer:
        assert "Secure" not in await cookies(peer, *FORWARDED)
        assert "Secure" not in await cookies(peer, ("X-Scheme", "https"), ("Forwarded", "proto=https;for=192.0.2.7"))


def port_of(house):
    return int(house.server.own_url.rpartition(":")[2])


async def attempt(peer, client_address):
    headers = {"Host": "x", "Authorization": "Bearer cb_wrong000_x", "X-Forwarded-For": client_address}
    status, _, _ = await peer.request(headers, b"/api/v1/calls")
    return status


async def test_one_connection_of_a_proxy_brings_many_clients(open_furnished):
    async with (
        open_furnished(trusted_proxies="127.0.0.1", failures_per_address=2) as house,
        raw(port_of(house)) as peer,
    ):
        for client_address in ("192.0.2.1", "192.0.2.2, 127.0.0.1", "2001:db8::1"):
            assert [await attempt(peer, client_address) for _ in range(3)] == [401, 401, 429]
        assert await attempt(peer, "2001:db8::ffff") == 429, "the same subscriber's"
        assert await attempt(peer, "203.0.113.5, 192.0.2.1") == 429, "what the client wrote is not looked at"
        assert await attempt(peer, "192.0.2.9") == 401


async def test_a_stranger_does_not_change_its_address_by_a_header(open_furnished):
    async with (
        open_furnished(trusted_proxies="10.0.0.0/8", failures_per_address=2) as house,
        raw(port_of(house)) as peer,
    ):
        assert [await attempt(peer, f"192.0.2.{n}") for n in range(4)] == [401, 401, 429, 429]
