// SPDX-License-Identifier: MIT
// The list of manifest.h.
#include "boot/loader/manifest.h"

#include "arch/x86_64/string.h"

#define DIGEST VERIFIER_DIGEST_SIZE
#define HEX_SIZE (2 * DIGEST)
#define BLANKS 2 // between digest and name
#define SHOWN 16 // digits of a digest

#define HEADER_SIZE (sizeof MANIFEST_HEADER - 1)

static const char *text_of(const struct loader *loader)
{
    return (const char *)(uintptr_t)loader->manifest.pages.start;
}

// ── The signature ───────────────────────────────────────────────────────────────────────────────

// Why the signature is not one of the manifest, or NULL.
static const char *find_defect(struct loader *loader, const void *signature, uint64_t size)
{
    const struct verifier *verifier = loader->verifier;
    unsigned char digest[DIGEST], signed_digest[DIGEST];

    switch (verifier->open(&loader->firmware, signature, size, signed_digest)) {
    case VERIFIER_OTHER_KEY:
        return MANIFEST_SIGNATURE_NAME
            " is no signature by the key of this loader's certificate: it was made with another "
            "key, or altered";
    case VERIFIER_BAD_CERTIFICATE:
        return "this loader was built with a certificate that is not X.509, or whose key is not "
               "RSA";
    case VERIFIER_GOOD:
        break;
    }
    verifier->digest(&loader->firmware, text_of(loader), loader->manifest.size, digest);
    return memcmp(digest, signed_digest, DIGEST) == 0 ? NULL
                                                      : MANIFEST_NAME
               " was altered after it was signed, or " MANIFEST_SIGNATURE_NAME " is of another one";
}

enum loader_result manifest_verify(struct loader *loader, const void *signature, uint64_t size)
{
    const struct loader_file *file = &loader->manifest;
    const char *defect = find_defect(loader, signature, size);

    if (defect)
        return loader_stop(loader, EFI_SECURITY_VIOLATION, "%s", defect);
    if (file->size < HEADER_SIZE || memcmp(text_of(loader), MANIFEST_HEADER, HEADER_SIZE) != 0)
        return loader_stop(loader, EFI_SECURITY_VIOLATION,
                           MANIFEST_NAME " is signed, but its first line is not the one of a "
                                         "manifest for this loader");
    writer_print(&loader->firmware.console,
                 "loader: signed for this loader: what is started has to be in " MANIFEST_NAME
                 "\n");
    return LOADER_DONE;
}

// ── The list ────────────────────────────────────────────────────────────────────────────────────

static void write_hex(char hex[HEX_SIZE + 1], const unsigned char digest[DIGEST])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < DIGEST; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 0xf];
    }
    hex[HEX_SIZE] = '\0';
}

// Whether a line of `length` characters lists `name`.
static bool lists(const char *line, uint64_t length, const char *name)
{
    uint64_t i = HEX_SIZE + BLANKS;

    while (i < length && *name != '\0' && line[i] == *name)
        i++, name++;
    return i == length && i > HEX_SIZE + BLANKS && *name == '\0';
}

// The line of this name, of more than HEX_SIZE characters; NULL: there is none.
static const char *find_line(const struct loader *loader, const char *name)
{
    const char *text = text_of(loader);
    uint64_t start = HEADER_SIZE;

    for (uint64_t i = start; i < loader->manifest.size; i++) {
        if (text[i] != '\n')
            continue;
        if (lists(text + start, i - start, name))
            return text + start;
        start = i + 1;
    }
    return NULL;
}

enum loader_result manifest_check(struct loader *loader, const char *name, const char *what,
                                  const void *bytes, uint64_t size)
{
    unsigned char digest[DIGEST];
    char hex[HEX_SIZE + 1];

    if (!loader->verifier)
        return LOADER_DONE;
    const char *line = find_line(loader, name);
    if (!line)
        return loader_stop(loader, EFI_SECURITY_VIOLATION,
                           "%s is not in the signed " MANIFEST_NAME
                           ": name it when the image is made, as one of FILES",
                           what);
    loader->verifier->digest(&loader->firmware, bytes, size, digest);
    write_hex(hex, digest);
    if (memcmp(hex, line, HEX_SIZE) == 0)
        return LOADER_DONE;
    return loader_stop(
        loader, EFI_SECURITY_VIOLATION,
        "%s is not what was signed: its SHA-256 begins with %.*s, and in " MANIFEST_NAME
        " with %.*s",
        what, SHOWN, hex, SHOWN, line);
}
