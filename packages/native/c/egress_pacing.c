/* When packets leave: a queue per destination, and one timer wheel for all. */
#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

enum {
  CHUNK_PACKETS = 16,           /* packets of one destination that leave at once */
  FRAME_CHUNKS = 8,             /* chunks of a frame without a pacing rate, at most: timers are no finer */
  CHUNK_BYTES = 8000,           /* the same when paced slowly */
  CHUNK_TIME = 5 * 1000,        /* microseconds of the pacing rate in one chunk */
  FRAME_SPREAD = 5 * 1000,      /* microseconds over which a large frame leaves without a pacing rate */
  DESTINATION_SPREAD = 3 * 1000,     /* microseconds over which the destinations of a large frame begin */
  REPLAY_GAP = 1000,            /* microseconds between chunks of a replay without a pacing rate */
  LATENESS = 2 * 1000,          /* microseconds of a late timer that are caught up on */
  STARVED_AFTER = 250 * 1000,   /* microseconds */
  LONGEST_GAP = 50 * 1000,      /* microseconds that a rate change leaves of an old gap */
};

/* ---- timer wheel ---- */

static void wheel_remove(struct egress *egress, struct destination *destination) {
  if (!destination->wheel_link) return;
  *destination->wheel_link = destination->wheel_next;
  if (destination->wheel_next) destination->wheel_next->wheel_link = destination->wheel_link;
  destination->wheel_link = NULL;
  egress->wheel_count--;
}

static void wheel_put(struct egress *egress, struct destination *destination, int64_t at, int64_t now) {
  int64_t tick = at / WHEEL_TICK + 1;
  if (egress->wheel_count == 0) egress->wheel_tick = now / WHEEL_TICK + 1; /* it stood still */
  if (tick < egress->wheel_tick) tick = egress->wheel_tick;
  if (tick >= egress->wheel_tick + WHEEL_BUCKETS) tick = egress->wheel_tick + WHEEL_BUCKETS - 1;
  struct destination **bucket = &egress->wheel[tick % WHEEL_BUCKETS];
  destination->wheel_next = *bucket;
  if (*bucket) (*bucket)->wheel_link = &destination->wheel_next;
  destination->wheel_link = bucket;
  *bucket = destination;
  egress->wheel_count++;
}

int64_t pace_next(const struct egress *egress, int64_t now) {
  if (egress->wheel_count == 0) return -1;
  int64_t tick = egress->wheel_tick;
  while (!egress->wheel[tick % WHEEL_BUCKETS]) tick++;
  return tick * WHEEL_TICK > now ? tick * WHEEL_TICK - now : 0;
}

/* ---- the queue of one destination ---- */

static struct pending *queue_at(struct destination *destination, uint32_t position) {
  return &destination->queue[(destination->queue_first + position) % destination->queue_capacity];
}

static bool queue_push(struct destination *destination, const struct pending *entry) {
  if (destination->queue_count == destination->queue_capacity) {
    uint32_t capacity = destination->queue_capacity ? destination->queue_capacity * 2 : 8;
    struct pending *queue = malloc(capacity * sizeof *queue);
    if (!queue) return false;
    for (uint32_t i = 0; i < destination->queue_count; i++) queue[i] = *queue_at(destination, i);
    free(destination->queue);
    destination->queue = queue;
    destination->queue_first = 0;
    destination->queue_capacity = capacity;
  }
  *queue_at(destination, destination->queue_count++) = *entry;
  frame_hold(entry->frame);
  entry->track->queued++;
  destination->replaying += entry->replay;
  return true;
}

/* `timestamp` is on the source's time line. */
static struct pending pending_of(struct track *track, struct frame *frame, uint32_t source, uint32_t timestamp, int64_t now) {
  return (struct pending){.track = track,
                          .frame = frame,
                          .source = source,
                          .timestamp = timestamp + track->options.timestamp_offset,
                          .payload_type = track->options.payload_type,
                          .rtx_payload_type = track->options.rtx_payload_type,
                          .since = now};
}

/* Takes an entry's frame and track away; what is left is skipped. */
static void entry_clear(struct egress *egress, struct destination *destination, struct pending *entry, int64_t now) {
  if (!entry->track) return;
  entry->track->queued--;
  if (entry->replay && --destination->replaying == 0) destination->live_since = now;
  if (entry->last_of_replay) report_event(egress, EVENT_REPLAYED, destination->id, entry->track->id, now);
  frame_release(entry->frame);
  entry->frame = NULL;
  entry->track = NULL;
}

static void queue_pop(struct egress *egress, struct destination *destination, int64_t now) {
  entry_clear(egress, destination, queue_at(destination, 0), now);
  destination->queue_first = (destination->queue_first + 1) % destination->queue_capacity;
  destination->queue_count--;
  if (destination->queue_count == 0 && destination->queue_capacity > 64) { /* a replay made it large */
    free(destination->queue);
    destination->queue = NULL;
    destination->queue_capacity = destination->queue_first = 0;
  }
}

