/* What the egress_*.c files share. Except where a comment says so, everything belongs to the egress thread. */
#ifndef CROSSROOM_EGRESS_PARTS_H
#define CROSSROOM_EGRESS_PARTS_H

#include <stdatomic.h>
#include <uv.h>

#include "egress.h"

/* ---- numbers: 20 bits of slot under 12 bits of generation, so that a number is not taken for its successor ---- */

enum { ID_SLOT_BITS = 20, ID_SLOT_MASK = (1 << ID_SLOT_BITS) - 1 };

/* Gives numbers out; event loop's thread. `owners` is what the loop's side knows of each number. */
struct id_pool {
  uint16_t *generations;
  void **owners;
  uint32_t *free_slots;
  uint32_t used, capacity, free_count;
};

uint32_t id_take(struct id_pool *pool, void *owner);
bool id_live(const struct id_pool *pool, uint32_t id);
void *id_owner(const struct id_pool *pool, uint32_t id);
void id_give_back(struct id_pool *pool, uint32_t id);
void id_pool_free(struct id_pool *pool);

/* What the thread finds under a number: objects that begin with their id. */
struct id_map {
  uint32_t **objects;
  uint32_t capacity;
};

bool id_map_put(struct id_map *map, uint32_t id, void *object);
void *id_map_get(const struct id_map *map, uint32_t id);
void id_map_remove(struct id_map *map, uint32_t id);

/* ---- history: the plaintext of a source's last frames ---- */

struct frame {
  int references;
  uint32_t number;
  struct egress_frame_info info;
  bool video;
  uint32_t payload_bytes;
  const uint32_t *ends;
  const uint8_t *payloads;
};

struct source {
  uint32_t id;
  uint32_t capacity; /* of the ring, a power of two */
  uint32_t first, next; /* frame numbers in the history: first <= n < next */
  uint32_t issued;      /* the event loop's: number of the next frame it queues */
  size_t bytes, max_bytes;
  bool video;
  struct frame **ring;
};

struct frame *frame_new(const struct egress_frame_info *info, const uint8_t *payloads, const uint32_t *ends);
void frame_hold(struct frame *frame);
void frame_release(struct frame *frame);
static inline const uint8_t *frame_packet(const struct frame *frame, uint32_t packet, size_t *length) {
  uint32_t start = packet ? frame->ends[packet - 1] : 0;
  *length = frame->ends[packet] - start;
  return frame->payloads + start;
}

struct source *source_new(const struct egress_source_options *options);
void source_free(struct source *source);
/* Takes over the caller's reference. */
void source_file(struct source *source, struct frame *frame);
struct frame *source_find(const struct source *source, uint32_t number);

/* ---- destinations and tracks ---- */

/* Packets of one frame that left together: the way from a destination's sequence number back to the plaintext. */
struct sent_range {
  uint64_t first_index;
  uint32_t source, frame;
  uint32_t timestamp, abs_send_time;
  uint16_t count, first_packet, first_transport;
  uint16_t playout_min, playout_max;
  uint8_t payload_type, rtx_payload_type;
  bool has_playout_delay;
};

enum { VIDEO_RANGES = 128, AUDIO_RANGES = 64 }; /* powers of two: 2 s at 60 frames/s, 1.3 s at 50 packets/s */

struct track {
  uint32_t id;
  struct destination *destination;
  struct track *next;
  struct egress_track_options options;
  uint64_t next_index, rtx_next_index; /* rollover counter << 16 | sequence */
  uint32_t packets, octets;            /* for sender reports */
  uint32_t queued;                     /* entries in the destination's queue */
  bool wants_keyframe;
  uint32_t range_count, range_capacity; /* ranges written since the beginning; ring */
  struct sent_range ranges[];
};

/* A frame, or what is left of it, that waits for its time. */
struct pending {
  struct track *track; /* NULL when it was removed */
  struct frame *frame;
  uint32_t source;
  uint32_t timestamp; /* as it is written: the track's offset may be another one by then, and so may its codec */
  uint8_t payload_type, rtx_payload_type;
  uint32_t next_packet;
  bool replay, last_of_replay;
  int64_t since;
};

enum { STREAM_MARKS = 64 };

struct stream_backlog {
  uint64_t handed, written; /* bytes since the route became TCP */
  struct {
    uint64_t total;
    int64_t at;
  } marks[STREAM_MARKS];
  uint32_t mark_count;
};

