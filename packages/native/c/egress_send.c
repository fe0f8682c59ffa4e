/* From plaintext to protected packets: media, retransmissions and RTCP. */
#include <string.h>

#include "bytes.h"
#include "egress_parts.h"

/* Payload types, RFC 3550 section 12.1. */
enum { RTCP_SENDER_REPORT = 200, RTCP_SDES = 202, SDES_CNAME = 1 };

static void deliver(struct egress *egress, struct destination *destination, uint8_t *packet, size_t length, bool counted,
                    uint16_t transport, int64_t now) {
  if (destination->route == ROUTE_UDP) {
    batch_add(egress, destination, length, counted, transport);
    return;
  }
  report_stream(egress, destination, packet, length, now);
  bump(&egress->packets, 1);
  bump(&egress->bytes, length);
  if (counted) report_sent(egress, destination->id, transport, 1, (uint32_t)length, now);
}

/* What the header says of `frame`, apart from what `range` remembers for the byte-identical packet. */
static void media_template(struct rtp_template *header, const struct track *track, const struct frame *frame,
                           const struct sent_range *range) {
  const struct egress_track_options *options = &track->options;
  struct rtp_header_fields fields = {
      .ids = &options->ids,
      .mid = options->mid,
      .mid_length = options->mid_length,
      .payload_type = range->payload_type,
      .ssrc = options->ssrc,
      .timestamp = range->timestamp,
      .abs_send_time = range->abs_send_time,
      .has_playout_delay = range->has_playout_delay,
      .playout_min = range->playout_min,
      .playout_max = range->playout_max,
      .capture_ntp = frame->info.capture_ntp,
      .has_orientation = frame->video && (frame->info.keyframe || frame->info.orientation),
      .orientation = frame->info.orientation,
      .audio_level = frame->info.audio_level,
  };
  rtp_template_write(header, &fields);
}

static bool has_marker(const struct frame *frame, uint32_t packet) {
  return frame->info.marker && packet + 1 == frame->info.packet_count;
}

void send_packets(struct egress *egress, const struct pending *entry, uint32_t count, int64_t now) {
  struct track *track = entry->track;
  const struct frame *frame = entry->frame;
  uint32_t first = entry->next_packet;
  struct destination *destination = track->destination;
  const struct egress_track_options *options = &track->options;
  bool counted = options->ids.transport_cc != 0;
  struct sent_range range = {.first_index = track->next_index,
                             .source = entry->source,
                             .frame = frame->number,
                             .timestamp = entry->timestamp,
                             .abs_send_time = rtp_abs_send_time(now),
                             .count = (uint16_t)count,
                             .first_packet = (uint16_t)first,
                             .first_transport = destination->transport_sequence,
                             .has_playout_delay = options->has_playout_delay,
                             .playout_min = options->playout_min,
                             .playout_max = options->playout_max,
                             .payload_type = entry->payload_type,
                             .rtx_payload_type = entry->rtx_payload_type};
  struct rtp_template header;
  media_template(&header, track, frame, &range);
  track_remember(track, &range);
  uint64_t octets = 0;
  for (uint32_t packet = first; packet < first + count; packet++) {
    size_t payload_length;
    const uint8_t *payload = frame_packet(frame, packet, &payload_length);
    uint64_t index = track->next_index++;
    uint16_t transport = destination->transport_sequence;
    uint8_t *out = batch_room(egress);
    size_t clear = rtp_template_apply(&header, out, (uint16_t)index, has_marker(frame, packet), transport);
    size_t length = srtp_protect_rtp(destination->outbound, out, clear, 0, payload, payload_length, index);
    if (counted) destination->transport_sequence++;
    if (length) deliver(egress, destination, out, length, counted, transport, now);
    octets += payload_length;
  }
  track->packets += count;
  track->octets += (uint32_t)octets;
  bump(&destination->stats.packets, count);
  bump(&destination->stats.octets, octets);
}

/* RFC 4588 section 4: the original sequence number, then the original payload. */
static void send_rtx(struct egress *egress, struct track *track, const struct frame *frame, const struct sent_range *range,
                     uint32_t packet, uint16_t sequence, int64_t now) {
  struct destination *destination = track->destination;
  const struct egress_track_options *options = &track->options;
  struct rtp_extension_ids ids = {.mid = options->ids.mid,
                                  .abs_send_time = options->ids.abs_send_time,
                                  .transport_cc = options->ids.transport_cc};
  struct rtp_header_fields fields = {.ids = &ids,
                                     .mid = options->mid,
                                     .mid_length = options->mid_length,
                                     .payload_type = range->rtx_payload_type,
                                     .ssrc = options->rtx_ssrc,
                                     .timestamp = range->timestamp,
                                     .abs_send_time = rtp_abs_send_time(now),
                                     .audio_level = RTP_NO_AUDIO_LEVEL};
  struct rtp_template header;
  rtp_template_write(&header, &fields);
  size_t payload_length;
  const uint8_t *payload = frame_packet(frame, packet, &payload_length);
  uint64_t index = track->rtx_next_index++;
  bool counted = ids.transport_cc != 0;
  uint16_t transport = destination->transport_sequence;
  uint8_t *out = batch_room(egress);
  size_t clear = rtp_template_apply(&header, out, (uint16_t)index, has_marker(frame, packet), transport);
  put_u16(out + clear, sequence);
  size_t length = srtp_protect_rtp(destination->outbound, out, clear, 2, payload, payload_length, index);
  if (counted) destination->transport_sequence++;
  if (length) deliver(egress, destination, out, length, counted, transport, now);
}

