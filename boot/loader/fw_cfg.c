// SPDX-License-Identifier: MIT
// The DMA interface of fw_cfg.h. All numbers of the device are big-endian.
#include "boot/loader/fw_cfg.h"

// The DMA address register: its upper half, and its lower half, whose writing begins the transfer.
// Read, they say "QEMU CFG" where the interface is present.
#define PORT_DMA_HIGH 0x514
#define PORT_DMA_LOW 0x518
#define SIGNATURE_HIGH 0x51454d55u
#define SIGNATURE_LOW 0x20434647u

#define KEY_FILE_DIRECTORY 0x19
#define FILES_MAX 0x4000u // a key has so many bits beside its flags
#define FILE_NAME_SIZE 56 // bytes, the NUL included

// FWCfgDmaAccess.control.
#define DMA_ERROR 0x01u
#define DMA_READ 0x02u
#define DMA_SELECT 0x08u // the key is in the upper half
#define DMA_KEY_SHIFT 16

// QEMU has finished when the port write returns; the specification asks for a look all the same.
#define ANSWER_READS 1000000

struct dma_access {
    uint32_t control;
    uint32_t length;
    uint64_t address;
};

struct directory_entry {
    uint32_t size;
    uint16_t key;
    uint16_t reserved;
    char name[FILE_NAME_SIZE];
};

static uint32_t read_port(const struct fw_cfg *fw_cfg, uint16_t port)
{
    return __builtin_bswap32(fw_cfg->ports.read(fw_cfg->ports.context, port, sizeof(uint32_t)));
}

static void write_port(const struct fw_cfg *fw_cfg, uint16_t port, uint32_t value)
{
    fw_cfg->ports.write(fw_cfg->ports.context, port, sizeof(uint32_t), __builtin_bswap32(value));
}

static bool transfer(const struct fw_cfg *fw_cfg, uint32_t control, void *to, uint32_t length)
{
    volatile struct dma_access access = {
        .control = __builtin_bswap32(control),
        .length = __builtin_bswap32(length),
        .address = __builtin_bswap64((uintptr_t)to),
    };
    uint64_t at = (uintptr_t)&access;

    __asm__ volatile("" : : : "memory"); // the device reads and writes memory
    write_port(fw_cfg, PORT_DMA_HIGH, (uint32_t)(at >> 32));
    write_port(fw_cfg, PORT_DMA_LOW, (uint32_t)at);
    for (int i = 0; i < ANSWER_READS; i++) {
        uint32_t left = __builtin_bswap32(access.control);
        __asm__ volatile("" : : : "memory");
        if ((left & DMA_ERROR) != 0)
            return false;
        if (left == 0)
            return true;
    }
    return false;
}

static bool read_selected(const struct fw_cfg *fw_cfg, uint16_t key, void *to, uint32_t length)
{
    return transfer(fw_cfg, DMA_SELECT | DMA_READ | (uint32_t)key << DMA_KEY_SHIFT, to, length);
}

void fw_cfg_open(struct fw_cfg *fw_cfg, struct device_io ports)
{
    fw_cfg->ports = ports;
    fw_cfg->present = read_port(fw_cfg, PORT_DMA_HIGH) == SIGNATURE_HIGH &&
                      read_port(fw_cfg, PORT_DMA_LOW) == SIGNATURE_LOW;
}

static bool is_named(const struct directory_entry *entry, const char *name)
{
    for (size_t i = 0; i < FILE_NAME_SIZE; i++) {
        if (entry->name[i] != name[i])
            return false;
        if (name[i] == '\0')
            return true;
    }
    return false;
}

bool fw_cfg_find(const struct fw_cfg *fw_cfg, const char *name, struct fw_cfg_file *file)
{
    uint32_t count;
    struct directory_entry entry;

    if (!fw_cfg->present || !read_selected(fw_cfg, KEY_FILE_DIRECTORY, &count, sizeof count))
        return false;
    count = __builtin_bswap32(count);
    for (uint32_t i = 0; i < count && i < FILES_MAX; i++) {
        if (!transfer(fw_cfg, DMA_READ, &entry, sizeof entry)) // goes on behind the last read
            return false;
        if (is_named(&entry, name)) {
            *file =
                (struct fw_cfg_file){__builtin_bswap32(entry.size), __builtin_bswap16(entry.key)};
            return true;
        }
    }
    return false;
}

bool fw_cfg_read(const struct fw_cfg *fw_cfg, const struct fw_cfg_file *file, void *to)
{
    return read_selected(fw_cfg, file->key, to, file->size);
}
