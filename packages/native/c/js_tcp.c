#include "js_modules.h"

#ifdef __linux__
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of struct tcp_info since Linux 5.4: the window that the peer offers, in bytes. The headers of some systems are older. */
enum { SND_WND_AT = 228, SND_WND_END = 232 };

/*
 * The bytes that the peer's kernel has acknowledged so far; those written and not yet acknowledged; how far the peer's
 * kernel lets us send, counted as the first: it moves on while the peer reads. -1: unknown.
 */
static void progress_of(int fd, double *progress) {
  union {
    struct tcp_info info;
    unsigned char bytes[512];
  } tcp = {0};
  socklen_t length = sizeof tcp;
  uint32_t window;
  int queued = 0;
  progress[0] = progress[1] = progress[2] = -1;
  if (ioctl(fd, SIOCOUTQ, &queued) != 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &tcp, &length) != 0) return;
  progress[0] = (double)tcp.info.tcpi_bytes_acked;
  progress[1] = queued;
  if (length < SND_WND_END) return;
  memcpy(&window, tcp.bytes + SND_WND_AT, sizeof window);
  progress[2] = progress[0] + window;
}

static void bound_unsent(int fd, uint32_t bytes) {
  int value = (int)bytes;
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}
#else
static void progress_of(int fd, double *progress) {
  (void)fd;
  progress[0] = progress[1] = progress[2] = -1;
}

static void bound_unsent(int fd, uint32_t bytes) { (void)fd, (void)bytes; }
#endif

/* (fds: Int32Array, count, out: Float64Array): three numbers for each descriptor */
static napi_value tcp_progress(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  int32_t *fds;
  double *out;
  size_t fd_length, out_length;
  uint32_t count;
  if (!js_arguments(env, info, 3, arguments) ||
      !js_typed(env, arguments[0], napi_int32_array, (void **)&fds, &fd_length) ||
      !js_uint32(env, arguments[1], &count) ||
      !js_typed(env, arguments[2], napi_float64_array, (void **)&out, &out_length))
    return NULL;
  if (count > fd_length || count > out_length / 3) return js_throw(env, "ERR_OUT_OF_RANGE", "an array is too short");
  for (uint32_t i = 0; i < count; i++) progress_of(fds[i], &out[3 * i]);
  return NULL;
}

/* (fd, bytes) */
static napi_value tcp_bound_unsent(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  uint32_t fd, bytes;
  if (!js_arguments(env, info, 2, arguments) || !js_uint32(env, arguments[0], &fd) ||
      !js_uint32(env, arguments[1], &bytes))
    return NULL;
  if (fd <= INT32_MAX && bytes <= INT32_MAX) bound_unsent((int)fd, bytes);
  return NULL;
}

bool js_tcp_register(napi_env env, napi_value exports) {
  static const struct js_function functions[] = {
      {"tcpProgress", tcp_progress},
      {"tcpBoundUnsent", tcp_bound_unsent},
  };
  return js_export(env, exports, functions, sizeof functions / sizeof *functions);
}
