// SPDX-License-Identifier: MIT
// The device of stub_fw_cfg.h, after QEMU's docs/specs/fw_cfg.rst.
#include "tests/loader/stub_fw_cfg.h"

#include <string.h>

#define FIRST_FILE 0x20 // key of file 0
#define DIRECTORY 0x19
#define ENTRY_SIZE 64u

static uint32_t file_count(const struct stub_fw_cfg *device)
{
    uint32_t count = 0;

    while (device->files[count].name)
        count++;
    return count;
}

static unsigned char byte_of_directory(const struct stub_fw_cfg *device, uint64_t position)
{
    struct {
        uint32_t size;
        uint16_t key, reserved;
        char name[56];
    } entry = {0};
    unsigned char bytes[ENTRY_SIZE];

    if (position < sizeof(uint32_t))
        return (unsigned char)((file_count(device) + device->overstated) >> (8 * (3 - position)));
    uint64_t index = (position - sizeof(uint32_t)) / ENTRY_SIZE;
    if (index >= file_count(device))
        return 0;
    const struct stub_fw_cfg_file *file = &device->files[index];
    entry.size = __builtin_bswap32(file->size);
    entry.key = __builtin_bswap16((uint16_t)(FIRST_FILE + index));
    memcpy(entry.name, file->name, strlen(file->name));
    memcpy(bytes, &entry, sizeof bytes);
    return bytes[(position - sizeof(uint32_t)) % ENTRY_SIZE];
}

static unsigned char next_byte(struct stub_fw_cfg *device)
{
    uint64_t position = device->position++;

    if (device->key == DIRECTORY)
        return byte_of_directory(device, position);
    if (device->key < FIRST_FILE || device->key >= FIRST_FILE + file_count(device))
        return 0;
    const struct stub_fw_cfg_file *file = &device->files[device->key - FIRST_FILE];
    return position < file->size ? ((const unsigned char *)file->data)[position] : 0;
}

static void transfer(struct stub_fw_cfg *device, uint64_t address)
{
    struct {
        uint32_t control, length;
        uint64_t to;
    } *access = (void *)(uintptr_t)address;
    uint32_t control = __builtin_bswap32(access->control);
    unsigned char *to = (unsigned char *)(uintptr_t)__builtin_bswap64(access->to);

    if (device->never_answers)
        return;
    if (++device->transfers == device->failing_transfer) {
        access->control = __builtin_bswap32(1);
        return;
    }
    if (control & 8) {
        device->key = (uint16_t)(control >> 16);
        device->position = 0;
    }
    for (uint32_t i = 0; (control & 2) && i < __builtin_bswap32(access->length); i++)
        to[i] = next_byte(device);
    access->control = 0;
}

static uint32_t read_port(void *context, uintptr_t port, unsigned width)
{
    const struct stub_fw_cfg *device = context;

    if (device->has_no_dma || width != 4)
        return UINT32_MAX;
    return __builtin_bswap32(port == 0x514 ? 0x51454d55 : port == 0x518 ? 0x20434647 : 0);
}

static void write_port(void *context, uintptr_t port, unsigned width, uint32_t value)
{
    struct stub_fw_cfg *device = context;

    if (width != 4)
        return;
    if (port == 0x514)
        device->address_high = __builtin_bswap32(value);
    if (port == 0x518)
        transfer(device, (uint64_t)device->address_high << 32 | __builtin_bswap32(value));
}

struct device_io stub_fw_cfg_ports(struct stub_fw_cfg *device)
{
    return (struct device_io){.read = read_port, .write = write_port, .context = device};
}
