#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "js_modules.h"
#include "srtp.h"

static void free_keys(void *object) { srtp_keys_release(object); }
static void free_inbound(void *object) { srtp_inbound_release(object); }

const struct js_handle_type JS_SRTP_KEYS = {"SRTP keys", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b2001}, free_keys};
const struct js_handle_type JS_SRTP_INBOUND = {
    "an inbound SRTP context", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b2002}, free_inbound};

/* The sending half for peers in tests: counts rollovers by itself, as the egress does for its tracks. */
struct test_outbound {
  struct srtp_outbound *outbound;
  int ssrc_count;
  struct {
    uint32_t ssrc;
    uint64_t highest;
  } ssrcs[SRTP_MAX_SSRCS];
};

static void free_test_outbound(void *object) {
  struct test_outbound *test = object;
  if (!test) return;
  srtp_outbound_free(test->outbound);
  free(test);
}

static const struct js_handle_type OUTBOUND = {
    "an outbound SRTP context", {0x6b1e8a2f0c5d4e91, 0x9d3c7f42a86b2003}, free_test_outbound};

static bool copy_master(napi_env env, napi_value key, napi_value salt, enum srtp_profile profile, struct srtp_master *out) {
  uint8_t *key_bytes, *salt_bytes;
  size_t key_length, salt_length;
  if (!js_bytes(env, key, &key_bytes, &key_length) || !js_bytes(env, salt, &salt_bytes, &salt_length)) return false;
  if (key_length != SRTP_KEY_BYTES || salt_length != srtp_salt_bytes(profile)) {
    js_throw(env, "ERR_INVALID_ARG_VALUE", "wrong length of a master key or salt");
    return false;
  }
  memcpy(out->key, key_bytes, key_length);
  memcpy(out->salt, salt_bytes, salt_length);
  return true;
}

/* (profile, localKey, localSalt, remoteKey, remoteSalt, areSessionKeys) */
static napi_value keys_for_test(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  uint32_t profile;
  bool are_session_keys;
  if (!js_arguments(env, info, 6, arguments) || !js_uint32(env, arguments[0], &profile) ||
      !js_bool(env, arguments[5], &are_session_keys))
    return NULL;
  if (profile > SRTP_PROFILE_SHA1_80) return js_throw(env, "ERR_INVALID_ARG_VALUE", "no such profile");
  struct srtp_keys *keys = srtp_keys_new(profile);
  if (keys && copy_master(env, arguments[1], arguments[2], profile, &keys->local) &&
      copy_master(env, arguments[3], arguments[4], profile, &keys->remote)) {
    keys->local.is_session = keys->remote.is_session = are_session_keys;
    return js_wrap(env, &JS_SRTP_KEYS, keys);
  }
  srtp_keys_release(keys);
  return js_throw(env, "ERR_NATIVE", "no memory");
}

static napi_value keys_profile(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct srtp_keys *keys;
  if (!js_arguments(env, info, 1, &argument) || !(keys = js_unwrap(env, &JS_SRTP_KEYS, argument))) return NULL;
  return js_number(env, keys->profile);
}

static napi_value inbound_new(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct srtp_keys *keys;
  if (!js_arguments(env, info, 1, &argument) || !(keys = js_unwrap(env, &JS_SRTP_KEYS, argument))) return NULL;
  return js_wrap(env, &JS_SRTP_INBOUND, srtp_inbound_new(keys->profile, &keys->remote));
}

static napi_value inbound_close(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct srtp_inbound *inbound;
  if (!js_arguments(env, info, 1, &argument) || !(inbound = js_take(env, &JS_SRTP_INBOUND, argument))) return NULL;
  srtp_inbound_close(inbound);
  srtp_inbound_release(inbound);
  return NULL;
}

/* (context, out: Float64Array [rtp, rtcp, malformed, forged, replayed]) */
static napi_value inbound_counters(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct srtp_inbound *inbound;
  double *out;
  size_t length;
  if (!js_arguments(env, info, 2, arguments) || !(inbound = js_unwrap(env, &JS_SRTP_INBOUND, arguments[0])) ||
      !js_typed(env, arguments[1], napi_float64_array, (void **)&out, &length))
    return NULL;
  if (length < 5) return js_throw(env, "ERR_INVALID_ARG_VALUE", "the array is too short");
  const struct srtp_inbound_counters *counters = srtp_inbound_counters(inbound);
  out[0] = (double)counters->rtp;
  out[1] = (double)counters->rtcp;
  for (int drop = 1; drop <= 3; drop++) out[1 + drop] = (double)counters->dropped[drop];
  return NULL;
}

/* (context, packet, length): the object, and `length` bytes of `packet`, which has `*capacity`. */
static void *packet_arguments(napi_env env, napi_callback_info info, const struct js_handle_type *type, uint8_t **packet,
                              size_t *capacity, uint32_t *length) {
  napi_value arguments[3];
  void *object;
  if (!js_arguments(env, info, 3, arguments) || !(object = js_unwrap(env, type, arguments[0])) ||
      !js_bytes(env, arguments[1], packet, capacity) || !js_uint32(env, arguments[2], length))
    return NULL;
  if (*length <= *capacity) return object;
  return js_throw(env, "ERR_OUT_OF_RANGE", "the length exceeds the buffer");
}

