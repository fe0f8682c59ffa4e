#include "js_udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "js_modules.h"
#include "srtp.h"

enum counter { RECEIVED_PACKETS, RECEIVED_BYTES, SENT_PACKETS, SENT_BYTES, SEND_DROPPED, SEND_FAILED, UNPLACED, COUNTERS };

enum { ARRAYS = 5 };

struct js_udp_port {
  napi_env env;
  struct udp_socket *udp;
  struct udp_addresses *addresses;
  struct udp_batch batch;
  uv_poll_t *poll; /* of the size that the running libuv says; frees itself after its close */
  napi_ref callback, arrays[ARRAYS];
  napi_async_context async;
  uint32_t *numbers;
  double *arrived_at;
  int16_t *opened;
  double counters[COUNTERS];
};

struct udp_socket *js_udp_socket(struct js_udp_port *port) { return port->udp; }
const struct udp_addresses *js_udp_addresses(struct js_udp_port *port) { return port->addresses; }

static void freed_poll(uv_handle_t *handle) { free(handle); }

/* Stops receiving and lets go of the socket; the object itself stays until its handle is collected. */
static void shut(struct js_udp_port *port) {
  if (port->poll) {
    uv_poll_stop(port->poll);
    uv_close((uv_handle_t *)port->poll, freed_poll);
    port->poll = NULL;
    napi_delete_reference(port->env, port->callback);
    for (size_t i = 0; i < ARRAYS; i++) napi_delete_reference(port->env, port->arrays[i]);
    napi_async_destroy(port->env, port->async);
  }
  udp_socket_release(port->udp);
  port->udp = NULL;
}

static void free_port(void *object) {
  struct js_udp_port *port = object;
  if (!port) return;
  shut(port);
  udp_addresses_free(port->addresses);
  free(port);
}

const struct js_handle_type JS_UDP_PORT = {"a UDP port", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b3001}, free_port};

static struct js_udp_port *port_of(napi_env env, napi_value value) {
  struct js_udp_port *port = js_unwrap(env, &JS_UDP_PORT, value);
  if (!port || port->udp) return port;
  js_throw(env, "ERR_CLOSED", "the UDP port is closed");
  return NULL;
}

/* (host, port, receiveBuffer, sendBuffer) */
static napi_value udp_open(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  char host[64];
  uint32_t number, receive_buffer, send_buffer;
  if (!js_arguments(env, info, 4, arguments) || !js_string(env, arguments[0], host, sizeof host) ||
      !js_uint32(env, arguments[1], &number) || !js_uint32(env, arguments[2], &receive_buffer) ||
      !js_uint32(env, arguments[3], &send_buffer))
    return NULL;
  if (number > 0xffff) return js_throw(env, "ERR_OUT_OF_RANGE", "a port number has 16 bits");
  struct js_udp_port *port = calloc(1, sizeof *port);
  if (!port) return js_throw(env, "ERR_NATIVE", "no memory");
  port->env = env;
  port->addresses = udp_addresses_new();
  port->udp = udp_socket_open(host, (uint16_t)number, (int)(receive_buffer & 0x3fffffff), (int)(send_buffer & 0x3fffffff));
  if (port->udp && port->addresses) return js_wrap(env, &JS_UDP_PORT, port);
  int reason = errno;
  free_port(port);
  return js_throw(env, uv_err_name(-reason), uv_strerror(-reason));
}

static napi_value udp_bound_port(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct js_udp_port *port;
  if (!js_arguments(env, info, 1, &argument) || !(port = port_of(env, argument))) return NULL;
  return js_number(env, port->udp->port);
}

/* RTP by its first two bytes, which RTCP shares the first of (RFC 7983 section 7, RFC 5761 section 4). */
static bool is_rtp(const uint8_t *bytes, size_t length) {
  return length >= 2 && bytes[0] >> 6 == 2 && (bytes[1] < 192 || bytes[1] > 223);
}

/* Decrypts a row where its address has a context: 0 when it has none, and the row is as it came. */
static int16_t open_row(struct js_udp_port *port, int i) {
  uint8_t *bytes = port->batch.bytes + (size_t)i * UDP_ROW_BYTES;
  size_t length = port->batch.lengths[i];
  struct srtp_inbound *inbound = udp_addresses_inbound(port->addresses, port->numbers[i]);
  return inbound && is_rtp(bytes, length) ? (int16_t)srtp_unprotect_rtp(inbound, bytes, length) : 0;
}

