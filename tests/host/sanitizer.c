// SPDX-License-Identifier: MIT
// An access outside of a red-zoned block is a report of AddressSanitizer. A child process makes the
// access, its standard error is read. Without the sanitizer there is nothing to report, and what is
// checked is that the red zone finds the damage by itself.
#define _POSIX_C_SOURCE 200809L // threads, barriers and processes under -std=c11

#include "tests/host/host.h"

#include "kmem/fba_allocator.h"
#include "kmem/redzone.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WATCHED true
#endif
#ifndef WATCHED
#define WATCHED false
#endif

#define BLOCK 21

static _Alignas(16) unsigned char memory[1024];
static struct fba fba;
static struct redzone redzone;
static char report[8192];

// What a child says on standard error that writes at `offset` of a red-zoned block. Its exit status
// is 42 if it lived and the red zone found the write.
static int write_at(ptrdiff_t offset)
{
    int ends[2];

    fba_init(&fba, memory, sizeof memory);
    redzone_init(&redzone, fba_allocator(&fba));
    struct allocator allocator = redzone_allocator(&redzone);
    unsigned char *block = allocator_alloc(&allocator, BLOCK, 1);
    if (!block || pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        ((volatile unsigned char *)block)[offset] = 0;
        allocator_free(&allocator, block, BLOCK, 1);
        _exit(redzone.faults > 0 ? 42 : 0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], report + length, sizeof report - 1 - length)) > 0)
        length += (size_t)got;
    report[length] = '\0';
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_found(struct suite_run *run, ptrdiff_t offset)
{
    int status = write_at(offset);

    if (WATCHED)
        CHECK(run, status != 0 && strstr(report, "AddressSanitizer: use-after-poison"));
    else
        CHECK_EQUAL(run, status, 42);
}

static void a_write_inside_the_block_is_not_reported(struct suite_run *run)
{
    CHECK_EQUAL(run, write_at(0), 0);
    CHECK_EQUAL(run, write_at(BLOCK - 1), 0);
}

static void an_overrun_is_reported(struct suite_run *run)
{
    check_found(run, BLOCK); // in the middle of a granule
    check_found(run, BLOCK + REDZONE_SIZE - 1);
}

static void an_underrun_is_reported(struct suite_run *run)
{
    check_found(run, -1);
    check_found(run, -REDZONE_SIZE);
}

static const struct suite_case cases[] = {
    SUITE_CASE(a_write_inside_the_block_is_not_reported),
    SUITE_CASE(an_overrun_is_reported),
    SUITE_CASE(an_underrun_is_reported),
};
const struct suite sanitizer_suite = SUITE("sanitizer", cases);
