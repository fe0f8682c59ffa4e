/* What the egress is told. Lengths and ranges are checked here; the thread trusts them. */
#include <string.h>

#include "js_egress.h"

/* Seconds from 1900 (NTP, RFC 5905) to 1970. */
static const uint64_t NTP_EPOCH = 2208988800u;

static uint64_t ntp_of(double unix_micros) {
  if (!(unix_micros > 0 && unix_micros < 9e15)) return 0;
  uint64_t micros = (uint64_t)unix_micros;
  return (micros / 1000000 + NTP_EPOCH) << 32 | (micros % 1000000 << 32) / 1000000;
}

static napi_value done(napi_env env, bool ok) {
  return ok ? js_undefined(env) : js_throw(env, "ERR_QUEUE_FULL", "the egress's command queue is full");
}

static napi_value new_id(napi_env env, uint32_t id) {
  return id ? js_number(env, id) : js_throw(env, "ERR_QUEUE_FULL", "the egress's command queue is full");
}

static napi_value out_of_range(napi_env env, const char *what) { return js_throw(env, "ERR_OUT_OF_RANGE", what); }

/* (egress, video, historyBytes, historyFrames) → id */
static napi_value add_source(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct js_egress *holder;
  struct egress_source_options options;
  uint32_t bytes;
  if (!js_arguments(env, info, 4, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_bool(env, arguments[1], &options.video) || !js_uint32(env, arguments[2], &bytes) ||
      !js_uint32(env, arguments[3], &options.history_frames))
    return NULL;
  if (options.history_frames > 1 << 16) return out_of_range(env, "a history has at most 65536 frames");
  options.history_bytes = bytes;
  return new_id(env, egress_add_source(holder->egress, &options));
}

/* (egress, id) */
static napi_value remove_by(napi_env env, napi_callback_info info, bool (*remove)(struct egress *, uint32_t)) {
  napi_value arguments[2];
  struct js_egress *holder;
  uint32_t id;
  if (!js_arguments(env, info, 2, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &id))
    return NULL;
  return done(env, remove(holder->egress, id));
}

static napi_value remove_source(napi_env env, napi_callback_info info) { return remove_by(env, info, egress_remove_source); }
static napi_value remove_destination(napi_env env, napi_callback_info info) {
  return remove_by(env, info, egress_remove_destination);
}
static napi_value remove_track(napi_env env, napi_callback_info info) { return remove_by(env, info, egress_remove_track); }

/* Two arguments: kind of the route and UDP address. An address that is no longer known makes a route to nowhere. */
static bool route_arguments(napi_env env, const struct js_egress *holder, const napi_value *arguments,
                            enum egress_route *route, const struct udp_tuple **tuple) {
  uint32_t kind, address;
  if (!js_uint32(env, arguments[0], &kind) || !js_uint32(env, arguments[1], &address)) return false;
  if (kind > ROUTE_TCP) return out_of_range(env, "no such route") != NULL;
  *route = kind;
  *tuple = kind == ROUTE_UDP ? udp_addresses_find(js_udp_addresses(holder->port), address) : NULL;
  if (kind == ROUTE_UDP && !*tuple) *route = ROUTE_NONE;
  return true;
}

/* (egress, keys, route, address, pacingRate) → id */
static napi_value add_destination(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  struct js_egress *holder;
  struct srtp_keys *keys;
  enum egress_route route;
  const struct udp_tuple *tuple;
  double rate;
  if (!js_arguments(env, info, 5, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !(keys = js_unwrap(env, &JS_SRTP_KEYS, arguments[1])) ||
      !route_arguments(env, holder, arguments + 2, &route, &tuple) || !js_double(env, arguments[4], &rate))
    return NULL;
  if (!(rate >= 0 && rate <= 1e12)) return out_of_range(env, "a pacing rate is 0 to 10^12 bits per second");
  return new_id(env, egress_add_destination(holder->egress, keys, route, tuple, (uint64_t)rate));
}

/* (egress, destination, route, address) */
static napi_value set_route(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct js_egress *holder;
  uint32_t destination;
  enum egress_route route;
  const struct udp_tuple *tuple;
  if (!js_arguments(env, info, 4, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &destination) || !route_arguments(env, holder, arguments + 2, &route, &tuple))
    return NULL;
  return done(env, egress_set_route(holder->egress, destination, route, tuple));
}

/* (egress, destination, rate) and (egress, destination, bytes) */
static bool destination_number(napi_env env, napi_callback_info info, struct js_egress **holder, uint32_t *destination,
                               double *number) {
  napi_value arguments[3];
  if (!js_arguments(env, info, 3, arguments) || !(*holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], destination) || !js_double(env, arguments[2], number))
    return false;
  return (*number >= 0 && *number <= 1e12) || out_of_range(env, "the number is not in 0 to 10^12") != NULL;
}

static napi_value set_pacing(napi_env env, napi_callback_info info) {
  struct js_egress *holder;
  uint32_t destination;
  double rate;
  if (!destination_number(env, info, &holder, &destination, &rate)) return NULL;
  return done(env, egress_set_pacing(holder->egress, destination, (uint64_t)rate));
}

static napi_value stream_written(napi_env env, napi_callback_info info) {
  struct js_egress *holder;
  uint32_t destination;
  double bytes;
  if (!destination_number(env, info, &holder, &destination, &bytes)) return NULL;
  return done(env, egress_stream_written(holder->egress, destination, (uint64_t)bytes));
}

/* Positions in the fields of a track; TRACK_FIELD in src/egress-track.ts is the same list. */
enum {
  VIDEO, SSRC, PAYLOAD_TYPE, HAS_RTX, RTX_SSRC, RTX_PAYLOAD_TYPE, FIRST_SEQUENCE, RTX_FIRST_SEQUENCE, TIMESTAMP_OFFSET,
  ID_MID, ID_ABS_SEND_TIME, ID_TRANSPORT_CC, ID_PLAYOUT_DELAY, ID_ABS_CAPTURE_TIME, ID_VIDEO_ORIENTATION, ID_AUDIO_LEVEL,
  HAS_PLAYOUT_DELAY, PLAYOUT_MIN, PLAYOUT_MAX, TRACK_FIELDS,
};

static bool track_fields(napi_env env, napi_value value, struct egress_track_options *options) {
  const uint32_t *fields;
  size_t length;
  if (!js_typed(env, value, napi_uint32_array, (void **)&fields, &length)) return false;
  if (length < TRACK_FIELDS) return out_of_range(env, "too few track fields") != NULL;
  bool numbers = fields[PAYLOAD_TYPE] < 128 && fields[RTX_PAYLOAD_TYPE] < 128 && fields[FIRST_SEQUENCE] < 1 << 15 &&
                 fields[RTX_FIRST_SEQUENCE] < 1 << 15 && fields[PLAYOUT_MIN] < 4096 && fields[PLAYOUT_MAX] < 4096;
  for (int i = ID_MID; i <= ID_AUDIO_LEVEL; i++) numbers = numbers && fields[i] < 15;
  if (!numbers) return out_of_range(env, "a track field is out of its range") != NULL;
  *options = (struct egress_track_options){
      .video = fields[VIDEO] != 0,
      .has_rtx = fields[HAS_RTX] != 0,
      .payload_type = (uint8_t)fields[PAYLOAD_TYPE],
      .rtx_payload_type = (uint8_t)fields[RTX_PAYLOAD_TYPE],
      .ssrc = fields[SSRC],
      .rtx_ssrc = fields[RTX_SSRC],
      .first_sequence = (uint16_t)fields[FIRST_SEQUENCE],
      .rtx_first_sequence = (uint16_t)fields[RTX_FIRST_SEQUENCE],
      .timestamp_offset = fields[TIMESTAMP_OFFSET],
      .ids = {(uint8_t)fields[ID_MID], (uint8_t)fields[ID_ABS_SEND_TIME], (uint8_t)fields[ID_TRANSPORT_CC],
              (uint8_t)fields[ID_PLAYOUT_DELAY], (uint8_t)fields[ID_ABS_CAPTURE_TIME],
              (uint8_t)fields[ID_VIDEO_ORIENTATION], (uint8_t)fields[ID_AUDIO_LEVEL]},
      .has_playout_delay = fields[HAS_PLAYOUT_DELAY] != 0,
      .playout_min = (uint16_t)fields[PLAYOUT_MIN],
      .playout_max = (uint16_t)fields[PLAYOUT_MAX],
  };
  return true;
}

/* (egress, destination, fields, mid) → id */
static napi_value add_track(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct js_egress *holder;
  struct egress_track_options options;
  uint32_t destination;
  uint8_t *mid;
  size_t mid_length;
  if (!js_arguments(env, info, 4, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &destination) || !track_fields(env, arguments[2], &options) ||
      !js_bytes(env, arguments[3], &mid, &mid_length))
    return NULL;
  if (mid_length > RTP_MID_BYTES) return out_of_range(env, "a mid has at most 16 bytes");
  if (mid_length) memcpy(options.mid, mid, mid_length);
  options.mid_length = (uint8_t)mid_length;
  return new_id(env, egress_add_track(holder->egress, destination, &options));
}

/* (egress, track, changes, fields) */
static napi_value update_track(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct js_egress *holder;
  struct egress_track_options values;
  uint32_t track, changes;
  if (!js_arguments(env, info, 4, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &track) || !js_uint32(env, arguments[2], &changes) ||
      !track_fields(env, arguments[3], &values))
    return NULL;
  return done(env, egress_update_track(holder->egress, track, changes, &values));
}

/* Positions in the fields of a frame; FRAME_FIELD in src/egress.ts is the same list. */
enum { RTP_TIMESTAMP, PACKET_COUNT, MARKER, KEYFRAME, CAPTURE_WALL_CLOCK, ORIENTATION, AUDIO_LEVEL, TARGET_COUNT, FRAME_FIELDS };

static bool in_range(double number, double limit) { return number >= 0 && number <= limit; }

static bool frame_fields(napi_env env, const double *fields, struct egress_frame_info *info) {
  if (!in_range(fields[RTP_TIMESTAMP], UINT32_MAX) || !in_range(fields[ORIENTATION], 3) ||
      !in_range(fields[AUDIO_LEVEL], RTP_NO_AUDIO_LEVEL))
    return out_of_range(env, "a frame field is out of its range") != NULL;
  if (!(fields[PACKET_COUNT] >= 1 && fields[PACKET_COUNT] <= EGRESS_MAX_PACKETS))
    return out_of_range(env, "a frame has 1 to 4096 packets") != NULL;
  *info = (struct egress_frame_info){.rtp_timestamp = (uint32_t)fields[RTP_TIMESTAMP],
                                     .packet_count = (uint32_t)fields[PACKET_COUNT],
                                     .marker = fields[MARKER] != 0,
                                     .keyframe = fields[KEYFRAME] != 0,
                                     .capture_ntp = ntp_of(fields[CAPTURE_WALL_CLOCK]),
                                     .orientation = (uint8_t)fields[ORIENTATION],
                                     .audio_level = (uint8_t)fields[AUDIO_LEVEL]};
  return true;
}

/* Whether `ends` cuts `length` bytes into packets of 1 to EGRESS_MAX_PAYLOAD bytes. */
static bool packets_fit(const uint32_t *ends, uint32_t count, size_t length) {
  uint32_t start = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (ends[i] <= start || ends[i] - start > EGRESS_MAX_PAYLOAD || ends[i] > length) return false;
    start = ends[i];
  }
  return true;
}

