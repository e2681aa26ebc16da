"""What docs/nodes.md says about browsers behind several nodes, with the proxies' files changed as it says."""

import re
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient

import proxies
from command_line import HOME
from nodes import running_nodes
from remote import Remote
from visitor import Visitor

PAGE = (HOME / "docs" / "nodes.md").read_text()
BALANCED = {
    "haproxy": "    balance leastconn # WebSockets stay where they are\n",
    "nginx": "least_conn; # WebSockets stay where they are",
}
KEYS = 8  # by chance one node of three is the right one: without what the page says this fails all but surely

pytestmark = [pytest.mark.gen_test(timeout=200), pytest.mark.timeout(240)]


@pytest.mark.parametrize("proxy", proxies.NAMES)
async def test_a_browser_that_stays_on_a_node_is_shown_the_key_it_made(
    new_postgres_database, redis_url, tmp_path: Path, monkeypatch, proxy: str
):
    file, balanced = proxies.FILES[proxy].read_text(), BALANCED[proxy]
    assert balanced in file
    changed = tmp_path / "changed"
    (cookie,), (by_address,) = re.findall(r"```haproxy\n(.*?)```", PAGE, re.DOTALL), re.findall(r"`(ip_hash;)`", PAGE)
    changed.write_text(file.replace(balanced, balanced + cookie if proxy == "haproxy" else by_address))
    monkeypatch.setitem(proxies.FILES, proxy, changed)
    async with running_nodes(tmp_path, new_postgres_database(), redis_url, proxy=proxy) as nodes:
        AsyncHTTPClient().defaults["ca_certs"] = str(nodes.proxy.certificate.certificate)  # this loop's alone
        visitor = await Visitor(Remote(nodes.place.url, nodes.place.key)).sign_in()
        for number in range(KEYS):
            page = await visitor.submit("/settings/keys", name=f"key {number}", scopes=["read"], expires="")
            assert page.part("secret").startswith("cb_")
