#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "srtp_cipher.h"

/* Replay window of one SSRC (RFC 3711 section 3.3.2) over its packet index; bit n of the ring is index n modulo 1024. */
struct replay_window {
  bool started;
  uint64_t highest;
  uint64_t seen[SRTP_REPLAY_WINDOW / 64];
};

struct inbound_source {
  uint32_t ssrc;
  uint64_t used_at;
  struct replay_window rtp, rtcp;
};

struct srtp_inbound {
  unsigned references;
  bool closed;
  struct srtp_cipher cipher;
  struct srtp_inbound_counters counters;
  uint64_t packets;
  int source_count;
  struct inbound_source sources[SRTP_MAX_SSRCS];
};

struct srtp_inbound *srtp_inbound_new(enum srtp_profile profile, const struct srtp_master *master) {
  struct srtp_inbound *inbound = calloc(1, sizeof *inbound);
  if (inbound && !srtp_cipher_open(&inbound->cipher, profile, master, false)) {
    free(inbound);
    return NULL;
  }
  if (inbound) inbound->references = 1;
  return inbound;
}

struct srtp_inbound *srtp_inbound_retain(struct srtp_inbound *inbound) {
  if (inbound) inbound->references++;
  return inbound;
}

void srtp_inbound_release(struct srtp_inbound *inbound) {
  if (!inbound || --inbound->references > 0) return;
  srtp_inbound_close(inbound);
  free(inbound);
}

void srtp_inbound_close(struct srtp_inbound *inbound) {
  if (!inbound || inbound->closed) return;
  inbound->closed = true;
  srtp_cipher_close(&inbound->cipher);
}

const struct srtp_inbound_counters *srtp_inbound_counters(const struct srtp_inbound *inbound) { return &inbound->counters; }

static bool replay_allows(const struct replay_window *window, uint64_t index) {
  if (!window->started || index > window->highest) return true;
  if (window->highest - index >= SRTP_REPLAY_WINDOW) return false;
  return !(window->seen[index / 64 % (SRTP_REPLAY_WINDOW / 64)] >> (index % 64) & 1);
}

static void replay_accept(struct replay_window *window, uint64_t index) {
  if (!window->started || index >= window->highest + SRTP_REPLAY_WINDOW) {
    memset(window->seen, 0, sizeof window->seen);
    window->highest = index;
    window->started = true;
  }
  while (window->highest < index) {
    window->highest++;
    window->seen[window->highest / 64 % (SRTP_REPLAY_WINDOW / 64)] &= ~(1ull << (window->highest % 64));
  }
  window->seen[index / 64 % (SRTP_REPLAY_WINDOW / 64)] |= 1ull << (index % 64);
}

/* RFC 3711 section 3.3.1: the index nearest to the highest one. False when it lies before the first rollover. */
static bool guess_index(const struct replay_window *window, uint16_t sequence, uint64_t *index) {
  if (!window->started) {
    *index = sequence;
    return true;
  }
  uint64_t rollover = window->highest >> 16;
  uint16_t highest = (uint16_t)window->highest;
  if (highest < 0x8000 && sequence - highest > 0x8000) {
    if (rollover == 0) return false;
    rollover--;
  } else if (highest >= 0x8000 && highest - 0x8000 > sequence) {
    rollover++;
  }
  if (rollover > 0xffffffff) return false;
  *index = rollover << 16 | sequence;
  return true;
}

static struct inbound_source *find_source(struct srtp_inbound *inbound, uint32_t ssrc) {
  for (int i = 0; i < inbound->source_count; i++)
    if (inbound->sources[i].ssrc == ssrc) return &inbound->sources[i];
  return NULL;
}

/* A browser that shares its screen again and again takes new SSRCs each time: the one unused for longest makes room. Its old
 * packets could be replayed from then on, but by who is on the path only, and its m-line is another's or gone. */
static struct inbound_source *add_source(struct srtp_inbound *inbound, uint32_t ssrc) {
  struct inbound_source *source = inbound->sources;
  if (inbound->source_count < SRTP_MAX_SSRCS) {
    source = &inbound->sources[inbound->source_count++];
  } else {
    for (int i = 1; i < SRTP_MAX_SSRCS; i++)
      if (inbound->sources[i].used_at < source->used_at) source = &inbound->sources[i];
  }
  memset(source, 0, sizeof *source);
  source->ssrc = ssrc;
  return source;
}

size_t rtp_header_length(const uint8_t *packet, size_t length) {
  if (length < 12 || packet[0] >> 6 != 2) return 0;
  size_t header = 12 + 4 * (size_t)(packet[0] & 0x0f);
  if (packet[0] & 0x10) {
    if (length < header + 4) return 0;
    header += 4 + 4 * (size_t)get_u16(packet + header + 2);
  }
  return header <= length ? header : 0;
}

/* Decrypts `body` in place and checks the tag behind it, over `aad` and then `word` where there is one. */
static bool open_gcm(const struct srtp_transform *transform, const uint8_t nonce[12], const uint8_t *aad, size_t aad_length,
                     const uint8_t *word, uint8_t *body, size_t body_length) {
  EVP_CIPHER_CTX *cipher = transform->cipher;
  int written = 0;
  uint8_t none[16];
  return EVP_DecryptInit_ex(cipher, NULL, NULL, NULL, nonce) == 1 &&
         EVP_DecryptUpdate(cipher, NULL, &written, aad, (int)aad_length) == 1 &&
         (!word || EVP_DecryptUpdate(cipher, NULL, &written, word, SRTCP_INDEX_BYTES) == 1) &&
         (!body_length || EVP_DecryptUpdate(cipher, body, &written, body, (int)body_length) == 1) &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, body + body_length) == 1 &&
         EVP_DecryptFinal_ex(cipher, none, &written) == 1;
}

