/* The egress behind a JavaScript handle. */
#ifndef CROSSROOM_JS_EGRESS_H
#define CROSSROOM_JS_EGRESS_H

#include <uv.h>

#include "egress.h"
#include "js_modules.h"
#include "js_udp.h"

struct js_egress {
  napi_env env;
  struct egress *egress; /* NULL when closed */
  struct js_udp_port *port;
  napi_ref port_handle; /* keeps the port's address table */
  napi_ref callback;
  napi_async_context async;
  uv_async_t *wake; /* of the size that the running libuv says; frees itself after its close */
};

extern const struct js_handle_type JS_EGRESS;

/* NULL, having thrown, for another handle or a closed egress. */
struct js_egress *js_egress_of(napi_env env, napi_value value);

#endif
