"""Who may do what."""

from __future__ import annotations

from uuid import uuid4

import pytest

from laddverk.kernel.actors import PERMISSIONS, Actor, Permission, Role, rule
from laddverk.kernel.problems import NotAllowed, NotFound


def test_only_an_admin_makes_staff() -> None:
    assert [role for role in Role if Permission.STAFF_WRITE in PERMISSIONS[role]] == [Role.ADMIN]


def test_a_site_host_reads_and_changes_nothing() -> None:
    assert all(permission.value.endswith(":read") for permission in PERMISSIONS[Role.SITE_HOST])


def test_a_refusal_names_the_permission() -> None:
    with pytest.raises(NotAllowed, match="payments:refund"):
        Actor("operator", permissions=PERMISSIONS[Role.TECHNICIAN]).require(Permission.PAYMENTS_REFUND)


def test_what_one_may_not_see_does_not_exist() -> None:
    mine, others = uuid4(), uuid4()
    host = Actor("operator", site_ids=frozenset({mine}))
    host.require_site(mine)
    with pytest.raises(NotFound):
        host.require_site(others)


def test_the_house_itself_may_do_everything() -> None:
    assert all(rule("test").may(permission) for permission in Permission)


def test_nobody_in_particular_may_do_nothing() -> None:
    assert not any(Actor("anonymous").may(permission) for permission in Permission)


def test_the_books_of_the_network_are_for_who_sees_all_of_it() -> None:
    Actor("operator").require_everywhere()
    with pytest.raises(NotFound):
        Actor("api_key", site_ids=frozenset({uuid4()})).require_everywhere()