/* (egress, source, payloads, ends, fields, targets) → number of the frame, -1 when it was refused */
static napi_value send_frame(napi_env env, napi_callback_info info) {
  napi_value arguments[6];
  struct js_egress *holder;
  struct egress_frame_info frame;
  uint32_t source, number, *ends, *targets;
  uint8_t *payloads;
  double *fields;
  size_t payload_length, end_count, field_count, target_count;
  if (!js_arguments(env, info, 6, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &source) || !js_bytes(env, arguments[2], &payloads, &payload_length) ||
      !js_typed(env, arguments[3], napi_uint32_array, (void **)&ends, &end_count) ||
      !js_typed(env, arguments[4], napi_float64_array, (void **)&fields, &field_count) ||
      !js_typed(env, arguments[5], napi_uint32_array, (void **)&targets, &target_count))
    return NULL;
  if (field_count < FRAME_FIELDS) return out_of_range(env, "too few frame fields");
  if (!frame_fields(env, fields, &frame)) return NULL;
  if (frame.packet_count > end_count || !packets_fit(ends, frame.packet_count, payload_length))
    return out_of_range(env, "packets have 1 to 1200 bytes and lie within the payloads");
  if (!in_range(fields[TARGET_COUNT], (double)target_count)) return out_of_range(env, "more targets than the array has");
  bool ok = egress_frame(holder->egress, source, &frame, payloads, ends, targets, (uint32_t)fields[TARGET_COUNT], &number);
  return js_number(env, ok ? (double)number : -1);
}

