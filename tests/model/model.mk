# SPDX-License-Identifier: MIT
#
# The exhaustive run against the reference model. The Makefile includes it.

MODEL_DEPTH ?= 5

define help_model
  make exhaustive   every sequence of operations against the model (7 minutes), and seeded faults
      MODEL_DEPTH=$(MODEL_DEPTH)   operations in a sequence
endef

# The seeded faults are found with 3 operations.
exhaustive: | test-packages
	$(PYTHON) tests/model/exhaustive.py 3 --faults
	$(PYTHON) tests/model/exhaustive.py $(call checked,MODEL_DEPTH,$(MODEL_DEPTH),1,9,1,1 to 9 operations)

.PHONY: exhaustive
