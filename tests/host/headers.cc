// SPDX-License-Identifier: MIT
// Every header of kmem/ that a C++17 kernel may include, and what is a macro in them, used.
// Compiled only: what it links with are the object files of the C sources.
#include "kmem/array_list.h"
#include "kmem/failing.h"
#include "kmem/fallback.h"
#include "kmem/fba_account.h"
#include "kmem/fba_allocator.h"
#include "kmem/fba_handoff.h"
#include "kmem/fba_inline.h"
#include "kmem/fba_shared.h"
#include "kmem/free_lists.h"
#include "kmem/header.h"
#include "kmem/kmem.hpp"
#include "kmem/ledger.h"
#include "kmem/limit.h"
#include "kmem/poison.h"
#include "kmem/probe.h"
#include "kmem/reclaim.h"
#include "kmem/redzone.h"
#include "kmem/report.h"

namespace
{

struct thing {
    char letter;
    uint64_t number;
};

unsigned char memory[4096];
unsigned char zeros[4096];
struct fba early = FBA_INIT(memory);
struct fba early_zeroed = FBA_INIT_ZEROED(zeros);

} // namespace

uint64_t use()
{
    uint64_t sum = 0;
    thing *one = fba_new(&early, thing);
    thing *many = fba_new_array(&early_zeroed, thing, 3);

    FBA_SCOPE(&early)
    {
        sum += one != nullptr && many != nullptr;
    }

    struct allocator allocator = fba_allocator(&early);
    struct array_list list = array_list_of(thing, allocator);
    const thing item = {'a', 1};
    (void)array_list_append(&list, &item);
    (void)array_list_append(&list, allocator_new(&allocator, thing));
    (void)array_list_append_many(&list, allocator_new_array(&allocator, thing, 2), 2);
    array_list_each(thing, each, &list) sum += each->number;
    return sum;
}