struct destination_stats { /* written by the thread, read by the event loop */
  atomic_uint_fast64_t packets, octets, retransmitted, not_resent, kernel_dropped, frames_dropped;
  atomic_int_fast64_t waiting_since;
};

/* Where the numbers of an SSRC stand, kept as long as the keys: a nonce is its SSRC and its number. */
struct numbering {
  uint32_t ssrc;
  uint64_t next_index; /* rollover counter << 16 | sequence */
  bool in_use;         /* by a track */
};

struct destination {
  uint32_t id;
  struct srtp_outbound *outbound;
  struct numbering *numberings;
  uint32_t numbering_count, numbering_capacity;
  enum egress_route route;
  struct udp_tuple tuple;
  struct track *tracks;
  uint64_t pacing_rate; /* bits per second, 0 = as fast as it goes */
  uint16_t transport_sequence;
  bool no_segmentation; /* its path refused a super-packet */
  int64_t unreachable_told_at;
  /* queue: ring of pending */
  struct pending *queue;
  uint32_t queue_first, queue_count, queue_capacity;
  uint32_t replaying; /* replay entries in the queue */
  int64_t live_since; /* when the last replay was through: waiting counts from here */
  int64_t next_send_at;
  /* place in the timer wheel */
  struct destination *wheel_next, **wheel_link;
  struct stream_backlog stream;
  struct destination_stats stats;
};

struct track *track_new(uint32_t id, struct destination *destination, const struct egress_track_options *options);
void track_free(struct track *track);
/*
 * Joins a track to its destination. What was sent under its SSRCs before goes on where it was: a sequence never restarts under a
 * key. False when another track has one of them, or there is no memory.
 */
bool track_join(struct track *track, struct destination *destination);
/* Notes where the track's numbers stand, for the next one with its SSRCs. */
void track_leave(struct track *track);
struct destination *destination_new(const struct srtp_keys *keys, enum egress_route route, const struct udp_tuple *tuple,
                          uint64_t pacing_rate);
void destination_free(struct destination *destination);
void track_remember(struct track *track, const struct sent_range *range);
/* The range that holds `sequence`, with its full index; NULL when it is too old or was never sent. */
const struct sent_range *track_recall(const struct track *track, uint16_t sequence, uint64_t *index);

/* ---- commands: the event loop's thread puts, the egress thread takes ---- */

enum command_kind {
  ADD_SOURCE, REMOVE_SOURCE, ADD_DESTINATION, SET_ROUTE, SET_PACING, REMOVE_DESTINATION, ADD_TRACK, UPDATE_TRACK, REMOVE_TRACK,
  SEND_FRAME, REPLAY, RESEND, SEND_RTCP, SENDER_REPORT, STREAM_WRITTEN,
};

struct command {
  struct command *next;
  enum command_kind kind;
  uint32_t id;    /* of what it is about */
  uint32_t other; /* a second number: a replay's source, what an update changes */
  uint32_t count; /* elements of `data` */
  size_t bytes;   /* against the bound of the queue */
  uint64_t value;
  void *object; /* source, destination, track or frame: ownership goes with the command */
  union {
    struct udp_tuple tuple;
    struct egress_track_options track;
  } with;
  enum egress_route route;
  uint8_t data[]; /* targets, timestamps, sequences or RTCP */
};

struct command_queue {
  uv_mutex_t mutex;
  uv_cond_t wake;
  struct command *first, **last;
  size_t bytes, max_bytes;
  bool waiting, closing;
};

bool command_queue_open(struct command_queue *queue, size_t max_bytes);
void command_queue_close(struct command_queue *queue);
struct command *command_new(enum command_kind kind, uint32_t id, const void *data, size_t bytes);
/* False when `share` of the bound is used (in quarters); the command stays the caller's. */
bool command_put(struct command_queue *queue, struct command *command, int share);
/* All that wait. Blocks until there are some, the queue closes or `timeout` microseconds passed (-1 = without end). */
struct command *command_take(struct command_queue *queue, int64_t timeout, bool *closing);
void command_free(struct command *command);

/* ---- sending ---- */

enum {
  ARENA_BYTES = 1 << 20,
  BATCH_MESSAGES = UDP_CALL_ROWS,
  GSO_MAX_SEGMENTS = 64,
  GSO_MAX_BYTES = 65507,
};

