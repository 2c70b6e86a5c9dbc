# SPDX-License-Identifier: MIT
#
# Fuzzing. The Makefile includes it.

FUZZ_SECONDS ?= 60

define help_fuzz
  make fuzz     the kept corpus and new inputs for each fuzz target, then seeded faults
      FUZZ_SECONDS=$(FUZZ_SECONDS)   how long each target gets new inputs
endef

fuzz: | test-packages
	$(PYTHON) tests/fuzz/fuzz.py $(call checked,FUZZ_SECONDS,$(FUZZ_SECONDS),0,86400,1,0 to 86400 seconds)
	$(PYTHON) tests/fuzz/faults.py

.PHONY: fuzz
