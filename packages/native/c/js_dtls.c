#include "dtls.h"
#include "js_modules.h"

static void free_context(void *object) { dtls_context_free(object); }
static void free_session(void *object) { dtls_session_free(object); }

static const struct js_handle_type CONTEXT = {"a DTLS context", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b1001}, free_context};
static const struct js_handle_type SESSION = {"a DTLS session", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b1002}, free_session};

static napi_value context_new(napi_env env, napi_callback_info info) {
  (void)info;
  return js_wrap(env, &CONTEXT, dtls_context_new());
}

static napi_value context_close(napi_env env, napi_callback_info info) {
  napi_value argument;
  if (js_arguments(env, info, 1, &argument)) dtls_context_free(js_take(env, &CONTEXT, argument));
  return NULL;
}

/* (context, out: Uint8Array(32)) */
static napi_value context_fingerprint(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct dtls_context *context;
  uint8_t *out;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(context = js_unwrap(env, &CONTEXT, arguments[0])) ||
      !js_bytes(env, arguments[1], &out, &length))
    return NULL;
  for (size_t i = 0; i < length && i < DTLS_FINGERPRINT_BYTES; i++) out[i] = context->fingerprint[i];
  return NULL;
}

/* (context, server, fingerprint: Uint8Array(32)) */
static napi_value session_new(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct dtls_context *context;
  bool server;
  uint8_t *fingerprint;
  size_t length;
  if (!js_arguments(env, info, 3, arguments) || !(context = js_unwrap(env, &CONTEXT, arguments[0])) ||
      !js_bool(env, arguments[1], &server) || !js_bytes(env, arguments[2], &fingerprint, &length))
    return NULL;
  if (length != DTLS_FINGERPRINT_BYTES) return js_throw(env, "ERR_INVALID_ARG_VALUE", "a sha-256 fingerprint has 32 bytes");
  return js_wrap(env, &SESSION, dtls_session_new(context, server, fingerprint));
}

static struct dtls_session *session_of(napi_env env, napi_callback_info info) {
  napi_value argument;
  return js_arguments(env, info, 1, &argument) ? js_unwrap(env, &SESSION, argument) : NULL;
}

static napi_value session_tick(napi_env env, napi_callback_info info) {
  struct dtls_session *session = session_of(env, info);
  return session ? js_number(env, dtls_session_tick(session)) : NULL;
}

static napi_value session_timeout(napi_env env, napi_callback_info info) {
  struct dtls_session *session = session_of(env, info);
  return session ? js_number(env, (double)dtls_session_timeout(session)) : NULL;
}

static napi_value session_shutdown(napi_env env, napi_callback_info info) {
  struct dtls_session *session = session_of(env, info);
  if (session) dtls_session_shutdown(session);
  return NULL;
}

static napi_value session_close(napi_env env, napi_callback_info info) {
  napi_value argument;
  if (js_arguments(env, info, 1, &argument)) dtls_session_free(js_take(env, &SESSION, argument));
  return NULL;
}

/* (session, datagram) → state */
static napi_value session_input(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct dtls_session *session;
  uint8_t *bytes;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(session = js_unwrap(env, &SESSION, arguments[0])) ||
      !js_bytes(env, arguments[1], &bytes, &length))
    return NULL;
  return js_number(env, dtls_session_input(session, bytes, length));
}

/* (session, out: at least 1200 bytes) → length, 0 when there is no more */
static napi_value session_output(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct dtls_session *session;
  uint8_t *out;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(session = js_unwrap(env, &SESSION, arguments[0])) ||
      !js_bytes(env, arguments[1], &out, &length))
    return NULL;
  if (length < DTLS_MAX_DATAGRAM) return js_throw(env, "ERR_INVALID_ARG_VALUE", "the buffer is shorter than a datagram");
  return js_number(env, (double)dtls_session_output(session, out));
}

/* (session) → keys */
static napi_value session_export(napi_env env, napi_callback_info info) {
  struct dtls_session *session = session_of(env, info);
  return session ? js_wrap(env, &JS_SRTP_KEYS, dtls_session_export(session)) : NULL;
}

bool js_dtls_register(napi_env env, napi_value exports) {
  static const struct js_function FUNCTIONS[] = {
      {"dtlsContext", context_new},         {"dtlsContextClose", context_close}, {"dtlsFingerprint", context_fingerprint},
      {"dtlsSession", session_new},         {"dtlsInput", session_input},        {"dtlsTick", session_tick},
      {"dtlsTimeout", session_timeout},     {"dtlsOutput", session_output},      {"dtlsExport", session_export},
      {"dtlsShutdown", session_shutdown},   {"dtlsClose", session_close},
  };
  return js_export(env, exports, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
