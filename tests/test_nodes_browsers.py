"""A browser behind several nodes stays on one of them, by the proxies' shipped files."""

from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient

import proxies
from nodes import running_nodes
from remote import Remote
from visitor import Visitor

KEYS = 8  # by chance one node of three is the right one: without that this fails all but surely


@pytest.mark.parametrize("proxy", proxies.NAMES)
async def test_a_browser_that_stays_on_a_node_is_shown_the_key_it_made(
    new_postgres_database, redis_url, tmp_path: Path, proxy: str
):
    async with running_nodes(tmp_path, new_postgres_database(), redis_url, proxy=proxy) as nodes:
        AsyncHTTPClient().defaults["ca_certs"] = str(nodes.proxy.certificate.certificate)  # this loop's alone
        visitor = await Visitor(Remote(nodes.place.url, nodes.place.key)).sign_in()
        for number in range(KEYS):
            page = await visitor.submit("/settings/keys", name=f"key {number}", scopes=["read"], expires="")
            assert page.part("secret").startswith("cb_")
