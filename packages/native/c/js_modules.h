/* What each js_*.c file adds to the addon's exports; packages/native/src/addon.ts is the same list in TypeScript. */
#ifndef CROSSROOM_JS_MODULES_H
#define CROSSROOM_JS_MODULES_H

#include "js_value.h"

extern const struct js_handle_type JS_SRTP_KEYS, JS_SRTP_INBOUND, JS_UDP_PORT;

bool js_dtls_register(napi_env env, napi_value exports);
bool js_srtp_register(napi_env env, napi_value exports);
bool js_udp_register(napi_env env, napi_value exports);
bool js_tcp_register(napi_env env, napi_value exports);
bool js_egress_register(napi_env env, napi_value exports);
bool js_egress_commands_register(napi_env env, napi_value exports);

#endif
