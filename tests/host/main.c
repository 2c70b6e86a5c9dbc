// SPDX-License-Identifier: MIT
// Runs the suites on the host: KTAP on standard output, exit status 0 iff every case passed.
//     suites [--only SUITE[.CASE]]
#include "tests/host/host.h"

#include <stdio.h>
#include <string.h>

static const struct suite *const suites[] = {
    &contention_suite,
    &mirrored_suite,
    &sanitizer_suite,
#ifndef __SANITIZE_THREAD__ // whose atomic operations hold a lock, and must not trap
    &interrupt_suite,
#endif
};
const struct suite_list host_suites = SUITE_LIST(suites);

static void write_to_stdout(void *context, const char *text, size_t length)
{
    (void)context;
    fwrite(text, 1, length, stdout);
}

int main(int argc, char **argv)
{
    const struct writer writer = {write_to_stdout, NULL};
    const char *only = NULL;

    if (argc == 3 && strcmp(argv[1], "--only") == 0) {
        only = argv[2];
    } else if (argc != 1) {
        fprintf(stderr, "usage: %s [--only SUITE[.CASE]]\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // what a sanitizer aborts is seen as far as it came
    return suites_run(&writer, only) == 0 ? 0 : 1;
}
