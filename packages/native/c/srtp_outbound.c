#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "srtp_cipher.h"

struct srtp_outbound {
  struct srtp_cipher cipher;
  uint32_t rtcp_index; /* 31 bits, one count for every SSRC of the session */
};

struct srtp_keys *srtp_keys_new(enum srtp_profile profile) {
  struct srtp_keys *keys = calloc(1, sizeof *keys);
  if (!keys) return NULL;
  atomic_init(&keys->references, 1);
  keys->profile = profile;
  return keys;
}

void srtp_keys_release(struct srtp_keys *keys) {
  if (!keys || atomic_fetch_sub(&keys->references, 1) != 1) return;
  OPENSSL_cleanse(keys, sizeof *keys);
  free(keys);
}

struct srtp_outbound *srtp_outbound_new(enum srtp_profile profile, const struct srtp_master *master) {
  struct srtp_outbound *outbound = calloc(1, sizeof *outbound);
  if (outbound && !srtp_cipher_open(&outbound->cipher, profile, master, true)) {
    free(outbound);
    return NULL;
  }
  return outbound;
}

void srtp_outbound_free(struct srtp_outbound *outbound) {
  if (!outbound) return;
  srtp_cipher_close(&outbound->cipher);
  free(outbound);
}

enum srtp_profile srtp_outbound_profile(const struct srtp_outbound *outbound) { return outbound->cipher.profile; }

size_t srtp_rtp_trailer(const struct srtp_outbound *outbound) { return srtp_tag_bytes(outbound->cipher.profile); }

/* Encrypts `prefix` bytes at `out` in place and appends `payload` encrypted. */
static bool encrypt_parts(EVP_CIPHER_CTX *cipher, uint8_t *out, size_t prefix, const uint8_t *payload, size_t length) {
  int written = 0;
  if (prefix && EVP_EncryptUpdate(cipher, out, &written, out, (int)prefix) != 1) return false;
  return !length || EVP_EncryptUpdate(cipher, out + prefix, &written, payload, (int)length) == 1;
}

static bool finish_gcm(EVP_CIPHER_CTX *cipher, uint8_t *tag) {
  int written = 0;
  return EVP_EncryptFinal_ex(cipher, tag, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag) == 1;
}

size_t srtp_protect_rtp(struct srtp_outbound *outbound, uint8_t *out, size_t clear, size_t prefix, const uint8_t *payload,
                        size_t payload_length, uint64_t index) {
  const struct srtp_transform *transform = &outbound->cipher.rtp;
  EVP_CIPHER_CTX *cipher = transform->cipher;
  uint32_t ssrc = get_u32(out + 8);
  uint8_t nonce[16];
  size_t length = clear + prefix + payload_length;
  int written = 0;
  if (outbound->cipher.profile == SRTP_PROFILE_GCM) {
    srtp_nonce_gcm(transform, ssrc, index, nonce);
    bool ok = EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) == 1 &&
              EVP_EncryptUpdate(cipher, NULL, &written, out, (int)clear) == 1 &&
              encrypt_parts(cipher, out + clear, prefix, payload, payload_length) && finish_gcm(cipher, out + length);
    return ok ? length + GCM_TAG_BYTES : 0;
  }
  uint8_t digest[20];
  uint32_t rollover = (uint32_t)(index >> 16);
  srtp_nonce_cm(transform, ssrc, index, nonce);
  if (EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) != 1 ||
      !encrypt_parts(cipher, out + clear, prefix, payload, payload_length))
    return 0;
  srtp_hmac(transform, out, length, &rollover, digest);
  memcpy(out + length, digest, SHA1_TAG_BYTES);
  return length + SHA1_TAG_BYTES;
}

size_t srtp_protect_rtcp(struct srtp_outbound *outbound, uint8_t *packet, size_t length) {
  if (length < RTCP_CLEAR_BYTES) return 0;
  const struct srtp_transform *transform = &outbound->cipher.rtcp;
  EVP_CIPHER_CTX *cipher = transform->cipher;
  uint32_t ssrc = get_u32(packet + 4), index = outbound->rtcp_index;
  outbound->rtcp_index = (index + 1) & 0x7fffffff;
  uint8_t nonce[16], word[SRTCP_INDEX_BYTES], *body = packet + RTCP_CLEAR_BYTES;
  size_t body_length = length - RTCP_CLEAR_BYTES;
  int written = 0;
  put_u32(word, 0x80000000u | index);
  if (outbound->cipher.profile == SRTP_PROFILE_GCM) {
    srtp_nonce_gcm(transform, ssrc, index, nonce);
    bool ok = EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) == 1 &&
              EVP_EncryptUpdate(cipher, NULL, &written, packet, RTCP_CLEAR_BYTES) == 1 &&
              EVP_EncryptUpdate(cipher, NULL, &written, word, sizeof word) == 1 &&
              encrypt_parts(cipher, body, body_length, NULL, 0) && finish_gcm(cipher, packet + length);
    memcpy(packet + length + GCM_TAG_BYTES, word, sizeof word);
    return ok ? length + GCM_TAG_BYTES + SRTCP_INDEX_BYTES : 0;
  }
  uint8_t digest[20];
  srtp_nonce_cm(transform, ssrc, index, nonce);
  if (EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, nonce) != 1 || !encrypt_parts(cipher, body, body_length, NULL, 0))
    return 0;
  memcpy(packet + length, word, sizeof word);
  srtp_hmac(transform, packet, length + SRTCP_INDEX_BYTES, NULL, digest);
  memcpy(packet + length + SRTCP_INDEX_BYTES, digest, SHA1_TAG_BYTES);
  return length + SRTCP_INDEX_BYTES + SHA1_TAG_BYTES;
}
