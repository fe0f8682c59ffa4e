/* The module's one entry point. Node-API 8: the same binary loads in Node 20, 22 and 24. */
#include "js_modules.h"

NAPI_MODULE_INIT() {
  if (js_dtls_register(env, exports) && js_srtp_register(env, exports) && js_udp_register(env, exports) &&
      js_tcp_register(env, exports) && js_egress_register(env, exports) && js_egress_commands_register(env, exports))
    return exports;
  return js_throw(env, "ERR_NATIVE", "the addon could not register its functions");
}