static bool open_cm(const struct srtp_transform *transform, const uint8_t nonce[16], uint8_t *body, size_t body_length) {
  int written = 0;
  return EVP_DecryptInit_ex(transform->cipher, NULL, NULL, NULL, nonce) == 1 &&
         (!body_length || EVP_DecryptUpdate(transform->cipher, body, &written, body, (int)body_length) == 1);
}

static bool authentic(const struct srtp_transform *transform, const uint8_t *data, size_t length, const uint32_t *word,
                      const uint8_t *tag) {
  uint8_t digest[20];
  srtp_hmac(transform, data, length, word, digest);
  return CRYPTO_memcmp(digest, tag, SHA1_TAG_BYTES) == 0;
}

static int open_rtp(struct srtp_inbound *inbound, uint8_t *packet, size_t length) {
  const struct srtp_transform *transform = &inbound->cipher.rtp;
  size_t tag = srtp_tag_bytes(inbound->cipher.profile);
  if (inbound->closed || length < 12 + tag) return SRTP_MALFORMED;
  size_t plain = length - tag, header = rtp_header_length(packet, plain);
  if (!header) return SRTP_MALFORMED;
  uint32_t ssrc = get_u32(packet + 8);
  struct inbound_source *source = find_source(inbound, ssrc);
  uint64_t index = get_u16(packet + 2);
  if (source && (!guess_index(&source->rtp, (uint16_t)index, &index) || !replay_allows(&source->rtp, index)))
    return SRTP_REPLAYED;
  uint8_t nonce[16];
  if (inbound->cipher.profile == SRTP_PROFILE_GCM) {
    srtp_nonce_gcm(transform, ssrc, index, nonce);
    if (!open_gcm(transform, nonce, packet, header, NULL, packet + header, plain - header)) return SRTP_FORGED;
  } else {
    uint32_t rollover = (uint32_t)(index >> 16);
    if (!authentic(transform, packet, plain, &rollover, packet + plain)) return SRTP_FORGED;
    srtp_nonce_cm(transform, ssrc, index, nonce);
    if (!open_cm(transform, nonce, packet + header, plain - header)) return SRTP_FORGED;
  }
  if (!source) source = add_source(inbound, ssrc);
  source->used_at = ++inbound->packets;
  replay_accept(&source->rtp, index);
  return (int)plain;
}

static int open_rtcp(struct srtp_inbound *inbound, uint8_t *packet, size_t length) {
  const struct srtp_transform *transform = &inbound->cipher.rtcp;
  bool gcm = inbound->cipher.profile == SRTP_PROFILE_GCM;
  size_t trailer = srtp_tag_bytes(inbound->cipher.profile) + SRTCP_INDEX_BYTES;
  if (inbound->closed || length < RTCP_CLEAR_BYTES + trailer || packet[0] >> 6 != 2) return SRTP_MALFORMED;
  size_t plain = length - trailer;
  /* The index word is last with GCM (RFC 7714 section 9.2) and before the tag with SHA-1 (RFC 3711 section 3.4). */
  const uint8_t *word = gcm ? packet + length - SRTCP_INDEX_BYTES : packet + plain;
  if (!(word[0] & 0x80)) return SRTP_MALFORMED; /* unencrypted SRTCP: WebRTC has none */
  uint32_t ssrc = get_u32(packet + 4), index = get_u32(word) & 0x7fffffff;
  struct inbound_source *source = find_source(inbound, ssrc);
  if (source && !replay_allows(&source->rtcp, index)) return SRTP_REPLAYED;
  uint8_t nonce[16], *body = packet + RTCP_CLEAR_BYTES;
  size_t body_length = plain - RTCP_CLEAR_BYTES;
  if (gcm) {
    srtp_nonce_gcm(transform, ssrc, index, nonce);
    if (!open_gcm(transform, nonce, packet, RTCP_CLEAR_BYTES, word, body, body_length)) return SRTP_FORGED;
  } else {
    if (!authentic(transform, packet, plain + SRTCP_INDEX_BYTES, NULL, packet + plain + SRTCP_INDEX_BYTES))
      return SRTP_FORGED;
    srtp_nonce_cm(transform, ssrc, index, nonce);
    if (!open_cm(transform, nonce, body, body_length)) return SRTP_FORGED;
  }
  if (!source) source = add_source(inbound, ssrc);
  source->used_at = ++inbound->packets;
  replay_accept(&source->rtcp, index);
  return (int)plain;
}

static int counted(struct srtp_inbound *inbound, int plain, uint64_t *opened) {
  ++*(plain < 0 ? &inbound->counters.dropped[-plain] : opened);
  return plain;
}

int srtp_unprotect_rtp(struct srtp_inbound *inbound, uint8_t *packet, size_t length) {
  return counted(inbound, open_rtp(inbound, packet, length), &inbound->counters.rtp);
}

int srtp_unprotect_rtcp(struct srtp_inbound *inbound, uint8_t *packet, size_t length) {
  return counted(inbound, open_rtcp(inbound, packet, length), &inbound->counters.rtcp);
}
