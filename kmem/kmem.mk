# SPDX-License-Identifier: MIT
#
# kmem/ for other trees: as one header and one source, and as an archive. The Makefile includes it.

PIECES ?=

define help_kmem
  make amalgamation   write kmem/ as one header and one source, build/amalgamation/kmem.h and kmem.c
      PIECES=$(PIECES)        of it these pieces and what they need; all of it if none is named
  make dist     write the archive build/kmem-$(KMEM_VERSION).tar.gz of kmem/; the same files make the same bytes
endef

KMEM_VERSION := $(subst $() ,.,$(strip $(shell sed -n 's/^.define KMEM_VERSION_[A-Z]* \([0-9]*\)$$/\1/p' kmem/version.h)))
KMEM_FILES   := $(sort $(wildcard kmem/*.[ch] kmem/*.hpp kmem/*.md kmem/*.py) LICENSE)

amalgamation:
	$(Q)$(PYTHON) kmem/amalgamate.py build/amalgamation $(PIECES)

# Nothing of the archive tells when, where or by whom it was made.
dist:
	$(Q)mkdir -p build && tar --create --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rw,go=r \
	    --transform='s,^kmem/,,;s,^,kmem-$(KMEM_VERSION)/,' $(KMEM_FILES) | gzip --no-name -9 >build/kmem-$(KMEM_VERSION).tar.gz

.PHONY: amalgamation dist
