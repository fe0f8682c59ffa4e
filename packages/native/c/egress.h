/* The one owner of what is sent: commands in from the event loop, packets out from its own thread. */
#ifndef CROSSROOM_EGRESS_H
#define CROSSROOM_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp_rewrite.h"
#include "srtp.h"
#include "udp_socket.h"

enum {
  EGRESS_MAX_PAYLOAD = 1200,   /* bytes of one RTP payload or RTCP compound */
  EGRESS_MAX_PACKETS = 4096,   /* of one frame */
  EGRESS_MAX_RESENDS = 512,    /* of one command */
  EGRESS_MAX_REPLAY = 4096,    /* frames of one command */
  EGRESS_MAX_CNAME = 32,
};

struct egress_options {
  char cname[EGRESS_MAX_CNAME + 1];
  size_t queue_bytes;
  bool segmentation;
  /* Called on the egress thread when events or stream bytes wait. */
  void (*wake)(void *context);
  void *wake_context;
};

struct egress;

struct egress *egress_open(struct udp_socket *udp, const struct egress_options *options);
/* Ends the thread, drops what waits, frees everything. */
void egress_close(struct egress *egress);

enum egress_route { ROUTE_NONE, ROUTE_UDP, ROUTE_TCP };

struct egress_source_options {
  bool video;
  size_t history_bytes;
  uint32_t history_frames;
};

struct egress_track_options {
  bool video, has_rtx;
  uint8_t payload_type, rtx_payload_type;
  uint32_t ssrc, rtx_ssrc;
  uint16_t first_sequence, rtx_first_sequence;
  uint32_t timestamp_offset;
  struct rtp_extension_ids ids;
  uint8_t mid[RTP_MID_BYTES];
  uint8_t mid_length;
  bool has_playout_delay;
  uint16_t playout_min, playout_max;
};

/* Which fields of an egress_track_options an update carries. */
enum { CHANGE_TIMESTAMP_OFFSET = 1, CHANGE_PLAYOUT_DELAY = 2, CHANGE_PAYLOAD_TYPE = 4, CHANGE_RTX_PAYLOAD_TYPE = 8 };

struct egress_frame_info {
  uint32_t rtp_timestamp;
  uint32_t packet_count;
  bool marker, keyframe;
  uint64_t capture_ntp; /* 0 = none */
  uint8_t orientation;  /* quarter turns clockwise */
  uint8_t audio_level;  /* RTP_NO_AUDIO_LEVEL = none */
};

/*
 * Commands, from the event loop's thread. Ids are never 0; 0 and false mean no memory or, for frames, a full queue.
 * Arguments were checked by the caller. Commands about ids that are gone do nothing.
 */
uint32_t egress_add_source(struct egress *egress, const struct egress_source_options *options);
bool egress_remove_source(struct egress *egress, uint32_t source);
uint32_t egress_add_destination(struct egress *egress, const struct srtp_keys *keys, enum egress_route route,
                           const struct udp_tuple *tuple, uint64_t pacing_rate);
bool egress_set_route(struct egress *egress, uint32_t destination, enum egress_route route, const struct udp_tuple *tuple);
bool egress_set_pacing(struct egress *egress, uint32_t destination, uint64_t pacing_rate);
bool egress_remove_destination(struct egress *egress, uint32_t destination);
uint32_t egress_add_track(struct egress *egress, uint32_t destination, const struct egress_track_options *options);
bool egress_update_track(struct egress *egress, uint32_t track, uint32_t changes, const struct egress_track_options *values);
bool egress_remove_track(struct egress *egress, uint32_t track);
/* Whether the frame was queued; its number is `*number`. */
bool egress_frame(struct egress *egress, uint32_t source, const struct egress_frame_info *info, const uint8_t *payloads,
                  const uint32_t *ends, const uint32_t *targets, uint32_t target_count, uint32_t *number);
bool egress_replay(struct egress *egress, uint32_t track, uint32_t source, uint32_t first, const uint32_t *timestamps,
                   uint32_t count);
bool egress_resend(struct egress *egress, uint32_t track, const uint16_t *sequences, uint32_t count);
bool egress_rtcp(struct egress *egress, uint32_t destination, const uint8_t *compound, size_t length);
bool egress_sender_report(struct egress *egress, uint32_t track, uint64_t ntp, uint32_t rtp_timestamp);
bool egress_stream_written(struct egress *egress, uint32_t destination, uint64_t bytes);

/* Packets that left together: consecutive transport-wide sequence numbers of one destination. */
struct egress_sent {
  uint32_t destination;
  uint16_t first_transport, count;
  uint32_t bytes;
  int64_t at;
};

enum egress_event_kind { EVENT_STARVED, EVENT_RESUMED, EVENT_REPLAYED, EVENT_UNREACHABLE };

struct egress_event {
  enum egress_event_kind kind;
  uint32_t destination, track;
  int64_t since;
};

/* RFC 4571 frames for one destination's TCP connection. */
struct egress_stream {
  struct egress_stream *next;
  uint32_t destination;
  size_t length, capacity;
  uint8_t bytes[];
};

struct egress_destination_counters {
  uint64_t packets, octets, retransmitted, not_resent, kernel_dropped, frames_dropped;
  int64_t waiting_since; /* 0 = nothing waits */
};

struct egress_counters {
  uint64_t packets, bytes, send_calls, kernel_dropped, frames_refused, sent_rows_lost;
  bool segmentation;
};

/* Answers, from the event loop's thread. */
bool egress_poll_sent(struct egress *egress, struct egress_sent *row);
bool egress_poll_event(struct egress *egress, struct egress_event *event);
/* The caller frees it with free(). */
struct egress_stream *egress_poll_stream(struct egress *egress);
bool egress_destination_counters(struct egress *egress, uint32_t destination, struct egress_destination_counters *out);
void egress_counters(struct egress *egress, struct egress_counters *out);

#endif
