// SPDX-License-Identifier: MIT
// expat parses a document with namespaces, an entity, attributes of many names and text, handed
// over in pieces.
#include "tests/embed/libraries/heap.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#define DEVICES 40

struct seen {
    unsigned elements, attributes, letters;
    unsigned depth, deepest;
};

static void XMLCALL start(void *context, const XML_Char *name, const XML_Char **attributes)
{
    struct seen *seen = context;

    CHECK(strncmp(name, "urn:devices|", 12) == 0);
    seen->elements++;
    for (; *attributes; attributes += 2)
        seen->attributes++;
    if (++seen->depth > seen->deepest)
        seen->deepest = seen->depth;
}

static void XMLCALL end(void *context, const XML_Char *name)
{
    struct seen *seen = context;

    (void)name;
    seen->depth--;
}

static void XMLCALL text(void *context, const XML_Char *letters, int length)
{
    struct seen *seen = context;

    (void)letters;
    seen->letters += (unsigned)length;
}

// False: no memory.
static bool parse(XML_Parser parser, const char *piece, bool last)
{
    enum XML_Status status = XML_Parse(parser, piece, (int)strlen(piece), last);

    CHECK(status == XML_STATUS_OK || XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY);
    return status == XML_STATUS_OK;
}

static bool parse_all(XML_Parser parser)
{
    char piece[160];

    if (!parse(parser,
               "<?xml version='1.0'?><!DOCTYPE d:devices [<!ENTITY vendor 'Example &#38;#38; Sons'>"
               "<!ATTLIST d:device class CDATA 'none'>]><d:devices xmlns:d='urn:devices'>",
               false))
        return false;
    for (unsigned i = 0; i < DEVICES; i++) {
        snprintf(
            piece, sizeof piece,
            "<d:device id='%u' name='device %u'><d:no%u a%u='&lt;'>&vendor;</d:no%u></d:device>", i,
            i * 1001, i, i, i);
        if (!parse(parser, piece, false))
            return false;
    }
    return parse(parser, "</d:devices>", true);
}

// Names are hashed the same in each run.
static void fix_salt(XML_Parser parser)
{
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 8
    static const uint8_t salt[16] = {1};

    XML_SetHashSalt16Bytes(parser, salt);
#else
    XML_SetHashSalt(parser, 1);
#endif
}

bool library_work(void)
{
    static const XML_Memory_Handling_Suite memory = {heap_malloc, heap_realloc, heap_free};
    struct seen seen = {0};
    XML_Parser parser = XML_ParserCreate_MM(NULL, &memory, "|");
    bool right;

    if (!parser)
        return false;
    fix_salt(parser);
    XML_SetUserData(parser, &seen);
    XML_SetElementHandler(parser, start, end);
    XML_SetCharacterDataHandler(parser, text);
    right = parse_all(parser);
    XML_ParserFree(parser);
    if (right)
        CHECK(seen.elements == 1 + 2 * DEVICES && seen.attributes == 4 * DEVICES &&
              seen.letters == 14 * DEVICES && seen.deepest == 3 && seen.depth == 0);
    return right;
}