/*
 * The same bytes again, header extensions included, for a peer without RTX. Only with SHA1_80: under GCM a packet that
 * differed in one bit would give the key of the authentication away.
 */
static void send_again(struct egress *egress, struct track *track, const struct frame *frame, const struct sent_range *range,
                       uint32_t packet, uint64_t index, int64_t now) {
  struct rtp_template header;
  media_template(&header, track, frame, range);
  size_t payload_length;
  const uint8_t *payload = frame_packet(frame, packet, &payload_length);
  uint16_t transport = (uint16_t)(range->first_transport + (packet - range->first_packet));
  uint8_t *out = batch_room(egress);
  size_t clear = rtp_template_apply(&header, out, (uint16_t)index, has_marker(frame, packet), transport);
  size_t length = srtp_protect_rtp(track->destination->outbound, out, clear, 0, payload, payload_length, index);
  if (length) deliver(egress, track->destination, out, length, false, 0, now);
}

static bool resend(struct egress *egress, struct track *track, uint16_t sequence, int64_t now) {
  uint64_t index = 0;
  const struct sent_range *range = track_recall(track, sequence, &index);
  const struct source *source = range ? id_map_get(&egress->sources, range->source) : NULL;
  const struct frame *frame = source ? source_find(source, range->frame) : NULL;
  if (!frame) return false;
  uint32_t packet = range->first_packet + (uint32_t)(index - range->first_index);
  if (track->options.has_rtx)
    send_rtx(egress, track, frame, range, packet, sequence, now);
  else if (srtp_outbound_profile(track->destination->outbound) == SRTP_PROFILE_SHA1_80)
    send_again(egress, track, frame, range, packet, index, now);
  else
    return false;
  return true;
}

void resend_packets(struct egress *egress, struct track *track, const uint16_t *sequences, uint32_t count, int64_t now) {
  struct destination *destination = track->destination;
  if (destination->route == ROUTE_NONE) return;
  for (uint32_t i = 0; i < count; i++)
    bump(resend(egress, track, sequences[i], now) ? &destination->stats.retransmitted : &destination->stats.not_resent, 1);
}

void send_rtcp(struct egress *egress, struct destination *destination, const uint8_t *compound, size_t length) {
  if (destination->route == ROUTE_NONE) return;
  uint8_t *out = batch_room(egress);
  memcpy(out, compound, length);
  size_t sealed = srtp_protect_rtcp(destination->outbound, out, length);
  if (sealed) deliver(egress, destination, out, sealed, false, 0, monotonic_micros());
}

/* RFC 3550 sections 6.4.1 and 6.5: a sender report and the CNAME. */
void send_report(struct egress *egress, struct track *track, uint64_t ntp, uint32_t rtp_timestamp) {
  uint8_t compound[28 + 12 + EGRESS_MAX_CNAME + 4] = {0};
  uint8_t *sdes = compound + 28;
  size_t name_length = strlen(egress->options.cname);
  size_t chunk = (4 + 2 + name_length + 1 + 3) / 4 * 4; /* ssrc, item, terminating zeros */
  compound[0] = 0x80;
  compound[1] = RTCP_SENDER_REPORT;
  put_u16(compound + 2, 6);
  put_u32(compound + 4, track->options.ssrc);
  put_u64(compound + 8, ntp);
  put_u32(compound + 16, rtp_timestamp + track->options.timestamp_offset);
  put_u32(compound + 20, track->packets);
  put_u32(compound + 24, track->octets);
  sdes[0] = 0x81;
  sdes[1] = RTCP_SDES;
  put_u16(sdes + 2, (uint32_t)(chunk / 4));
  put_u32(sdes + 4, track->options.ssrc);
  sdes[8] = SDES_CNAME;
  sdes[9] = (uint8_t)name_length;
  memcpy(sdes + 10, egress->options.cname, name_length);
  send_rtcp(egress, track->destination, compound, 28 + 4 + chunk);
}