static napi_value unprotect_rtp(napi_env env, napi_callback_info info) {
  uint8_t *packet;
  size_t capacity;
  uint32_t length;
  struct srtp_inbound *inbound = packet_arguments(env, info, &JS_SRTP_INBOUND, &packet, &capacity, &length);
  return inbound ? js_number(env, srtp_unprotect_rtp(inbound, packet, length)) : NULL;
}

static napi_value unprotect_rtcp(napi_env env, napi_callback_info info) {
  uint8_t *packet;
  size_t capacity;
  uint32_t length;
  struct srtp_inbound *inbound = packet_arguments(env, info, &JS_SRTP_INBOUND, &packet, &capacity, &length);
  return inbound ? js_number(env, srtp_unprotect_rtcp(inbound, packet, length)) : NULL;
}

static napi_value outbound_for_test(napi_env env, napi_callback_info info) {
  napi_value argument;
  struct srtp_keys *keys;
  if (!js_arguments(env, info, 1, &argument) || !(keys = js_unwrap(env, &JS_SRTP_KEYS, argument))) return NULL;
  struct test_outbound *test = calloc(1, sizeof *test);
  if (test) test->outbound = srtp_outbound_new(keys->profile, &keys->local);
  if (test && test->outbound) return js_wrap(env, &OUTBOUND, test);
  free_test_outbound(test);
  return js_throw(env, "ERR_NATIVE", "no memory");
}

static napi_value outbound_close(napi_env env, napi_callback_info info) {
  napi_value argument;
  if (js_arguments(env, info, 1, &argument)) free_test_outbound(js_take(env, &OUTBOUND, argument));
  return NULL;
}

/* The packet index of `sequence`: nearest to the highest one sent on its SSRC. UINT64_MAX when there is no place. */
static uint64_t test_index(struct test_outbound *test, uint32_t ssrc, uint16_t sequence) {
  int i = 0;
  while (i < test->ssrc_count && test->ssrcs[i].ssrc != ssrc) i++;
  if (i == SRTP_MAX_SSRCS) return UINT64_MAX;
  if (i == test->ssrc_count) {
    test->ssrcs[test->ssrc_count++].ssrc = ssrc;
    return test->ssrcs[i].highest = sequence;
  }
  int16_t step = (int16_t)(sequence - (uint16_t)test->ssrcs[i].highest);
  if (step < 0 && test->ssrcs[i].highest < (uint64_t)-(int64_t)step) return UINT64_MAX;
  uint64_t index = test->ssrcs[i].highest + (uint64_t)(int64_t)step;
  if (step > 0) test->ssrcs[i].highest = index;
  return index;
}

static napi_value protect_rtp(napi_env env, napi_callback_info info) {
  uint8_t *packet;
  size_t capacity;
  uint32_t length;
  struct test_outbound *test = packet_arguments(env, info, &OUTBOUND, &packet, &capacity, &length);
  if (!test) return NULL;
  size_t header = rtp_header_length(packet, length);
  if (!header || capacity < (size_t)length + SRTP_MAX_TRAILER) return js_number(env, SRTP_MALFORMED);
  uint64_t index = test_index(test, get_u32(packet + 8), get_u16(packet + 2));
  if (index == UINT64_MAX) return js_number(env, SRTP_MALFORMED);
  size_t sealed = srtp_protect_rtp(test->outbound, packet, header, length - header, NULL, 0, index);
  return js_number(env, sealed ? (double)sealed : SRTP_MALFORMED);
}

static napi_value protect_rtcp(napi_env env, napi_callback_info info) {
  uint8_t *packet;
  size_t capacity;
  uint32_t length;
  struct test_outbound *test = packet_arguments(env, info, &OUTBOUND, &packet, &capacity, &length);
  if (!test) return NULL;
  if (length < 8 || packet[0] >> 6 != 2 || capacity < (size_t)length + SRTP_MAX_TRAILER)
    return js_number(env, SRTP_MALFORMED);
  size_t sealed = srtp_protect_rtcp(test->outbound, packet, length);
  return js_number(env, sealed ? (double)sealed : SRTP_MALFORMED);
}

bool js_srtp_register(napi_env env, napi_value exports) {
  static const struct js_function FUNCTIONS[] = {
      {"srtpKeysForTest", keys_for_test},         {"srtpKeysProfile", keys_profile},
      {"srtpInbound", inbound_new},               {"srtpInboundClose", inbound_close},
      {"srtpInboundCounters", inbound_counters},
      {"srtpUnprotectRtp", unprotect_rtp},        {"srtpUnprotectRtcp", unprotect_rtcp},
      {"srtpOutboundForTest", outbound_for_test}, {"srtpOutboundClose", outbound_close},
      {"srtpProtectRtp", protect_rtp},            {"srtpProtectRtcp", protect_rtcp},
  };
  return js_export(env, exports, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
