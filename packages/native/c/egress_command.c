#include <stdlib.h>
#include <string.h>

#include "egress_parts.h"

bool command_queue_open(struct command_queue *queue, size_t max_bytes) {
  queue->last = &queue->first;
  queue->max_bytes = max_bytes;
  if (uv_mutex_init(&queue->mutex) != 0) return false;
  if (uv_cond_init(&queue->wake) == 0) return true;
  uv_mutex_destroy(&queue->mutex);
  return false;
}

void command_queue_close(struct command_queue *queue) {
  for (struct command *command = queue->first, *next; command; command = next) {
    next = command->next;
    command_free(command);
  }
  uv_cond_destroy(&queue->wake);
  uv_mutex_destroy(&queue->mutex);
}

struct command *command_new(enum command_kind kind, uint32_t id, const void *data, size_t bytes) {
  struct command *command = malloc(sizeof *command + bytes);
  if (!command) return NULL;
  memset(command, 0, sizeof *command);
  command->kind = kind;
  command->id = id;
  command->bytes = sizeof *command + bytes;
  if (bytes) memcpy(command->data, data, bytes);
  return command;
}

void command_free(struct command *command) {
  if (!command) return;
  if (command->kind == ADD_SOURCE) source_free(command->object);
  if (command->kind == ADD_DESTINATION) destination_free(command->object);
  if (command->kind == ADD_TRACK) track_free(command->object);
  if (command->kind == SEND_FRAME) frame_release(command->object);
  free(command);
}

bool command_put(struct command_queue *queue, struct command *command, int share) {
  uv_mutex_lock(&queue->mutex);
  bool room = queue->bytes + command->bytes <= queue->max_bytes / 4 * (size_t)share;
  if (room) {
    command->next = NULL;
    *queue->last = command;
    queue->last = &command->next;
    queue->bytes += command->bytes;
    if (queue->waiting) uv_cond_signal(&queue->wake);
  }
  uv_mutex_unlock(&queue->mutex);
  return room;
}

struct command *command_take(struct command_queue *queue, int64_t timeout, bool *closing) {
  uv_mutex_lock(&queue->mutex);
  if (!queue->first && !queue->closing && timeout != 0) {
    queue->waiting = true;
    if (timeout < 0)
      uv_cond_wait(&queue->wake, &queue->mutex);
    else
      uv_cond_timedwait(&queue->wake, &queue->mutex, (uint64_t)timeout * 1000);
    queue->waiting = false;
  }
  struct command *first = queue->first;
  queue->first = NULL;
  queue->last = &queue->first;
  queue->bytes = 0;
  *closing = queue->closing;
  uv_mutex_unlock(&queue->mutex);
  return first;
}
