#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "egress_parts.h"

enum {
  STREAM_PIECE = 16 * 1024,     /* bytes of one stream chunk */
  MARK_EVERY = 10 * 1000,       /* microseconds */
  MAX_STREAM_BACKLOG = 4 << 20, /* bytes that a connection may owe, whatever their age */
};

bool reports_open(struct reports *reports) {
  reports->streams_last = &reports->streams;
  reports->sent = calloc(SENT_ROWS, sizeof *reports->sent);
  reports->events = calloc(MAX_EVENTS, sizeof *reports->events);
  if (reports->sent && reports->events && uv_mutex_init(&reports->mutex) == 0) return true;
  free(reports->sent);
  free(reports->events);
  return false;
}

void reports_close(struct reports *reports) {
  for (struct egress_stream *piece = reports->streams, *next; piece; piece = next) {
    next = piece->next;
    free(piece);
  }
  uv_mutex_destroy(&reports->mutex);
  free(reports->sent);
  free(reports->events);
}

void report_sent(struct egress *egress, uint32_t destination, uint16_t first_transport, uint16_t count, uint32_t bytes, int64_t at) {
  struct reports *reports = &egress->reports;
  unsigned head = atomic_load_explicit(&reports->sent_head, memory_order_relaxed);
  if (head - atomic_load_explicit(&reports->sent_tail, memory_order_acquire) >= SENT_ROWS) {
    bump(&egress->sent_rows_lost, 1);
    return;
  }
  reports->sent[head % SENT_ROWS] = (struct egress_sent){destination, first_transport, count, bytes, at};
  atomic_store_explicit(&reports->sent_head, head + 1, memory_order_release);
}

bool egress_poll_sent(struct egress *egress, struct egress_sent *row) {
  struct reports *reports = &egress->reports;
  unsigned tail = atomic_load_explicit(&reports->sent_tail, memory_order_relaxed);
  if (tail == atomic_load_explicit(&reports->sent_head, memory_order_acquire)) return false;
  *row = reports->sent[tail % SENT_ROWS];
  atomic_store_explicit(&reports->sent_tail, tail + 1, memory_order_release);
  return true;
}

void report_event(struct egress *egress, enum egress_event_kind kind, uint32_t destination, uint32_t track, int64_t since) {
  struct reports *reports = &egress->reports;
  uv_mutex_lock(&reports->mutex);
  if (reports->event_count == MAX_EVENTS) { /* nobody reads: the oldest is the least wanted */
    reports->event_first++;
    reports->event_count--;
  }
  reports->events[(reports->event_first + reports->event_count++) % MAX_EVENTS] =
      (struct egress_event){kind, destination, track, since};
  uv_mutex_unlock(&reports->mutex);
  egress->woken = true;
}

bool egress_poll_event(struct egress *egress, struct egress_event *event) {
  struct reports *reports = &egress->reports;
  uv_mutex_lock(&reports->mutex);
  bool some = reports->event_count > 0;
  if (some) {
    *event = reports->events[reports->event_first++ % MAX_EVENTS];
    reports->event_count--;
  }
  uv_mutex_unlock(&reports->mutex);
  return some;
}

static void mark_handed(struct stream_backlog *backlog, int64_t now) {
  uint32_t last = backlog->mark_count - 1;
  if (backlog->mark_count && now - backlog->marks[last % STREAM_MARKS].at < MARK_EVERY) {
    backlog->marks[last % STREAM_MARKS].total = backlog->handed;
    return;
  }
  backlog->marks[backlog->mark_count % STREAM_MARKS].total = backlog->handed;
  backlog->marks[backlog->mark_count++ % STREAM_MARKS].at = now;
}

void report_stream(struct egress *egress, struct destination *destination, const uint8_t *packet, size_t length,
                   int64_t now) {
  struct reports *reports = &egress->reports;
  if (destination->stream.handed - destination->stream.written > MAX_STREAM_BACKLOG) {
    bump(&destination->stats.kernel_dropped, 1);
    return;
  }
  uv_mutex_lock(&reports->mutex);
  struct egress_stream *piece = reports->streams ? (struct egress_stream *)(void *)((uint8_t *)reports->streams_last -
                                                                                    offsetof(struct egress_stream, next))
                                                 : NULL;
  if (!piece || piece->destination != destination->id || piece->length + 2 + length > piece->capacity) {
    piece = malloc(sizeof *piece + STREAM_PIECE);
    if (piece) {
      *piece = (struct egress_stream){.destination = destination->id, .capacity = STREAM_PIECE};
      *reports->streams_last = piece;
      reports->streams_last = &piece->next;
    }
  }
  if (piece) {
    put_u16(piece->bytes + piece->length, (uint32_t)length);
    memcpy(piece->bytes + piece->length + 2, packet, length);
    piece->length += 2 + length;
    destination->stream.handed += 2 + length;
    mark_handed(&destination->stream, now);
  }
  uv_mutex_unlock(&reports->mutex);
  egress->woken = true;
}

struct egress_stream *egress_poll_stream(struct egress *egress) {
  struct reports *reports = &egress->reports;
  uv_mutex_lock(&reports->mutex);
  struct egress_stream *piece = reports->streams;
  if (piece) reports->streams = piece->next;
  if (!reports->streams) reports->streams_last = &reports->streams;
  uv_mutex_unlock(&reports->mutex);
  return piece;
}

void stream_written(struct destination *destination, uint64_t bytes) {
  struct stream_backlog *backlog = &destination->stream;
  backlog->written += bytes;
  if (backlog->written > backlog->handed) backlog->written = backlog->handed;
}

int64_t stream_waiting_since(struct destination *destination, int64_t now) {
  const struct stream_backlog *backlog = &destination->stream;
  if (backlog->written == backlog->handed) return now;
  uint32_t held = backlog->mark_count < STREAM_MARKS ? backlog->mark_count : STREAM_MARKS;
  for (uint32_t back = held; back > 0; back--) {
    uint32_t mark = (backlog->mark_count - back) % STREAM_MARKS;
    if (backlog->marks[mark].total > backlog->written) return backlog->marks[mark].at;
  }
  return now;
}

void reports_forget_stream(struct reports *reports, struct destination *destination) {
  uv_mutex_lock(&reports->mutex);
  for (struct egress_stream **link = &reports->streams; *link;) {
    struct egress_stream *piece = *link;
    if (piece->destination == destination->id) {
      *link = piece->next;
      free(piece);
    } else {
      link = &piece->next;
    }
  }
  reports->streams_last = &reports->streams;
  while (*reports->streams_last) reports->streams_last = &(*reports->streams_last)->next;
  uv_mutex_unlock(&reports->mutex);
  memset(&destination->stream, 0, sizeof destination->stream);
}
