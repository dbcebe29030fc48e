"""The comparison of two judges: what counts as a fault."""

from dataclasses import dataclass, replace

import pytest

from simulator.conformance.agreement import Agreement, compare
from simulator.conformance.cases import Case, Change, cases, changes
from simulator.conformance.judges import Verdict

ACCEPTS, REFUSES = Verdict(True), Verdict(False, "spec.x: Invalid value")
REPLACES = Verdict(False, replaced=True)
CASE = replace(cases()[0], accepted=False, says="Invalid value", simulator="")
CHANGE = replace(changes()[0], accepted=False, says="Invalid value", simulator="")


@dataclass
class Judge:
    verdict: Verdict

    def judge(self, case: Case | Change) -> Verdict:
        return self.verdict


def compared(case: Case | Change, simulated: Verdict, real: Verdict, version: str = "1.35") -> Agreement:
    return compare([case], Judge(simulated), Judge(real), version)


@pytest.mark.parametrize("case", [CASE, CHANGE])
def test_what_only_the_simulator_accepts_is_a_fault(case):
    agreement = compared(case, ACCEPTS, REFUSES)
    assert "the simulator accepts it; the API server: spec.x" in agreement.faults[0]
    assert agreement.counts == {(True, False): 1}


def test_what_only_the_api_server_accepts_is_a_fault():
    agreement = compared(replace(CASE, accepted=True), REFUSES, ACCEPTS)
    assert "the API server accepts it; the simulator: spec.x" in agreement.faults[0]


def test_a_reason_excuses_a_disagreement_and_is_shown():
    agreement = compared(replace(CASE, simulator="Nobody binds claims."), ACCEPTS, REFUSES)
    assert not agreement.faults
    assert agreement.excused[0].endswith("Nobody binds claims.")


def test_a_replacement_agrees_with_either_verdict():
    assert not compared(CHANGE, REPLACES, REFUSES).faults
    assert not compared(replace(CHANGE, accepted=True), REPLACES, ACCEPTS).faults


def test_a_verdict_or_a_text_that_changed_makes_the_corpus_out_of_date():
    assert compared(replace(CASE, accepted=True), ACCEPTS, ACCEPTS).outdated == []
    assert compared(CASE, ACCEPTS, ACCEPTS).outdated
    assert compared(replace(CASE, says="Required value"), REFUSES, REFUSES).outdated
    assert not compared(replace(CASE, versions={"1.36": True}), ACCEPTS, ACCEPTS, "1.36").outdated
