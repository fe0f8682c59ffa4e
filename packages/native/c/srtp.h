/* SRTP and SRTCP with AEAD_AES_128_GCM (RFC 7714) and AES128_CM_HMAC_SHA1_80 (RFC 3711). */
#ifndef CROSSROOM_SRTP_H
#define CROSSROOM_SRTP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum srtp_profile { SRTP_PROFILE_GCM, SRTP_PROFILE_SHA1_80 };

enum {
  SRTP_KEY_BYTES = 16,
  SRTP_SALT_BYTES_GCM = 12,
  SRTP_SALT_BYTES_SHA1 = 14,
  SRTP_MAX_TRAILER = 20, /* GCM tag 16 + SRTCP index word 4 */
  SRTP_MAX_SSRCS = 32,
  SRTP_REPLAY_WINDOW = 1024, /* packets */
};

/* Answers of the unprotect functions; SRTP_DROP in packages/webrtc/src/engine/srtp.ts has the same numbers. */
enum srtp_drop { SRTP_MALFORMED = -1, SRTP_FORGED = -2, SRTP_REPLAYED = -3 };

struct srtp_master {
  uint8_t key[SRTP_KEY_BYTES];
  uint8_t salt[SRTP_SALT_BYTES_SHA1]; /* GCM uses the first 12 */
  bool is_session;                    /* no derivation: the RFCs' packet vectors begin at session keys */
};

/* What a handshake leaves: shared by handles, freed and wiped by the last one. */
struct srtp_keys {
  atomic_int references;
  enum srtp_profile profile;
  struct srtp_master local, remote; /* by who sends with it */
};

struct srtp_keys *srtp_keys_new(enum srtp_profile profile);
void srtp_keys_release(struct srtp_keys *keys);

size_t srtp_salt_bytes(enum srtp_profile profile);

struct srtp_outbound;

/* NULL when OpenSSL has no memory. */
struct srtp_outbound *srtp_outbound_new(enum srtp_profile profile, const struct srtp_master *master);
void srtp_outbound_free(struct srtp_outbound *outbound);
enum srtp_profile srtp_outbound_profile(const struct srtp_outbound *outbound);
size_t srtp_rtp_trailer(const struct srtp_outbound *outbound);

/*
 * Protects one RTP packet: `out` holds `clear` bytes of header and then `prefix` bytes of payload; `payload` follows
 * them and is read only. `index` is the 48-bit packet index, rollover counter << 16 | sequence. `out` must have room
 * for everything and SRTP_MAX_TRAILER. Returns the length of the packet, 0 when OpenSSL failed.
 */
size_t srtp_protect_rtp(struct srtp_outbound *outbound, uint8_t *out, size_t clear, size_t prefix, const uint8_t *payload,
                        size_t payload_length, uint64_t index);

/* Protects a compound RTCP packet of at least 8 bytes in place under the context's next index. Returns its length or 0. */
size_t srtp_protect_rtcp(struct srtp_outbound *outbound, uint8_t *packet, size_t length);

struct srtp_inbound;

/* What became of the packets of a context, since it was made; `dropped` by the negative of the srtp_drop. */
struct srtp_inbound_counters {
  uint64_t rtp, rtcp, dropped[4];
};

/* Counted: its handle in JavaScript and each address it opens packets of hold a reference. All on one thread. */
struct srtp_inbound *srtp_inbound_new(enum srtp_profile profile, const struct srtp_master *master);
struct srtp_inbound *srtp_inbound_retain(struct srtp_inbound *inbound);
void srtp_inbound_release(struct srtp_inbound *inbound);
/* Wipes the keys, whoever still holds it: from then on every packet is malformed. Idempotent. */
void srtp_inbound_close(struct srtp_inbound *inbound);
const struct srtp_inbound_counters *srtp_inbound_counters(const struct srtp_inbound *inbound);

/* Both work in place and return the plaintext's length or an srtp_drop. */
int srtp_unprotect_rtp(struct srtp_inbound *inbound, uint8_t *packet, size_t length);
int srtp_unprotect_rtcp(struct srtp_inbound *inbound, uint8_t *packet, size_t length);

/* Length of the RTP header with CSRCs and extension, 0 when it does not fit into `length`. */
size_t rtp_header_length(const uint8_t *packet, size_t length);

#endif
