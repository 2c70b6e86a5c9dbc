// SPDX-License-Identifier: MIT
// The reading of files.h.
#include "boot/loader/files.h"

#include "arch/x86_64/page.h"
#include "arch/x86_64/string.h"
#include "boot/cmdline.h"
#include "boot/loader/manifest.h"

#define KERNEL_FILE_MAX (UINT64_C(64) << 20)
#define MODULE_FILE_MAX (UINT64_C(4) << 30)
#define MANIFEST_MAX (UINT64_C(1) << 20)

#define FW_CFG_FOLDER "opt/early-boot/"

#define KERNEL_NAME "kernel.elf"
#define COMMAND_LINE_NAME "cmdline.txt"

#define LONGEST_WORD_SHOWN 127 // characters

#define FILE_NAME_MAX HANDOFF_MODULE_NAME_MAX

static bool is_found(EFI_STATUS status)
{
    return status != EFI_NOT_FOUND && status != EFI_NO_MEDIA;
}

// A file that is offered in fw_cfg is meant for this boot, so fw_cfg comes first. EFI_NOT_FOUND: it
// has no such file, or there is no fw_cfg.
static EFI_STATUS read_from_fw_cfg(struct loader *loader, const char *name, uint64_t most,
                                   void *buffer, struct loader_file *file)
{
    char path[sizeof FW_CFG_FOLDER + FILE_NAME_MAX] = FW_CFG_FOLDER;
    struct fw_cfg_file offered;

    for (size_t i = 0; name[i] != '\0'; i++)
        path[sizeof FW_CFG_FOLDER - 1 + i] = name[i];
    if (!fw_cfg_find(&loader->fw_cfg, path, &offered))
        return EFI_NOT_FOUND;
    writer_print(&loader->firmware.console, "loader: %s, %u byte%s, from fw_cfg\n", name,
                 offered.size, writer_plural(offered.size));
    file->size = offered.size;
    if (offered.size > most)
        return EFI_BAD_BUFFER_SIZE;
    if (offered.size == 0)
        return EFI_SUCCESS;
    if (!buffer) {
        EFI_STATUS status =
            firmware_allocate(&loader->firmware, offered.size, PAGE_SIZE, &file->pages);
        if (EFI_ERROR(status))
            return status;
        buffer = (void *)(uintptr_t)file->pages.start;
    }
    if (fw_cfg_read(&loader->fw_cfg, &offered, buffer))
        return EFI_SUCCESS;
    firmware_free(&loader->firmware, &file->pages);
    return EFI_DEVICE_ERROR;
}

static EFI_STATUS read_from_volume(struct loader *loader, const char *name, uint64_t most,
                                   void *buffer, struct loader_file *file)
{
    CHAR16 path[FILE_NAME_MAX + 2] = {'\\'}; // relative to the root directory

    for (size_t i = 0; name[i] != '\0'; i++)
        path[i + 1] = name[i] == '/' ? (CHAR16)'\\' : (CHAR16)name[i];
    return firmware_read_file(&loader->firmware, path, most, buffer, &file->pages, &file->size);
}

// `name` has at most FILE_NAME_MAX characters; `buffer` has room for `most` bytes, or is NULL for
// pages of the file's own. EFI_NOT_FOUND or EFI_NO_MEDIA: there is no such file.
static EFI_STATUS read_file(struct loader *loader, const char *name, uint64_t most, void *buffer,
                            struct loader_file *file)
{
    *file = (struct loader_file){{0}, 0};
    EFI_STATUS status = read_from_fw_cfg(loader, name, most, buffer, file);
    return status == EFI_NOT_FOUND ? read_from_volume(loader, name, most, buffer, file) : status;
}

static enum loader_result stop_without_file(struct loader *loader, EFI_STATUS status,
                                            const char *name)
{
    const char *advice = status == EFI_NO_MEDIA
                             ? "the loader was not started from a volume with a file system; start "
                               "it from the volume that has the file"
                             : "it is not in the root directory of the volume that the loader was "
                               "started from; put it there";

    if (loader->fw_cfg.present)
        return loader_stop(loader, status,
                           "no %s: %s, or give QEMU -fw_cfg name=" FW_CFG_FOLDER "%s,file=...",
                           name, advice, name);
    return loader_stop(loader, status, "no %s: %s", name, advice);
}