static int64_t waiting_since(const struct destination *destination, const struct pending *entry) {
  return entry->since > destination->live_since ? entry->since : destination->live_since;
}

static void starve(struct egress *egress, struct track *track, int64_t since) {
  if (track->wants_keyframe || !track->options.video) return;
  track->wants_keyframe = true;
  report_event(egress, EVENT_STARVED, track->destination->id, track->id, since);
}

/* The position of the last whole keyframe of `track` that is still fresh; -1 when there is none. */
static int64_t fresh_keyframe(struct destination *destination, const struct track *track, int64_t now) {
  for (uint32_t i = destination->queue_count; i-- > 0;) {
    const struct pending *entry = queue_at(destination, i);
    if (entry->track == track && entry->frame->info.keyframe && entry->next_packet == 0 &&
        now - waiting_since(destination, entry) <= STARVED_AFTER)
      return i;
  }
  return -1;
}

/* The queue is too old: each track goes on at its newest keyframe, or at the next one. */
static void drop_stale(struct egress *egress, struct destination *destination, int64_t now) {
  for (struct track *track = destination->tracks; track; track = track->next) {
    if (track->queued == 0) continue;
    int64_t keep = track->options.video ? fresh_keyframe(destination, track, now) : -1;
    int64_t since = now;
    for (uint32_t i = 0; i < destination->queue_count && (keep < 0 || i < keep); i++) {
      struct pending *entry = queue_at(destination, i);
      if (entry->track != track) continue;
      if (waiting_since(destination, entry) < since) since = waiting_since(destination, entry);
      entry_clear(egress, destination, entry, now);
      bump(&destination->stats.frames_dropped, 1);
    }
    if (keep < 0) starve(egress, track, since);
  }
}

/* Packets of `entry` that leave in one go, and their bytes. */
static uint32_t next_chunk(const struct destination *destination, const struct pending *entry, uint64_t *bytes) {
  uint64_t limit = destination->pacing_rate / 8 * CHUNK_TIME / 1000000;
  if (limit < CHUNK_BYTES) limit = CHUNK_BYTES;
  uint32_t total = entry->frame->info.packet_count, left = total - entry->next_packet, count = 0;
  uint32_t most = destination->pacing_rate || total < CHUNK_PACKETS * FRAME_CHUNKS ? CHUNK_PACKETS : total / FRAME_CHUNKS;
  *bytes = 0;
  while (count < left && count < most) {
    size_t length;
    frame_packet(entry->frame, entry->next_packet + count, &length);
    if (destination->pacing_rate && count > 0 && *bytes + length > limit) break;
    *bytes += length;
    count++;
  }
  return count;
}

static int64_t gap_after(const struct destination *destination, const struct pending *entry, uint32_t packets,
                         uint64_t bytes) {
  if (destination->pacing_rate) return (int64_t)(bytes * 8000000 / destination->pacing_rate);
  if (entry->replay) return REPLAY_GAP;
  uint32_t total = entry->frame->info.packet_count;
  return total > CHUNK_PACKETS ? (int64_t)FRAME_SPREAD * packets / total : 0;
}

static void send_chunk(struct egress *egress, struct destination *destination, int64_t now) {
  struct pending *entry = queue_at(destination, 0);
  uint64_t bytes;
  uint32_t count = next_chunk(destination, entry, &bytes);
  int64_t earliest = now - LATENESS;
  int64_t from = destination->next_send_at > earliest ? destination->next_send_at : earliest;
  destination->next_send_at = (destination->pacing_rate ? from : now) + gap_after(destination, entry, count, bytes);
  send_packets(egress, entry, count, now);
  entry->next_packet += count;
  if (entry->next_packet == entry->frame->info.packet_count) queue_pop(egress, destination, now);
}

/* Sends what may leave now and comes back for the rest. */
static void serve(struct egress *egress, struct destination *destination, int64_t now) {
  while (destination->queue_count > 0) {
    struct pending *entry = queue_at(destination, 0);
    if (!entry->track) {
      queue_pop(egress, destination, now);
      continue;
    }
    if (destination->replaying == 0 && now - waiting_since(destination, entry) > STARVED_AFTER) {
      drop_stale(egress, destination, now);
      continue;
    }
    if (now < destination->next_send_at) break;
    send_chunk(egress, destination, now);
  }
  int64_t since = destination->queue_count ? queue_at(destination, 0)->since : 0;
  atomic_store_explicit(&destination->stats.waiting_since, since, memory_order_relaxed);
  if (destination->queue_count)
    wheel_put(egress, destination, destination->next_send_at > now ? destination->next_send_at : now, now);
}

