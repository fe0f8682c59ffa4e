/* The event loop's side: numbers are given out here, and every call becomes a command. */
#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

/* Quarters of the queue's bound up to which frames, other commands and removals are taken. */
enum { FRAME_SHARE = 3, CONTROL_SHARE = 4, REMOVAL_SHARE = 8 };

/* Frees a command that found no room, with what it carries. */
static bool put(struct egress *egress, struct command *command, int share) {
  if (!command) return false;
  if (command_put(&egress->commands, command, share)) return true;
  command_free(command);
  return false;
}

static bool put_simple(struct egress *egress, enum command_kind kind, uint32_t id, uint64_t value) {
  struct command *command = command_new(kind, id, NULL, 0);
  if (command) command->value = value;
  bool removal = kind == REMOVE_SOURCE || kind == REMOVE_DESTINATION || kind == REMOVE_TRACK;
  return put(egress, command, removal ? REMOVAL_SHARE : CONTROL_SHARE);
}

uint32_t egress_add_source(struct egress *egress, const struct egress_source_options *options) {
  struct source *source = source_new(options);
  uint32_t id = source ? id_take(&egress->source_ids, source) : 0;
  struct command *command = id ? command_new(ADD_SOURCE, id, NULL, 0) : NULL;
  if (!command) {
    source_free(source);
    id_give_back(&egress->source_ids, id);
    return 0;
  }
  source->id = id;
  command->object = source;
  if (put(egress, command, CONTROL_SHARE)) return id;
  id_give_back(&egress->source_ids, id);
  return 0;
}

bool egress_remove_source(struct egress *egress, uint32_t source) {
  if (!id_live(&egress->source_ids, source)) return true;
  id_give_back(&egress->source_ids, source);
  return put_simple(egress, REMOVE_SOURCE, source, 0);
}

uint32_t egress_add_destination(struct egress *egress, const struct srtp_keys *keys, enum egress_route route,
                           const struct udp_tuple *tuple, uint64_t pacing_rate) {
  struct destination *destination = destination_new(keys, route, tuple, pacing_rate);
  uint32_t id = destination ? id_take(&egress->destination_ids, destination) : 0;
  struct command *command = id ? command_new(ADD_DESTINATION, id, NULL, 0) : NULL;
  if (!command) {
    destination_free(destination);
    id_give_back(&egress->destination_ids, id);
    return 0;
  }
  command->object = destination;
  if (put(egress, command, CONTROL_SHARE)) return id;
  id_give_back(&egress->destination_ids, id);
  return 0;
}

bool egress_set_route(struct egress *egress, uint32_t destination, enum egress_route route, const struct udp_tuple *tuple) {
  struct command *command = command_new(SET_ROUTE, destination, NULL, 0);
  if (!command) return false;
  command->route = route;
  if (tuple) command->with.tuple = *tuple;
  return put(egress, command, CONTROL_SHARE);
}

bool egress_set_pacing(struct egress *egress, uint32_t destination, uint64_t pacing_rate) {
  return put_simple(egress, SET_PACING, destination, pacing_rate);
}

bool egress_remove_destination(struct egress *egress, uint32_t destination) {
  if (!id_live(&egress->destination_ids, destination)) return true;
  id_give_back(&egress->destination_ids, destination);
  return put_simple(egress, REMOVE_DESTINATION, destination, 0);
}

uint32_t egress_add_track(struct egress *egress, uint32_t destination, const struct egress_track_options *options) {
  uint32_t id = id_take(&egress->track_ids, egress);
  struct track *track = id ? track_new(id, NULL, options) : NULL;
  struct command *command = track ? command_new(ADD_TRACK, id, NULL, 0) : NULL;
  if (command) {
    command->other = destination;
    command->object = track;
    if (put(egress, command, CONTROL_SHARE)) return id;
  } else {
    track_free(track);
  }
  id_give_back(&egress->track_ids, id);
  return 0;
}

bool egress_update_track(struct egress *egress, uint32_t track, uint32_t changes,
                         const struct egress_track_options *values) {
  struct command *command = command_new(UPDATE_TRACK, track, NULL, 0);
  if (!command) return false;
  command->other = changes;
  command->with.track = *values;
  return put(egress, command, CONTROL_SHARE);
}