static enum loader_result stop_unread(struct loader *loader, EFI_STATUS status, const char *name,
                                      const struct loader_file *file, uint64_t most)
{
    if (status == EFI_BAD_BUFFER_SIZE)
        return loader_stop(loader, status, "%s has %llu bytes, at most %llu are read", name,
                           (unsigned long long)file->size, (unsigned long long)most);
    if (status == EFI_OUT_OF_RESOURCES)
        return loader_stop(loader, status,
                           "there is no memory for %s, %llu bytes: give the machine more", name,
                           (unsigned long long)file->size);
    return loader_stop(loader, status, "%s, %llu bytes, could not be read", name,
                       (unsigned long long)file->size);
}

// ── The manifest ────────────────────────────────────────────────────────────────────────────────

static enum loader_result read_signed(struct loader *loader, const char *name, uint64_t most,
                                      void *buffer, struct loader_file *file)
{
    EFI_STATUS status = read_file(loader, name, most, buffer, file);

    if (!is_found(status))
        return loader_stop(loader, EFI_SECURITY_VIOLATION,
                           "no %s: this loader was built with a certificate and starts only what "
                           "is signed; make image SIGN_KEY=... SIGN_CERT=... writes it",
                           name);
    return EFI_ERROR(status) ? stop_unread(loader, status, name, file, most) : LOADER_DONE;
}

enum loader_result files_read_manifest(struct loader *loader)
{
    unsigned char signature[VERIFIER_SIGNATURE_MAX];
    struct loader_file file;

    if (!loader->verifier)
        return LOADER_DONE;
    enum loader_result result =
        read_signed(loader, MANIFEST_NAME, MANIFEST_MAX, NULL, &loader->manifest);
    if (result == LOADER_DONE)
        result = read_signed(loader, MANIFEST_SIGNATURE_NAME, sizeof signature, signature, &file);
    return result == LOADER_DONE ? manifest_verify(loader, signature, file.size) : result;
}

// ── The command line ────────────────────────────────────────────────────────────────────────────

// Fills in the command line from the load options; it stays empty if they are none or not text.
static enum loader_options_text read_load_options(struct loader *loader)
{
    struct firmware_options options = firmware_load_options(&loader->firmware);
    size_t length = 0;
    enum loader_options_text text = loader_options_decode(
        options.data, options.size, loader->command_line, HANDOFF_COMMAND_LINE_MAX, &length);

    loader->command_line_size = length;
    if (text == LOADER_OPTIONS_NOT_TEXT)
        writer_print(
            &loader->firmware.console,
            "loader: the load options, %llu byte%s, are not text in UTF-16 and are ignored\n",
            (unsigned long long)options.size, writer_plural(options.size));
    if (text == LOADER_OPTIONS_TEXT && length > 0)
        writer_print(&loader->firmware.console, "loader: command line from the load options\n");
    return text;
}

static enum loader_result read_command_line_file(struct loader *loader)
{
    struct loader_file file;
    EFI_STATUS status =
        read_file(loader, COMMAND_LINE_NAME, HANDOFF_COMMAND_LINE_MAX, loader->command_line, &file);

    if (!is_found(status))
        return LOADER_DONE;
    if (EFI_ERROR(status))
        return stop_unread(loader, status, COMMAND_LINE_NAME, &file, HANDOFF_COMMAND_LINE_MAX);
    loader->command_line_size = file.size;
    return LOADER_DONE;
}

// It is signed as its file, which ends with a line feed; load options have none.
static enum loader_result check_command_line(struct loader *loader, const char *source)
{
    size_t size = loader->command_line_size;

    if (size == 0 || loader->command_line[size - 1] != '\n')
        loader->command_line[size++] = '\n';
    return manifest_check(loader, COMMAND_LINE_NAME, source, loader->command_line, size);
}

static enum loader_result parse_options(struct loader *loader)
{
    struct loader_options_defect defect;

    if (loader_options_parse(&loader->options, loader->command_line, loader->command_line_size,
                             &defect))
        return LOADER_DONE;

