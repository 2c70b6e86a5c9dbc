// SPDX-License-Identifier: MIT
// What boot/loader/manifest.h promises, with a verifier that says what a case wants: the digest of
// bytes is their first one, repeated.
#include "boot/loader/manifest.h"
#include "tests/loader/stub_firmware.h"
#include "tests/loader/suites.h"

#include <string.h>

#define DIGEST_OF_A "6161616161616161616161616161616161616161616161616161616161616161"
#define DIGEST_OF_B "6262626262626262626262626262626262626262626262626262626262626262"

static struct stub_firmware firmware;
static struct loader loader;
static enum verifier_result found; // what the signature is
static unsigned char of;           // whose signature it is: the first byte of the text

static void digest(struct firmware *unused, const void *bytes, uint64_t size,
                   unsigned char out[VERIFIER_DIGEST_SIZE])
{
    (void)unused;
    memset(out, size > 0 ? *(const unsigned char *)bytes : 0, VERIFIER_DIGEST_SIZE);
}

static enum verifier_result open(struct firmware *unused, const void *signature, uint64_t size,
                                 unsigned char out[VERIFIER_DIGEST_SIZE])
{
    (void)unused;
    (void)signature;
    (void)size;
    memset(out, of, VERIFIER_DIGEST_SIZE);
    return found;
}

static const struct verifier stub = {digest, open};

// A loader that has read `text`, a string that stays, as its manifest.
static void read(const char *text)
{
    EFI_SYSTEM_TABLE *system = stub_firmware_start(&firmware);

    memset(&loader, 0, sizeof loader);
    firmware_open(&loader.firmware, stub_firmware_image(), system);
    loader.verifier = &stub;
    loader.manifest.pages.start = (uintptr_t)text;
    loader.manifest.size = strlen(text);
    found = VERIFIER_GOOD;
    of = (unsigned char)*text;
}

static bool verify(void)
{
    return manifest_verify(&loader, "", 0) == LOADER_DONE;
}

static bool accepts(const char *name, const char *bytes)
{
    return manifest_check(&loader, name, name, bytes, strlen(bytes)) == LOADER_DONE;
}

static void a_signature_is_the_manifests_own_and_by_the_right_key(struct suite_run *run)
{
    read(MANIFEST_HEADER);
    CHECK(run, verify());
    of = 'x';
    CHECK(run, !verify());
    CHECK(run, stub_firmware_said(&firmware, "manifest.txt was altered after it was signed"));
    found = VERIFIER_OTHER_KEY;
    CHECK(run, !verify());
    CHECK(run, stub_firmware_said(&firmware, "it was made with another key, or altered"));
    found = VERIFIER_BAD_CERTIFICATE;
    CHECK(run, !verify());
    CHECK(run, stub_firmware_said(&firmware, "a certificate that is not X.509"));
}

static void another_list_that_the_key_has_signed_is_no_manifest(struct suite_run *run)
{
    static const char *const others[] = {"", "#", DIGEST_OF_A "  kernel.elf\n",
                                         "# early boot: what this machine starts, version 2\n"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        read(others[i]);
        CHECK(run, !verify());
        CHECK(run, stub_firmware_said(&firmware, "its first line is not the one of a manifest"));
    }
}

static void a_file_is_known_by_name_and_bytes(struct suite_run *run)
{
    read(MANIFEST_HEADER DIGEST_OF_A "  a\n" DIGEST_OF_B "  sub/b\n");
    CHECK(run, accepts("a", "a"));
    CHECK(run, accepts("sub/b", "b"));
    CHECK(run, !accepts("a", "b"));
    CHECK(run, stub_firmware_said(&firmware,
                                  "loader: stopped: a is not what was signed: its SHA-256 begins "
                                  "with 6262626262626262, and in manifest.txt with "
                                  "6161616161616161 (Security Violation)"));
    CHECK(run, !accepts("sub/b", ""));
}

static void a_name_is_the_whole_of_a_line(struct suite_run *run)
{
    read(MANIFEST_HEADER DIGEST_OF_A "  kernel.elf\n");
    CHECK(run, accepts("kernel.elf", "a"));
    CHECK(run, !accepts("kernel.el", "a"));
    CHECK(run, !accepts("ernel.elf", "a"));
    CHECK(run, !accepts("kernel.elf2", "a"));
    CHECK(run, !accepts("KERNEL.ELF", "a"));
    CHECK(run, !accepts("", "a"));
    CHECK(run, stub_firmware_said(&firmware, "KERNEL.ELF is not in the signed manifest.txt"));
}

static void lines_that_list_nothing_are_passed_over(struct suite_run *run)
{
    read(MANIFEST_HEADER "\n# a remark\n  a\n" DIGEST_OF_A "\n" DIGEST_OF_A "  \n" DIGEST_OF_B
                         "  b\n" DIGEST_OF_A "  a");
    CHECK(run, accepts("b", "b"));
    CHECK(run, !accepts("a", "a")); // its line does not end
    CHECK(run, !accepts("", "a"));
}

static void a_loader_without_a_certificate_takes_every_file(struct suite_run *run)
{
    read("");
    loader.verifier = NULL;
    CHECK(run, accepts("kernel.elf", "a"));
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_signature_is_the_manifests_own_and_by_the_right_key),
    SUITE_CASE(another_list_that_the_key_has_signed_is_no_manifest),
    SUITE_CASE(a_file_is_known_by_name_and_bytes),
    SUITE_CASE(a_name_is_the_whole_of_a_line),
    SUITE_CASE(lines_that_list_nothing_are_passed_over),
    SUITE_CASE(a_loader_without_a_certificate_takes_every_file),
};
const struct suite manifest_suite = SUITE("manifest", cases);
