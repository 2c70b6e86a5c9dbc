// SPDX-License-Identifier: MIT
// json_text: the JSON text that each of the JSON libraries reads: a list of devices.
#ifndef TESTS_EMBED_LIBRARIES_JSON_TEXT_H
#define TESTS_EMBED_LIBRARIES_JSON_TEXT_H

#include <stdio.h>

#define DEVICES 24

static char text[4096];

static void write_text(void)
{
    size_t length = (size_t)sprintf(text, "{\"version\": 1, \"devices\": [");

    for (unsigned i = 0; i < DEVICES; i++)
        length += (size_t)sprintf(text + length,
                                  "%s{\"id\": %u, \"name\": \"device %u\", \"rate\": %u.5}",
                                  i == 0 ? "" : ", ", i, i * 1001, i);
    sprintf(text + length, "]}");
}

#endif
