// What Linux offers and Swift's Glibc module lacks. Every call returns 0 or a positive errno value unless it says
// otherwise; none of them prints, exits or allocates for the caller.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#pragma clang assume_nonnull begin

/// A program to start. The three descriptors become the child's 0, 1 and 2; all others are closed in it.
struct jd_spawn_request {
    const char *program;
    char *const _Nullable *_Nonnull arguments;    ///< argv, ends with NULL
    char *const _Nullable *_Nonnull environment;  ///< envp, ends with NULL
    const char *_Nullable directory;              ///< working directory; NULL: the caller's
    int input, output, error;
    /// The signal the child gets when the *thread* that spawned it ends (prctl(2), PR_SET_PDEATHSIG); 0: none.
    int parent_death_signal;
    /// RLIMIT_AS in bytes; 0: as the caller's.
    uint64_t address_space;
};

/// Starts a program in its own process group. fork + execve, with the child's errno brought back over a pipe, so that
/// a program that can't be started is an error here and not an exit status later. `pidfd` is close-on-exec.
int jd_spawn(const struct jd_spawn_request *request, pid_t *pid, int *pidfd);

/// How a child ended.
struct jd_exit {
    int code;    ///< exit code, or -1 if a signal ended it
    int signal;  ///< the signal, or 0
    double user_seconds, system_seconds;
    int64_t peak_bytes;  ///< largest resident set
};

/// Reaps a child that has ended (wait4(2), with WNOHANG when `block` is false: then EAGAIN while it runs). EINTR is retried.
int jd_wait(pid_t pid, bool block, struct jd_exit *result);

/// Waits until one of the descriptors is readable; sets `ready` to its index or to -1 after `milliseconds`. EINTR: as if the time were up.
int jd_poll(const int *descriptors, int count, int milliseconds, int *ready);

/// Catches SIGINT, SIGTERM and, with `hangup` and unless it is ignored, SIGHUP from now on, for the whole
/// process, also where the caller's thread had them blocked. Returns a descriptor that becomes readable with the
/// first such signal and stays so, or -errno. Calling it again returns the same descriptor.
int jd_catch_stop_signals(bool hangup);

/// Catches SIGHUP from now on, for the whole process, also where it was ignored or blocked. Returns a descriptor
/// (eventfd(2)) that counts the signals since it was last read, or -errno. Calling it again returns the same descriptor.
int jd_catch_reload_signal(void);

/// How many of these signals have arrived since `jd_catch_stop_signals`.
int jd_stop_signals(void);

/// The number of the first of them, or 0.
int jd_first_stop_signal(void);

/// A counter descriptor (eventfd(2)), or -errno.
int jd_eventfd(void);

/// Whether some process of this machine has the file open for writing (fcntl(2), F_SETLEASE). False where that can't be known.
bool jd_is_being_written(const char *path);

/// Processors this process may run on (sched_getaffinity(2)), at least 1.
int jd_processors(void);

#pragma clang assume_nonnull end
