#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

/* Frame, table and payloads in one piece. */
struct frame *frame_new(const struct egress_frame_info *info, const uint8_t *payloads, const uint32_t *ends) {
  size_t table = info->packet_count * sizeof *ends, bytes = ends[info->packet_count - 1];
  struct frame *frame = malloc(sizeof *frame + table + bytes);
  if (!frame) return NULL;
  *frame = (struct frame){.references = 1, .info = *info, .payload_bytes = (uint32_t)bytes};
  uint8_t *tail = (uint8_t *)(frame + 1);
  memcpy(tail, ends, table);
  memcpy(tail + table, payloads, bytes);
  frame->ends = (const uint32_t *)(void *)tail;
  frame->payloads = tail + table;
  return frame;
}

void frame_hold(struct frame *frame) { frame->references++; }

void frame_release(struct frame *frame) {
  if (frame && --frame->references == 0) free(frame);
}

struct source *source_new(const struct egress_source_options *options) {
  struct source *source = calloc(1, sizeof *source);
  if (!source) return NULL;
  source->video = options->video;
  source->max_bytes = options->history_bytes;
  source->capacity = 16;
  while (source->capacity < options->history_frames) source->capacity *= 2;
  source->ring = calloc(source->capacity, sizeof *source->ring);
  if (source->ring) return source;
  free(source);
  return NULL;
}

static void drop_oldest(struct source *source) {
  struct frame **place = &source->ring[source->first++ % source->capacity];
  if (!*place) return;
  source->bytes -= (*place)->payload_bytes;
  frame_release(*place);
  *place = NULL;
}

void source_free(struct source *source) {
  if (!source) return;
  while (source->first != source->next) drop_oldest(source);
  free(source->ring);
  free(source);
}

void source_file(struct source *source, struct frame *frame) {
  /* Numbers have gaps where the queue had no memory for a frame. */
  while (source->next != frame->number && source->next - source->first < source->capacity)
    source->ring[source->next++ % source->capacity] = NULL;
  while (source->first != source->next &&
         (frame->number - source->first >= source->capacity || source->bytes + frame->payload_bytes > source->max_bytes))
    drop_oldest(source);
  if (source->first == source->next) source->first = frame->number;
  source->ring[frame->number % source->capacity] = frame;
  source->bytes += frame->payload_bytes;
  source->next = frame->number + 1;
}

struct frame *source_find(const struct source *source, uint32_t number) {
  return number - source->first < source->next - source->first ? source->ring[number % source->capacity] : NULL;
}
