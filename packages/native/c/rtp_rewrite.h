/* The RTP header that a destination sees in place of the source's. */
#ifndef CROSSROOM_RTP_REWRITE_H
#define CROSSROOM_RTP_REWRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  RTP_MID_BYTES = 16,       /* longest mid that a one-byte extension element carries */
  RTP_MAX_HEADER = 12 + 4 + 44, /* all extensions at their longest, padded */
  RTP_NO_AUDIO_LEVEL = 0xff,
};

/* Ids of extension elements, 1 to 14; 0 = not written. */
struct rtp_extension_ids {
  uint8_t mid, abs_send_time, transport_cc, playout_delay, abs_capture_time, video_orientation, audio_level;
};

/* What the header of one packet says besides its numbers. */
struct rtp_header_fields {
  const struct rtp_extension_ids *ids;
  const uint8_t *mid;
  uint8_t mid_length;
  uint8_t payload_type;
  uint32_t ssrc, timestamp;
  uint32_t abs_send_time;    /* 24 bits, 6.18 fixed-point seconds */
  bool has_playout_delay;
  uint16_t playout_min, playout_max; /* 12 bits each, in 10 ms */
  uint64_t capture_ntp;      /* 0 = none */
  bool has_orientation;
  uint8_t orientation;       /* the two rotation bits of 3GPP TS 26.114 section 7.4.5 */
  uint8_t audio_level;       /* RTP_NO_AUDIO_LEVEL = none */
};

/* Written once for a run of packets; sequence, marker and transport-wide count are put in for each. */
struct rtp_template {
  uint8_t bytes[RTP_MAX_HEADER];
  size_t length;
  size_t transport_at; /* offset of the transport-wide sequence number, 0 = not there */
};

void rtp_template_write(struct rtp_template *header, const struct rtp_header_fields *fields);
/* Copies the header to `out` (RTP_MAX_HEADER bytes) and returns its length. */
size_t rtp_template_apply(const struct rtp_template *header, uint8_t *out, uint16_t sequence, bool marker,
                          uint16_t transport_sequence);

uint32_t rtp_abs_send_time(int64_t micros);

#endif