/* Turns what was received into rows; leaves out what was cut or has no number. */
static uint32_t number_rows(struct js_udp_port *port) {
  struct udp_batch *batch = &port->batch;
  for (int i = 0; i < batch->count; i++) {
    port->arrived_at[i] = (double)batch->arrived_at[i];
    port->numbers[i] = udp_addresses_intern(port->addresses, &batch->tuples[i]);
    if (port->numbers[i] == 0) {
      port->counters[UNPLACED]++;
      batch->lengths[i] = 0;
    }
    port->counters[RECEIVED_BYTES] += batch->lengths[i];
    port->opened[i] = open_row(port, i);
  }
  port->counters[RECEIVED_PACKETS] += batch->count;
  return (uint32_t)batch->count;
}

static void on_readable(uv_poll_t *poll, int status, int events) {
  struct js_udp_port *port = poll->data;
  napi_env env = port->env;
  (void)status, (void)events;
  udp_socket_receive(port->udp, &port->batch);
  if (port->batch.count == 0) return;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  napi_value count = js_number(env, number_rows(port));
  js_call_back(env, port->async, port->callback, 1, &count);
  napi_close_handle_scope(env, scope);
}

static bool hold_array(napi_env env, struct js_udp_port *port, napi_value *arguments) {
  static const napi_typedarray_type TYPES[ARRAYS] = {napi_uint8_array, napi_uint16_array, napi_uint32_array,
                                                     napi_float64_array, napi_int16_array};
  void **targets[ARRAYS] = {(void **)&port->batch.bytes, (void **)&port->batch.lengths, (void **)&port->numbers,
                            (void **)&port->arrived_at, (void **)&port->opened};
  for (size_t i = 0; i < ARRAYS; i++) {
    size_t length, needed = i == 0 ? UDP_BATCH_ROWS * UDP_ROW_BYTES : UDP_BATCH_ROWS;
    if (!js_typed(env, arguments[i], TYPES[i], targets[i], &length)) return false;
    if (length < needed) return js_throw(env, "ERR_INVALID_ARG_VALUE", "an array has too few rows") != NULL;
  }
  for (size_t i = 0; i < ARRAYS; i++)
    if (napi_create_reference(env, arguments[i], 1, &port->arrays[i]) != napi_ok) return false;
  return true;
}

