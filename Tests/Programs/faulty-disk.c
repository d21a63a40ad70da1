// A full or read-only disk, for programs that hold nothing for it: preload this (ld.so(8), LD_PRELOAD), name a file in
// JDNAS_TEST_DISK that holds 0 (all is well), 1 (full) or 2 (read-only), as an int32_t, and in JDNAS_TEST_DISK_AT the folder
// whose files are concerned. Calls that would change something there fail with ENOSPC or EROFS. A full disk lets go of files, and
// now and then takes half of what is written.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const volatile int32_t *state;
static const char *folder;

__attribute__((constructor)) static void map_state(void) {
    const char *path = getenv("JDNAS_TEST_DISK");
    folder = getenv("JDNAS_TEST_DISK_AT");
    int file = path && folder ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(int32_t), PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) state = memory;
    close(file);
}

static int is_below(const char *path) {
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int link_is_below(const char *link) {
    char target[PATH_MAX];
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0) return 0;
    target[length] = 0;
    return is_below(target);
}

static int file_is_below(int file) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return link_is_below(link);
}

static int path_is_below(int base, const char *path) {
    if (path[0] == '/') return is_below(path);
    return base == AT_FDCWD ? link_is_below("/proc/self/cwd") : file_is_below(base);
}

// The error that a change fails with; 0 for none. What only lets go of something needs no room.
static int fault(int lets_go) {
    int32_t now = state ? *state : 0;
    return now == 1 && !lets_go ? ENOSPC : now == 2 ? EROFS : 0;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define FAIL_AT(base, path, lets_go) \
    do { \
        int code = fault(lets_go); \
        if (code && path_is_below(base, path)) { errno = code; return -1; } \
    } while (0)

#define FAIL_IN(file, lets_go) \
    do { \
        int code = fault(lets_go); \
        if (code && file_is_below(file)) { errno = code; return -1; } \
    } while (0)

static int opens_to_change(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT); }

// One that is there may be opened on a full disk.
static int needs_no_room(int base, const char *path) { return faccessat(base, path, F_OK, 0) == 0; }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        if (opens_to_change(flags) && fault(0)) FAIL_AT(AT_FDCWD, path, needs_no_room(AT_FDCWD, path)); \
        return real(path, flags, mode); \
    }

#define OPENAT(name) \
    int name(int base, const char *path, int flags, ...) { \
        REAL(name); \
        va_list list; \
        va_start(list, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
        va_end(list); \
        if (opens_to_change(flags) && fault(0)) FAIL_AT(base, path, needs_no_room(base, path)); \
        return real(base, path, flags, mode); \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *data, size_t size) {
    REAL(write);
    int code = fault(0);
    if (code && size && file_is_below(file)) {
        if (code == EROFS || size < 2 || size % 2) { errno = code; return -1; }
        return real(file, data, size / 2);
    }
    return real(file, data, size);
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    FAIL_AT(AT_FDCWD, path, 0);
    return real(path, mode);
}

int mkdirat(int base, const char *path, mode_t mode) {
    REAL(mkdirat);
    FAIL_AT(base, path, 0);
    return real(base, path, mode);
}

int link(const char *from, const char *to) {
    REAL(link);
    FAIL_AT(AT_FDCWD, to, 0);
    return real(from, to);
}

int linkat(int old_base, const char *from, int base, const char *to, int flags) {
    REAL(linkat);
    FAIL_AT(base, to, 0);
    return real(old_base, from, base, to, flags);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    FAIL_AT(AT_FDCWD, to, 0);
    return real(from, to);
}

int renameat(int old_base, const char *from, int base, const char *to) {
    REAL(renameat);
    FAIL_AT(base, to, 0);
    return real(old_base, from, base, to);
}

int renameat2(int old_base, const char *from, int base, const char *to, unsigned flags) {
    REAL(renameat2);
    FAIL_AT(base, to, 0);
    return real(old_base, from, base, to, flags);
}

int unlink(const char *path) {
    REAL(unlink);
    FAIL_AT(AT_FDCWD, path, 1);
    return real(path);
}

int unlinkat(int base, const char *path, int flags) {
    REAL(unlinkat);
    FAIL_AT(base, path, 1);
    return real(base, path, flags);
}

int rmdir(const char *path) {
    REAL(rmdir);
    FAIL_AT(AT_FDCWD, path, 1);
    return real(path);
}

int ftruncate(int file, off_t size) {
    REAL(ftruncate);
    FAIL_IN(file, 1);
    return real(file, size);
}
