/* Makes every sync take SYNC_US microseconds longer, as on a slower disk. LD_PRELOAD it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_a_little(void) {
    const char *text = getenv("SYNC_US");
    long us = text ? atol(text) : 0;
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep(&left, &left) != 0) {}
}

#define SLOW(name)                                                                     \
    int name(int fd) {                                                                 \
        static int (*real)(int);                                                       \
        if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, #name);                       \
        wait_a_little();                                                               \
        return real(fd);                                                               \
    }

SLOW(fsync)
SLOW(fdatasync)
