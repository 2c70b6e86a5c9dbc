// SPDX-License-Identifier: MIT
// jansson reads a JSON text, changes it, and writes it back.
#include "tests/embed/libraries/heap.h"
#include "tests/embed/libraries/json_text.h"

#include <jansson.h>
#include <string.h>

// Adds a member to each device. False: no memory.
static bool change(json_t *root)
{
    json_t *devices = json_object_get(root, "devices");

    CHECK(json_array_size(devices) == DEVICES);
    for (size_t i = 0; i < DEVICES; i++) {
        json_t *device = json_array_get(devices, i);
        json_int_t id = json_integer_value(json_object_get(device, "id"));
        if (json_object_set_new(device, "twice", json_integer(2 * id)) != 0)
            return false;
    }
    return true;
}

// False: no memory.
static bool write_back(const json_t *root)
{
    char *written = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);

    if (!written)
        return false;
    CHECK(strstr(written, "{\"id\":23,\"name\":\"device 23023\",\"rate\":23.5,\"twice\":46}]") &&
          strncmp(written, "{\"devices\":[{\"id\":0,", 20) == 0);
    heap_free(written);
    return true;
}

bool library_work(void)
{
    json_error_t error;
    json_t *root;
    bool right;

    json_set_alloc_funcs(heap_malloc, heap_free);
    json_object_seed(1); // the same run each time
    write_text();
    root = json_loads(text, 0, &error);
    if (!root) // with an error of any kind, such as an invalid token, where memory was missing
        return false;
    right = change(root) && write_back(root);
    json_decref(root);
    return right;
}
