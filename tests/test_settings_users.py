"""Settings → Users: who is let in, shut out, and given another password."""

import asyncio

import pytest

from events import Refused
from models import people
from visitor import Visitor


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


async def supervisor(house) -> Visitor:
    await house.user("sue@example.com", house.organization_id, "supervisor")
    return await Visitor(house).sign_in("sue@example.com")


async def test_a_user_with_a_given_password_can_sign_in_and_with_a_made_one_too(house, admin):
    await admin.sign_in()
    page = await admin.submit("/settings/users", email="Bob@Example.com", role="supervisor", password="long enough")
    assert "bob@example.com can sign in now" in page.text and not page.all(data_part="secret")
    assert await (await Visitor(house).sign_in("bob@example.com", "long enough")).is_signed_in()
    page = await admin.submit("/settings/users", email="eve@example.com", role="admin", password="")
    password = page.part("secret")
    assert password not in (await admin.get("/settings/users")).page.text, "it is shown once"
    eve = await Visitor(house).sign_in("eve@example.com", password)
    assert (await eve.get("/settings/users")).code == 200


@pytest.mark.parametrize(
    ("field", "fields", "words"),
    [
        ("email", {"email": ""}, "An e-mail address is needed to sign in with."),
        ("email", {"email": "bob"}, "'bob' is not an e-mail address."),
        ("email", {"email": "ada@example.com"}, "There is a user 'ada@example.com' already."),
        ("email", {"email": "b" * 250 + "@example.com"}, "At most 254 characters, and this is 262."),
        ("role", {"role": "owner"}, "Choose one of these."),
        ("password", {"password": "short"}, "A password needs at least 8 characters."),
    ],
)
async def test_a_user_that_cannot_be_is_refused_beside_the_field(house, admin, field, fields, words):
    good = {"email": "bob@example.com", "role": "supervisor", "password": "long enough"}
    answer = await (await admin.sign_in()).post("/settings/users", **good | fields)
    assert answer.code == 422
    assert answer.page.errors == {field: words} and answer.page.focused == [field]
    (email,) = answer.page.all("input", name="email")
    assert email.attributes["value"] == (good | fields)["email"], "what was typed is still there"
    (password,) = answer.page.all("input", name="password")
    assert "value" not in password.attributes, "but a password is not sent back"
    assert len(await house.store.read(people.listing, house.organization_id)) == 1


async def test_who_is_deactivated_is_out_within_a_second_and_comes_back_with_a_new_session_only(house, admin):
    await admin.sign_in()
    sue = await supervisor(house)
    key = await house.make_key("read", user_id=2)
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1", key=key) as viewer:
        await viewer.history()
        page = await admin.submit("/settings/users/2/deactivate")
        assert "sue@example.com is shut out" in page.text
        async with asyncio.timeout(1):
            assert await viewer.to_the_end() == 1008
    assert not await sue.is_signed_in()
    assert (await Visitor(house).post("/sign-in", email="sue@example.com", password="correct horse")).code == 401
    await admin.submit("/settings/users/2/reactivate")
    assert not await sue.is_signed_in(), "the old session stays ended"
    assert await (await sue.sign_in("sue@example.com")).is_signed_in()


async def test_nobody_shuts_out_oneself_and_of_two_who_shut_out_each_other_one_stays(either_house):
    house = either_house
    admin = await Visitor(house).sign_in()
    answer = await admin.post("/settings/users/1/deactivate")
    assert answer.code == 422 and "You cannot deactivate yourself" in answer.page.text
    bob = await house.user("bob@example.com", house.organization_id)
    work = [(house.user_id, bob), (bob, house.user_id)]
    outcomes = await asyncio.gather(
        *(house.store.write(deactivation(by), house.organization_id, whom) for whom, by in work), return_exceptions=True
    )
    assert [getattr(outcome, "code", None) for outcome in outcomes] == [None, "last_administrator"]
    assert isinstance(outcomes[1], Refused)


def deactivation(by):
    return lambda db, organization_id, whom: people.deactivate(db, organization_id, whom, by=by)


async def test_a_new_password_ends_every_session_but_the_administrators_own_here(house, admin):
    await admin.sign_in()
    elsewhere = await Visitor(house).sign_in()
    before = admin.cookies["callboard_session"]
    page = await admin.submit("/settings/users/1/password", password="a better one")
    assert "has a new password" in page.text
    assert admin.cookies["callboard_session"] != before and await admin.is_signed_in()
    assert not await elsewhere.is_signed_in()
    assert (await elsewhere.post("/sign-in", email="ada@example.com", password="correct horse")).code == 401
    answer = await admin.post("/settings/users/1/password", password="short")
    assert answer.code == 422 and answer.page.errors == {"password": "A password needs at least 8 characters."}
    page = await admin.submit("/settings/users/1/password", password="")
    assert await (await elsewhere.sign_in(password=page.part("secret"))).is_signed_in()


async def test_signing_in_again_ends_the_session_that_the_browser_had(house, admin):
    await admin.sign_in()
    other = Visitor(house)
    other.cookies = dict(admin.cookies)
    await admin.sign_in()
    assert await admin.is_signed_in() and not await other.is_signed_in()