/* (egress, track, source, first, timestamps) */
static napi_value replay(napi_env env, napi_callback_info info) {
  napi_value arguments[5];
  struct js_egress *holder;
  uint32_t track, source, first, *timestamps;
  size_t count;
  if (!js_arguments(env, info, 5, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &track) || !js_uint32(env, arguments[2], &source) ||
      !js_uint32(env, arguments[3], &first) || !js_typed(env, arguments[4], napi_uint32_array, (void **)&timestamps, &count))
    return NULL;
  if (count > EGRESS_MAX_REPLAY) return out_of_range(env, "a replay has at most 4096 frames");
  return done(env, egress_replay(holder->egress, track, source, first, timestamps, (uint32_t)count));
}

/* (egress, track, sequences, count) */
static napi_value resend(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct js_egress *holder;
  uint32_t track, count;
  uint16_t *sequences;
  size_t length;
  if (!js_arguments(env, info, 4, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &track) ||
      !js_typed(env, arguments[2], napi_uint16_array, (void **)&sequences, &length) || !js_uint32(env, arguments[3], &count))
    return NULL;
  if (count > length || count > EGRESS_MAX_RESENDS) return out_of_range(env, "at most 512 sequences are sent again at once");
  return done(env, egress_resend(holder->egress, track, sequences, count));
}

