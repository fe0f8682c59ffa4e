/* Opening, closing and reading back. The commands are in js_egress_commands.c. */
#include "js_egress.h"

#include <stdlib.h>
#include <string.h>

static void freed_wake(uv_handle_t *handle) { free(handle); }

static void shut(struct js_egress *holder) {
  if (holder->egress) egress_close(holder->egress); /* joins the thread: nobody wakes us afterwards */
  holder->egress = NULL;
  if (!holder->wake) return;
  uv_close((uv_handle_t *)holder->wake, freed_wake);
  holder->wake = NULL;
  napi_delete_reference(holder->env, holder->callback);
  napi_delete_reference(holder->env, holder->port_handle);
  napi_async_destroy(holder->env, holder->async);
}

static void free_holder(void *object) {
  if (!object) return;
  shut(object);
  free(object);
}

const struct js_handle_type JS_EGRESS = {"an egress", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b4001}, free_holder};

struct js_egress *js_egress_of(napi_env env, napi_value value) {
  struct js_egress *holder = js_unwrap(env, &JS_EGRESS, value);
  if (!holder || holder->egress) return holder;
  js_throw(env, "ERR_CLOSED", "the egress is closed");
  return NULL;
}

static void on_wake(uv_async_t *wake) {
  struct js_egress *holder = wake->data;
  napi_handle_scope scope;
  if (napi_open_handle_scope(holder->env, &scope) != napi_ok) return;
  js_call_back(holder->env, holder->async, holder->callback, 0, NULL);
  napi_close_handle_scope(holder->env, scope);
}

/* On the egress thread. */
static void wake_loop(void *context) { uv_async_send(context); }

static bool hold(napi_env env, struct js_egress *holder, napi_value port, napi_value callback) {
  napi_value name;
  uv_loop_t *loop;
  if (napi_create_string_utf8(env, "egress", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_get_uv_event_loop(env, &loop) != napi_ok)
    return false;
  uv_async_t *wake = calloc(1, uv_handle_size(UV_ASYNC));
  if (!wake || uv_async_init(loop, wake, on_wake) != 0) {
    free(wake);
    return false;
  }
  uv_unref((uv_handle_t *)wake);
  wake->data = holder;
  holder->wake = wake;
  return napi_create_reference(env, port, 1, &holder->port_handle) == napi_ok &&
         napi_create_reference(env, callback, 1, &holder->callback) == napi_ok &&
         napi_async_init(env, NULL, name, &holder->async) == napi_ok;
}

/* (port, cname, queueBytes, segmentation, onReady) */
static napi_value egress_create(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  struct egress_options options = {.wake = wake_loop};
  struct js_udp_port *port;
  uint32_t queue_bytes;
  if (!js_arguments(env, info, 5, arguments) || !(port = js_unwrap(env, &JS_UDP_PORT, arguments[0])) ||
      !js_string(env, arguments[1], options.cname, sizeof options.cname) || !js_uint32(env, arguments[2], &queue_bytes) ||
      !js_bool(env, arguments[3], &options.segmentation))
    return NULL;
  if (!js_udp_socket(port)) return js_throw(env, "ERR_CLOSED", "the UDP port is closed");
  struct js_egress *holder = calloc(1, sizeof *holder);
  if (!holder) return js_throw(env, "ERR_NATIVE", "no memory");
  holder->env = env;
  holder->port = port;
  options.queue_bytes = queue_bytes;
  if (hold(env, holder, arguments[0], arguments[4])) {
    options.wake_context = holder->wake;
    holder->egress = egress_open(js_udp_socket(port), &options);
  }
  if (holder->egress) return js_wrap(env, &JS_EGRESS, holder);
  free_holder(holder);
  return js_throw(env, "ERR_NATIVE", "the egress could not start its thread");
}

static napi_value close_egress(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct js_egress *holder;
  if (js_arguments(env, info, 1, &argument) && (holder = js_unwrap(env, &JS_EGRESS, argument))) shut(holder);
  return NULL;
}

/* A Float64Array of at least `needed` numbers as second argument. */
static double *numbers_argument(napi_env env, napi_value value, size_t needed, size_t *length) {
  double *numbers;
  if (!js_typed(env, value, napi_float64_array, (void **)&numbers, length)) return NULL;
  if (*length >= needed) return numbers;
  js_throw(env, "ERR_INVALID_ARG_VALUE", "the array is too short");
  return NULL;
}

/* (egress, rows: Float64Array) → number of rows */
static napi_value poll_sent(napi_env env, napi_callback_info info) {
  enum { COLUMNS = 5 };
  napi_value arguments[2];
  struct js_egress *holder;
  double *rows;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !(rows = numbers_argument(env, arguments[1], COLUMNS, &length)))
    return NULL;
  size_t count = 0;
  for (struct egress_sent sent; (count + 1) * COLUMNS <= length && egress_poll_sent(holder->egress, &sent); count++) {
    double *row = rows + count * COLUMNS;
    row[0] = sent.destination;
    row[1] = sent.first_transport;
    row[2] = sent.count;
    row[3] = sent.bytes;
    row[4] = (double)sent.at;
  }
  return js_number(env, (double)count);
}

