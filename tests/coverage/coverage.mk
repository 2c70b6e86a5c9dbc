# SPDX-License-Identifier: MIT
#
# Coverage of kmem/ by its suites. The Makefile includes it.

define help_coverage
  make coverage   branches and MC/DC conditions of kmem/: build/coverage/index.html; fails unless all are covered
      WITHOUT=$(WITHOUT)   suites that are left out
endef

coverage: | coverage-packages
	$(PYTHON) tests/coverage/measure.py $(addprefix --without ,$(WITHOUT))

.PHONY: coverage
