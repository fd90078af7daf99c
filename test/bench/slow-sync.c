// Preloaded (LD_PRELOAD) into a process: each fdatasync and fsync takes SLOW_SYNC_US microseconds longer, as on an SD card.
// Counts them in the first 8 bytes of the file SLOW_SYNC_COUNT, so that a bench can prove that they came this way.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static _Atomic uint64_t *calls;
static struct timespec delay;
static int (*real_fsync)(int), (*real_fdatasync)(int);

__attribute__((constructor)) static void prepare(void) {
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  const char *us = getenv("SLOW_SYNC_US"), *file = getenv("SLOW_SYNC_COUNT");
  long wanted = us ? atol(us) : 0;
  delay = (struct timespec){.tv_sec = wanted / 1000000, .tv_nsec = wanted % 1000000 * 1000};
  static _Atomic uint64_t uncounted;
  calls = &uncounted;
  int fd = file ? open(file, O_RDWR | O_CREAT, 0600) : -1;
  if (fd < 0 || ftruncate(fd, sizeof *calls)) return;
  void *shared = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared != MAP_FAILED) calls = shared;
  close(fd);
}

static int slowed(int result) {
  atomic_fetch_add(calls, 1);
  nanosleep(&delay, NULL);
  return result;
}

int fsync(int fd) { return slowed(real_fsync(fd)); }
int fdatasync(int fd) { return slowed(real_fdatasync(fd)); }
