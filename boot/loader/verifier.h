// SPDX-License-Identifier: MIT
// verifier: verifies signatures (RSA with SHA-256) for a loader that was built with a certificate,
// and so starts signed files only. signed/verifier.c calls a library, BearSSL; unsigned/verifier.c
// is in a loader that was built without a certificate. manifest.h says what is verified.
#ifndef BOOT_LOADER_VERIFIER_H
#define BOOT_LOADER_VERIFIER_H

#include "boot/loader/firmware.h"

#include <stdint.h>

#define VERIFIER_DIGEST_SIZE 32u    // bytes of a SHA-256 (FIPS 180-4)
#define VERIFIER_SIGNATURE_MAX 512u // bytes: one by an RSA key of 4096 bits

enum verifier_result {
    VERIFIER_GOOD,
    VERIFIER_OTHER_KEY,       // no signature of the certificate's key
    VERIFIER_BAD_CERTIFICATE, // not X.509, or its key is not RSA
};

struct verifier {
    // The SHA-256 of `size` bytes.
    void (*digest)(struct firmware *firmware, const void *bytes, uint64_t size,
                   unsigned char digest[VERIFIER_DIGEST_SIZE]);
    // Gives the digest that `signature` is one of: RSA, PKCS #1 v1.5 (RFC 8017, 8.2), with SHA-256.
    enum verifier_result (*open)(struct firmware *firmware, const void *signature, uint64_t size,
                                 unsigned char digest[VERIFIER_DIGEST_SIZE]);
};

// NULL iff the loader was built without a certificate.
const struct verifier *verifier_built_in(void);

#endif
