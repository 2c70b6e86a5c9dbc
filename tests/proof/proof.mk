# SPDX-License-Identifier: MIT
#
# The proof. The Makefile includes it.

define help_proof
  make proof    Frama-C over kmem/fba*.c, seeded faults that must lose goals, the shared mode under the C11 memory model
  make proof-parsers  of it, what reads bytes that others wrote: no run-time error, every loop ends
endef

# The admitted facts in bit vectors, the shared mode under the C11 memory model, Frama-C over
# kmem/fba.c and kmem/fba_handoff.c as they ship.
proof: | proof-packages
	$(PYTHON) tests/proof/bitvector_lemmas.py
	$(PYTHON) tests/proof/shared/explore.py
	$(PYTHON) tests/proof/prove.py --faults --smoke
	$(PYTHON) tests/proof/parsers.py --faults --smoke

# What reads bytes of firmware, files and command lines.
proof-parsers: | proof-packages
	$(PYTHON) tests/proof/parsers.py --faults --smoke

.PHONY: proof proof-parsers
