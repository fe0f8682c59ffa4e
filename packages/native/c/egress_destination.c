#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

struct track *track_new(uint32_t id, struct destination *destination, const struct egress_track_options *options) {
  uint32_t capacity = options->video ? VIDEO_RANGES : AUDIO_RANGES;
  struct track *track = calloc(1, sizeof *track + capacity * sizeof *track->ranges);
  if (!track) return NULL;
  track->id = id;
  track->destination = destination;
  track->options = *options;
  track->next_index = options->first_sequence;
  track->rtx_next_index = options->rtx_first_sequence;
  track->range_capacity = capacity;
  return track;
}

void track_free(struct track *track) { free(track); }

static struct numbering *find_numbering(struct destination *destination, uint32_t ssrc) {
  for (uint32_t i = 0; i < destination->numbering_count; i++)
    if (destination->numberings[i].ssrc == ssrc) return &destination->numberings[i];
  return NULL;
}

static bool has_numbering_room(struct destination *destination, uint32_t more) {
  if (destination->numbering_count + more <= destination->numbering_capacity) return true;
  uint32_t capacity = destination->numbering_capacity ? destination->numbering_capacity * 2 : 4;
  struct numbering *numberings = realloc(destination->numberings, capacity * sizeof *numberings);
  if (!numberings) return false;
  destination->numberings = numberings;
  destination->numbering_capacity = capacity;
  return true;
}

static uint64_t take_numbering(struct destination *destination, uint32_t ssrc, uint64_t first) {
  struct numbering *numbering = find_numbering(destination, ssrc);
  if (!numbering) {
    numbering = &destination->numberings[destination->numbering_count++];
    *numbering = (struct numbering){.ssrc = ssrc, .next_index = first};
  }
  numbering->in_use = true;
  return numbering->next_index;
}

static bool is_taken(struct destination *destination, uint32_t ssrc) {
  const struct numbering *numbering = find_numbering(destination, ssrc);
  return numbering && numbering->in_use;
}

bool track_join(struct track *track, struct destination *destination) {
  const struct egress_track_options *options = &track->options;
  if (is_taken(destination, options->ssrc) || !has_numbering_room(destination, 2)) return false;
  if (options->has_rtx && (options->rtx_ssrc == options->ssrc || is_taken(destination, options->rtx_ssrc))) return false;
  track->next_index = take_numbering(destination, options->ssrc, track->next_index);
  if (options->has_rtx) track->rtx_next_index = take_numbering(destination, options->rtx_ssrc, track->rtx_next_index);
  track->destination = destination;
  track->next = destination->tracks;
  destination->tracks = track;
  return true;
}

static void give_numbering_back(struct destination *destination, uint32_t ssrc, uint64_t next_index) {
  struct numbering *numbering = find_numbering(destination, ssrc);
  numbering->next_index = next_index;
  numbering->in_use = false;
}

void track_leave(struct track *track) {
  struct destination *destination = track->destination;
  struct track **link = &destination->tracks;
  while (*link != track) link = &(*link)->next;
  *link = track->next;
  give_numbering_back(destination, track->options.ssrc, track->next_index);
  if (track->options.has_rtx) give_numbering_back(destination, track->options.rtx_ssrc, track->rtx_next_index);
}

struct destination *destination_new(const struct srtp_keys *keys, enum egress_route route, const struct udp_tuple *tuple,
                          uint64_t pacing_rate) {
  struct destination *destination = calloc(1, sizeof *destination);
  if (!destination) return NULL;
  destination->route = route;
  if (tuple) destination->tuple = *tuple;
  destination->pacing_rate = pacing_rate;
  destination->outbound = srtp_outbound_new(keys->profile, &keys->local);
  if (destination->outbound) return destination;
  free(destination);
  return NULL;
}

void destination_free(struct destination *destination) {
  if (!destination) return;
  for (struct track *track = destination->tracks, *next; track; track = next) {
    next = track->next;
    track_free(track);
  }
  for (uint32_t i = 0; i < destination->queue_count; i++)
    frame_release(destination->queue[(destination->queue_first + i) % destination->queue_capacity].frame);
  srtp_outbound_free(destination->outbound);
  free(destination->numberings);
  free(destination->queue);
  free(destination);
}

void track_remember(struct track *track, const struct sent_range *range) {
  track->ranges[track->range_count++ & (track->range_capacity - 1)] = *range;
}

const struct sent_range *track_recall(const struct track *track, uint16_t sequence, uint64_t *index) {
  uint16_t behind = (uint16_t)((uint16_t)track->next_index - sequence); /* 1 = the newest packet */
  if (behind == 0 || behind > 0x7fff || behind > track->next_index) return NULL;
  *index = track->next_index - behind;
  uint32_t held = track->range_count < track->range_capacity ? track->range_count : track->range_capacity;
  for (uint32_t back = 1; back <= held; back++) {
    const struct sent_range *range = &track->ranges[(track->range_count - back) & (track->range_capacity - 1)];
    if (*index < range->first_index) continue;
    return *index - range->first_index < range->count ? range : NULL;
  }
  return NULL;
}