    char word[LONGEST_WORD_SHOWN + 1];
    struct writer_buffer buffer;
    struct writer writer = writer_to_buffer(&buffer, word, sizeof word);
    cmdline_print(&writer, (struct cmdline_word){defect.word, defect.length});
    return loader_stop(loader, EFI_INVALID_PARAMETER, "\"%s\" in the command line: %s", word,
                       defect.advice);
}

enum loader_result files_read_command_line(struct loader *loader)
{
    enum loader_result result = LOADER_DONE;
    const char *source = "the command line of the load options";

    if (read_load_options(loader) == LOADER_OPTIONS_TOO_LONG)
        return loader_stop(loader, EFI_BAD_BUFFER_SIZE,
                           "the load options have %llu bytes, and more than the %u characters "
                           "that a command line may have: shorten them",
                           (unsigned long long)firmware_load_options(&loader->firmware).size,
                           HANDOFF_COMMAND_LINE_MAX);
    if (loader->command_line_size == 0) {
        source = COMMAND_LINE_NAME;
        result = read_command_line_file(loader);
    }
    if (result == LOADER_DONE)
        result = check_command_line(loader, source);
    return result == LOADER_DONE ? parse_options(loader) : result;
}

// ── Kernel and modules ──────────────────────────────────────────────────────────────────────────

static void warn_of_lost_version(struct loader *loader)
{
    if (loader->elf.version_is_lost)
        writer_print(
            &loader->firmware.console,
            "loader: GNU strip or objcopy has replaced the version of the handoff, which "
            "stood in p_paddr: whether it is this loader's, the kernel itself must check\n");
}

static enum loader_result check_kernel(struct loader *loader)
{
    struct elf_defect defect;

    if (elf_check((const void *)(uintptr_t)loader->kernel_file.pages.start,
                  loader->kernel_file.size, &loader->elf, &defect)) {
        warn_of_lost_version(loader);
        return LOADER_DONE;
    }

    char sentence[256];
    struct writer_buffer buffer;
    struct writer writer = writer_to_buffer(&buffer, sentence, sizeof sentence);
    elf_describe(&writer, &defect);
    return loader_stop(loader, EFI_LOAD_ERROR, "%s", sentence);
}

static enum loader_result check_file(struct loader *loader, const char *name,
                                     const struct loader_file *file)
{
    return manifest_check(loader, name, name, (const void *)(uintptr_t)file->pages.start,
                          file->size);
}

enum loader_result files_read_kernel(struct loader *loader)
{
    EFI_STATUS status = read_file(loader, KERNEL_NAME, KERNEL_FILE_MAX, NULL, &loader->kernel_file);

    if (!is_found(status))
        return stop_without_file(loader, status, KERNEL_NAME);
    if (EFI_ERROR(status))
        return stop_unread(loader, status, KERNEL_NAME, &loader->kernel_file, KERNEL_FILE_MAX);
    enum loader_result result = check_file(loader, KERNEL_NAME, &loader->kernel_file);
    return result == LOADER_DONE ? check_kernel(loader) : result;
}

enum loader_result files_read_modules(struct loader *loader)
{
    for (size_t i = 0; i < loader->options.module_count; i++) {
        const char *name = loader->options.modules[i];
        struct loader_file *file = &loader->modules[i];
        EFI_STATUS status = read_file(loader, name, MODULE_FILE_MAX, NULL, file);
        if (!is_found(status))
            return stop_without_file(loader, status, name);
        if (EFI_ERROR(status))
            return stop_unread(loader, status, name, file, MODULE_FILE_MAX);
        enum loader_result result = check_file(loader, name, file);
        if (result != LOADER_DONE)
            return result;
        if (file->size == 0)
            continue;
        // The kernel must not see what the firmware left in the last page.
        unsigned char *bytes = (unsigned char *)(uintptr_t)file->pages.start;
        memset(bytes + file->size, 0, file->pages.pages * PAGE_SIZE - file->size);
    }
    return LOADER_DONE;
}

void files_free(struct loader *loader)
{
    for (size_t i = 0; i < LOADER_OPTIONS_MODULES_MAX; i++)
        firmware_free(&loader->firmware, &loader->modules[i].pages);
    firmware_free(&loader->firmware, &loader->kernel_file.pages);
    firmware_free(&loader->firmware, &loader->manifest.pages);
}
