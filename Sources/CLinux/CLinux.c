#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Only async-signal-safe calls from here to execve: the parent may have other threads (fork(2)).
static void child(const struct jd_spawn_request *request, pid_t parent, int report, const sigset_t *mask) {
    for (int number = 1; number < NSIG; number++) {
        if (number != SIGKILL && number != SIGSTOP) signal(number, SIG_DFL);
    }
    if (setpgid(0, 0) != 0) goto failed;
    if (request->parent_death_signal != 0) {
        if (prctl(PR_SET_PDEATHSIG, request->parent_death_signal) != 0) goto failed;
        // The parent may have ended before prctl took effect.
        if (getppid() != parent) _exit(127);
    }
    if (request->address_space != 0) {
        struct rlimit limit = {request->address_space, request->address_space};
        if (setrlimit(RLIMIT_AS, &limit) != 0) goto failed;
    }
    if (request->directory && chdir(request->directory) != 0) goto failed;
    // Away from 0, 1, 2 first, so that no dup2 overwrites one still needed.
    int streams[3] = {request->input, request->output, request->error};
    for (int i = 0; i < 3; i++) {
        streams[i] = fcntl(streams[i], F_DUPFD, 3);
        if (streams[i] < 0) goto failed;
    }
    report = fcntl(report, F_DUPFD_CLOEXEC, 3);
    if (report < 0) _exit(127);
    for (int i = 0; i < 3; i++) {
        if (dup2(streams[i], i) < 0) goto failed;
    }
    syscall(SYS_close_range, 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execve(request->program, request->arguments, request->environment);
failed:;
    int code = errno;
    while (write(report, &code, sizeof code) < 0 && errno == EINTR) {
    }
    _exit(127);
}

int jd_spawn(const struct jd_spawn_request *request, pid_t *pid, int *pidfd) {
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0) return errno;
    sigset_t all, before, none;
    sigfillset(&all);
    sigemptyset(&none);
    // A handler of ours must not run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t started = fork();
    int code = errno;
    if (started == 0) {
        close(pipes[0]);
        child(request, parent, pipes[1], &none);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(pipes[1]);
    if (started < 0) {
        close(pipes[0]);
        return code;
    }
    int failure = 0;
    ssize_t count;
    do count = read(pipes[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    close(pipes[0]);
    if (count > 0) {
        while (waitpid(started, NULL, 0) < 0 && errno == EINTR) {
        }
        return failure;
    }
    int descriptor = (int)syscall(SYS_pidfd_open, started, 0);
    if (descriptor < 0) {
        code = errno;
        kill(started, SIGKILL);
        while (waitpid(started, NULL, 0) < 0 && errno == EINTR) {
        }
        return code;
    }
    *pid = started;
    *pidfd = descriptor;
    return 0;
}

int jd_wait(pid_t pid, bool block, struct jd_exit *result) {
    int status = 0;
    struct rusage usage = {0};
    pid_t got;
    do got = wait4(pid, &status, block ? 0 : WNOHANG, &usage);
    while (got < 0 && errno == EINTR);
    if (got < 0) return errno;
    if (got == 0) return EAGAIN;
    result->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result->user_seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
    result->system_seconds = (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec * 1e-6;
    result->peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    return 0;
}

int jd_poll(const int *descriptors, int count, int milliseconds, int *ready) {
    // As many as a stage may have workers, and some.
    struct pollfd entries[1100];
    *ready = -1;
    if (count < 0 || count > 1100) return EINVAL;
    for (int i = 0; i < count; i++) entries[i] = (struct pollfd){.fd = descriptors[i], .events = POLLIN};
    int found = poll(entries, (nfds_t)count, milliseconds);
    if (found < 0) return errno == EINTR ? 0 : errno;
    for (int i = 0; i < count; i++) {
        if (entries[i].revents != 0) {
            *ready = i;
            break;
        }
    }
    return 0;
}

static atomic_int stop_descriptor = -1;
static atomic_int stop_count = 0;
static atomic_int first_stop = 0;

static void stop_handler(int number) {
    int code = errno;
    int none = 0;
    atomic_compare_exchange_strong(&first_stop, &none, number);
    atomic_fetch_add(&stop_count, 1);
    uint64_t one = 1;
    if (write(atomic_load(&stop_descriptor), &one, sizeof one) < 0) {
        // The counter is full: it is readable already.
    }
    errno = code;
}

int jd_catch_stop_signals(bool hangup) {
    int known = atomic_load(&stop_descriptor);
    if (known >= 0) return known;
    int descriptor = jd_eventfd();
    if (descriptor < 0) return descriptor;
    int none = -1;
    if (!atomic_compare_exchange_strong(&stop_descriptor, &none, descriptor)) {
        close(descriptor);
        return none;
    }
    struct sigaction action = {.sa_handler = stop_handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGINT, &action, NULL) != 0 || sigaction(SIGTERM, &action, NULL) != 0) return -errno;
    struct sigaction found;
    if (hangup && sigaction(SIGHUP, NULL, &found) != 0) return -errno;
    if (hangup && found.sa_handler != SIG_IGN && sigaction(SIGHUP, &action, NULL) != 0) return -errno;
    // Whoever started this program may have had them blocked, and a mask is inherited (execve(2)).
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    if (hangup) sigaddset(&stops, SIGHUP);
    int code = pthread_sigmask(SIG_UNBLOCK, &stops, NULL);
    if (code != 0) return -code;
    return descriptor;
}

static atomic_int reload_descriptor = -1;

static void reload_handler(int number) {
    (void)number;
    int code = errno;
    uint64_t one = 1;
    if (write(atomic_load(&reload_descriptor), &one, sizeof one) < 0) {
        // The counter is full: it is readable already.
    }
    errno = code;
}

int jd_catch_reload_signal(void) {
    int known = atomic_load(&reload_descriptor);
    if (known >= 0) return known;
    int descriptor = jd_eventfd();
    if (descriptor < 0) return descriptor;
    int none = -1;
    if (!atomic_compare_exchange_strong(&reload_descriptor, &none, descriptor)) {
        close(descriptor);
        return none;
    }
    struct sigaction action = {.sa_handler = reload_handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (sigaction(SIGHUP, &action, NULL) != 0) return -errno;
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    int code = pthread_sigmask(SIG_UNBLOCK, &hangup, NULL);
    return code != 0 ? -code : descriptor;
}

int jd_stop_signals(void) { return atomic_load(&stop_count); }

int jd_first_stop_signal(void) { return atomic_load(&first_stop); }

int jd_eventfd(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

bool jd_is_being_written(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) return false;
    // A read lease is refused with EAGAIN while anyone holds the file open for writing.
    bool written = fcntl(descriptor, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
    if (!written) fcntl(descriptor, F_SETLEASE, F_UNLCK);
    close(descriptor);
    return written;
}

int jd_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