/* (egress, destination, compound) */
static napi_value send_rtcp(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  struct js_egress *holder;
  uint32_t destination;
  uint8_t *compound;
  size_t length;
  if (!js_arguments(env, info, 3, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &destination) || !js_bytes(env, arguments[2], &compound, &length))
    return NULL;
  if (length < 8 || length > EGRESS_MAX_PAYLOAD) return out_of_range(env, "an RTCP compound has 8 to 1200 bytes");
  return done(env, egress_rtcp(holder->egress, destination, compound, length));
}

/* (egress, track, wallClock, rtpTimestamp) */
static napi_value sender_report(napi_env env, napi_callback_info info) {
  napi_value arguments[4];
  struct js_egress *holder;
  uint32_t track, rtp_timestamp;
  double wall_clock;
  if (!js_arguments(env, info, 4, arguments) || !(holder = js_egress_of(env, arguments[0])) ||
      !js_uint32(env, arguments[1], &track) || !js_double(env, arguments[2], &wall_clock) ||
      !js_uint32(env, arguments[3], &rtp_timestamp))
    return NULL;
  return done(env, egress_sender_report(holder->egress, track, ntp_of(wall_clock), rtp_timestamp));
}

bool js_egress_commands_register(napi_env env, napi_value exports) {
  static const struct js_function FUNCTIONS[] = {
      {"egressAddSource", add_source},           {"egressRemoveSource", remove_source},
      {"egressAddDestination", add_destination}, {"egressRemoveDestination", remove_destination},
      {"egressSetRoute", set_route},             {"egressSetPacing", set_pacing},
      {"egressAddTrack", add_track},             {"egressUpdateTrack", update_track},
      {"egressRemoveTrack", remove_track},       {"egressFrame", send_frame},
      {"egressReplay", replay},                  {"egressResend", resend},
      {"egressRtcp", send_rtcp},                 {"egressSenderReport", sender_report},
      {"egressStreamWritten", stream_written},
  };
  return js_export(env, exports, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
