// SPDX-License-Identifier: MIT
// SQLite makes a database in memory: tables, an index, rows in a transaction, a query that joins,
// groups and sorts.
#include "tests/embed/libraries/heap.h"

#include <sqlite3.h>

#define ROWS 40

// --- Its memory ----------------------------------------------------------------------------------

static void *take(int size)
{
    return heap_malloc((size_t)size);
}

static void *resize(void *block, int size)
{
    return heap_realloc(block, (size_t)size);
}

static int size_of(void *block)
{
    return (int)heap_size(block);
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int open_memory(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void close_memory(void *context)
{
    (void)context;
}

// --- Its work ------------------------------------------------------------------------------------

// Whether it was done; if not, for want of memory.
static bool done(int status)
{
    CHECK(status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW ||
          (status & 0xff) == SQLITE_NOMEM);
    return (status & 0xff) != SQLITE_NOMEM;
}

static bool fill(sqlite3 *database)
{
    sqlite3_stmt *insert = NULL;
    bool good = done(sqlite3_exec(database,
                                  "CREATE TABLE vendor(id INTEGER PRIMARY KEY, name TEXT);"
                                  "CREATE TABLE device(name TEXT, vendor INT, rate REAL);"
                                  "CREATE INDEX by_vendor ON device(vendor);"
                                  "INSERT INTO vendor VALUES (0, 'zero'), (1, 'one'), (2, 'two');"
                                  "BEGIN",
                                  NULL, NULL, NULL)) &&
                done(sqlite3_prepare_v2(
                    database, "INSERT INTO device VALUES ('device ' || ?1, ?1 % 3, ?1 / 2.0)", -1,
                    &insert, NULL));

    for (int i = 0; good && i < ROWS; i++)
        good = done(sqlite3_bind_int(insert, 1, i)) && done(sqlite3_step(insert)) &&
               done(sqlite3_reset(insert));
    sqlite3_finalize(insert);
    return good && done(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL));
}

static bool query(sqlite3 *database)
{
    static const int counts[] = {14, 13, 13};
    sqlite3_stmt *select = NULL;
    int row = 0;
    int status = SQLITE_ROW;
    bool good = done(sqlite3_prepare_v2(
        database,
        "SELECT vendor.id, count(*), sum(rate), group_concat(device.name) FROM device JOIN vendor"
        " ON device.vendor = vendor.id GROUP BY vendor.name ORDER BY vendor.id",
        -1, &select, NULL));

    while (good && status == SQLITE_ROW) {
        status = sqlite3_step(select);
        good = done(status);
        if (status != SQLITE_ROW)
            break;
        CHECK(row < 3 && sqlite3_column_int(select, 0) == row &&
              sqlite3_column_int(select, 1) == counts[row]);
        row++;
    }
    CHECK(!good || row == 3);
    sqlite3_finalize(select);
    return good;
}

bool library_work(void)
{
    static const sqlite3_mem_methods memory = {take,     heap_free,   resize,       size_of,
                                               round_up, open_memory, close_memory, NULL};
    sqlite3 *database = NULL;
    bool right;

    sqlite3_shutdown();
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK &&
          sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
          sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
    right = done(sqlite3_initialize()) && done(sqlite3_open(":memory:", &database)) &&
            fill(database) && query(database);
    sqlite3_close(database);
    sqlite3_shutdown();
    return right;
}
