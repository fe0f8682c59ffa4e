/* One direction of one SRTP session: session keys and the transforms, without any packet state. */
#ifndef CROSSROOM_SRTP_CIPHER_H
#define CROSSROOM_SRTP_CIPHER_H

#include "srtp.h"

#define OPENSSL_SUPPRESS_DEPRECATED /* SHA_CTX: copying it is what makes the HMAC of a short packet cheap */
#include <openssl/evp.h>
#include <openssl/sha.h>

enum { GCM_TAG_BYTES = 16, SHA1_TAG_BYTES = 10, SRTCP_INDEX_BYTES = 4, RTCP_CLEAR_BYTES = 8 };

/* Session keys of SRTP or of SRTCP. The cipher's key schedule and the two SHA-1 states are made once. */
struct srtp_transform {
  EVP_CIPHER_CTX *cipher;
  uint8_t salt[SRTP_SALT_BYTES_SHA1];
  SHA_CTX inner, outer;
};

struct srtp_cipher {
  enum srtp_profile profile;
  bool encrypting;
  struct srtp_transform rtp, rtcp;
};

bool srtp_cipher_open(struct srtp_cipher *cipher, enum srtp_profile profile, const struct srtp_master *master,
                      bool encrypting);
void srtp_cipher_close(struct srtp_cipher *cipher);

size_t srtp_tag_bytes(enum srtp_profile profile);

/* Nonces: RFC 7714 sections 8.1 and 9.1, RFC 3711 section 4.1.1. For SRTCP `index` is the 31-bit SRTCP index. */
void srtp_nonce_gcm(const struct srtp_transform *transform, uint32_t ssrc, uint64_t index, uint8_t nonce[12]);
void srtp_nonce_cm(const struct srtp_transform *transform, uint32_t ssrc, uint64_t index, uint8_t nonce[16]);

/* HMAC-SHA1 of `data` and then `word` in network order (RFC 3711 section 4.2: the rollover counter). */
void srtp_hmac(const struct srtp_transform *transform, const uint8_t *data, size_t length, const uint32_t *word,
               uint8_t digest[20]);

#endif
