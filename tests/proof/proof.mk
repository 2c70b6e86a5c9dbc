# SPDX-License-Identifier: MIT
#
# Proof, exhaustive run, fuzzing and the memory-model checker. The Makefile includes it.

PROOF_PACKAGES := frama-c-base=frama-c why3=why3 z3=z3 cvc4=cvc4 relacy-dev=/usr/include/relacy/relacy.hpp g++=g++
MODEL_DEPTH    ?= 5

# The admitted facts in bit vectors, the shared mode under the C11 memory model, Frama-C over
# kmem/fba.c and kmem/fba_handoff.c as they ship.
proof: | proof-packages
	$(PYTHON) -B tests/proof/bitvector_lemmas.py
	$(PYTHON) -B tests/proof/shared/explore.py
	$(PYTHON) -B tests/proof/prove.py --faults --smoke

# Every sequence of MODEL_DEPTH operations against the reference model; the seeded faults at 3.
exhaustive: | test-packages
	$(PYTHON) -B tests/model/exhaustive.py 3 --faults
	$(PYTHON) -B tests/model/exhaustive.py $(MODEL_DEPTH)

# make fuzz SECONDS=600
fuzz: | test-packages
	tests/fuzz/run.sh $(SECONDS)
	$(PYTHON) -B tests/fuzz/faults.py

proof-packages:
	@tests/harness/packages.sh $(PROOF_PACKAGES)

.PHONY: proof exhaustive fuzz proof-packages
