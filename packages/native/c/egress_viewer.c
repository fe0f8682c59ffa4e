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
