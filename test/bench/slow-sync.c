// Preloaded (LD_PRELOAD) into a process: each fdatasync and fsync takes some microseconds longer, as on an SD card. The file
// SLOW_SYNC_FILE has two numbers of 8 bytes: how many they were, so that a bench can prove that they came this way, and the
// microseconds, which may change at any time.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct { _Atomic uint64_t calls, us; } here, *slow = &here;
static int (*real_fsync)(int), (*real_fdatasync)(int);

__attribute__((constructor)) static void prepare(void) {
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  const char *file = getenv("SLOW_SYNC_FILE");
  int fd = file ? open(file, O_RDWR) : -1;
  if (fd < 0) return;
  void *shared = mmap(NULL, sizeof *slow, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (shared != MAP_FAILED) slow = shared;
  close(fd);
}

static int slowed(int result) {
  atomic_fetch_add(&slow->calls, 1);
  uint64_t us = slow->us;
  nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000}, NULL);
  return result;
}

int fsync(int fd) { return slowed(real_fsync(fd)); }
int fdatasync(int fd) { return slowed(real_fdatasync(fd)); }
