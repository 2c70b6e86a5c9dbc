// SPDX-License-Identifier: MIT
// Fuzz target: the command line, from UEFI load options of any bytes to the loader's and the
// kernel's options. Input and line stand at the ends of their memory, so that a byte beyond one is
// an error of the sanitizer.
#include "boot/kernel/kernel_options.h"
#include "boot/loader/loader_options.h"
#include "tests/fuzz/check.h"
#include "tests/fuzz/input.h"

#include <string.h>

#define MOST 40u

static void check_text(void *context, const char *text, size_t length)
{
    (void)context;
    for (size_t i = 0; i < length; i++)
        CHECK(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
}

static bool is_name(const char *name, const char *others)
{
    for (; *name != '\0'; name++) {
        bool is_letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
        if (!is_letter && !(*name >= '0' && *name <= '9') && !strchr(others, *name))
            return false;
    }
    return true;
}

static void check_options(const char *line, size_t length)
{
    const struct writer writer = {.write = check_text};
    struct loader_options options;
    struct loader_options_defect defect;
    struct kernel_options kernel_options;

    if (loader_options_parse(&options, line, length, &defect)) {
        CHECK(options.module_count <= LOADER_OPTIONS_MODULES_MAX);
        for (size_t i = 0; i < options.module_count; i++) {
            CHECK(memchr(options.modules[i], '\0', sizeof options.modules[i]));
            CHECK(options.modules[i][0] != '\0' && is_name(options.modules[i], "_.-/"));
        }
    } else {
        CHECK(defect.word >= line && defect.length > 0 && defect.length <= length);
        CHECK((size_t)(defect.word - line) <= length - defect.length && defect.advice);
    }
    kernel_options_parse(&kernel_options, line, length, &writer);
    CHECK(is_name(kernel_options.run, "_.-"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint8_t *options = malloc(size + 1);
    char *line = malloc(MOST);
    size_t length = 77;

    CHECK(options && line);
    memcpy(options + 1, bytes, size); // at an odd address
    switch (loader_options_decode(options + 1, size, line, MOST, &length)) {
    case LOADER_OPTIONS_TEXT:
        CHECK(length <= MOST && length <= size / 2);
        for (size_t i = 0; i < length; i++)
            CHECK((line[i] >= ' ' && line[i] <= '~') || strchr("\t\r\n", line[i]));
        line = realloc(line, length + 1);
        check_options(line, length);
        break;
    case LOADER_OPTIONS_TOO_LONG:
        CHECK(length == 0 && size / 2 > MOST);
        break;
    case LOADER_OPTIONS_NOT_TEXT:
        CHECK(length == 0);
        break;
    }
    check_options((const char *)options + 1, size); // as a file may have it
    free(options);
    free(line);
    return 0;
}
