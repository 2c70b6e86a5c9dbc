// SPDX-License-Identifier: MIT
// cJSON reads a JSON text, changes it, and writes it back.
#include "tests/embed/libraries/heap.h"
#include "tests/embed/libraries/json_text.h"

#include <cjson/cJSON.h>
#include <string.h>

// Adds a member to each device. False: no memory.
static bool change(const cJSON *root)
{
    const cJSON *devices = cJSON_GetObjectItemCaseSensitive(root, "devices");
    cJSON *device;

    CHECK(cJSON_GetArraySize(devices) == DEVICES);
    cJSON_ArrayForEach(device, devices)
    {
        double id = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(device, "id"));
        if (!cJSON_AddNumberToObject(device, "twice", 2 * id))
            return false;
    }
    return true;
}

// False: no memory.
static bool write_back(const cJSON *root)
{
    char *written = cJSON_PrintUnformatted(root);

    if (!written)
        return false;
    CHECK(strstr(written, "{\"id\":23,\"name\":\"device 23023\",\"rate\":23.5,\"twice\":46}]") &&
          strncmp(written, "{\"version\":1,\"devices\":[{\"id\":0,", 32) == 0);
    cJSON_free(written);
    return true;
}

bool library_work(void)
{
    cJSON_Hooks hooks = {heap_malloc, heap_free};
    cJSON *root;
    bool right;

    cJSON_InitHooks(&hooks);
    write_text();
    root = cJSON_Parse(text);
    if (!root)
        return false;
    right = change(root) && write_back(root);
    cJSON_Delete(root);
    return right;
}
