// SPDX-License-Identifier: MIT
// A file of a kernel that has types and structures of kmem's names already, and others than kmem's:
// they are renamed around the includes, as kmem/README.md says, and members of that name with them.
// test_unity.py compiles it.
typedef unsigned short size_t;
typedef unsigned long long uint32_t;

struct writer {
    int port;
};
struct limit {
    size_t bytes;
};
struct report {
    uint32_t number;
};

#define size_t kmem_size_t
#define uint32_t kmem_uint32_t
#define writer kmem_writer
#define limit kmem_limit
#define report kmem_report
#include "kmem/limit.h"
#include "kmem/report.h"
#include "kmem/writer.h"
#undef size_t
#undef uint32_t
#undef writer
#undef limit
#undef report

_Static_assert(sizeof(size_t) == 2 && sizeof(kmem_size_t) == sizeof(void *), "one name each");
_Static_assert(sizeof(uint32_t) == 8 && sizeof(kmem_uint32_t) == 4, "one name each");

void account(struct report *own, struct limit *budget, const struct writer *serial,
             const struct kmem_writer *writer, const struct fba *fba);

void account(struct report *own, struct limit *budget, const struct writer *serial,
             const struct kmem_writer *writer, const struct fba *fba)
{
    struct kmem_report report = {.kmem_writer = writer, .prefix = "", .name = "early heap"};

    own->number++;
    budget->bytes = (size_t)serial->port;
    report_account(&report, fba);
}
