# SPDX-License-Identifier: MIT
#
# Installs the harness for use outside of this repository. The Makefile includes it.

define help_install
  make install-harness   the harness as one command, boot-harness, with a manual page
      PREFIX=$(PREFIX)   where to; DESTDIR stands in front, for packages
  make uninstall-harness   removes it from there
endef

# All modules but those of this repository's own kernel and tests.
HARNESS_MODULES := $(filter-out $(patsubst %,tests/harness/%.py,c_sources failure_report failures heap_forecast manual pe_file \
    pytest_totals replay), $(wildcard tests/harness/*.py))

build/boot-harness.1: tests/harness/manual.py tests/harness/boot-harness.1.in $(HARNESS_MODULES) | run-packages
	$(call say,MANUAL)
	$(Q)mkdir -p $(@D) && $(PYTHON) $< $@

INSTALLED_MODULES = $(call installed,share/boot-harness)
INSTALLED_PLUGIN  = $(call installed,share/boot-harness/plugin)
INSTALLED_MANUAL  = $(call installed,share/man/man1)

install-harness: build/boot-harness.1 build/loader.efi build/boot_waiter.efi | install-packages
	$(call say,INSTALL,$(DESTDIR)$(PREFIX)/bin/boot-harness)
	$(Q)install -d $(call installed,bin) $(INSTALLED_PLUGIN) $(INSTALLED_MANUAL)
	$(Q)install tests/harness/boot-harness $(call installed,bin)
	$(Q)install -m 644 $(HARNESS_MODULES) build/loader.efi build/boot_waiter.efi $(INSTALLED_MODULES)
	$(Q)install -m 644 tests/harness/plugin/pytest_boots.py $(INSTALLED_PLUGIN)
	$(Q)install -m 644 build/boot-harness.1 $(INSTALLED_MANUAL)

uninstall-harness:
	$(Q)rm -rf $(call installed,bin/boot-harness) $(INSTALLED_MODULES) $(INSTALLED_MANUAL)/boot-harness.1

.PHONY: install-harness uninstall-harness
