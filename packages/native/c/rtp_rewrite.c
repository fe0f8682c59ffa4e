#include "rtp_rewrite.h"

#include <string.h>

#include "bytes.h"

/* One-byte header extensions, RFC 8285 section 4.2. */
static const uint32_t ONE_BYTE_PROFILE = 0xbede;

static uint8_t *element(uint8_t *at, uint8_t id, size_t length) {
  *at = (uint8_t)(id << 4 | (length - 1));
  return at + 1;
}

static uint8_t *write_extensions(struct rtp_template *header, const struct rtp_header_fields *fields, uint8_t *at) {
  const struct rtp_extension_ids *ids = fields->ids;
  if (ids->mid && fields->mid_length) {
    at = element(at, ids->mid, fields->mid_length);
    memcpy(at, fields->mid, fields->mid_length);
    at += fields->mid_length;
  }
  if (ids->transport_cc) {
    at = element(at, ids->transport_cc, 2);
    header->transport_at = (size_t)(at - header->bytes);
    at += 2;
  }
  if (ids->abs_send_time) {
    at = element(at, ids->abs_send_time, 3);
    put_u24(at, fields->abs_send_time);
    at += 3;
  }
  if (ids->playout_delay && fields->has_playout_delay) {
    at = element(at, ids->playout_delay, 3);
    put_u24(at, (uint32_t)fields->playout_min << 12 | fields->playout_max);
    at += 3;
  }
  if (ids->abs_capture_time && fields->capture_ntp) {
    at = element(at, ids->abs_capture_time, 8);
    put_u64(at, fields->capture_ntp);
    at += 8;
  }
  if (ids->video_orientation && fields->has_orientation) {
    at = element(at, ids->video_orientation, 1);
    *at++ = fields->orientation;
  }
  if (ids->audio_level && fields->audio_level != RTP_NO_AUDIO_LEVEL) {
    at = element(at, ids->audio_level, 1);
    *at++ = fields->audio_level & 0x7f;
  }
  return at;
}

void rtp_template_write(struct rtp_template *header, const struct rtp_header_fields *fields) {
  memset(header, 0, sizeof *header);
  uint8_t *bytes = header->bytes;
  bytes[0] = 0x80; /* version 2 */
  bytes[1] = fields->payload_type & 0x7f;
  put_u32(bytes + 4, fields->timestamp);
  put_u32(bytes + 8, fields->ssrc);
  header->length = 12;
  size_t elements = (size_t)(write_extensions(header, fields, bytes + 16) - (bytes + 16));
  if (elements == 0) return;
  size_t words = (elements + 3) / 4;
  bytes[0] |= 0x10;
  put_u16(bytes + 12, ONE_BYTE_PROFILE);
  put_u16(bytes + 14, (uint32_t)words);
  header->length = 16 + words * 4;
}

size_t rtp_template_apply(const struct rtp_template *header, uint8_t *out, uint16_t sequence, bool marker,
                          uint16_t transport_sequence) {
  memcpy(out, header->bytes, header->length);
  if (marker) out[1] |= 0x80;
  put_u16(out + 2, sequence);
  if (header->transport_at) put_u16(out + header->transport_at, transport_sequence);
  return header->length;
}

uint32_t rtp_abs_send_time(int64_t micros) {
  return (uint32_t)(((uint64_t)micros << 12) / 15625) & 0xffffff; /* 2^18 / 10^6 */
}
