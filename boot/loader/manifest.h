// SPDX-License-Identifier: MIT
// manifest: the signed list of all that a boot is made of: kernel, modules and command line, each
// by name and SHA-256. One signature over one list binds them to each other: a file under another
// name, a module that is not listed, or the command line of another boot is rejected.
// boot/manifest.sh writes it. A loader that was built without a certificate (verifier.h) does not
// look for one.
//
// The list is as sha256sum writes it: lines of a digest in lower case, two blanks and a name. Its
// first line is a comment, MANIFEST_HEADER, so that no other signed list is taken for one. The
// command line is listed as its file, cmdline.txt, which ends with a line feed.
#ifndef BOOT_LOADER_MANIFEST_H
#define BOOT_LOADER_MANIFEST_H

#include "boot/loader/loader.h"

#define MANIFEST_NAME "manifest.txt"
#define MANIFEST_SIGNATURE_NAME "manifest.sig"
#define MANIFEST_HEADER "# early boot: what this machine starts, version 1\n"

// Verifies the signature of `loader->manifest`, whose bytes have been read.
// Stops iff it is not one that the certificate's key has made over the manifest, the loader's
// certificate is of no use, or the manifest has another first line.
enum loader_result manifest_verify(struct loader *loader, const void *signature, uint64_t size);

// Checks that the manifest lists these bytes as `name`; in a sentence they are called `what`. Does
// nothing in a loader without a certificate. Linear in `size` and in the manifest's.
// Stops iff it lists no such name, or other bytes.
enum loader_result manifest_check(struct loader *loader, const char *name, const char *what,
                                  const void *bytes, uint64_t size);

#endif
