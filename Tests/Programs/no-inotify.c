// No inotify(7), for programs that preload this (ld.so(8), LD_PRELOAD): as where a user has no instance of it left.
//
// JDNAS_TEST_LOOKS, the path of a file, gets a line for each look of the main thread into the folder of the file JDNAS_TEST_DROP
// ("look 1" where that is there, else "look 0"), for each poll(2) one with its longest time in milliseconds ("wait 1000"), and
// for each process that it starts ("start 1").
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int inotify_init1(int flags) {
    (void)flags;
    errno = EMFILE;
    return -1;
}

// Programs that are started in turn have this, too.
static int is_watched(void) { return gettid() == getpid() && strcmp(program_invocation_short_name, "jdnas") == 0; }

static void note(const char *what, int number) {
    const char *path = getenv("JDNAS_TEST_LOOKS");
    int file = path && is_watched() ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
    if (file < 0) return;
    dprintf(file, "%s %d\n", what, number);
    close(file);
}

DIR *opendir(const char *path) {
    static DIR *(*real)(const char *);
    if (!real) real = (DIR * (*)(const char *)) dlsym(RTLD_NEXT, "opendir");
    const char *drop = getenv("JDNAS_TEST_DROP");
    const char *name = drop ? strrchr(drop, '/') : NULL;
    size_t length = strlen(path);
    if (name && (size_t)(name - drop) == length && strncmp(drop, path, length) == 0) {
        note("look", access(drop, F_OK) == 0);
    }
    return real(path);
}

int poll(struct pollfd *entries, nfds_t count, int milliseconds) {
    static int (*real)(struct pollfd *, nfds_t, int);
    if (!real) real = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    note("wait", milliseconds);
    return real(entries, count, milliseconds);
}

pid_t fork(void) {
    static pid_t (*real)(void);
    if (!real) real = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    note("start", 1);
    return real();
}