/* One message: a datagram, or several of equal size (the last may be shorter) for one destination. */
struct message {
  struct destination *destination;
  size_t start, length, segment, segments;
  bool complete, counted; /* takes no more segments; has transport-wide sequence numbers */
  uint16_t first_transport;
};

struct batch {
  uint8_t *arena;
  size_t used;
  uint32_t count;
  struct message messages[BATCH_MESSAGES];
};

/* ---- answers: the egress thread puts, the event loop's thread takes ---- */

enum { SENT_ROWS = 1 << 16, MAX_EVENTS = 4096, WHEEL_BUCKETS = 1024, WHEEL_TICK = 500 /* microseconds */ };

struct reports {
  struct egress_sent *sent; /* ring with one writer and one reader */
  atomic_uint sent_head, sent_tail;
  uv_mutex_t mutex; /* of what follows */
  struct egress_event *events;
  uint32_t event_first, event_count;
  struct egress_stream *streams, **streams_last;
};

bool reports_open(struct reports *reports);
void reports_close(struct reports *reports);
void report_sent(struct egress *egress, uint32_t destination, uint16_t first_transport, uint16_t count, uint32_t bytes, int64_t at);
void report_event(struct egress *egress, enum egress_event_kind kind, uint32_t destination, uint32_t track, int64_t since);
/* Queues a packet for a TCP connection. */
void report_stream(struct egress *egress, struct destination *destination, const uint8_t *packet, size_t length, int64_t now);
void stream_written(struct destination *destination, uint64_t bytes);
/* Since when the oldest byte that the connection has not taken waits; `now` when there is none. */
int64_t stream_waiting_since(struct destination *destination, int64_t now);
/* Forgets what waits for a destination whose connection is another now. */
void reports_forget_stream(struct reports *reports, struct destination *destination);

struct egress {
  struct udp_socket *udp;
  struct egress_options options;
  uv_thread_t thread;
  struct command_queue commands;
  struct reports reports;
  struct batch batch;
  struct id_map sources, destinations, tracks;
  /* timer wheel */
  struct destination *wheel[WHEEL_BUCKETS];
  int64_t wheel_tick; /* the next one to run */
  uint32_t wheel_count;
  bool woken; /* something for the event loop was put since the last wake */
  int einval_count;
  /* read by the event loop */
  atomic_bool segmentation;
  atomic_uint_fast64_t packets, bytes, send_calls, kernel_dropped, frames_refused, sent_rows_lost;
  /* the event loop's side */
  struct id_pool source_ids, destination_ids, track_ids;
};

static inline void bump(atomic_uint_fast64_t *counter, uint64_t by) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

/* Room for one packet to be written at the end of the arena, sending what is there when it is full. */
uint8_t *batch_room(struct egress *egress);
/* Adds the `length` bytes that were written there. `counted` says that `transport` is its transport-wide number. */
void batch_add(struct egress *egress, struct destination *destination, size_t length, bool counted, uint16_t transport);
void batch_flush(struct egress *egress);

/* Sends the next `count` packets of a frame now. */
void send_packets(struct egress *egress, const struct pending *entry, uint32_t count, int64_t now);
void resend_packets(struct egress *egress, struct track *track, const uint16_t *sequences, uint32_t count, int64_t now);
void send_rtcp(struct egress *egress, struct destination *destination, const uint8_t *compound, size_t length);
void send_report(struct egress *egress, struct track *track, uint64_t ntp, uint32_t rtp_timestamp);

/* ---- pacing ---- */

/* Sends a frame, or queues it behind what waits. `order` of `total` destinations spreads a large frame over the destinations. */
void pace_frame(struct egress *egress, struct track *track, struct frame *frame, uint32_t source, int64_t now, uint32_t order,
                uint32_t total);
void pace_replay(struct egress *egress, struct track *track, const struct source *source, uint32_t first,
                 const uint8_t *timestamps, uint32_t count, int64_t now);
/* Serves the destinations whose time has come, at most `limit` of them; true when there are more. */
bool pace_run(struct egress *egress, int64_t now, int limit);
/* Microseconds until somebody's time comes; -1 = nobody waits. */
int64_t pace_next(const struct egress *egress, int64_t now);
void pace_drop_track(struct egress *egress, struct track *track);
void pace_drop_destination(struct egress *egress, struct destination *destination);
/* After a change of rate or route: an old gap need not be waited for. */
void pace_changed(struct egress *egress, struct destination *destination, int64_t now);

#endif