/* (port, bytes, lengths, addresses, arrivedAt, opened, callback(count)) */
static napi_value udp_start(napi_env env, napi_callback_info info) {
  napi_value arguments[7], name;
  struct js_udp_port *port;
  uv_loop_t *loop;
  if (!js_arguments(env, info, 7, arguments) || !(port = port_of(env, arguments[0]))) return NULL;
  if (port->poll) return js_throw(env, "ERR_STATE", "the UDP port was started before");
  if (!hold_array(env, port, arguments + 1) || napi_create_reference(env, arguments[6], 1, &port->callback) != napi_ok ||
      napi_create_string_utf8(env, "UDP", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_async_init(env, NULL, name, &port->async) != napi_ok || napi_get_uv_event_loop(env, &loop) != napi_ok)
    return NULL;
  port->poll = calloc(1, uv_handle_size(UV_POLL));
  if (!port->poll || uv_poll_init(loop, port->poll, port->udp->fd) != 0) return js_throw(env, "ERR_NATIVE", "uv_poll_init");
  port->poll->data = port;
  if (uv_poll_start(port->poll, UV_READABLE, on_readable) != 0) return js_throw(env, "ERR_NATIVE", "uv_poll_start");
  return NULL;
}

static napi_value udp_close(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct js_udp_port *port;
  if (js_arguments(env, info, 1, &argument) && (port = js_unwrap(env, &JS_UDP_PORT, argument))) shut(port);
  return NULL;
}

/* (port, bytes, number) → 0, or the errno */
static napi_value udp_send(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct js_udp_port *port;
  uint8_t *bytes;
  size_t length;
  uint32_t number;
  if (!js_arguments(env, info, 3, arguments) || !(port = port_of(env, arguments[0])) ||
      !js_bytes(env, arguments[1], &bytes, &length) || !js_uint32(env, arguments[2], &number))
    return NULL;
  const struct udp_tuple *tuple = udp_addresses_find(port->addresses, number);
  int reason = tuple ? udp_socket_send(port->udp, tuple, bytes, length) : EDESTADDRREQ;
  if (reason == 0) {
    port->counters[SENT_PACKETS]++;
    port->counters[SENT_BYTES] += (double)length;
  } else {
    port->counters[reason == EAGAIN || reason == ENOBUFS ? SEND_DROPPED : SEND_FAILED]++;
  }
  return js_number(env, reason);
}

/* (port, ip, portNumber) → number, 0 when it is no address */
static napi_value udp_address_of(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct js_udp_port *port;
  struct udp_tuple tuple;
  char ip[64];
  uint32_t number;
  if (!js_arguments(env, info, 3, arguments) || !(port = port_of(env, arguments[0])) ||
      !js_string(env, arguments[1], ip, sizeof ip) || !js_uint32(env, arguments[2], &number))
    return NULL;
  if (number > 0xffff || !udp_tuple_parse(port->udp, ip, (uint16_t)number, &tuple)) return js_number(env, 0);
  return js_number(env, udp_addresses_intern(port->addresses, &tuple));
}

/* (port, number, out: Uint32Array [family, port]) → the address as text, undefined when it is not known */
static napi_value udp_endpoint_of(napi_env env, napi_callback_info info) {
  napi_value arguments[3], text;
  struct js_udp_port *port;
  uint32_t number, *out;
  size_t length;
  if (!js_arguments(env, info, 3, arguments) || !(port = port_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &number) || !js_typed(env, arguments[2], napi_uint32_array, (void **)&out, &length))
    return NULL;
  const struct udp_tuple *tuple = udp_addresses_find(port->addresses, number);
  if (!tuple || length < 2) return js_undefined(env);
  char ip[INET6_ADDRSTRLEN];
  uint16_t remote_port;
  out[0] = (uint32_t)udp_tuple_format(tuple, ip, &remote_port);
  out[1] = remote_port;
  return napi_create_string_latin1(env, ip, NAPI_AUTO_LENGTH, &text) == napi_ok ? text : NULL;
}

/* (port, number, pinned) */
static napi_value udp_pin(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct js_udp_port *port;
  uint32_t number;
  bool pinned;
  if (!js_arguments(env, info, 3, arguments) || !(port = port_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &number) || !js_bool(env, arguments[2], &pinned))
    return NULL;
  (pinned ? udp_addresses_pin : udp_addresses_unpin)(port->addresses, number);
  return NULL;
}

/* (port, number, inbound or undefined) */
static napi_value udp_open_media(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct js_udp_port *port;
  struct srtp_inbound *inbound = NULL;
  uint32_t number;
  napi_valuetype type;
  if (!js_arguments(env, info, 3, arguments) || !(port = port_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &number) || napi_typeof(env, arguments[2], &type) != napi_ok ||
      (type != napi_undefined && !(inbound = js_unwrap(env, &JS_SRTP_INBOUND, arguments[2]))))
    return NULL;
  udp_addresses_set_inbound(port->addresses, number, inbound);
  return NULL;
}

/* (port, out: Float64Array(9)) */
static napi_value udp_counters(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct js_udp_port *port;
  double *out;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(port = js_unwrap(env, &JS_UDP_PORT, arguments[0])) ||
      !js_typed(env, arguments[1], napi_float64_array, (void **)&out, &length))
    return NULL;
  if (length < COUNTERS + 2) return js_throw(env, "ERR_INVALID_ARG_VALUE", "the array is too short");
  memcpy(out, port->counters, sizeof port->counters);
  out[COUNTERS] = (double)port->batch.truncated;
  out[COUNTERS + 1] = port->batch.kernel_dropped;
  return NULL;
}

bool js_udp_register(napi_env env, napi_value exports) {
  static const struct js_function FUNCTIONS[] = {
      {"udpOpen", udp_open},           {"udpBoundPort", udp_bound_port},   {"udpStart", udp_start},
      {"udpClose", udp_close},         {"udpSend", udp_send},              {"udpAddressOf", udp_address_of},
      {"udpEndpointOf", udp_endpoint_of}, {"udpPin", udp_pin},             {"udpCounters", udp_counters},
      {"udpOpenMedia", udp_open_media},
  };
  return js_export(env, exports, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