/* (egress, out: Float64Array [kind, destination, track, since]) → whether there was one */
static napi_value poll_event(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct js_egress *holder;
  struct egress_event event;
  double *out;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !(out = numbers_argument(env, arguments[1], 4, &length)))
    return NULL;
  bool some = egress_poll_event(holder->egress, &event);
  if (some) {
    out[0] = event.kind;
    out[1] = event.destination;
    out[2] = event.track;
    out[3] = (double)event.since;
  }
  return js_number(env, some);
}

/* (egress, destination: Float64Array(1)) → bytes, undefined when there are none */
static napi_value poll_stream(napi_env env, napi_callback_info info) {
  napi_value arguments[2], buffer, bytes = NULL;
  struct js_egress *holder;
  double *destination;
  size_t length;
  void *data;
  if (!js_arguments(env, info, 2, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !(destination = numbers_argument(env, arguments[1], 1, &length)))
    return NULL;
  struct egress_stream *piece = egress_poll_stream(holder->egress);
  if (!piece) return js_undefined(env);
  *destination = piece->destination;
  if (napi_create_arraybuffer(env, piece->length, &data, &buffer) == napi_ok) {
    memcpy(data, piece->bytes, piece->length);
    napi_create_typedarray(env, napi_uint8_array, piece->length, buffer, 0, &bytes);
  }
  free(piece);
  return bytes;
}

/* (egress, destination, out: Float64Array(7)) → whether the destination is known */
static napi_value destination_counters(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct js_egress *holder;
  struct egress_destination_counters counters;
  uint32_t destination;
  double *out;
  size_t length;
  if (!js_arguments(env, info, 3, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &destination) || !(out = numbers_argument(env, arguments[2], 7, &length)))
    return NULL;
  if (!egress_destination_counters(holder->egress, destination, &counters)) return js_number(env, 0);
  out[0] = (double)counters.packets;
  out[1] = (double)counters.octets;
  out[2] = (double)counters.retransmitted;
  out[3] = (double)counters.not_resent;
  out[4] = (double)counters.kernel_dropped;
  out[5] = (double)counters.frames_dropped;
  out[6] = counters.waiting_since ? (double)(monotonic_micros() - counters.waiting_since) : 0;
  return js_number(env, 1);
}

/* (egress, out: Float64Array(7)) */
static napi_value read_counters(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct js_egress *holder;
  struct egress_counters counters;
  double *out;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !(out = numbers_argument(env, arguments[1], 7, &length)))
    return NULL;
  egress_counters(holder->egress, &counters);
  out[0] = (double)counters.packets;
  out[1] = (double)counters.bytes;
  out[2] = (double)counters.send_calls;
  out[3] = (double)counters.kernel_dropped;
  out[4] = (double)counters.frames_refused;
  out[5] = (double)counters.sent_rows_lost;
  out[6] = counters.segmentation;
  return NULL;
}

bool js_egress_register(napi_env env, napi_value exports) {
  static const struct js_function FUNCTIONS[] = {
      {"egressCreate", egress_create},   {"egressClose", close_egress},
      {"egressPollSent", poll_sent},     {"egressPollEvent", poll_event},
      {"egressPollStream", poll_stream}, {"egressDestinationCounters", destination_counters},
      {"egressCounters", read_counters},
  };
  return js_export(env, exports, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
