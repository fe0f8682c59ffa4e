#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

struct track *track_new(uint32_t id, struct viewer *viewer, const struct egress_track_options *options) {
  uint32_t capacity = options->video ? VIDEO_RANGES : AUDIO_RANGES;
  struct track *track = calloc(1, sizeof *track + capacity * sizeof *track->ranges);
  if (!track) return NULL;
  track->id = id;
  track->viewer = viewer;
  track->options = *options;
  track->next_index = options->first_sequence;
  track->rtx_next_index = options->rtx_first_sequence;
  track->range_capacity = capacity;
  return track;
}

void track_free(struct track *track) { free(track); }

static struct numbering *find_numbering(struct viewer *viewer, uint32_t ssrc) {
  for (uint32_t i = 0; i < viewer->numbering_count; i++)
    if (viewer->numberings[i].ssrc == ssrc) return &viewer->numberings[i];
  return NULL;
}

static bool has_numbering_room(struct viewer *viewer, uint32_t more) {
  if (viewer->numbering_count + more <= viewer->numbering_capacity) return true;
  uint32_t capacity = viewer->numbering_capacity ? viewer->numbering_capacity * 2 : 4;
  struct numbering *numberings = realloc(viewer->numberings, capacity * sizeof *numberings);
  if (!numberings) return false;
  viewer->numberings = numberings;
  viewer->numbering_capacity = capacity;
  return true;
}

static uint64_t take_numbering(struct viewer *viewer, uint32_t ssrc, uint64_t first) {
  struct numbering *numbering = find_numbering(viewer, ssrc);
  if (!numbering) {
    numbering = &viewer->numberings[viewer->numbering_count++];
    *numbering = (struct numbering){.ssrc = ssrc, .next_index = first};
  }
  numbering->in_use = true;
  return numbering->next_index;
}

static bool is_taken(struct viewer *viewer, uint32_t ssrc) {
  const struct numbering *numbering = find_numbering(viewer, ssrc);
  return numbering && numbering->in_use;
}

bool track_join(struct track *track, struct viewer *viewer) {
  const struct egress_track_options *options = &track->options;
  if (is_taken(viewer, options->ssrc) || !has_numbering_room(viewer, 2)) return false;
  if (options->has_rtx && (options->rtx_ssrc == options->ssrc || is_taken(viewer, options->rtx_ssrc))) return false;
  track->next_index = take_numbering(viewer, options->ssrc, track->next_index);
  if (options->has_rtx) track->rtx_next_index = take_numbering(viewer, options->rtx_ssrc, track->rtx_next_index);
  track->viewer = viewer;
  track->next = viewer->tracks;
  viewer->tracks = track;
  return true;
}

static void give_numbering_back(struct viewer *viewer, uint32_t ssrc, uint64_t next_index) {
  struct numbering *numbering = find_numbering(viewer, ssrc);
  numbering->next_index = next_index;
  numbering->in_use = false;
}

void track_leave(struct track *track) {
  struct viewer *viewer = track->viewer;
  struct track **link = &viewer->tracks;
  while (*link != track) link = &(*link)->next;
  *link = track->next;
  give_numbering_back(viewer, track->options.ssrc, track->next_index);
  if (track->options.has_rtx) give_numbering_back(viewer, track->options.rtx_ssrc, track->rtx_next_index);
}

struct viewer *viewer_new(const struct srtp_keys *keys, enum egress_route route, const struct udp_tuple *tuple,
                          uint64_t pacing_rate) {
  struct viewer *viewer = calloc(1, sizeof *viewer);
  if (!viewer) return NULL;
  viewer->route = route;
  if (tuple) viewer->tuple = *tuple;
  viewer->pacing_rate = pacing_rate;
  viewer->outbound = srtp_outbound_new(keys->profile, &keys->local);
  if (viewer->outbound) return viewer;
  free(viewer);
  return NULL;
}

void viewer_free(struct viewer *viewer) {
  if (!viewer) return;
  for (struct track *track = viewer->tracks, *next; track; track = next) {
    next = track->next;
    track_free(track);
  }
  for (uint32_t i = 0; i < viewer->queue_count; i++)
    frame_release(viewer->queue[(viewer->queue_first + i) % viewer->queue_capacity].frame);
  srtp_outbound_free(viewer->outbound);
  free(viewer->numberings);
  free(viewer->queue);
  free(viewer);
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
