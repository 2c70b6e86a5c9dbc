// SPDX-License-Identifier: MIT
// A file of a kernel that has types and structures of kmem's names already, and others than kmem's:
// they are renamed around the includes, as kmem/README.md says, and members of that name with them.
// Its macros, some of which are named like attributes, stay as they are. test_unity.py compiles it.
#define noinline __attribute__((__noinline__))
#define always_inline inline __attribute__((__always_inline__))
#define format(archetype) __attribute__((__format__(archetype, 1, 2)))
#define printf kernel_printf
#define cleanup(function) __attribute__((__cleanup__(function)))
#define may_alias __attribute__((__may_alias__))
#define NULL 0
#define offsetof(type, member) __builtin_offsetof(type, member)
#define container_of(at, type, member) ((type *)((char *)(at)-offsetof(type, member)))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define align(number, to) (((number) + (to)-1) & ~((to)-1))
#define assert(condition) ((void)(condition))
#define free(block) kernel_free(block)
#define write(text) kernel_write(text)

typedef unsigned short size_t;
typedef unsigned long long uint32_t;
typedef enum { false, true } bool;

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
#include "kmem/fba_inline.h"
#include "kmem/limit.h"
#include "kmem/report.h"
#include "kmem/writer.h"
#undef size_t
#undef uint32_t
#undef writer
#undef limit
#undef report
#undef bool
#undef true
#undef false

_Static_assert(sizeof(size_t) == 2 && sizeof(kmem_size_t) == sizeof(void *), "one name each");
_Static_assert(sizeof(uint32_t) == 8 && sizeof(kmem_uint32_t) == 4, "one name each");

bool account(struct report *own, struct limit *budget, const struct writer *serial,
             const struct kmem_writer *writer, struct fba *fba);

bool account(struct report *own, struct limit *budget, const struct writer *serial,
             const struct kmem_writer *writer, struct fba *fba)
{
    struct kmem_report report = {.kmem_writer = writer, .prefix = "", .name = "early heap"};

    own->number++;
    budget->bytes = (size_t)serial->port;
    FBA_SCOPE(fba)
    {
        if (!fba_new(fba, struct limit))
            writer_print(writer, "%zu bytes do not fit\n", sizeof(struct limit));
    }
    report_account(&report, fba);
    return fba_status(fba) == FBA_OK ? true : false;
}
