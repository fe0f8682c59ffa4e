/* The thread: takes commands, serves timers, sends. */
#include "egress.h"

#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

enum { DESTINATIONS_AT_A_TIME = 64 /* served from the wheel before commands are looked at again */ };

static void add_destination(struct egress *egress, struct command *command) {
  struct destination *destination = command->object;
  destination->id = command->id;
  if (id_map_put(&egress->destinations, destination->id, destination)) command->object = NULL;
}

static void add_source(struct egress *egress, struct command *command) {
  struct source *source = command->object;
  if (id_map_put(&egress->sources, source->id, source)) command->object = NULL;
}

static void add_track(struct egress *egress, struct command *command) {
  struct track *track = command->object;
  struct destination *destination = id_map_get(&egress->destinations, command->other);
  if (!destination || !track_join(track, destination)) return;
  if (id_map_put(&egress->tracks, track->id, track))
    command->object = NULL;
  else
    track_leave(track);
}

static void remove_source(struct egress *egress, uint32_t id) {
  struct source *source = id_map_get(&egress->sources, id);
  id_map_remove(&egress->sources, id);
  source_free(source);
}

static void remove_destination(struct egress *egress, struct destination *destination) {
  batch_flush(egress); /* its messages point at it */
  pace_drop_destination(egress, destination);
  reports_forget_stream(&egress->reports, destination);
  for (struct track *track = destination->tracks; track; track = track->next) id_map_remove(&egress->tracks, track->id);
  id_map_remove(&egress->destinations, destination->id);
  destination_free(destination);
}

static void remove_track(struct egress *egress, struct track *track) {
  pace_drop_track(egress, track);
  track_leave(track);
  id_map_remove(&egress->tracks, track->id);
  track_free(track);
}

static void set_route(struct egress *egress, struct destination *destination, const struct command *command, int64_t now) {
  batch_flush(egress);
  if (destination->route == ROUTE_TCP || command->route == ROUTE_TCP) reports_forget_stream(&egress->reports, destination);
  destination->route = command->route;
  destination->tuple = command->with.tuple;
  destination->no_segmentation = false;
  pace_changed(egress, destination, now);
}

static void update_track(struct track *track, const struct command *command) {
  const struct egress_track_options *values = &command->with.track;
  if (command->other & CHANGE_TIMESTAMP_OFFSET) track->options.timestamp_offset = values->timestamp_offset;
  if (command->other & CHANGE_PAYLOAD_TYPE) track->options.payload_type = values->payload_type;
  if (command->other & CHANGE_RTX_PAYLOAD_TYPE) track->options.rtx_payload_type = values->rtx_payload_type;
  if (command->other & CHANGE_PLAYOUT_DELAY) {
    track->options.has_playout_delay = values->has_playout_delay;
    track->options.playout_min = values->playout_min;
    track->options.playout_max = values->playout_max;
  }
}

static void send_frame(struct egress *egress, struct command *command, int64_t now) {
  struct source *source = id_map_get(&egress->sources, command->id);
  struct frame *frame = command->object;
  if (!source) return;
  frame->video = source->video;
  frame_hold(frame);
  source_file(source, frame);
  for (uint32_t i = 0; i < command->count; i++) {
    uint32_t id;
    memcpy(&id, command->data + i * sizeof id, sizeof id);
    struct track *track = id_map_get(&egress->tracks, id);
    if (track) pace_frame(egress, track, frame, source->id, now, i, command->count);
  }
}

static void replay(struct egress *egress, const struct command *command, int64_t now) {
  struct track *track = id_map_get(&egress->tracks, command->id);
  const struct source *source = id_map_get(&egress->sources, command->other);
  if (track && source) pace_replay(egress, track, source, (uint32_t)command->value, command->data, command->count, now);
}

static void execute_for_track(struct egress *egress, struct command *command, int64_t now) {
  struct track *track = id_map_get(&egress->tracks, command->id);
  if (!track) return;
  if (command->kind == UPDATE_TRACK) update_track(track, command);
  if (command->kind == REMOVE_TRACK) remove_track(egress, track);
  if (command->kind == SENDER_REPORT) send_report(egress, track, command->value, command->other);
  if (command->kind == RESEND)
    resend_packets(egress, track, (const uint16_t *)(const void *)command->data, command->count, now);
}

