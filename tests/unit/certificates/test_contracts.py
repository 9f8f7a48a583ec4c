"""Contracts of cars: the way to one of several roots, and the word of OCPP for each fault."""

from __future__ import annotations

from datetime import timedelta

import pytest

from laddverk.certificates import rules_contract
from laddverk.certificates.rules_contract import Fault
from laddverk.ocpp.certificate_answers import ContractStanding
from tests import pki

EMAID = "SELADC00000012"
ROOTS = [pki.entity("MO root A", ca=True), pki.entity("MO root B", ca=True)]
SUB2 = pki.entity("MO sub 2", pki_sub1 := pki.entity("MO sub 1", ROOTS[1], ca=True), ca=True)
LEAF = pki.entity(EMAID, SUB2)


def way(*chain, known=()):
    trusted = [root.certificate for root in ROOTS]
    return rules_contract.path_of(
        [one.certificate for one in chain], trusted, [one.certificate for one in known], pki.now()
    )


def test_a_contract_is_traced_over_its_authorities_to_the_second_root():
    found = way(LEAF, SUB2, pki_sub1)
    assert found.root == ROOTS[1].certificate
    assert len(found.below_root()) == 3


def test_authorities_that_we_know_need_not_be_sent():
    assert way(LEAF, known=[pki_sub1, SUB2]).root == ROOTS[1].certificate


@pytest.mark.parametrize(
    ("chain", "standing"),
    [
        ((LEAF,), ContractStanding.CHAIN_ERROR),
        ((LEAF, pki.entity("MO sub 2", pki_sub1, ca=True), pki_sub1), ContractStanding.SIGNATURE_ERROR),
        ((pki.entity(EMAID, SUB2, begins=-2 * pki.YEAR), SUB2, pki_sub1), ContractStanding.EXPIRED),
        ((pki.entity(EMAID, SUB2, begins=timedelta(days=1)), SUB2, pki_sub1), ContractStanding.EXPIRED),
        ((pki.entity(EMAID, pki.entity("Foreign", ca=True)),), ContractStanding.CHAIN_ERROR),
        ((SUB2, pki_sub1), ContractStanding.CHAIN_ERROR),
        ((pki.entity(EMAID, leaf := pki.entity("no authority", pki_sub1)), leaf, pki_sub1),
         ContractStanding.CHAIN_ERROR),
    ],
)  # fmt: skip
def test_each_fault_has_its_word(chain, standing):
    with pytest.raises(Fault) as fault:
        way(*chain)
    assert fault.value.standing is standing
    assert fault.value.why


def test_a_path_length_is_obeyed():
    short = pki.entity("short", ROOTS[0], ca=True, path_length=0)
    below = pki.entity("below", short, ca=True)
    with pytest.raises(Fault):
        way(pki.entity(EMAID, below), below, short)


@pytest.mark.parametrize("given", [EMAID, "SE-LAD-C00000012", "selad c00000012", EMAID + "X"])
def test_an_emaid_is_the_same_however_it_is_written(given):
    rules_contract.check_emaid(LEAF.certificate, given)


@pytest.mark.parametrize("given", ["", "SELADC00000013", "NLLADC00000012"])
def test_a_contract_of_somebody_else_is_refused(given):
    with pytest.raises(Fault):
        rules_contract.check_emaid(LEAF.certificate, given)


def test_revoked_is_revoked_and_the_unknown_is_as_the_operator_chose():
    assert rules_contract.judged({"a": "Failed", "b": "Revoked"}, refuses_unknown=False)[0] is ContractStanding.REVOKED
    assert rules_contract.judged({"a": "Good"}, refuses_unknown=True)[0] is ContractStanding.ACCEPTED
    assert rules_contract.judged({"a": "Unknown"}, refuses_unknown=True)[0] is ContractStanding.CHAIN_ERROR
    assert rules_contract.judged({"a": "Unknown"}, refuses_unknown=False)[0] is ContractStanding.ACCEPTED
