// SPDX-License-Identifier: MIT
// The verifier of verifier.h: BearSSL, and the certificate that the Makefile was given.
#include "boot/loader/verifier.h"

#include "boot/loader/signed/hosted.h"

#include <bearssl.h>

#define DIGEST_STEP (UINT64_C(1) << 20) // bytes for which interrupts are off

// In DER. The names are those that ld gives to the contents of a file.
extern const unsigned char _binary_certificate_der_start[], _binary_certificate_der_end[];

static void digest(struct firmware *firmware, const void *bytes, uint64_t size,
                   unsigned char out[VERIFIER_DIGEST_SIZE])
{
    const unsigned char *from = bytes;
    br_sha256_context context;
    struct hosted before = hosted_begin(firmware);

    br_sha256_init(&context);
    while (size > 0) {
        uint64_t step = size < DIGEST_STEP ? size : DIGEST_STEP;
        br_sha256_update(&context, from, step);
        from += step;
        size -= step;
        hosted_end(firmware, before);
        before = hosted_begin(firmware);
    }
    br_sha256_out(&context, out);
    hosted_end(firmware, before);
}

// NULL iff the certificate is not X.509, or its key is not RSA. The key lies in the decoder.
static const br_rsa_public_key *find_key(br_x509_decoder_context *decoder)
{
    size_t size = (uintptr_t)_binary_certificate_der_end - (uintptr_t)_binary_certificate_der_start;

    br_x509_decoder_init(decoder, NULL, NULL);
    br_x509_decoder_push(decoder, _binary_certificate_der_start, size);
    const br_x509_pkey *key = br_x509_decoder_get_pkey(decoder);
    return key && key->key_type == BR_KEYTYPE_RSA ? &key->key.rsa : NULL;
}

static enum verifier_result open(struct firmware *firmware, const void *signature, uint64_t size,
                                 unsigned char out[VERIFIER_DIGEST_SIZE])
{
    static br_x509_decoder_context decoder;
    uint32_t is_valid = 0;
    struct hosted before = hosted_begin(firmware);
    const br_rsa_public_key *key = find_key(&decoder);

    if (key)
        is_valid = br_rsa_i31_pkcs1_vrfy(signature, size, BR_HASH_OID_SHA256, VERIFIER_DIGEST_SIZE,
                                         key, out);
    hosted_end(firmware, before);
    if (!key)
        return VERIFIER_BAD_CERTIFICATE;
    return is_valid ? VERIFIER_GOOD : VERIFIER_OTHER_KEY;
}

const struct verifier *verifier_built_in(void)
{
    static const struct verifier bearssl = {digest, open};

    return &bearssl;
}
