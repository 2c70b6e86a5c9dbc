# SPDX-License-Identifier: MIT
#
# kmem/ for other trees: as one header and one source, as an archive, installed as a library, and its reference
# documentation. The Makefile includes it.

PIECES ?=
PREFIX ?= /usr/local
KMEM_WITHOUT ?=

define help_kmem
  make amalgamation   write kmem/ as one header and one source, build/amalgamation/kmem.h and kmem.c
      PIECES=$(PIECES)        of it these pieces and what they need; all of it if none is named
  make dist     write the archive build/kmem-$(KMEM_VERSION).tar.gz of kmem/; the same files make the same bytes
  make docs     the reference documentation of the headers, build/docs/html/index.html, by doxygen
  make install  kmem as a library: its headers, libkmem.a and kmem.pc for pkg-config
      PREFIX=$(PREFIX)   where to; DESTDIR stands in front, for packages
      KMEM_WITHOUT=$(KMEM_WITHOUT)  pieces to leave out, such as fba_shared; for another processor CC, AR and CFLAGS
  make uninstall   removes it from there
endef

KMEM_VERSION := $(subst $() ,.,$(strip $(shell sed -n 's/^.define KMEM_VERSION_[A-Z]* \([0-9]*\)$$/\1/p' kmem/version.h)))
KMEM_PRIVATE := $(shell grep -l '^// Private:' kmem/*.h)
KMEM_HEADERS := $(sort $(filter-out $(KMEM_PRIVATE) $(KMEM_WITHOUT:%=kmem/%.h),$(wildcard kmem/*.h kmem/*.hpp)))
KMEM_FILES   := $(sort $(wildcard kmem/*.[ch] kmem/*.hpp kmem/*.md kmem/*.py) LICENSE \
    $(addprefix kmem/,sources.mk meson.build meson_options.txt CMakeLists.txt))

amalgamation:
	$(Q)$(PYTHON) kmem/amalgamate.py build/amalgamation $(PIECES)

# Nothing of the archive tells when, where or by whom it was made.
dist:
	$(Q)mkdir -p build && tar --create --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rw,go=r \
	    --transform='s,^kmem/,,;s,^,kmem-$(KMEM_VERSION)/,' $(KMEM_FILES) | gzip --no-name -9 >build/kmem-$(KMEM_VERSION).tar.gz

# Debian 12's doxygen has nothing to warn of. What another one warns of is shown, and is no error.
docs: | docs-packages
	$(Q)rm -rf build/docs && mkdir -p build/docs
	$(Q)printf '%s\n' '@INCLUDE = kmem/docs/Doxyfile' 'PROJECT_NUMBER = $(KMEM_VERSION)' \
	    'INPUT_FILTER = "$(PYTHON) kmem/docs/filter.py"' 'EXCLUDE = $(KMEM_PRIVATE)' \
	    $(if $(filter 1.9.4,$(firstword $(shell doxygen --version))),,'WARN_AS_ERROR = NO') | doxygen -
	$(call say,DOCS,build/docs/html/index.html)

LIBRARY_OBJS := $(call objects,library,$(KMEM_SOURCES))
LIBRARY_CC    = $(CC) $(COMMON) -O2 -g -ffreestanding $(CFLAGS) $(COMPILE)

build/library/%.o: %.c build/stamps/LIBRARY_CC
	$(call compile,$(LIBRARY_CC))

build/library/libkmem.a: $(LIBRARY_OBJS) build/stamps/LIBRARY_OBJS
	$(archive)

-include $(LIBRARY_OBJS:.o=.d)

# $(call installed,PATH): where that is installed.
installed = $(call quote,$(DESTDIR)$(PREFIX)/$1)

install: build/library/libkmem.a
	$(call say,INSTALL,$(DESTDIR)$(PREFIX)/lib/pkgconfig/kmem.pc)
	$(Q)install -d $(call installed,include/kmem) $(call installed,lib/pkgconfig)
	$(Q)install -m 644 $(KMEM_HEADERS) $(call installed,include/kmem)
	$(Q)install -m 644 $< $(call installed,lib)
	$(Q)sed $(call quote,s|@PREFIX@|$(PREFIX)|;s|@VERSION@|$(KMEM_VERSION)|) kmem/kmem.pc.in >$(call installed,lib/pkgconfig/kmem.pc)

uninstall:
	$(Q)rm -rf $(foreach path,include/kmem lib/libkmem.a lib/pkgconfig/kmem.pc,$(call installed,$(path)))

.PHONY: amalgamation dist docs install uninstall
