#include "js_modules.h"

#ifdef __linux__
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The bytes that the peer's kernel has acknowledged so far; those written and not yet acknowledged; -1 for no TCP socket. */
static void progress_of(int fd, double *acknowledged, double *waiting) {
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  int queued = 0;
  *acknowledged = *waiting = -1;
  if (ioctl(fd, SIOCOUTQ, &queued) != 0) return;
  *waiting = queued;
  *acknowledged = 0;
  /* Dear only where something waits: it takes the socket's lock. */
  if (queued > 0 && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0)
    *acknowledged = (double)info.tcpi_bytes_acked;
}

static void bound_unsent(int fd, uint32_t bytes) {
  int value = (int)bytes;
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value);
}
#else
static void progress_of(int fd, double *acknowledged, double *waiting) {
  (void)fd;
  *acknowledged = *waiting = -1;
}

static void bound_unsent(int fd, uint32_t bytes) { (void)fd, (void)bytes; }
#endif

/* (fds: Int32Array, count, out: Float64Array): two numbers for each descriptor */
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
  if (count > fd_length || count > out_length / 2) return js_throw(env, "ERR_OUT_OF_RANGE", "an array is too short");
  for (uint32_t i = 0; i < count; i++) progress_of(fds[i], &out[2 * i], &out[2 * i + 1]);
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
