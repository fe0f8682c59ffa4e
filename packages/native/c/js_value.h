/* Arguments, handles and errors between Node-API and C. Every function that fails has thrown in JavaScript. */
#ifndef CROSSROOM_JS_VALUE_H
#define CROSSROOM_JS_VALUE_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A C object behind a JavaScript object: tagged, so that a handle of another kind is refused, and freed with it. */
struct js_handle_type {
  const char *name;
  napi_type_tag tag;
  void (*free)(void *object);
};

/* Reads exactly `count` arguments. */
bool js_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments);
/* Wraps `object`, or frees it and throws when that fails or `object` is NULL. */
napi_value js_wrap(napi_env env, const struct js_handle_type *type, void *object);
/* NULL for a handle of another kind, or one that was closed. */
void *js_unwrap(napi_env env, const struct js_handle_type *type, napi_value value);
/* Takes the object out of its handle; NULL, without throwing, when that was done before. The caller frees it. */
void *js_take(napi_env env, const struct js_handle_type *type, napi_value value);

bool js_uint32(napi_env env, napi_value value, uint32_t *out);
bool js_double(napi_env env, napi_value value, double *out);
bool js_bool(napi_env env, napi_value value, bool *out);
/* Copies a string of at most `capacity` - 1 bytes of UTF-8. */
bool js_string(napi_env env, napi_value value, char *out, size_t capacity);
/* The elements of a typed array of exactly that type, by reference. */
bool js_typed(napi_env env, napi_value value, napi_typedarray_type type, void **data, size_t *length);
bool js_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length);

napi_value js_number(napi_env env, double value);
napi_value js_undefined(napi_env env);
/* Throws an Error with `code` and returns NULL. */
napi_value js_throw(napi_env env, const char *code, const char *message);

/* Calls a function from outside JavaScript; what it throws becomes an uncaught exception. */
void js_call_back(napi_env env, napi_async_context async, napi_ref callback, size_t count, const napi_value *arguments);

struct js_function {
  const char *name;
  napi_callback callback;
};

bool js_export(napi_env env, napi_value exports, const struct js_function *functions, size_t count);

#endif
