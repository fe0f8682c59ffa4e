#include "js_value.h"

#include <stdlib.h>

napi_value js_throw(napi_env env, const char *code, const char *message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, code, message);
  return NULL;
}

static bool refuse(napi_env env, const char *message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return false;
}

bool js_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *arguments) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, arguments, NULL, NULL) != napi_ok || given < count)
    return refuse(env, "too few arguments");
  return true;
}

static void finalize(napi_env env, void *object, void *hint) {
  (void)env;
  ((const struct js_handle_type *)hint)->free(object);
}

napi_value js_wrap(napi_env env, const struct js_handle_type *type, void *object) {
  napi_value handle;
  if (!object) return js_throw(env, "ERR_NATIVE", type->name);
  if (napi_create_object(env, &handle) == napi_ok && napi_type_tag_object(env, handle, &type->tag) == napi_ok &&
      napi_wrap(env, handle, object, finalize, (void *)type, NULL) == napi_ok)
    return handle;
  type->free(object);
  return js_throw(env, "ERR_NATIVE", type->name);
}

static bool has_tag(napi_env env, const struct js_handle_type *type, napi_value value) {
  bool same = false;
  napi_valuetype kind;
  return napi_typeof(env, value, &kind) == napi_ok && kind == napi_object &&
         napi_check_object_type_tag(env, value, &type->tag, &same) == napi_ok && same;
}

void *js_unwrap(napi_env env, const struct js_handle_type *type, napi_value value) {
  void *object = NULL;
  if (has_tag(env, type, value) && napi_unwrap(env, value, &object) == napi_ok && object) return object;
  refuse(env, type->name);
  return NULL;
}

void *js_take(napi_env env, const struct js_handle_type *type, napi_value value) {
  void *object = NULL;
  if (!has_tag(env, type, value)) {
    refuse(env, type->name);
    return NULL;
  }
  return napi_remove_wrap(env, value, &object) == napi_ok ? object : NULL;
}

bool js_uint32(napi_env env, napi_value value, uint32_t *out) {
  double number = 0;
  if (!js_double(env, value, &number)) return false;
  if (!(number >= 0 && number <= 0xffffffff)) return refuse(env, "expected an unsigned 32-bit number");
  *out = (uint32_t)number;
  return true;
}

bool js_double(napi_env env, napi_value value, double *out) {
  return napi_get_value_double(env, value, out) == napi_ok || refuse(env, "expected a number");
}

bool js_bool(napi_env env, napi_value value, bool *out) {
  return napi_get_value_bool(env, value, out) == napi_ok || refuse(env, "expected a boolean");
}

bool js_string(napi_env env, napi_value value, char *out, size_t capacity) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) return refuse(env, "expected a string");
  if (length >= capacity) return refuse(env, "the string is too long");
  return napi_get_value_string_utf8(env, value, out, capacity, &length) == napi_ok || refuse(env, "expected a string");
}

bool js_typed(napi_env env, napi_value value, napi_typedarray_type type, void **data, size_t *length) {
  napi_typedarray_type actual;
  bool typed = false;
  if (napi_is_typedarray(env, value, &typed) != napi_ok || !typed ||
      napi_get_typedarray_info(env, value, &actual, length, data, NULL, NULL) != napi_ok || actual != type)
    return refuse(env, "expected a typed array of another type");
  return true;
}

bool js_bytes(napi_env env, napi_value value, uint8_t **data, size_t *length) {
  return js_typed(env, value, napi_uint8_array, (void **)data, length);
}

napi_value js_number(napi_env env, double value) {
  napi_value number;
  return napi_create_double(env, value, &number) == napi_ok ? number : NULL;
}

napi_value js_undefined(napi_env env) {
  napi_value undefined;
  return napi_get_undefined(env, &undefined) == napi_ok ? undefined : NULL;
}

void js_call_back(napi_env env, napi_async_context async, napi_ref callback, size_t count, const napi_value *arguments) {
  napi_value function, receiver, error;
  if (napi_get_reference_value(env, callback, &function) != napi_ok || napi_get_global(env, &receiver) != napi_ok) return;
  if (napi_make_callback(env, async, receiver, function, count, arguments, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
}

bool js_export(napi_env env, napi_value exports, const struct js_function *functions, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value function;
    if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].callback, NULL, &function) != napi_ok ||
        napi_set_named_property(env, exports, functions[i].name, function) != napi_ok)
      return false;
  }
  return true;
}