bool pace_run(struct egress *egress, int64_t now, int limit) {
  int64_t due = now / WHEEL_TICK;
  while (egress->wheel_count > 0 && egress->wheel_tick <= due) {
    struct destination *destination = egress->wheel[egress->wheel_tick % WHEEL_BUCKETS];
    if (!destination) {
      egress->wheel_tick++;
      continue;
    }
    if (limit-- == 0) return true;
    wheel_remove(egress, destination);
    serve(egress, destination, now);
  }
  return false;
}

/* Whether a frame may go to a track at all. */
static bool admitted(struct egress *egress, struct track *track, const struct frame *frame, int64_t now) {
  struct destination *destination = track->destination;
  if (destination->route == ROUTE_TCP) {
    int64_t since = stream_waiting_since(destination, now);
    if (now - since > STARVED_AFTER) starve(egress, track, since);
    if (now - since > STARVED_AFTER && !track->options.video) return false;
  }
  if (destination->route == ROUTE_NONE) {
    starve(egress, track, now);
    return false;
  }
  if (!track->wants_keyframe) return true;
  bool stuck = destination->route == ROUTE_TCP && now - stream_waiting_since(destination, now) > STARVED_AFTER;
  if (!frame->info.keyframe || stuck) return false;
  track->wants_keyframe = false;
  report_event(egress, EVENT_RESUMED, destination->id, track->id, now);
  return true;
}

void pace_frame(struct egress *egress, struct track *track, struct frame *frame, uint32_t source, int64_t now, uint32_t order,
                uint32_t total) {
  struct destination *destination = track->destination;
  if (!admitted(egress, track, frame, now)) {
    bump(&destination->stats.frames_dropped, 1);
    return;
  }
  uint32_t packets = frame->info.packet_count;
  struct pending entry = pending_of(track, frame, source, frame->info.rtp_timestamp, now);
  bool idle = destination->queue_count == 0;
  bool large = packets > CHUNK_PACKETS || (destination->pacing_rate && frame->payload_bytes > CHUNK_BYTES);
  /* Sound does not wait for pictures; a small picture does not wait when nothing is before it. */
  if (track->queued == 0 && (!track->options.video || (idle && !large && now >= destination->next_send_at))) {
    send_packets(egress, &entry, packets, now);
    if (track->options.video && destination->pacing_rate)
      destination->next_send_at = now + (int64_t)(frame->payload_bytes * 8000000ull / destination->pacing_rate);
    return;
  }
  if (!queue_push(destination, &entry)) return;
  if (!idle) return;
  int64_t turn = now + (large ? (int64_t)DESTINATION_SPREAD * order / total : 0);
  if (destination->next_send_at < turn) destination->next_send_at = turn;
  serve(egress, destination, now);
}

void pace_replay(struct egress *egress, struct track *track, const struct source *source, uint32_t first,
                 const uint8_t *timestamps, uint32_t count, int64_t now) {
  struct destination *destination = track->destination;
  struct pending *last = NULL;
  bool idle = destination->queue_count == 0;
  for (uint32_t i = 0; i < count && destination->route != ROUTE_NONE; i++) {
    struct frame *frame = source_find(source, first + i);
    if (!frame || (track->wants_keyframe && !frame->info.keyframe)) continue;
    track->wants_keyframe = false;
    uint32_t timestamp;
    memcpy(&timestamp, timestamps + i * sizeof timestamp, sizeof timestamp);
    struct pending entry = pending_of(track, frame, source->id, timestamp, now);
    entry.replay = true;
    if (!queue_push(destination, &entry)) break;
    last = queue_at(destination, destination->queue_count - 1);
  }
  if (!last) {
    report_event(egress, EVENT_REPLAYED, destination->id, track->id, now);
    return;
  }
  last->last_of_replay = true;
  if (idle) serve(egress, destination, now);
}

void pace_drop_track(struct egress *egress, struct track *track) {
  struct destination *destination = track->destination;
  int64_t now = monotonic_micros();
  for (uint32_t i = 0; i < destination->queue_count && track->queued; i++) {
    struct pending *entry = queue_at(destination, i);
    if (entry->track != track) continue;
    entry->last_of_replay = false;
    entry_clear(egress, destination, entry, now);
  }
}

void pace_drop_destination(struct egress *egress, struct destination *destination) { wheel_remove(egress, destination); }

void pace_changed(struct egress *egress, struct destination *destination, int64_t now) {
  if (destination->next_send_at > now + LONGEST_GAP) destination->next_send_at = now + LONGEST_GAP;
  if (destination->queue_count == 0) return;
  wheel_remove(egress, destination);
  serve(egress, destination, now);
}