static void execute_for_destination(struct egress *egress, struct command *command, int64_t now) {
  struct destination *destination = id_map_get(&egress->destinations, command->id);
  if (!destination) return;
  if (command->kind == REMOVE_DESTINATION) remove_destination(egress, destination);
  if (command->kind == SET_ROUTE) set_route(egress, destination, command, now);
  if (command->kind == SEND_RTCP) send_rtcp(egress, destination, command->data, command->count);
  if (command->kind == STREAM_WRITTEN) stream_written(destination, command->value);
  if (command->kind == SET_PACING) {
    destination->pacing_rate = command->value;
    pace_changed(egress, destination, now);
  }
}

static void execute(struct egress *egress, struct command *command) {
  int64_t now = monotonic_micros();
  switch (command->kind) {
    case ADD_SOURCE: add_source(egress, command); break;
    case REMOVE_SOURCE: remove_source(egress, command->id); break;
    case ADD_DESTINATION: add_destination(egress, command); break;
    case ADD_TRACK: add_track(egress, command); break;
    case SEND_FRAME: send_frame(egress, command, now); break;
    case REPLAY: replay(egress, command, now); break;
    case UPDATE_TRACK:
    case REMOVE_TRACK:
    case SENDER_REPORT:
    case RESEND: execute_for_track(egress, command, now); break;
    case SET_ROUTE:
    case SET_PACING:
    case REMOVE_DESTINATION:
    case SEND_RTCP:
    case STREAM_WRITTEN: execute_for_destination(egress, command, now); break;
  }
}

static void run(void *argument) {
  struct egress *egress = argument;
  bool more = false, closing = false;
  while (!closing) {
    int64_t timeout = more ? 0 : pace_next(egress, monotonic_micros());
    struct command *command = command_take(&egress->commands, timeout, &closing);
    while (command) {
      struct command *next = command->next;
      if (!closing) execute(egress, command);
      command_free(command);
      command = next;
    }
    more = pace_run(egress, monotonic_micros(), DESTINATIONS_AT_A_TIME);
    batch_flush(egress);
    if (egress->woken) egress->options.wake(egress->options.wake_context);
    egress->woken = false;
  }
}

struct egress *egress_open(struct udp_socket *udp, const struct egress_options *options) {
  struct egress *egress = calloc(1, sizeof *egress);
  if (!egress) return NULL;
  egress->udp = udp;
  egress->options = *options;
  atomic_init(&egress->segmentation, options->segmentation);
  egress->batch.arena = malloc(ARENA_BYTES);
  bool queue = egress->batch.arena && command_queue_open(&egress->commands, options->queue_bytes);
  bool reports = queue && reports_open(&egress->reports);
  if (reports && uv_thread_create(&egress->thread, run, egress) == 0) {
    atomic_fetch_add(&udp->references, 1);
    return egress;
  }
  if (reports) reports_close(&egress->reports);
  if (queue) command_queue_close(&egress->commands);
  free(egress->batch.arena);
  free(egress);
  return NULL;
}

void egress_close(struct egress *egress) {
  uv_mutex_lock(&egress->commands.mutex);
  egress->commands.closing = true;
  uv_cond_signal(&egress->commands.wake);
  uv_mutex_unlock(&egress->commands.mutex);
  uv_thread_join(&egress->thread);
  for (uint32_t i = 0; i < egress->destinations.capacity; i++)
    destination_free((struct destination *)(void *)egress->destinations.objects[i]);
  for (uint32_t i = 0; i < egress->sources.capacity; i++) source_free((struct source *)(void *)egress->sources.objects[i]);
  free(egress->destinations.objects);
  free(egress->sources.objects);
  free(egress->tracks.objects);
  id_pool_free(&egress->destination_ids);
  id_pool_free(&egress->source_ids);
  id_pool_free(&egress->track_ids);
  reports_close(&egress->reports);
  command_queue_close(&egress->commands);
  udp_socket_release(egress->udp);
  free(egress->batch.arena);
  free(egress);
}