bool egress_remove_track(struct egress *egress, uint32_t track) {
  if (!id_live(&egress->track_ids, track)) return true;
  id_give_back(&egress->track_ids, track);
  return put_simple(egress, REMOVE_TRACK, track, 0);
}

bool egress_frame(struct egress *egress, uint32_t source_id, const struct egress_frame_info *info, const uint8_t *payloads,
                  const uint32_t *ends, const uint32_t *targets, uint32_t target_count, uint32_t *number) {
  struct source *source = id_owner(&egress->source_ids, source_id);
  if (!source) return false;
  struct frame *frame = frame_new(info, payloads, ends);
  struct command *command = frame ? command_new(SEND_FRAME, source_id, targets, target_count * sizeof *targets) : NULL;
  if (!command) {
    frame_release(frame);
    return false;
  }
  *number = frame->number = source->issued;
  command->count = target_count;
  command->object = frame;
  command->bytes += frame->payload_bytes;
  if (!put(egress, command, FRAME_SHARE)) {
    bump(&egress->frames_refused, 1);
    return false;
  }
  source->issued++;
  return true;
}

bool egress_replay(struct egress *egress, uint32_t track, uint32_t source, uint32_t first, const uint32_t *timestamps,
                   uint32_t count) {
  struct command *command = command_new(REPLAY, track, timestamps, count * sizeof *timestamps);
  if (!command) return false;
  command->other = source;
  command->value = first;
  command->count = count;
  return put(egress, command, CONTROL_SHARE);
}

bool egress_resend(struct egress *egress, uint32_t track, const uint16_t *sequences, uint32_t count) {
  struct command *command = command_new(RESEND, track, sequences, count * sizeof *sequences);
  if (command) command->count = count;
  return put(egress, command, CONTROL_SHARE);
}

bool egress_rtcp(struct egress *egress, uint32_t destination, const uint8_t *compound, size_t length) {
  struct command *command = command_new(SEND_RTCP, destination, compound, length);
  if (command) command->count = (uint32_t)length;
  return put(egress, command, CONTROL_SHARE);
}

bool egress_sender_report(struct egress *egress, uint32_t track, uint64_t ntp, uint32_t rtp_timestamp) {
  struct command *command = command_new(SENDER_REPORT, track, NULL, 0);
  if (!command) return false;
  command->value = ntp;
  command->other = rtp_timestamp;
  return put(egress, command, CONTROL_SHARE);
}

bool egress_stream_written(struct egress *egress, uint32_t destination, uint64_t bytes) {
  return put_simple(egress, STREAM_WRITTEN, destination, bytes);
}

static uint64_t read_counter(atomic_uint_fast64_t *counter) { return atomic_load_explicit(counter, memory_order_relaxed); }

bool egress_destination_counters(struct egress *egress, uint32_t id, struct egress_destination_counters *out) {
  struct destination *destination = id_owner(&egress->destination_ids, id);
  if (!destination) return false;
  struct destination_stats *stats = &destination->stats;
  *out = (struct egress_destination_counters){
      .packets = read_counter(&stats->packets),
      .octets = read_counter(&stats->octets),
      .retransmitted = read_counter(&stats->retransmitted),
      .not_resent = read_counter(&stats->not_resent),
      .kernel_dropped = read_counter(&stats->kernel_dropped),
      .frames_dropped = read_counter(&stats->frames_dropped),
      .waiting_since = atomic_load_explicit(&stats->waiting_since, memory_order_relaxed),
  };
  return true;
}

void egress_counters(struct egress *egress, struct egress_counters *out) {
  *out = (struct egress_counters){
      .packets = read_counter(&egress->packets),
      .bytes = read_counter(&egress->bytes),
      .send_calls = read_counter(&egress->send_calls),
      .kernel_dropped = read_counter(&egress->kernel_dropped),
      .frames_refused = read_counter(&egress->frames_refused),
      .sent_rows_lost = read_counter(&egress->sent_rows_lost),
      .segmentation = atomic_load(&egress->segmentation),
  };
}
